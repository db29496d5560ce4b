"""The command line as a user meets it: real commands, real processes, real tasks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from terminals import SLEEPER, WAITER, WORKFLOW, Cli, started, wait_until

from pinnace.cli.main import COMMANDS
from processes import PATIENCE

# Runs ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_that_succeeds_is_shown_and_can_be_looked_at(cli: Cli, manifest: Path) -> None:
    status, out, err = cli("run", str(manifest))

    assert (status, err) == (0, "")
    assert "✔ wf[0].first Succeeded after" in out
    assert "✔ wf Succeeded in" in out
    assert cli("logs", "wf", "first")[1].endswith(": hello [bold]there[/bold]\n")
    assert cli("list", "-o", "name")[1] == "wf\n"
    assert cli("get", "@latest")[1].startswith("Name:                wf\nNamespace:           default\n")
    assert cli("wait", "wf")[:1] == (0,)
    assert cli("watch", "wf")[:1] == (0,)


@pytest.mark.slow
def test_a_run_that_fails_says_why_and_how_to_go_on(cli: Cli, manifest: Path) -> None:
    status, out, _ = cli("run", str(manifest), "-p", "code=3")

    assert status == 1
    assert "wf[1].second Failed: main: Error (exit code 3)\n  the end of its log:\n  │ oops\n" in out
    assert "  pinnace logs wf second\n  pinnace retry wf\n" in out
    assert cli("wait", "wf")[0] == 1

    status, out, _ = cli("retry", "wf", "-p", "code=0")

    assert status == 0
    assert "wf[0].first" not in out.partition("STEP")[0]


@pytest.mark.slow
def test_the_run_alone_is_on_standard_output_when_a_form_is_asked_for(cli: Cli, manifest: Path) -> None:
    status, out, err = cli("run", str(manifest), "-o", "json")

    assert status == 0
    assert json.loads(out)["status"]["phase"] == "Succeeded"
    assert "✔ wf Succeeded" in err


@pytest.mark.slow
def test_a_quiet_run_says_nothing_and_a_logged_one_what_its_steps_print(cli: Cli, manifest: Path) -> None:
    assert cli("run", str(manifest), "--quiet") == (0, "", "")
    status, out, _ = cli("resubmit", "wf", "--log")

    assert status == 0
    assert [line.partition(": ")[2] for line in out.splitlines()] == [
        "hello [bold]there[/bold]",
        "oops",
        "bye",
    ]
    assert len(cli("list", "--resubmitted", "--no-headers")[1].splitlines()) == 1


@pytest.mark.slow
def test_runs_are_deleted_with_their_logs(cli: Cli, home: Path, manifest: Path) -> None:
    cli("run", str(manifest), "-q")

    assert cli("delete", "wf", "--dry-run")[1] == "Workflow 'wf' deleted (dry-run)\n"
    assert cli("delete", "wf", "none")[1] == "Workflow 'none' not found\nWorkflow 'wf' deleted\n"
    assert cli("list")[1] == "No workflows found\n"
    assert list((home / "runs").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("interrupts", "ended"), [(1, "✔ sleeper.onExit Succeeded"), (2, "Terminate")])
def test_an_interrupt_stops_and_a_second_one_terminates(
    cli: Cli, tmp_path: Path, interrupts: int, ended: str
) -> None:
    path = tmp_path / "sleeper.yaml"
    text = SLEEPER if interrupts == 1 else SLEEPER.replace("[echo, bye]", "[sleep, '600']")
    path.write_text(text)
    process = started("run", str(path))
    wait_until(cli, "get", "sleeper", "-o", "short", holds="● sleeper")
    process.send_signal(signal.SIGINT)
    if interrupts == 2:
        wait_until(cli, "get", "sleeper", "-o", "short", holds="● sleeper.onExit")
        process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert ended in out


@pytest.mark.slow
def test_a_run_is_asked_from_another_terminal(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "waiter.yaml"
    path.write_text(WAITER)
    process = started("run", str(path))
    wait_until(cli, "get", "waiter", "-o", "short", holds="ǁ waiter")

    assert cli("resume", "waiter")[0] == 2
    assert cli("node", "set", "waiter", "-p", "x=1")[1] == "workflow values set\n"
    wait_until(cli, "get", "waiter", "-o", "yaml", holds="value: '1'")
    assert cli("resume", "@latest")[1] == "workflow waiter resumed\n"
    out, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, out


@pytest.mark.slow
def test_a_killed_run_is_mentioned_and_recovered(cli: Cli, tmp_path: Path, manifest: Path) -> None:
    path = tmp_path / "waiter.yaml"
    path.write_text(WAITER)
    process = started("run", str(path))
    wait_until(cli, "get", "waiter", "-o", "short", holds="ǁ waiter")
    process.kill()
    process.communicate()

    assert (
        "1 unfinished, driven by nobody: waiter. Go on with `pinnace recover`."
        in cli("run", str(manifest))[2]
    )
    _, out, err = cli("stop", "waiter")
    assert out == "workflow waiter stopped\n"
    assert "it takes effect with `pinnace recover waiter`" in err
    assert cli("recover")[0] == 1
    assert "No run waits to be recovered." in cli("recover")[2]


# Wrong use -------------------------------------------------------------------------------------------------


def test_all_problems_of_all_files_are_told_and_nothing_starts(
    cli: Cli, tmp_path: Path, manifest: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        (WORKFLOW % "bad").replace("entrypoint", "entrypont").replace("template: say", "template: sy")
    )

    status, out, err = cli("run", str(manifest), str(bad))

    assert (status, out) == (2, "")
    assert f"{bad}:6:3: error[unknown-field]: spec.entrypont: unknown field" in err
    assert "did you mean 'entrypoint'?" in err
    assert "did you mean 'say'?" in err
    assert err.endswith("nothing was started\n")
    assert cli("list")[1] == "No workflows found\n"


def test_lint_reports_in_three_forms(cli: Cli, tmp_path: Path, manifest: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text((WORKFLOW % "bad").replace("entrypoint", "entrypont"))

    assert cli("lint", str(manifest))[:2] == (0, "✔ no linting errors found\n")
    status, out, _ = cli("lint", str(tmp_path), "-o", "simple")
    assert status == 2
    assert all(line.startswith(f"{bad}:") for line in out.splitlines())
    assert {problem["file"] for problem in json.loads(cli("lint", str(bad), "-o", "json")[1])} == {str(bad)}
    assert "✖ 6:3 spec.entrypont: unknown field" in cli("lint", str(bad))[1]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["run"], "no files are given"),
        (["run", "/no/such/file.yaml"], "/no/such/file.yaml: No such file or directory"),
        (["get", "nothing"], "There is no run 'nothing'"),
        (["get", "@latest"], "There is no run yet"),
        (["stop"], "which workflow?"),
        (["list", "--since", "yesterday"], "unable to parse the time span 'yesterday'"),
        (["list", "--completed", "--running"], "cannot be used together"),
        (["list", "-l", "a b"], "unable to parse the label selector"),
    ],
)
def test_wrong_use_is_told_with_status_2_and_without_a_traceback(
    cli: Cli, arguments: list[str], error: str
) -> None:
    status, out, err = cli(*arguments)

    assert (status, out) == (2, "")
    assert error in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["../up", "Upper", "a b", "a_b", "-a", "a.", "a..b", "x" * 64])
def test_a_name_that_a_cluster_would_refuse_is_refused(cli: Cli, manifest: Path, name: str) -> None:
    status, out, err = cli("run", str(manifest), f"--name={name}")

    assert (status, out) == (2, "")
    assert name in err
    assert cli("list")[1] == "No workflows found\n"


def test_an_image_without_a_stand_in_is_refused_before_anything_starts(cli: Cli, manifest: Path) -> None:
    manifest.write_text(manifest.read_text().replace("image: busybox", "image: example.org/unknown:1"))

    status, _, err = cli("run", str(manifest))

    assert status == 2
    assert "example.org/unknown:1" in err
    assert cli("list")[1] == "No workflows found\n"


def test_every_container_of_a_pod_needs_a_stand_in_for_its_image(cli: Cli, manifest: Path) -> None:
    manifest.write_text(
        """apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: several}
