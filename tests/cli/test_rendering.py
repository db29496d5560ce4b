from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pinnace.cli.render.ending import failed_node, fidelity_lines
from pinnace.cli.render.header import render_header
from pinnace.cli.render.lines import Lines
from pinnace.cli.render.live import draw
from pinnace.cli.render.progress import Progress
from pinnace.cli.render.text import clean, clean_output, shorten
from pinnace.cli.render.times import long_duration, precise_duration, short_duration, timestamp
from pinnace.cli.render.tree import TreeOptions, render_tree
from pinnace.engine.events import ShutdownAsked, SuspendAsked, TaskProgressed
from pinnace.engine.run import Shutdown
from pinnace.service.status import workflow_object
from pinnace.testing.play import Play, Watcher

HEAD = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wf}
spec:
  entrypoint: main
%s
  templates:
  - {name: task, container: {image: i, command: [c]}}
  - name: flaky
    retryStrategy: {limit: "1", backoff: {duration: "10"}}
    container: {image: i, command: [c]}
"""
STEPS = """
  - name: main
    steps:
    - - {name: a, template: task}
    - - {name: b, template: flaky}
      - {name: c, template: task}
      - {name: d, template: task, when: "1 == 2"}
"""
FAN_OUT = """
  - name: main
    dag:
      tasks:
      - {name: many, template: task, withSequence: {count: "%d"}}
      - {name: last, template: task, depends: many}
