"""Whole runs whose artifacts lie in an artifact repository that a ConfigMap describes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto.server", reason="the emulator of AWS comes with pinnace[world]")
from whole_runs import ended, why

from buckets import Bucket
from manifests import workflow
from pinnace.artifacts.s3 import S3Store
from pinnace.base.errors import ArtifactError, NotFoundError, RefusedError
from pinnace.bootstrap import Pinnace
from pinnace.engine.run import Run
from pinnace.service.status import workflow_object

Go = Callable[..., Run]


@pytest.fixture
def go(pinnace: Pinnace, bucket: Bucket, tmp_path: Path) -> Go:
    """Return what runs a manifest to its end; PLACE is the test's own folder, BUCKET the bucket's location.

    The default repository is the bucket, with what ``repository`` says besides.
    """

    def run(templates: str, *, spec: str = "", repository: str = "", more: str = "") -> Run:
        text = f"""{workflow(templates, spec=spec)}
---
apiVersion: v1
kind: Secret
metadata: {{name: keys}}
stringData: {{id: x, s: y}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: artifact-repositories
  annotations: {{workflows.argoproj.io/default-artifact-repository: main}}
data:
  main: |
    s3: {{BUCKET{repository}}}
{more}"""
        return ended(pinnace, text.replace("PLACE", str(tmp_path)).replace("BUCKET", bucket.location))

    return run


def shown(run: Run, name: str) -> dict[str, Any]:
    nodes = workflow_object(run)["status"]["nodes"].values()
    found: dict[str, Any] = next(node for node in nodes if node["displayName"] == name)
    return found


PASS_ON = """
  - name: main
    steps:
    - - {name: make, template: make}
    - - name: take
        template: take
        arguments: {artifacts: [{name: in, from: "{{steps.make.outputs.artifacts.out}}"}]}
  - name: make
    container: {image: alpine, command: [sh, -c], args: ["echo hello > PLACE/out"]}
    outputs: {artifacts: [{name: out, path: PLACE/out}]}
  - name: take
    inputs: {artifacts: [{name: in, path: PLACE/in}]}
    container: {image: alpine, command: [cat], args: [PLACE/in]}
"""


def test_what_has_no_location_goes_to_the_repository_and_its_node_keeps_the_key_alone(
    go: Go, bucket: Bucket
) -> None:
    run = go(PASS_ON)
    assert run.state.phase == "Succeeded", why(run)
    make = shown(run, "make")
    assert bucket.keys == [f"wf/wf-make-{make['id'].rpartition('-')[2]}/out.tgz"]
    assert make["outputs"]["artifacts"] == [
        {"name": "out", "path": make["outputs"]["artifacts"][0]["path"], "s3": {"key": bucket.keys[0]}}
    ]
    assert shown(run, "take")["inputs"]["artifacts"][0]["s3"] == {"key": bucket.keys[0]}
    ref = workflow_object(run)["status"]["artifactRepositoryRef"]
    assert (ref["configMap"], ref["key"], ref["namespace"]) == ("artifact-repositories", "main", "default")
    assert ref["artifactRepository"]["s3"]["bucket"] == bucket.name


def test_keys_are_made_as_the_repository_says(go: Go, bucket: Bucket) -> None:
    run = go(
        """
  - name: main
    inputs: {parameters: [{name: day, value: monday}]}
    container: {image: alpine, command: [sh, -c], args: ["echo hello > PLACE/out"]}
    outputs: {artifacts: [{name: out, path: PLACE/out, archive: {none: {}}}]}
""",
        repository=', keyFormat: "a/{{workflow.namespace}}/{{inputs.parameters.day}}"',
    )
    assert run.state.phase == "Succeeded", why(run)
    assert bucket.keys == ["a/default/monday/out"]


@pytest.mark.parametrize(
    "reference",
    [
        'from: "{{= steps.make.outputs.artifacts.out }}"',
        'fromExpression: "1 == 1 ? steps.make.outputs.artifacts.out : steps.make.outputs.artifacts.out"',
    ],
)
def test_an_artifact_is_passed_on_by_an_expression(go: Go, reference: str) -> None:
    run = go(PASS_ON.replace('from: "{{steps.make.outputs.artifacts.out}}"', reference))
    assert run.state.phase == "Succeeded", why(run)


def test_a_key_alone_is_of_the_repository(go: Go, bucket: Bucket) -> None:
    run = go(
        """
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: take, template: take}
  - name: make
    container: {image: alpine, command: [sh, -c], args: ["echo hello > PLACE/out"]}
    outputs: {artifacts: [{name: out, path: PLACE/out, archive: {none: {}}, s3: {key: my/own.txt}}]}
  - name: take
    inputs: {artifacts: [{name: in, path: PLACE/in, gcs: {key: my/own.txt}}]}
    container: {image: alpine, command: [grep, hello], args: [PLACE/in]}
