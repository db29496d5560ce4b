"""Artifacts that go with their workflow: asked for before it ends, and again after a crash."""

from __future__ import annotations

import yaml

from pinnace.base.ids import NodeNumber
from pinnace.engine.advance import advance, apply, reassess, restore
from pinnace.engine.commands import DeleteArtifacts, StartTask
from pinnace.engine.events import RunStarted, TaskEnded, WorkEnded
from pinnace.engine.node import NOBODY, Phase
from pinnace.engine.run import Run
from pinnace.spec.parameters import S3, Artifact, ArtifactGC
from pinnace.testing.builders import bundle_of, document, run_of

MANIFEST = """
entrypoint: main
artifactGC: {strategy: OnWorkflowCompletion}
templates:
- name: main
  container: {image: i, command: [c]}
  outputs: {artifacts: [{name: a, path: /a}, {name: b, path: /b, artifactGC: {strategy: Never}}]}
"""
GONE = Artifact(name="a", s3=S3(key="k"))
KEPT = Artifact(name="b", s3=S3(key="l"), artifact_gc=ArtifactGC(strategy="Never"))


def new_run() -> Run:
    return run_of(bundle_of(document(yaml.safe_load(MANIFEST))))


def ended_pod() -> tuple[Run, DeleteArtifacts]:
    """Return a run whose pod has ended, and what it asks for then."""
    run = new_run()
    first = advance(run, [RunStarted()], 1.0)
    apply(run, first)
    [start] = first.commands
    assert isinstance(start, StartTask)
    end = TaskEnded(node=start.node, attempt_id=start.attempt_id, at=2.0, exit_code=0, artifacts=(GONE, KEPT))
    second = advance(run, [end], 2.0)
    apply(run, second)
    [delete] = second.commands
    assert isinstance(delete, DeleteArtifacts)
    return run, delete


def answer(delete: DeleteArtifacts, *gone: Artifact, message: str = "") -> WorkEnded:
    phase = Phase.ERROR if message else Phase.SUCCEEDED
    return WorkEnded(
        node=NOBODY, attempt_id=delete.attempt_id, at=3.0, phase=phase, message=message, artifacts=gone
    )


def test_a_run_has_not_ended_before_its_garbage_is_gone() -> None:
    run, delete = ended_pod()
    assert run.state.phase == "Running"
    assert delete.artifacts == (GONE,)
    apply(run, advance(run, [answer(delete, GONE)], 3.0))
    assert (run.state.phase, run.state.finished_at) == ("Succeeded", 3.0)
    outputs = run.nodes[NodeNumber(0)].outputs
    assert outputs is not None
    assert [artifact.deleted for artifact in outputs.artifacts] == [True, False]


def test_after_a_crash_it_is_asked_for_again() -> None:
    run, delete = ended_pod()
    again = new_run()
    restore(again, run.state, run.nodes.values())
    outcome = reassess(again, 9.0)
    assert outcome.commands == [delete]
    assert (outcome.nodes, outcome.state) == ([], None)


def test_an_answer_that_comes_twice_changes_nothing() -> None:
    run, delete = ended_pod()
    apply(run, advance(run, [answer(delete, GONE)], 3.0))
    assert advance(run, [answer(delete, message="x")], 4.0).is_empty


def test_what_stays_although_it_should_go_is_told_and_the_run_ends() -> None:
    run, delete = ended_pod()
    apply(run, advance(run, [answer(delete, message="access denied")], 3.0))
    assert (run.state.phase, run.state.artifact_gc_error) == ("Succeeded", "access denied")
