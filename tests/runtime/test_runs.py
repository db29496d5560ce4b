"""Whole runs through the real store, executor and artifacts, in one process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from whole_runs import ended, why

from manifests import workflow
from pinnace.bootstrap import Pinnace
from pinnace.engine.run import Run

Go = Callable[..., Run]


@pytest.fixture
def go(pinnace: Pinnace, tmp_path: Path) -> Go:
    """Return what runs a manifest to its end and gives back the run as it was saved.

    ``PLACE`` in the manifest is a folder of the test's own.
    """

    def run(templates: str, *, more: str = "", spec: str = "") -> Run:
        text = workflow(templates, metadata="{generateName: test-}", spec=spec)
        return ended(pinnace, text.replace("PLACE", str(tmp_path)), more)

    return run


def outputs(run: Run, key: str) -> dict[str, str]:
    node = next(node for node in run.nodes.values() if node.key == key)
    assert node.outputs is not None, node.message
    return node.outputs.parameters


def test_a_value_with_every_hard_character_reaches_env_argument_and_script_unchanged(go: Go) -> None:
    hard = "a'b\"c`d$e{{f}}g\\h\ni\tj&k<l>m"
    quoted = (
        '"' + hard.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
    )
    run = go(
        f"""
    - name: main
      steps:
        - - name: show
            template: show
            arguments: {{parameters: [{{name: x, value: {quoted}}}]}}
    - name: show
      inputs: {{parameters: [{{name: x}}]}}
      script:
        image: python:3
        command: [python]
        args: ["-"]
        env: [{{name: X, value: "{{{{inputs.parameters.x}}}}"}}]
        source: ""
      outputs: {{parameters: [{{name: out, valueFrom: {{path: /nowhere, default: none}}}}]}}
"""
    )

    node = next(node for node in run.nodes.values() if node.key == "show")
    assert node.inputs is not None
    assert node.inputs.parameters == {"x": hard}
    assert run.state.phase == "Succeeded"


def test_ten_megabytes_are_handed_on_as_a_raw_artifact_and_stored_once(go: Go, pinnace: Pinnace) -> None:
    run = go(
        """
    - name: main
      steps:
        - - {name: many, template: large, withSequence: {count: "10"}}
        - - name: size
            template: size
            arguments: {parameters: [{name: all, value: "{{steps.many.outputs.parameters.text}}"}]}
    - name: large
      script:
        image: python:3
        command: [python]
        source: open("PLACE/{{pod.name}}", "w").write("x" * 1_000_000)
      outputs: {parameters: [{name: text, valueFrom: {path: "PLACE/{{pod.name}}"}}]}
    - name: size
      inputs:
        parameters: [{name: all}]
        artifacts: [{name: all, path: PLACE/all, raw: {data: "{{inputs.parameters.all}}"}}]
      container: {image: alpine, command: [sh, -c], args: ["wc -c < PLACE/all > PLACE/size"]}
      outputs: {parameters: [{name: bytes, valueFrom: {path: PLACE/size}}]}
"""
    )

    assert run.state.phase == "Succeeded", why(run)
    assert int(outputs(run, "size")["bytes"]) == 10 * 1_000_003 + 1
    assert pinnace.home.database.stat().st_size < 25_000_000


def test_an_environment_variable_that_the_kernel_would_refuse_is_an_error_with_its_remedy(go: Go) -> None:
    run = go(
        """
    - name: main
      inputs: {parameters: [{name: x, value: "%s"}]}
      container: {image: alpine, command: ["true"], env: [{name: X, value: "{{inputs.parameters.x}}"}]}
"""
        % ("y" * 140_000)
    )

    assert run.state.phase == "Error"
    assert "raw" in run.state.message
    assert run.nodes[next(iter(run.nodes))].outputs is None


def test_a_missing_secret_fails_its_node_and_says_what_to_give(go: Go) -> None:
    run = go(
        """
    - name: main
      container:
        image: alpine
        command: ["true"]
        env: [{name: T, valueFrom: {secretKeyRef: {name: keys, key: token}}}]
