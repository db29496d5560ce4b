"""Tasks that say too much, will not end, or multiply: contained, ended, nothing left."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from terminal import Terminal, shell, workflow

MEGABYTE = 1 << 20
#: Seconds for which nobody else sleeps, though the same tests may run beside these.
LASTING = f"31{os.getpid():08}"
#: What a terminal acts on: no name, message or line of output may bring one of these to it.
ACTING = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]|\x1b(?!\[[0-9;]*m)")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["one line", "many lines"])
def test_a_large_output_takes_little_memory_of_pinnace(terminal: Terminal, kind: str) -> None:
    size = 64 * MEGABYTE
    source = "tr '\\0' x < /dev/zero" if kind == "one line" else "yes $(printf %099d 0)"
    file = terminal.write(json.dumps(workflow(shell(f"{source} | head -c {size}; echo; echo end"))))
    # Not ru_maxrss: that begins with what the process had that started this one.
    script = (
        "import pathlib, sys; from pinnace.cli.main import run_cli; status = run_cli(sys.argv[1:]);"
        "said = pathlib.Path('/proc/self/status').read_text();"
        "print('PEAK', said.partition('VmHWM:')[2].split()[0], file=sys.stderr); sys.exit(status)"
    )
    for command in (
        ["run", str(file), "--quiet"],
        ["get", "wf", "-o", "json"],
        ["logs", "wf", "--tail", "1"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", script, *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        peak = int(done.stderr.rpartition("PEAK ")[2]) * 1024
        assert peak < 128 * MEGABYTE
    assert done.stdout.endswith("end\n")


def test_a_result_is_cut_and_the_log_is_whole(terminal: Terminal) -> None:
    make = shell("head -c 1000000 /dev/zero | tr '\\0' x; echo end", "make")
    outputs = {"parameters": [{"name": "said", "valueFrom": {"parameter": "{{steps.make.outputs.result}}"}}]}
    main = {"name": "main", "steps": [[{"name": "make", "template": "make"}]], "outputs": outputs}

    assert terminal.run(workflow(main, make)).status == 0

    (said,) = terminal.node("wf")["outputs"]["parameters"]
    assert said["value"] == "x" * (256 * 1024 - 4) + "end"
    assert len(terminal("logs", "wf").out) > 1_000_000


def test_invalid_utf_8_is_shown_as_such(terminal: Terminal) -> None:
    assert terminal.run(workflow(shell(r"printf 'a\377\300\200b\nlast\n'"))).status == 0

    out = terminal("logs", "wf").out
    assert "\ufffd" in out
    assert out.endswith("last\n")


def test_nothing_that_a_task_says_acts_on_a_terminal(terminal: Terminal) -> None:
    evil = r"\033]0;owned\007 \033[2J \033[31mred\033[0m \033P1$r\033\\ \233 2J \r\b\b hidden \n"

    said = terminal.run(workflow(shell(f"printf '{evil}' >&2; printf '{evil}'; exit 3")))
    shown = said.all + terminal("get", "wf").all + terminal("list").all + terminal("watch", "wf").all

    assert said.status == 1
    assert "owned" not in shown.replace("]0;owned", "")
    assert ACTING.findall(shown) == []


def test_nothing_in_a_manifest_acts_on_a_terminal(terminal: Terminal) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\r\b\u202e"
    document = workflow(
        {**shell("exit 0"), f"f{evil}": 1},
        {**shell("exit 0", f"t{evil}")},
        arguments={"parameters": [{"name": f"p{evil}", "value": evil}]},
    )

    for command in ("lint", "run"):
        said = terminal(command, terminal.write(json.dumps(document), f"x{evil.replace('/', '')}.json"))
        assert said.status == 2
        assert ACTING.findall(said.all) == []


def test_what_a_task_leaves_behind_is_ended_with_it(
    terminal: Terminal, leftovers: Callable[[str], list[str]]
) -> None:
    daemon = f"(setsid sh -c 'trap \"\" TERM; sleep {LASTING}' > /dev/null 2>&1 &) &"
    leave = f"for i in 1 2 3 4 5; do {daemon} done; wait"

    assert terminal.run(workflow(shell(leave), name="leaves")).status == 0

    assert leftovers(LASTING) == []


@pytest.mark.slow
def test_a_task_that_multiplies_without_end_is_ended(
    terminal: Terminal, private: None, leftovers: Callable[[str], list[str]]
) -> None:
    # Each makes two until there are some hundreds: a fork bomb that the machine survives.
    bomb = f"f() {{ [ $1 -lt 7 ] && {{ f $(($1+1)) & f $(($1+1)) & }}; sleep {LASTING}; }}; f 0"

    said = terminal.run(workflow({**shell(bomb), "activeDeadlineSeconds": 1}, name="multiplies"))

    assert said.status == 1
    assert leftovers(LASTING) == []
