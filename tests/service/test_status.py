from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from pinnace.engine.events import NodeSet, ResumeAsked, ShutdownAsked
from pinnace.engine.run import Shutdown
from pinnace.service.status import workflow_object
from pinnace.spec.workflow import Workflow, WorkflowSpec, WorkflowTemplateRef
from pinnace.testing.play import Play

Made = Callable[..., Play]
SCHEMA = Path(__file__).parents[3] / "shared" / "spec" / "argo-jsonschema.json"


def nodes_of(play: Play) -> dict[str, dict[str, Any]]:
    """Return the node statuses by name."""
    nodes = workflow_object(play.run)["status"]["nodes"]
    return {status["name"]: status for status in nodes.values()}


def edges(play: Play, field: str = "children") -> dict[str, list[str]]:
    """Return each node's children, or outbound nodes, by name; nodes without any are left out."""
    nodes = workflow_object(play.run)["status"]["nodes"]
    return {
        status["name"]: [nodes[id_]["name"] for id_ in status[field]]
        for status in nodes.values()
        if field in status
    }


STEPS = """
  - name: main
    steps:
    - - {name: a, template: task}
      - {name: b, template: task}
    - - {name: c, template: task}
"""
DIAMOND = """
  - name: main
    dag:
      tasks:
      - {name: a, template: task}
      - {name: b, template: task, depends: a}
      - {name: c, template: task, depends: a, withItems: [v, w]}
      - {name: d, template: task, depends: b && c}
"""
NESTED = """
  - name: main
    steps:
    - - {name: one, template: inner}
    - - {name: two, template: task}
  - name: inner
    dag:
      tasks:
      - {name: p, template: task}
      - {name: q, template: flaky}
  - name: flaky
    retryStrategy: {limit: "2"}
    container: {image: busybox, command: ["false"]}
"""


def test_a_run_of_one_pod_is_written_as_argo_writes_it(play: Made) -> None:
    done = play("\n  - {name: main, container: {image: i, command: [c]}}\n").begin("wf")
    done.now += 5
    done.end("wf")

    workflow = workflow_object(done.run)

    assert workflow["metadata"] == {
        "name": "wf",
        "namespace": "default",
        "uid": "00000000-0000-4000-8000-000000000000",
        "creationTimestamp": "1970-01-01T00:00:00Z",
        "labels": {
            "workflows.argoproj.io/completed": "true",
            "workflows.argoproj.io/phase": "Succeeded",
        },
        "annotations": {"workflows.argoproj.io/pod-name-format": "v2"},
    }
    assert workflow["status"] == {
        "phase": "Succeeded",
        "startedAt": "1970-01-12T13:46:40Z",
        "finishedAt": "1970-01-12T13:46:45Z",
        "progress": "1/1",
        "resourcesDuration": {"cpu": 0, "memory": 5},
        "nodes": {
            "wf": {
                "id": "wf",
                "name": "wf",
                "displayName": "wf",
                "type": "Pod",
                "templateName": "main",
                "templateScope": "local/wf",
                "phase": "Succeeded",
                "startedAt": "1970-01-12T13:46:40Z",
                "finishedAt": "1970-01-12T13:46:45Z",
                "progress": "1/1",
                "resourcesDuration": {"cpu": 0, "memory": 5},
                "taskResultSynced": True,
                "outputs": {"exitCode": "0"},
            }
        },
        "conditions": [
            {"type": "PodRunning", "status": "False"},
            {"type": "Completed", "status": "True"},
        ],
        "artifactRepositoryRef": {"default": True, "artifactRepository": {}},
        "artifactGCStatus": {"notSpecified": True},
    }


def test_whether_artifacts_were_deleted_is_told_as_argo_tells_it(play: Made) -> None:
    artifact = "{name: a, path: /a, artifactGC: {strategy: OnWorkflowDeletion}}"
    main = (
        f"\n  - {{name: main, container: {{image: i, command: [c]}}, outputs: {{artifacts: [{artifact}]}}}}\n"
    )
    running = play(main).begin("wf")
    assert workflow_object(running.run)["status"]["artifactGCStatus"] == {}
    running.end("wf")
    told = workflow_object(running.run)["status"]["artifactGCStatus"]
    assert told == {"strategiesProcessed": {"OnWorkflowCompletion": True}}


def test_a_step_group_follows_the_outbound_nodes_of_the_group_before(play: Made) -> None:
    done = play(STEPS).end_all()

    assert edges(done) == {
        "wf": ["wf[0]"],
        "wf[0]": ["wf[0].a", "wf[0].b"],
        "wf[0].a": ["wf[1]"],
        "wf[0].b": ["wf[1]"],
        "wf[1]": ["wf[1].c"],
    }
    assert edges(done, "outboundNodes") == {"wf": ["wf[1].c"]}


