"""Resource templates in whole runs: workflows of workflows, and the objects that namespaces hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from whole_runs import ended, submitted

from manifests import workflow
from pinnace.base.ids import NodeNumber
from pinnace.bootstrap import Pinnace
from pinnace.engine.commands import ActOnObject
from pinnace.engine.node import Phase
from pinnace.engine.run import Run
from pinnace.ports.cluster import Reference
from pinnace.ports.observer import Silence
from pinnace.ports.store import RunFilter
from pinnace.runtime.resources import ResourceWorker
from pinnace.runtime.workers import Done
from pinnace.spec.bodies import Resource
from pinnace.spec.parameters import Outputs, Parameter, ValueFrom
from pinnace.spec.templates import Template

Do = Callable[..., Done]

PARENT = "{name: parent}"
WAIT = "  - {name: main, suspend: {}}\n"

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1", "b": "2"}}


def run(pinnace: Pinnace, templates: str, more: str = "") -> Run:
    return ended(pinnace, workflow(templates, metadata=PARENT), more)


@pytest.fixture
def do(pinnace: Pinnace) -> Do:
    """Return what performs one action, as the attempt ``by`` of one run."""
    owner = pinnace.load(submitted(pinnace, workflow(WAIT, metadata=PARENT)))
    worker = ResourceWorker(owner, pinnace.cluster, pinnace.keeper(owner), lambda _: None)

    def perform(
        action: str, manifest: Any = "", *, by: str = "a", outputs: Outputs | None = None, **more: Any
    ) -> Done:
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        resource = Resource(action=action, manifest=text, **more)
        template = Template(name="t", resource=resource, outputs=outputs or Outputs())
        command = ActOnObject(node=NodeNumber(1), attempt_id=by, node_name="parent", template=template)
        return asyncio.run(worker.perform(command))

    return perform


def config(pinnace: Pinnace, name: str = "c") -> dict[str, Any]:
    found = pinnace.cluster.get(Reference("ConfigMap", "default", name))
    assert found is not None
    return found


# Actions ----------------------------------------------------------------------------------------------------


def test_an_object_is_made_read_changed_and_deleted(pinnace: Pinnace, do: Do) -> None:
    assert do("create", CONFIG) == Done(exit_code=0)
    outputs = Outputs(
        parameters=(
            Parameter(name="path", value_from=ValueFrom(json_path="{.data.a}-{.metadata.namespace}")),
            Parameter(name="filter", value_from=ValueFrom(jq_filter='.data | keys | join("+")')),
        )
    )
    got = do("get", "", flags=("cm", "c"), outputs=outputs)
    assert got.parameters == {"path": "1-default", "filter": "a+b"}
    assert do("patch", {"data": {"a": None, "c": "3"}}, flags=("configmap/c",)).phase is Phase.SUCCEEDED
    assert config(pinnace)["data"] == {"b": "2", "c": "3"}
    assert do("replace", {**CONFIG, "data": {"z": "0"}}).phase is Phase.SUCCEEDED
    assert config(pinnace)["data"] == {"z": "0"}
    assert do("delete", CONFIG).phase is do("delete", CONFIG).phase is Phase.SUCCEEDED
    assert pinnace.cluster.get(Reference("ConfigMap", "default", "c")) is None


def test_apply_makes_an_object_and_later_takes_away_what_it_gave_and_gives_no_more(
    pinnace: Pinnace, do: Do
) -> None:
    do("apply", CONFIG)
    do("patch", {"data": {"theirs": "x"}}, flags=("cm/c",))
    do("apply", {**CONFIG, "data": {"b": "9"}})
    assert config(pinnace)["data"] == {"b": "9", "theirs": "x"}


def test_what_is_done_twice_by_one_attempt_is_done_once(pinnace: Pinnace, do: Do) -> None:
    generated = {**CONFIG, "metadata": {"generateName": "g-"}}
    for _ in range(2):
        assert do("create", generated, by="one").phase is Phase.SUCCEEDED
        assert do("create", CONFIG, by="two").phase is Phase.SUCCEEDED
    do("create", generated, by="other")
    names = [each.name for each in pinnace.store.objects.of_kind("ConfigMap")]
    assert len(names) == 3
    cron = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {"name": "cron"},
        "spec": {
            "schedules": ["* * * * *"],
            "workflowSpec": {"entrypoint": "a", "templates": [{"name": "a", "suspend": {}}]},
        },
    }
    do("create", cron)
    add = [{"op": "add", "path": "/spec/schedules/-", "value": "1 * * * *"}]
    for _ in range(2):
        patched = do("patch", add, flags=("cronwf", "cron"), merge_strategy="json", by="patch")
        assert patched.phase is Phase.SUCCEEDED
    found = pinnace.cluster.get(Reference("CronWorkflow", "default", "cron"))
    assert found is not None
    assert found["spec"]["schedules"] == ["* * * * *", "1 * * * *"]


@pytest.mark.parametrize(
    ("action", "manifest", "more", "why"),
    [
        ("get", "", {"flags": ("cm", "no")}, 'Error from server (NotFound): configmaps "no" not found'),
        ("replace", CONFIG, {}, 'Error from server (NotFound): configmaps "c" not found'),
        ("create", {**CONFIG, "kind": "Pod"}, {}, "objects of kind Pod are not kept here"),
        ("get", "", {"flags": ("pods", "x")}, "objects of kind pods are not kept here"),
        ("create", {"metadata": {"name": "x"}}, {}, "Object 'Kind' is missing"),
        ("create", {**CONFIG, "metadata": {}}, {}, "resource name may not be empty"),
        ("create", {**CONFIG, "data": "a"}, {}, "ConfigMap c is not valid"),
        ("create", "a: [", {}, "error parsing the manifest"),
        ("create", "", {}, "Must provide at least one of flags or manifest."),
        ("create", CONFIG, {"flags": ("--as=root",)}, "the flag --as of kubectl is not known here"),
    ],
)
def test_what_cannot_be_done_fails_the_node_in_kubectl_s_words(
    do: Do, action: str, manifest: Any, more: dict[str, Any], why: str
) -> None:
    done = do(action, manifest, **more)
    assert done.phase is Phase.FAILED
    assert done.exit_code == 64
    assert done.message.startswith("main: Error (exit code 64): no more retries ")
    assert why in done.message


def test_an_object_that_somebody_else_made_is_there_already(do: Do) -> None:
    do("create", CONFIG, by="one")
    assert do("create", CONFIG, by="two").message == (
        "main: Error (exit code 64): no more retries Error from server (AlreadyExists): "
        'configmaps "c" already exists'
    )


def test_conditions_are_judged_on_the_object(do: Do) -> None:
    do("create", CONFIG)
    good = do("get", CONFIG, success_condition="data.a == 1, data.b in (2, 3)", failure_condition="data.z")
    assert good.phase is Phase.SUCCEEDED
    bad = do("get", CONFIG, success_condition="data.a == 1", failure_condition="data.b > 1")
    assert bad.message == "main: Error (exit code 64): failure condition 'data.b>1' evaluated true"


def test_a_delete_has_no_conditions(do: Do) -> None:
    done = do("delete", CONFIG, success_condition="a == 1")
    assert done.message.endswith("outputs are not supported for delete action")


def test_an_output_of_an_object_that_is_not_there_is_its_default(do: Do) -> None:
    outputs = Outputs(
        parameters=(
            Parameter(name="a", value_from=ValueFrom(json_path="{.data.a}", default="none")),
            Parameter(name="b", value_from=ValueFrom(json_path="{.data.b}")),
        )
    )
    done = do("get", CONFIG, flags=("--ignore-not-found",), outputs=outputs)
    assert done.parameters == {"a": "none", "b": ""}


def test_a_secret_s_plain_text_is_kept_as_base64(pinnace: Pinnace, do: Do) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}}
    do("create", secret)
    found = pinnace.cluster.get(Reference("Secret", "default", "s"))
    assert found is not None
    assert (found["data"], "stringData" in found) == ({"k": "dg=="}, False)


# Workflows --------------------------------------------------------------------------------------------------

CHILD = """
  - name: main
    resource:
      action: create
      setOwnerReference: true
      SUCCESS
      manifest: |
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: child-}
        spec:
          workflowTemplateRef: {name: work}
          arguments: {parameters: [{name: code, value: "CODE"}]}
    outputs:
      parameters:
      - {name: child, valueFrom: {jsonPath: '{.metadata.name}'}}
      - {name: phase, valueFrom: {jqFilter: .status.phase}}