"""
    )

    assert run.state.phase == "Error"
    assert 'secret "keys" not found' in run.state.message
    assert "kind Secret named keys" in run.state.message


def test_a_missing_secret_of_an_output_artifact_says_what_to_give(go: Go) -> None:
    run = go(
        """
    - name: main
      container: {image: alpine, command: [sh, -c], args: ["echo x > PLACE/out"]}
      outputs:
        artifacts:
          - name: out
            path: PLACE/out
            s3: {bucket: b, key: k, region: r, accessKeySecret: {name: keys, key: access}}
"""
    )

    assert run.state.phase == "Error"
    assert 'output artifact out: secret "keys" not found' in run.state.message
    assert "kind Secret named keys" in run.state.message


def test_an_artifact_goes_from_task_to_task_packed_and_unpacked(go: Go) -> None:
    run = go(
        """
    - name: main
      dag:
        tasks:
          - {name: make, template: make}
          - name: use
            template: use
            dependencies: [make]
            arguments: {artifacts: [{name: in, from: "{{tasks.make.outputs.artifacts.out}}"}]}
    - name: make
      container:
        image: alpine
        command: [sh, -c]
        args: ["mkdir PLACE/out; echo deep > PLACE/out/file"]
      outputs: {artifacts: [{name: out, path: PLACE/out}]}
    - name: use
      inputs: {artifacts: [{name: in, path: PLACE/in}]}
      container: {image: alpine, command: [cp, PLACE/in/file, PLACE/copy]}
      outputs: {parameters: [{name: text, valueFrom: {path: PLACE/copy}}]}
"""
    )

    assert run.state.phase == "Succeeded", [node.message for node in run.nodes.values()]
    assert outputs(run, "use") == {"text": "deep"}


def test_what_is_not_honoured_is_told_at_the_node(go: Go) -> None:
    run = go(
        """
    - name: main
      nodeSelector: {disk: ssd}
      container: {image: "alpine:3.20", command: ["true"], resources: {limits: {cpu: 1}}}
""",
        spec="  serviceAccountName: robot\n  artifactRepositoryRef: {key: other}\n",
    )

    notes = " ".join(run.nodes[next(iter(run.nodes))].notes)
    for word in ("resources", "nodeSelector", "serviceAccountName", "artifactRepositoryRef", "alpine:3.20"):
        assert word in notes


def test_tags_in_artifacts_of_the_workflow_are_replaced(go: Go) -> None:
    run = go(
        """
    - name: main
      inputs: {artifacts: [{name: text, path: PLACE/text}]}
      container: {image: busybox, command: [cat], args: [PLACE/text]}
      outputs: {parameters: [{name: copy, valueFrom: {path: PLACE/text}}]}
""",
        spec=(
            "  arguments:\n"
            "    parameters: [{name: who, value: world}]\n"
            '    artifacts: [{name: text, raw: {data: "hello {{workflow.parameters.who}}"}}]\n'
        ),
    )
    assert run.state.phase == "Succeeded", why(run)
    (node,) = run.nodes.values()
    assert node.outputs is not None
    assert node.outputs.parameters == {"copy": "hello world"}


def test_tags_in_written_values_and_defaults_of_outputs_are_replaced(go: Go) -> None:
    run = go(
        """
    - name: main
      inputs: {parameters: [{name: else, value: "{{workflow.parameters.else}}"}]}
      container: {image: busybox, command: ["true"]}
      outputs:
        parameters:
          - {name: folder, value: "of/{{pod.name}}"}
          - {name: text, valueFrom: {path: PLACE/none, default: "{{inputs.parameters.else}}"}}
""",
        spec="  arguments: {parameters: [{name: else, value: otherwise}]}\n",
    )
    assert run.state.phase == "Succeeded", why(run)
    (node,) = run.nodes.values()
    assert node.outputs is not None
    assert node.outputs.parameters == {"folder": f"of/{run.info.name}", "text": "otherwise"}


def test_a_workflow_that_is_shut_down_from_its_beginning_runs_its_exit_handler_alone(go: Go) -> None:
    run = go(
        "    - {name: main, script: {image: busybox, command: [sh], source: 'true'}}\n",
        spec="  shutdown: Stop\n  onExit: main\n",
    )
    assert (run.state.phase, run.state.message) == ("Failed", "Stopped with strategy 'Stop'")
    assert [(node.phase.value, node.message) for node in run.nodes.values()] == [
        ("Failed", "workflow shutdown with strategy: Stop"),
        ("Succeeded", ""),
    ]