def test_a_step_group_has_the_fields_of_a_node_that_no_template_made(play: Made) -> None:
    group = nodes_of(play(STEPS).end_all())["wf[0]"]

    assert {
        "nodeFlag": {},
        "templateScope": "local/wf",
        "boundaryID": "wf",
        "displayName": "[0]",
    }.items() <= (group.items())
    assert "templateName" not in group


def test_a_task_follows_what_it_depends_on_and_a_loop_holds_its_items(play: Made) -> None:
    done = play(DIAMOND).end_all()

    assert edges(done) == {
        "wf": ["wf.a"],
        "wf.a": ["wf.b", "wf.c"],
        "wf.b": ["wf.d"],
        "wf.c": ["wf.c(0:v)", "wf.c(1:w)"],
        "wf.c(0:v)": ["wf.d"],
        "wf.c(1:w)": ["wf.d"],
    }
    assert edges(done, "outboundNodes") == {"wf": ["wf.d"]}
    assert nodes_of(done)["wf.c"]["type"] == "TaskGroup"


def test_outbound_nodes_are_carried_up_from_nested_templates_and_last_attempts(play: Made) -> None:
    done = play(NESTED).end_all(failing=["wf[0].one.q(0)"])

    assert edges(done, "outboundNodes") == {
        "wf[0].one": ["wf[0].one.p", "wf[0].one.q(1)"],
        "wf": ["wf[1].two"],
    }
    assert edges(done)["wf[0].one.q"] == ["wf[0].one.q(0)", "wf[0].one.q(1)"]
    assert edges(done)["wf[0].one.q(1)"] == ["wf[1]"]
    assert nodes_of(done)["wf[0].one.q(1)"]["nodeFlag"] == {"retried": True}


def test_a_group_counts_the_progress_of_what_it_called(play: Made) -> None:
    nodes = nodes_of(play(NESTED).end_all(failing=["wf[0].one.q(0)"]))

    assert nodes["wf"]["progress"] == "3/4"
    assert nodes["wf[0].one.q"]["progress"] == "1/2"
    assert nodes["wf[0].one.q(0)"]["progress"] == "0/1"


def test_nodes_that_wait_to_be_let_in_are_not_there(play: Made) -> None:
    running = play(STEPS, spec="  parallelism: 1\n")

    assert set(nodes_of(running)) == {"wf", "wf[0]", "wf[0].a"}


def test_a_hook_is_a_child_of_the_node_it_is_of(play: Made) -> None:
    done = play(
        """
  - name: main
    steps:
    - - {name: a, template: task, onExit: task}
""",
        spec="  onExit: task\n",
    ).end_all()

    assert edges(done)["wf[0].a"] == ["wf[0].a.onExit"]
    assert nodes_of(done)["wf[0].a.onExit"]["nodeFlag"] == {"hooked": True}
    assert "boundaryID" not in nodes_of(done)["wf.onExit"]


def test_inputs_and_outputs_keep_their_declarations_beside_the_values(play: Made) -> None:
    done = play(
        """
  - name: main
    steps: [[{name: a, template: say, arguments: {parameters: [{name: m, value: ho}]}}]]
    outputs: {parameters: [{name: top, valueFrom: {parameter: "{{steps.a.outputs.parameters.out}}"}}]}
"""
    )
    done.begin("wf[0].a").end("wf[0].a", parameters={"out": "1"}, result="text")

    nodes = nodes_of(done)

    assert nodes["wf[0].a"]["inputs"] == {"parameters": [{"name": "m", "default": "hi", "value": "ho"}]}
    assert nodes["wf[0].a"]["outputs"] == {
        "parameters": [{"name": "out", "value": "1", "valueFrom": {"path": "/tmp/out"}}],
        "result": "text",
        "exitCode": "0",
    }
    assert nodes["wf"]["outputs"] == {"parameters": [{"name": "top", "value": "1"}]}


def test_a_wait_shows_what_it_waits_for_and_then_what_it_was_given(play: Made) -> None:
    waiting = play(
        """
  - name: main
    suspend: {}
    outputs: {parameters: [{name: x, valueFrom: {supplied: {}}}]}
"""
    )
    number = waiting.run.nodes[next(iter(waiting.run.nodes))].number

    assert nodes_of(waiting)["wf"]["outputs"] == {
        "parameters": [{"name": "x", "valueFrom": {"supplied": {}}}]
    }

    waiting.tell(NodeSet(nodes=(number,), parameters={"x": "1"})).tell(ResumeAsked())

    assert nodes_of(waiting)["wf"]["outputs"] == {"parameters": [{"name": "x", "value": "1"}]}


def test_a_stop_shows_in_the_spec(play: Made) -> None:
    stopped = play(STEPS).tell(ShutdownAsked(shutdown=Shutdown.STOP))

    assert workflow_object(stopped.run)["spec"]["shutdown"] == "Stop"