"""
WORK = """
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: work}
spec:
  entrypoint: work
  arguments: {parameters: [{name: code}]}
  templates:
  - name: work
    container:
      image: alpine
      command: [sh, -c, "exit {{workflow.parameters.code}}"]
"""
WAITING = (
    "successCondition: status.phase == Succeeded\n      failureCondition: status.phase in (Failed, Error)"
)


def of_workflows(code: str, conditions: str = WAITING) -> str:
    return CHILD.replace("SUCCESS", conditions).replace("CODE", code)


def test_a_workflow_makes_another_waits_for_it_and_takes_values_from_it(pinnace: Pinnace) -> None:
    parent = run(pinnace, of_workflows("0"), more=WORK)
    node = parent.nodes[NodeNumber(0)]
    assert (parent.state.phase, node.message) == ("Succeeded", "")
    assert node.outputs is not None
    assert node.outputs.parameters["phase"] == "Succeeded"
    child = pinnace.cluster.get(Reference("Workflow", "default", node.outputs.parameters["child"]))
    assert child is not None
    assert child["metadata"]["ownerReferences"][0]["uid"] == parent.info.uid


def test_a_child_that_fails_fails_its_node(pinnace: Pinnace) -> None:
    parent = run(pinnace, of_workflows("1"), more=WORK)
    assert parent.state.message == (
        "main: Error (exit code 64): failure condition 'status.phase in (Error,Failed)' evaluated true"
    )


def test_a_child_that_nobody_waits_for_is_driven_to_its_end_too(pinnace: Pinnace) -> None:
    run(pinnace, of_workflows("0", "flags: []"), more=WORK)
    assert {each.phase for each in pinnace.store.list_runs(RunFilter())} == {"Succeeded"}


def test_what_a_run_owns_goes_with_it(pinnace: Pinnace) -> None:
    parent = run(pinnace, of_workflows("0"), more=WORK)
    assert len(pinnace.store.list_runs(RunFilter())) == 2
    pinnace.delete(parent.info.uid)
    assert pinnace.store.list_runs(RunFilter()) == []


def test_a_workflow_labels_itself_and_suspends_and_deletes_others(pinnace: Pinnace) -> None:
    waiting = submitted(pinnace, workflow(WAIT, metadata="{name: waiting}"))
    templates = """
  - name: main
    steps:
    - - {name: label, template: label}
    - - {name: stop, template: stop}
  - name: label
    resource:
      action: patch
      mergeStrategy: json
      flags: [workflow, "{{workflow.name}}"]
      manifest: |
        - {op: add, path: /metadata/labels/mine, value: "yes"}
  - name: stop
    resource:
      action: delete
      manifest: |
        {apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: waiting}}
"""
    uid = submitted(pinnace, workflow(templates, metadata=PARENT))
    asyncio.run(pinnace.drive([uid, waiting], observer=Silence()))
    found = pinnace.load(uid)
    assert (found.state.phase, found.state.message) == ("Succeeded", "")
    assert found.info.labels["mine"] == "yes"
    assert [each.name for each in pinnace.store.list_runs(RunFilter())] == ["parent"]


def test_the_spec_of_a_run_cannot_change(pinnace: Pinnace, do: Do) -> None:
    done = do("patch", {"spec": {"parallelism": 2}}, flags=("wf/parent",), merge_strategy="merge")
    assert "only its labels and annotations, spec.suspend and spec.shutdown can change" in done.message