"""


def made(templates: str, spec: str = "", watcher: Watcher | None = None) -> Play:
    return Play(HEAD % spec + templates, watcher).start()


def tree(play: Play, **options: object) -> str:
    return render_tree(workflow_object(play.run), TreeOptions(now=play.now, **options))  # type: ignore[arg-type]  # passed on


# Text ------------------------------------------------------------------------------------------------------


@given(st.text())
def test_cleaned_text_is_one_line_without_controls(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", clean(text))


@given(st.text(alphabet=st.sampled_from("\x1b[]0123m;HJK\x07\x9bab\r\n\x08 ")))
def test_output_for_a_terminal_keeps_colours_and_no_other_sequence(text: str) -> None:
    rest = re.sub(r"\x1b\[[0-9;:]*m", "", clean_output(text))
    assert "\x1b" not in rest
    assert "\x9b" not in rest
    assert "\r" not in rest
    assert "\n" not in rest


def test_colours_of_a_task_end_with_its_line() -> None:
    assert clean_output("\x1b[31mred\x1b[2J\x1b]0;title\x07") == "\x1b[31mred\x1b[0m"


def test_a_long_text_is_cut() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"


# Times -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "short", "long", "precise"),
    [
        (0, "0s", "0 seconds", "0.0s"),
        (1, "1s", "1 second", "1.0s"),
        (65, "1m", "1 minute 5 seconds", "1m05s"),
        (3600, "1h", "1 hour 0 minutes", "1h00m"),
        (2 * 86_400 + 3600, "2d", "2 days 1 hours", "49h00m"),
    ],
)
def test_durations_read_as_argos(seconds: float, short: str, long: str, precise: str) -> None:
    assert (short_duration(seconds), long_duration(seconds), precise_duration(seconds)) == (
        short,
        long,
        precise,
    )


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (0, "now"),
        (1, "1 second ago"),
        (200, "3 minutes ago"),
        (3 * 7 * 86_400, "3 weeks ago"),
        (-60, "1 minute from now"),
    ],
)
def test_a_time_stands_with_how_long_ago_it_was(ago: float, words: str) -> None:
    assert timestamp(1_000_000, 1_000_000 + ago).endswith(f" ({words})")


# The tree --------------------------------------------------------------------------------------------------


def test_the_tree_of_a_failed_run_is_argos() -> None:
    play = made(STEPS, "  onExit: task")
    play.begin("wf[0].a").end("wf[0].a").begin("wf[1].b(0)").begin("wf[1].c").end("wf[1].c")
    play.end("wf[1].b(0)", 1).wait(10).begin("wf[1].b(1)").end("wf[1].b(1)", 1).end_all()

    assert tree(play) == (
        "STEP           TEMPLATE  PODNAME              DURATION  MESSAGE\n"
        " ✖ wf          main                                     child 'wf-2760215211' failed\n"
        " ├───✔ a       task      wf-task-3986212215   0s\n"
        " └─┬─✖ b       flaky                                    No more retries left\n"
        "   │ ├─✖ b(0)  flaky     wf-flaky-1966340390  0s        main: Error (exit code 1)\n"
        "   │ └─✖ b(1)  flaky     wf-flaky-2435966627  0s        main: Error (exit code 1)\n"
        "   ├─✔ c       task      wf-task-2743437592   0s\n"
        "   └─○ d       task                                     when '1 == 2' evaluated false\n"
        "\n"
        " ✔ wf.onExit   task      wf-task-403321795    1s\n"
    )


def test_a_tree_can_be_drawn_with_ascii_and_with_artifacts() -> None:
    play = made(
        "\n  - {name: main, steps: [[{name: a, template: task}, {name: b, template: task}]]}\n"
    ).end_all()

    lines = tree(play, is_ascii=True, output="wide").splitlines()

    assert lines[0].split() == ["STEP", "TEMPLATE", "PODNAME", "DURATION", "ARTIFACTS", "MESSAGE"]
    assert [line.split()[0] for line in lines[2:]] == ["`-+-Succeeded", "`-Succeeded"]


def test_a_loop_of_many_items_is_one_line_with_its_failures() -> None:
    play = made(FAN_OUT % 30).end_all(failing=["wf.many(7:7)", "wf.many(9:9)"])

    text = tree(play, is_brief=True)

    assert [line.split("  ")[-1].strip() for line in text.splitlines()[2:]] == [
        "30 items: 28 Succeeded, 2 Failed",
        "main: Error (exit code 1)",
        "main: Error (exit code 1)",
    ]
    assert "✖ many(7:7)" in text
    assert "many(8:8)" not in text
    assert "many(8:8)" in tree(play)


def test_a_step_with_attempts_that_was_found_in_a_cache_is_drawn_and_holds_nothing() -> None:
    def node(name: str, type_: str, *children: str, **other: object) -> dict[str, object]:
        known = {"name": name, "displayName": name, "type": type_, "phase": "Succeeded"}
        return {**known, "children": list(children), "boundaryID": "" if name == "wf" else "wf", **other}

    nodes = [
        node("wf", "Steps", "[0]"),
        node("[0]", "StepGroup", "found", "made"),
        node("found", "Retry", "[1]", memoizationStatus={"hit": True}),
        node("made", "Retry", "made(0)", memoizationStatus={"hit": False}),
        node("made(0)", "Pod", "[1]"),
        node("[1]", "StepGroup", "last"),
        node("last", "Pod"),
    ]
    status = {"nodes": {str(each["name"]): each for each in nodes}}
    drawn = render_tree({"metadata": {"name": "wf"}, "status": status}, TreeOptions(now=0))
    assert [line.split("  ")[0] for line in drawn.splitlines()[1:]] == [
        " ✔ wf",
        " ├─┬─✔ found",
        " │ └─✔ made(0)",
        " └───✔ last",
    ]


def test_only_the_steps_that_are_wanted_are_drawn() -> None:
    play = made(STEPS).end_all()

    assert len(tree(play, wanted=lambda status: status["displayName"] == "c").splitlines()) == 2


def test_a_tree_deeper_than_pythons_recursion_is_drawn() -> None:
    steps = ", ".join(f"[{{name: s{number}, template: task, withItems: []}}]" for number in range(1500))
    play = made(f"\n  - {{name: main, steps: [{steps}]}}\n").end_all()

    assert len(tree(play).splitlines()) == 1502


def test_the_header_names_what_argo_names() -> None:
    play = made(
        STEPS,
        "  arguments: {parameters: [{name: p, value: 'a\x1b[2Jb'}]}".replace("\x1b", "\\x1b").replace(
            "'", '"'
        ),
    )
    play.tell(ShutdownAsked(shutdown=Shutdown.TERMINATE))

    header = render_header(workflow_object(play.run), play.now + 61)

    names = [line.split(":")[0].strip() for line in header.splitlines()]
    assert names[:5] == ["Name", "Namespace", "ServiceAccount", "Status", "Message"]
    assert "Status:              Failed (Terminated)\n" in header
    assert "  p:                 ab\n" in header


# Lines -----------------------------------------------------------------------------------------------------


def test_lines_tell_each_thing_once_and_in_order() -> None:
    written: list[str] = []
    lines = Lines(lambda text: written.append(text[9:]), clock=lambda: 0.0)
    play = made(STEPS, watcher=lines.run_changed)
    play.begin("wf[0].a").end("wf[0].a").begin("wf[1].b(0)").end("wf[1].b(0)", 1).wait(10).end_all()

    assert written == [
        "● wf Running",
        "◷ wf[0].a starts",
        "● wf[0].a runs",
        "✔ wf[0].a Succeeded after 0.0s",
        "◷ wf[1].c starts",
        "○ wf[1].d Skipped: when '1 == 2' evaluated false",
        "◷ wf[1].b(0) starts",
        "● wf[1].b(0) runs",
        "✖ wf[1].b(0) Failed after 0.0s: main: Error (exit code 1)",
        "◷ wf[1].b: Backoff for 10 seconds",
        "◷ wf[1].b(1) starts",
        "● wf[1].c runs",
        "✔ wf[1].c Succeeded after 11s",
        "● wf[1].b(1) runs",
        "✔ wf[1].b(1) Succeeded after 2.0s",
        "✔ wf Succeeded after 12s",
    ]


def test_the_end_of_a_workflow_of_a_single_template_is_told_once() -> None:
    written: list[str] = []
    lines = Lines(lambda text: written.append(text[9:]), clock=lambda: 0.0)
    play = made("\n  - {name: main, container: {image: i, command: [c]}}", watcher=lines.run_changed)
    play.begin("wf").end("wf", 1)

    assert written == [
        "● wf Running",
        "◷ wf starts",
        "● wf runs",
        "✖ wf Failed after 0.0s: main: Error (exit code 1)",
    ]


# The live tree ---------------------------------------------------------------------------------------------


def watched(templates: str, spec: str = "") -> tuple[Play, Progress]:
    progress = Progress()
    return made(templates, spec, progress.take_in), progress


def drawn(play: Play, progress: Progress, room: int = 20) -> list[str]:
    return [line.plain for line in draw(play.run, progress, room=room, now=play.now, width=100)]


def test_a_live_tree_shows_attempts_and_when_the_next_one_comes() -> None:
    play, progress = watched(STEPS)
    play.begin("wf[0].a").end("wf[0].a").begin("wf[1].b(0)").end("wf[1].b(0)", 1)
    play.now += 4

    assert drawn(play, progress) == [
        "● wf  4.0s",
        "  ✔ a  0.0s",
        "  ● b  4.0s  failed, tries again in 6.0s",
        "  ◷ c  4.0s",
        "  ○ d  0.0s  when '1 == 2' evaluated false",
    ]
    play.wait(6).begin("wf[1].b(1)")
    assert "  ● b  10s  attempt 2" in drawn(play, progress)


def test_a_live_tree_shows_a_loop_as_a_bar_and_its_first_failures() -> None:
    play, progress = watched(FAN_OUT % 1000, "  parallelism: 10")
    for number in range(10):
        play.begin(f"wf.many({number}:{number})").end(f"wf.many({number}:{number})", int(number < 7))

    lines = drawn(play, progress)

    assert lines[1] == "  ◷ many  ░░░░░░░░░░░░░░░░░░░░░░░░ 10/1000 · 7 failed · 10 pending · 980 waiting"
    assert [line.split()[1] for line in lines[2:7]] == [f"many({number}:{number})" for number in range(5)]
    assert lines[7:] == ["  980 wait because of the workflow's parallelism of 10"]


def test_a_live_tree_never_has_more_lines_than_there_is_room() -> None:
    play, progress = watched(FAN_OUT % 15)

    assert len(drawn(play, progress, room=6)) == 6
    assert len(drawn(play, progress, room=40)) == 17


def test_a_live_tree_forgets_what_is_done_in_a_long_chain() -> None:
    steps = ", ".join(f"[{{name: s{number}, template: task}}]" for number in range(100))
    play, progress = watched(f"\n  - {{name: main, steps: [{steps}]}}\n")
    for number in range(90):
        play.begin(f"wf[{number}].s{number}").end(f"wf[{number}].s{number}")

    assert [line.split()[1] for line in drawn(play, progress)] == ["wf", "s86", "s87", "s88", "s89", "s90"]


def test_a_live_tree_shows_how_far_a_step_says_it_is() -> None:
    play, progress = watched("  - name: main\n    steps: [[{name: a, template: task}]]\n")
    command = play.begin("wf[0].a").open["wf[0].a"]
    play.tell(TaskProgressed(node=command.node, attempt_id=command.attempt_id, progress="3/4"))
    assert any(line.endswith("  3/4") for line in drawn(play, progress))
    play.end("wf[0].a")
    assert not any(line.endswith("  3/4") for line in drawn(play, progress))


def test_a_live_tree_says_that_the_run_is_suspended() -> None:
    play, progress = watched(STEPS)
    play.tell(SuspendAsked())

    assert drawn(play, progress)[-1] == "  suspended: nothing new starts until `pinnace resume wf`"


def test_a_live_line_fits_the_terminal() -> None:
    play, progress = watched("\n  - {name: main, steps: [[{name: a, template: task}]]}\n")
    play.begin("wf[0].a").end("wf[0].a", 1, message="x" * 500)

    assert max(cell_len(line) for line in drawn(play, progress)) <= 100


# The end ---------------------------------------------------------------------------------------------------


def test_the_failure_that_is_explained_is_the_last_attempt_of_the_first_that_failed() -> None:
    play = made(STEPS).begin("wf[0].a").end("wf[0].a").begin("wf[1].b(0)")
    play.end("wf[1].b(0)", 1).wait(10).begin("wf[1].b(1)").end("wf[1].b(1)", 1).end_all()

    node = failed_node(play.run)

    assert node is not None
    assert node.name == "wf[1].b(1)"


def test_a_sidecar_that_was_ended_explains_no_failure() -> None:
    play = made(
        """
  - name: main
    steps: [[{name: a, template: pair}], [{name: b, template: task}]]
  - name: pair
    container: {image: busybox, command: ["true"]}
    sidecars: [{name: beside, image: busybox, command: [serve]}]
"""
    )
    play.end("wf[0].a.main").wait(10).end("wf[0].a.beside", 143).wait(10).end("wf[1].b", 1)
    assert any(node.phase.is_bad and node.is_hidden for node in play.run.nodes.values())

    node = failed_node(play.run)

    assert node is not None
    assert node.name == "wf[1].b"


def test_what_was_not_honoured_is_summed_up() -> None:
    play = made(STEPS)
    command = play.open["wf[0].a"]
    from pinnace.engine.events import TaskStarted

    play.tell(TaskStarted(node=command.node, attempt_id=command.attempt_id, at=0, notes=("no \x1b[2Jimage",)))

    assert list(fidelity_lines(play.run)) == ["Not as in the manifest:", "  no image (a)"]