def test_templates_from_elsewhere_are_stored_under_the_name_they_were_found_by() -> None:
    done = (
        Play(
            """
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: shared}
spec:
  templates:
  - {name: outer, steps: [[{name: x, template: leaf}]]}
  - {name: leaf, container: {image: i, command: [c]}}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wf}
spec:
  entrypoint: main
  templates:
  - {name: main, steps: [[{name: a, templateRef: {name: shared, template: outer}}]]}
"""
        )
        .start()
        .end_all()
    )

    nodes = nodes_of(done)

    assert nodes["wf[0].a"]["templateRef"] == {"name": "shared", "template": "outer"}
    assert nodes["wf[0].a"]["templateScope"] == "local/wf"
    assert nodes["wf[0].a[0]"]["templateScope"] == "namespaced/shared"
    assert nodes["wf[0].a[0].x"]["templateScope"] == "namespaced/shared"
    stored = workflow_object(done.run)["status"]["storedTemplates"]
    assert set(stored) == {"namespaced/shared/outer", "namespaced/shared/leaf"}


@pytest.mark.skipif(not SCHEMA.exists(), reason="the schema is not part of this repository")
@pytest.mark.parametrize("templates", [STEPS, DIAMOND, NESTED])
def test_argos_schema_accepts_what_is_written(play: Made, templates: str) -> None:
    schema = json.loads(SCHEMA.read_text())
    schema["$ref"] = "#/definitions/io.argoproj.workflow.v1alpha1.Workflow"
    schema.pop("oneOf", None)
    # The schema has no integers or texts: it says text where Kubernetes takes both.
    either = {"type": ["string", "integer"]}
    schema["definitions"]["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = either
    done = play(templates).end_all(failing=["wf[0].one.q(0)"])

    jsonschema.validate(json.loads(json.dumps(workflow_object(done.run))), schema)


def test_a_pod_says_which_machine_it_ran_on_and_whether_its_outputs_are_in(play: Made) -> None:
    running = play(STEPS)
    running.run.info = replace(running.run.info, host="here")
    running.begin("wf[0].a")

    nodes = nodes_of(running)

    assert (nodes["wf[0].a"]["hostNodeName"], nodes["wf[0].a"]["taskResultSynced"]) == ("here", False)
    assert "hostNodeName" not in nodes["wf[0].b"]
    assert nodes["wf[0].b"]["taskResultSynced"] is True
    assert nodes["wf"].keys().isdisjoint({"hostNodeName", "taskResultSynced"})


def test_a_run_is_completed_when_it_ends_and_not_before(play: Made) -> None:
    running = play(STEPS).begin("wf[0].a")

    assert conditions(running) == {"PodRunning": "True"}
    assert conditions(running.end_all()) == {"PodRunning": "False", "Completed": "True"}


def conditions(play: Play) -> dict[str, str]:
    """Return the status of each condition by type."""
    return {each["type"]: each["status"] for each in workflow_object(play.run)["status"]["conditions"]}


def test_a_workflow_over_a_template_keeps_its_spec_and_stores_the_joined_one(play: Made) -> None:
    done = play(STEPS).end_all()
    ref = WorkflowTemplateRef(name="shared")
    done.run.written = Workflow(spec=WorkflowSpec(workflow_template_ref=ref))

    workflow = workflow_object(done.run)

    assert workflow["spec"] == {"workflowTemplateRef": {"name": "shared"}}
    assert workflow["status"]["storedWorkflowTemplateSpec"]["entrypoint"] == "main"


def test_nodes_are_expected_to_take_what_those_of_the_baseline_took(play: Made) -> None:
    before = play(STEPS).end_all()
    before.run.nodes = {
        number: replace(node, name=node.name.replace("wf", "earlier", 1))
        for number, node in before.run.nodes.items()
    }
    before.run.info = replace(before.run.info, name="earlier")
    now = play(STEPS)
    now.run.info = replace(now.run.info, estimated_duration=3)

    status = workflow_object(now.run, before.run)["status"]

    assert status["estimatedDuration"] == 3
    assert {each["name"]: each.get("estimatedDuration") for each in status["nodes"].values()} == {
        "wf": 3,
        "wf[0]": 2,
        "wf[0].a": 1,
        "wf[0].b": 2,
    }


def test_groups_have_the_resources_of_all_that_they_called(play: Made) -> None:
    nodes = nodes_of(play(NESTED).end_all(failing=["wf[0].one.q(0)"]))

    assert nodes["wf[0].one.q"]["resourcesDuration"] == {"cpu": 0, "memory": 3}
    assert nodes["wf[0].one"]["resourcesDuration"] == {"cpu": 0, "memory": 4}
    assert nodes["wf"]["resourcesDuration"] == {"cpu": 0, "memory": 5}