"""
    )
    assert run.state.phase == "Succeeded", why(run)
    assert bucket.keys == ["my/own.txt"]


def test_a_template_may_have_a_repository_of_its_own_and_others_find_what_it_made(
    go: Go, bucket: Bucket
) -> None:
    other = Bucket(bucket.endpoint)
    own = PASS_ON.replace(
        "    outputs:",
        f"    archiveLocation: {{s3: {{{other.location}, key: 'own/{{{{pod.name}}}}'}}}}\n    outputs:",
    )
    run = go(own)
    assert run.state.phase == "Succeeded", why(run)
    assert bucket.keys == []
    assert len(other.keys) == 1
    assert other.keys[0].startswith("own/wf-make-")


def test_the_named_repository_is_used_and_the_default_one_is_not(go: Go, bucket: Bucket) -> None:
    other = Bucket(bucket.endpoint)
    more = f"""---
apiVersion: v1
kind: ConfigMap
metadata: {{name: mine}}
data:
  there: |
    s3: {{{other.location}}}
"""
    run = go(PASS_ON, spec="  artifactRepositoryRef: {configMap: mine, key: there}\n", more=more)
    assert run.state.phase == "Succeeded", why(run)
    assert (bucket.keys, len(other.keys)) == ([], 1)
    assert not any("artifactRepositoryRef" in note for node in run.nodes.values() for note in node.notes)


def test_a_repository_that_nobody_gave_is_told_at_the_nodes(go: Go, bucket: Bucket) -> None:
    run = go(PASS_ON, spec="  artifactRepositoryRef: {configMap: elsewhere, key: there}\n")
    assert run.state.phase == "Succeeded", why(run)
    assert bucket.keys == []
    notes = [note for node in run.nodes.values() for note in node.notes]
    assert any(note.startswith("artifactRepositoryRef: no ConfigMap given holds one") for note in notes)


LOGS = """
  - name: main
    {own}
    container: {{image: alpine, command: [echo, hello]}}
"""


@pytest.mark.parametrize(
    ("repository", "workflow", "template", "expected"),
    [
        ("", "", "", False),
        ("", "true", "", True),
        ("", "true", "false", False),
        ("", "false", "true", True),
        ("true", "false", "false", True),
    ],
)
def test_logs_are_kept_by_the_word_of_the_repository_the_template_and_the_workflow(
    go: Go, bucket: Bucket, repository: str, workflow: str, template: str, expected: bool
) -> None:
    own = f"archiveLocation: {{archiveLogs: {template}}}" if template else ""
    run = go(
        LOGS.format(own=own),
        spec=f"  archiveLogs: {workflow}\n" if workflow else "",
        repository="}\n    archiveLogs: true\n    x: {" if repository else "",
    )
    assert run.state.phase == "Succeeded", why(run)
    assert bucket.keys == (["wf/wf/main.log"] if expected else [])
    if expected:
        assert shown(run, "wf")["outputs"]["artifacts"] == [
            {"name": "main-logs", "s3": {"key": "wf/wf/main.log"}}
        ]


def test_the_log_of_a_command_that_said_nothing_is_kept_as_well(go: Go, bucket: Bucket) -> None:
    run = go(LOGS.format(own="").replace("[echo, hello]", "['true']"), spec="  archiveLogs: true\n")
    assert run.state.phase == "Succeeded", why(run)
    assert bucket.keys == ["wf/wf/main.log"]


def test_a_log_that_cannot_be_kept_ends_its_step(go: Go, bucket: Bucket) -> None:
    bucket.client.delete_bucket(Bucket=bucket.name)
    run = go(LOGS.format(own=""), spec="  archiveLogs: true\n")
    assert run.state.phase == "Error", why(run)
    assert any("the archived log: artifact main-logs could not be saved" in each for each in why(run))


COLLECTED = """
  - name: main
    steps:
    - - {name: make, template: make}
  - name: make
    container: {image: alpine, command: [sh, -c], args: ["echo hello > PLACE/out"]}
    outputs:
      artifacts:
      - {name: done, path: PLACE/out, s3: {key: done}, artifactGC: {strategy: OnWorkflowCompletion}}
      - {name: gone, path: PLACE/out, s3: {key: gone}, artifactGC: {strategy: OnWorkflowDeletion}}
      - {name: kept, path: PLACE/out, s3: {key: kept}, artifactGC: {strategy: Never}}
      - {name: plain, path: PLACE/out, s3: {key: plain}}
