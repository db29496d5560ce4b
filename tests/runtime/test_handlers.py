"""What is kept of a container's handlers and probes, and what is said of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from pinnace.base.errors import RefusedError
from pinnace.runtime.fidelity import notes_of
from pinnace.runtime.handlers import handler, refuse_unasked
from pinnace.spec.templates import Container, Template


@pytest.mark.parametrize(
    ("declared", "argv"),
    [
        ({"exec": {"command": ["nginx", "-s", "quit"]}}, ("nginx", "-s", "quit")),
        ({"sleep": {"seconds": 5}}, ("sleep", "5")),
        ({"httpGet": {"port": 80}}, ()),
        (None, ()),
    ],
)
def test_a_handler_runs_a_command(declared: Any, argv: tuple[str, ...]) -> None:
    assert handler(Container(lifecycle={"preStop": declared}), "preStop") == argv
    assert handler(Container(lifecycle={"preStop": declared}), "postStart") == ()
    assert handler(Container(), "preStop") == ()


GRPC = {"grpc": {"port": 80}}
EXEC = {"exec": {"command": ["true"]}}


def daemon(**probes: Any) -> Template:
    return Template(name="t", daemon=True, container=Container(**probes))


def test_a_daemon_whose_readiness_cannot_be_asked_is_refused() -> None:
    template = daemon(readiness_probe=GRPC)
    assert template.container is not None
    with pytest.raises(RefusedError, match="readinessProbe: a grpc probe cannot be asked") as refused:
        refuse_unasked(template, template.container)
    assert "exec, httpGet, tcpSocket" in refused.value.remedy


@pytest.mark.parametrize(
    "template",
    [
        daemon(readiness_probe=EXEC, startup_probe=EXEC, liveness_probe=GRPC),
        Template(name="t", container=Container(readiness_probe=GRPC)),
    ],
)
def test_who_is_not_waited_for_is_not_refused(template: Template) -> None:
    assert template.container is not None
    refuse_unasked(template, template.container)


def test_what_is_kept_is_not_noted_and_the_rest_is() -> None:
    kept = Container(
        liveness_probe=EXEC, startup_probe=EXEC, lifecycle={"postStart": EXEC, "preStop": {"sleep": {}}}
    )
    assert notes_of(Template(name="t", container=kept), ()) == ()
    rest = Container(liveness_probe=GRPC, lifecycle={"postStart": EXEC, "preStop": {"httpGet": {"port": 1}}})
    assert notes_of(Template(name="t", container=rest), ()) == (
        "livenessProbe: a grpc probe is not asked",
        "lifecycle: preStop does not run, it is of a kind other than exec and sleep",
    )