spec:
  entrypoint: main
  templates:
  - {name: main, steps: [[{name: a, template: set}, {name: b, template: helped}]]}
  - {name: set, containerSet: {containers: [{name: one, image: none-a, command: [x]}]}}
  - name: helped
    initContainers: [{name: before, image: none-b, command: [x]}]
    sidecars: [{name: beside, image: none-c, command: [x]}]
    container: {image: busybox, command: [x]}
"""
    )
    status, _, err = cli("run", str(manifest))

    assert status == 2
    assert all(f"image none-{each}: nothing on this machine stands in" in err for each in "abc")


def test_a_defect_is_told_as_one_with_a_report_and_no_traceback(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by \x1b[2Jnothing")

    monkeypatch.setattr("pinnace.bootstrap.Pinnace", broken)

    status, _, err = cli("list")

    assert status == 1
    assert err.startswith("error: this is a defect in Pinnace: ZeroDivisionError: by nothing\n")
    assert "Traceback" not in err
    (report,) = (home / "reports").iterdir()
    assert "Traceback" in report.read_text()


# The command itself ----------------------------------------------------------------------------------------


def test_every_command_is_there_and_helps(cli: Cli) -> None:
    listed = cli("--help")[1]

    for word in COMMANDS:
        assert f"  {word} " in listed
        status, out, _ = cli(word, "--help")
        assert (status, out.startswith("Usage: pinnace")) == (0, True)


def test_the_version_and_help_load_neither_the_engine_nor_the_store() -> None:
    code = (
        "import sys; from pinnace.cli.main import run_cli; run_cli(sys.argv[1:]); "
        "print([name for name in sys.modules if name.startswith(('pinnace.engine', 'sqlalchemy', 'rich'))])"
    )
    for arguments in (["version"], ["--help"], ["completion", "bash"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        assert done.stdout.endswith("\n[]\n")


@pytest.mark.usefixtures("home")
def test_a_plain_run_loads_nothing_that_only_other_runs_need(manifest: Path) -> None:
    rare = ("aiohttp", "alembic", "moto", "obstore", "rich", "pinnace.language.jq", "pinnace.world")
    code = (
        "import sys; from pinnace.cli.main import run_cli; run_cli(sys.argv[1:]); "
        f"print([name for name in sys.modules if name.startswith({rare!r})])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "--quiet", str(manifest)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_reader_that_goes_away_ends_the_command_quietly(home: Path) -> None:
    command = '"$0" -m pinnace --help | true; echo ${PIPESTATUS[0]}'
    done = subprocess.run(["bash", "-c", command, sys.executable], capture_output=True, text=True, check=True)

    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "1"}


@pytest.mark.slow
def test_a_shell_completes_commands_and_the_names_of_runs(cli: Cli, manifest: Path) -> None:
    cli("run", str(manifest), "-q")

    def completed(words: str, number: int) -> list[str]:
        env = {"_PINNACE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(number)}
        out, _ = started(env=env).communicate(timeout=PATIENCE)
        return [line.partition(",")[2] for line in out.splitlines()]

    assert completed("pinnace re", 1) == ["recover", "resume", "retry", "resubmit"]
    assert completed("pinnace get ", 2) == ["@latest", "wf"]
    assert completed("pinnace get w", 2) == ["wf"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shell", "words", "number", "expected"),
    [
        ("zsh", "pinnace get ", "2", "plain\n@latest\n_\nplain\nwf\n_\n"),
        ("zsh", "pinnace get w", "2", "plain\nwf\n_\n"),
        ("fish", "pinnace get ", "", "plain,@latest\nplain,wf\n"),
        ("fish", "pinnace get w", "w", "plain,wf\n"),
    ],
)
def test_other_shells_complete_the_names_of_runs(
    cli: Cli, manifest: Path, shell: str, words: str, number: str, expected: str
) -> None:
    cli("run", str(manifest), "-q")
    env = {"_PINNACE_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": number}
    out, _ = started(env=env).communicate(timeout=PATIENCE)

    assert out == expected
    assert "_PINNACE_COMPLETE" in cli("completion", shell)[1]
