"""How far a task says it is, and what becomes of that."""

from __future__ import annotations

import pytest

from manifests import workflow
from pinnace.engine.events import TaskProgressed
from pinnace.engine.progress import parse_progress
from pinnace.service.status import workflow_object
from pinnace.testing.play import Play

WORKFLOW = workflow("""
  - name: main
    steps:
    - - {name: a, template: work}
      - {name: b, template: work}
  - name: work
    container: {image: busybox}
""")


@pytest.mark.parametrize(("text", "expected"), [("0/1", (0, 1)), ("25/100", (25, 100)), ("7/7", (7, 7))])
def test_progress_is_what_is_done_of_all(text: str, expected: tuple[int, int]) -> None:
    assert parse_progress(text) == expected


@pytest.mark.parametrize(
    "text", ["", "1", "/", "2/1", "0/0", "-1/2", "1/2/3", "a/b", "1 / 2", "١/٢", "1/" + "9" * 30]
)
def test_other_texts_say_nothing(text: str) -> None:
    assert parse_progress(text) is None


def shown(play: Play) -> dict[str, str]:
    status = workflow_object(play.run)["status"]
    nodes = {node["displayName"]: node.get("progress", "") for node in status["nodes"].values()}
    return {"whole": status["progress"], "a": nodes["a"], "b": nodes["b"]}


def report(play: Play, name: str, progress: str) -> None:
    command = play.open[name]
    play.tell(TaskProgressed(node=command.node, attempt_id=command.attempt_id, progress=progress))


def test_a_step_is_as_far_as_it_says_and_its_group_as_far_as_its_steps() -> None:
    play = Play(WORKFLOW).start().begin("wf[0].a").begin("wf[0].b")
    report(play, "wf[0].a", "25/100")
    assert shown(play) == {"whole": "25/101", "a": "25/100", "b": "0/1"}


def test_who_succeeded_has_done_all_and_who_failed_what_it_said() -> None:
    play = Play(WORKFLOW).start().begin("wf[0].a").begin("wf[0].b")
    report(play, "wf[0].a", "25/100")
    report(play, "wf[0].b", "5/50")
    play.end("wf[0].a").end("wf[0].b", 1)
    assert shown(play) == {"whole": "105/150", "a": "100/100", "b": "5/50"}


def test_what_comes_after_the_end_changes_nothing() -> None:
    play = Play(WORKFLOW).start().begin("wf[0].a")
    command = play.open["wf[0].a"]
    play.end("wf[0].a", 1)
    play.tell(TaskProgressed(node=command.node, attempt_id=command.attempt_id, progress="1/2"))
    assert shown(play)["a"] == "0/1"
