"""What a memoized resubmission takes over from a run."""

from __future__ import annotations

from typing import Any

import pytest

from pinnace.base.errors import RefusedError
from pinnace.engine.naming import node_id
from pinnace.service.resubmit import reused
from pinnace.testing.builders import document
from pinnace.testing.play import Play

LEAF = {"container": {"image": "i", "command": ["c"]}}


def play(main: dict[str, Any], **more: Any) -> Play:
    templates = [
        {"name": "main", **main},
        {"name": "leaf", **LEAF},
        {"name": "daemon", "daemon": True, **LEAF},
        {"name": "again", "retryStrategy": {"limit": 1}, **LEAF},
        {"name": "two", "steps": [[call("x")], [call("y")]], "retryStrategy": {"limit": 1}},
        {"name": "asked", "http": {"url": "http://there"}},
    ]
    return Play(document({"entrypoint": "main", "templates": templates, **more})).start()


def call(name: str, template: str = "leaf", **more: Any) -> dict[str, Any]:
    return {"name": name, "template": template, **more}


def test_pods_that_did_not_fail_are_taken_over_and_nothing_else() -> None:
    steps = [[call("a"), call("b", "asked"), call("c")], [call("d")]]
    done = play({"steps": steps}, onExit="leaf").end_all(failing=["wf[0].c"])
    assert reused(done.run).keys() == {"[0].a"}


def test_of_attempts_the_last_counts_as_the_first() -> None:
    done = play({"steps": [[call("a", "again"), call("b")]]}).end_all(failing=["wf[0].a(0)", "wf[0].b"])
    assert {name: old.node_id for name, old in reused(done.run).items()} == {
        "[0].a(0)": node_id("wf", "wf[0].a(1)")
    }


def test_the_last_attempt_at_steps_goes_on() -> None:
    failing = ["wf[0].a(0)[0].x", "wf[0].a(1)[1].y"]
    done = play({"steps": [[call("a", "two")]]}).end_all(failing=failing)
    assert reused(done.run).keys() == {"[0].a(0)[0].x"}


def test_a_daemon_has_to_run_again() -> None:
    steps = [[call("d", "daemon")], [call("a")], [call("b")]]
    told = play({"steps": steps}).begin("wf[0].d")
    told.begin("wf[1].a").end("wf[1].a").begin("wf[2].b").end("wf[2].b", 1)
    assert told.run.state.phase == "Failed"
    assert reused(told.run).keys() == {"[1].a"}


def test_hooks_are_taken_over_too() -> None:
    hooks = {"exit": {"template": "leaf"}}
    done = play({"steps": [[call("a", hooks=hooks)], [call("b")]]}).end_all(failing=["wf[1].b"])
    assert reused(done.run).keys() == {"[0].a", "[0].a.onExit"}


def test_only_a_run_that_failed_is_resubmitted_so() -> None:
    with pytest.raises(RefusedError, match="workflow must be Failed/Error"):
        reused(play({"steps": [[call("a")]]}).end_all().run)