"""


def test_artifacts_are_deleted_when_their_workflow_completes_and_when_it_is_deleted(
    go: Go, bucket: Bucket, pinnace: Pinnace
) -> None:
    run = go(COLLECTED)
    assert run.state.phase == "Succeeded", why(run)
    assert bucket.keys == ["gone", "kept", "plain"]
    outputs = shown(run, "make")["outputs"]["artifacts"]
    assert {each["name"]: each.get("deleted", False) for each in outputs} == {
        "done": True,
        "gone": False,
        "kept": False,
        "plain": False,
    }
    assert workflow_object(run)["metadata"]["finalizers"] == ["workflows.argoproj.io/artifact-gc"]
    pinnace.delete(run.info.uid)
    assert bucket.keys == ["kept", "plain"]


def test_the_strategy_of_the_workflow_is_for_artifacts_without_one(go: Go, bucket: Bucket) -> None:
    run = go(COLLECTED, spec="  artifactGC: {strategy: OnWorkflowCompletion}\n")
    assert run.state.phase == "Succeeded", why(run)
    assert bucket.keys == ["gone", "kept"]


def test_what_a_failed_workflow_made_is_deleted_too(go: Go, bucket: Bucket) -> None:
    run = go(COLLECTED.replace("> PLACE/out", "> PLACE/out; false"))
    assert run.state.phase == "Failed"
    assert bucket.keys == ["gone", "kept", "plain"]


def test_what_cannot_be_deleted_is_a_condition_and_keeps_the_run(
    go: Go, pinnace: Pinnace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_store: S3Store, key: str) -> None:
        raise ArtifactError(f"cannot delete {key}")

    monkeypatch.setattr(S3Store, "delete", refuse)
    run = go(COLLECTED)
    assert run.state.phase == "Succeeded", why(run)
    condition = workflow_object(run)["status"]["conditions"][-1]
    told = "the artifact done could not be deleted: cannot delete done"
    assert condition == {"type": "ArtifactGCError", "status": "True", "message": told}
    with pytest.raises(RefusedError, match="wf is kept: the artifact gone could not be deleted"):
        pinnace.delete(run.info.uid)
    pinnace.delete(run.info.uid, force=True)
    with pytest.raises(NotFoundError):
        pinnace.load(run.info.uid)


def test_a_workflow_may_say_that_it_goes_although_its_artifacts_stay(
    go: Go, pinnace: Pinnace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_store: S3Store, key: str) -> None:
        raise ArtifactError(f"cannot delete {key}")

    monkeypatch.setattr(S3Store, "delete", refuse)
    run = go(COLLECTED, spec="  artifactGC: {strategy: Never, forceFinalizerRemoval: true}\n")
    pinnace.delete(run.info.uid)
    with pytest.raises(NotFoundError):
        pinnace.load(run.info.uid)
