"""What a pod is told about itself: labels, annotations, its account, what its containers may use."""

from __future__ import annotations

import os
from typing import Any

import pytest

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.commands import StartTask
from pinnace.engine.containers import container_of
from pinnace.runtime.downward import PodFacts, pod_facts
from pinnace.testing.builders import document
from pinnace.testing.play import Play

OWN = "workflows.argoproj.io"


def facts(template: dict[str, Any] | None = None, **spec: Any) -> PodFacts:
    """Return what the pod of a workflow's only template is told."""
    container = {"image": "i", "command": ["c"], **(template or {}).pop("container", {})}
    templates = [{"name": "main", "container": container, **(template or {})}]
    play = Play(document({"entrypoint": "main", "templates": templates, **spec})).start()
    command = play.open["wf"]
    assert isinstance(command, StartTask)
    return pod_facts(command, play.run.info, play.run.workflow.spec)


def field(found: PodFacts, path: str) -> str:
    return found.told({"fieldRef": {"fieldPath": path}}, "env A")


def amount(found: PodFacts, resource: str, **more: str) -> str:
    return found.told({"resourceFieldRef": {"resource": resource, "containerName": "main", **more}}, "env A")


def test_labels_are_the_template_s_over_the_workflow_s_over_argo_s() -> None:
    found = facts(
        {"metadata": {"labels": {"a": "of the template", "n": "{{node.name}}"}}},
        podMetadata={"labels": {"a": "of the workflow", "b": "{{workflow.name}} itself"}},
    )
    assert field(found, "metadata.labels['a']") == "of the template"
    assert field(found, "metadata.labels['b']") == "wf itself"
    assert field(found, "metadata.labels['n']") == "wf"
    assert field(found, f"metadata.labels['{OWN}/workflow']") == "wf"
    assert field(found, "metadata.labels['none']") == ""


def test_all_annotations_are_lines_in_the_order_of_their_names() -> None:
    found = facts({"metadata": {"annotations": {"z": 'a "b"', "a": "1"}}})
    assert field(found, "metadata.annotations").splitlines() == [
        'a="1"',
        f'{OWN}/node-id="wf"',
        f'{OWN}/node-name="wf"',
        r'z="a \"b\""',
    ]


def test_the_account_is_the_template_s_then_the_workflow_s() -> None:
    account = "spec.serviceAccountName"
    assert field(facts(), account) == "default"
    assert field(facts(serviceAccountName="all"), account) == "all"
    assert field(facts({"serviceAccountName": "own"}, serviceAccountName="all"), account) == "own"


def test_amounts_are_rounded_up_in_their_divisor() -> None:
    resources = {"limits": {"cpu": "1500m", "memory": "100Mi"}, "requests": {"cpu": 1}}
    found = facts({"container": {"resources": resources}})
    assert amount(found, "limits.cpu") == "2"
    assert amount(found, "limits.cpu", divisor="1m") == "1500"
    assert amount(found, "limits.memory", divisor="1Mi") == "100"
    assert amount(found, "requests.cpu") == "1"
    assert amount(found, "requests.memory") == str(100 * 1024**2)


def test_without_a_limit_the_machine_is_it_and_without_a_request_nothing() -> None:
    assert amount(facts(), "limits.cpu") == str(os.cpu_count())
    assert int(amount(facts(), "limits.memory", divisor="0")) > 1024**2
    assert amount(facts(), "requests.cpu") == "0"


def test_a_container_asks_about_itself_unless_it_names_another() -> None:
    side = {"name": "side", "image": "i", "command": ["c"], "resources": {"limits": {"cpu": 3}}}
    play = Play(
        document(
            {
                "entrypoint": "main",
                "templates": [
                    {"name": "main", "sidecars": [side], "container": {"image": "i", "command": ["c"]}}
                ],
            }
        )
    ).start()
    command = next(each for each in play.open.values() if isinstance(each, StartTask))
    found = pod_facts(command, play.run.info, play.run.workflow.spec)
    asked = {"resourceFieldRef": {"resource": "limits.cpu"}}
    assert found.told(asked, "env A", container_of(command.template, "side")) == "3"
    assert amount(found, "limits.cpu", containerName="side") == "3"
    with pytest.raises(PinnaceError, match="has no container other"):
        amount(found, "limits.cpu", containerName="other")


@pytest.mark.parametrize(
    "source",
    [
        {"fieldRef": {"fieldPath": "status.qos"}},
        {"resourceFieldRef": {"resource": "limits.hugepages-2Mi", "containerName": "main"}},
        {"resourceFieldRef": {"resource": "cpu", "containerName": "main"}},
        {"fileKeyRef": {"key": "k"}},
    ],
)
def test_what_is_not_known_is_an_error_that_says_who_asks(source: dict[str, Any]) -> None:
    with pytest.raises(ManifestError, match=r"^env A: .* has no value outside Kubernetes"):
        facts().told(source, "env A")
