"""What lists of runs show, and which runs they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminals import WAITER, Cli, started, wait_until

from processes import PATIENCE


@pytest.mark.slow
def test_a_list_has_the_columns_and_words_of_argo(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "waiter.yaml"
    path.write_text(WAITER.replace("spec:", "spec:\n  arguments: {parameters: [{name: a, value: b}]}"))
    process = started("run", str(path), "--priority", "7")
    wait_until(cli, "list", holds="Running (Suspended)")
    heads = cli("list", "-A")[1].splitlines()[0].split()
    wide = [line.split("   ") for line in cli("list", "-o", "wide")[1].splitlines()]
    cli("terminate", "waiter")
    process.communicate(timeout=PATIENCE)

    assert heads == ["NAMESPACE", "NAME", "STATUS", "AGE", "DURATION", "PRIORITY", "MESSAGE"]
    assert [cell.strip() for cell in wide[0] if cell.strip()][-4:] == [
        "PRIORITY",
        "MESSAGE",
        "P/R/C",
        "PARAMETERS",
    ]
    assert [cell.strip() for cell in wide[1] if cell.strip()][-3:] == ["7", "0/0/0", "a=b"]
    assert "Failed (Terminated)" in cli("list")[1]


@pytest.mark.slow
def test_a_run_that_is_suspended_as_a_whole_is_listed_so(cli: Cli, manifest: Path) -> None:
    manifest.write_text(manifest.read_text().replace("spec:", "spec:\n  suspend: true", 1))
    process = started("run", str(manifest))
    wait_until(cli, "list", holds="Running (Suspended)")
    cli("resume", "wf")
    out, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, out


@pytest.fixture
def made(cli: Cli, manifest: Path) -> Cli:
    """Have three runs: one that failed, one that succeeded and has a label, and one made of that."""
    cli("run", str(manifest), "-q", "-p", "code=1")
    cli("run", str(manifest), "-q", "--name", "good", "-l", "team=a")
    cli("resubmit", "good", "-q")
    return cli


@pytest.mark.slow
def test_lists_and_deletions_choose_the_same_runs(made: Cli) -> None:
    def names(*arguments: str) -> list[str]:
        out = made("list", "-o", "name", *arguments)[1].replace("No workflows found\n", "")
        return [name.partition("-")[0] for name in out.split()]

    def doomed(*arguments: str) -> list[str]:
        lines = made("delete", "--dry-run", *arguments)[1].splitlines()
        return [line.split("'")[1].partition("-")[0] for line in lines if "deleted" in line]

    for arguments, expected in (
        (["--completed"], ["good", "good", "wf"]),
        (["--status", "Failed,Error"], ["wf"]),
        (["--status", "Failed", "--status", "Succeeded"], ["good", "good", "wf"]),
        (["--prefix", "w"], ["wf"]),
        (["-l", "team=a"], ["good", "good"]),
        (["-l", "team!=a"], ["wf"]),
        (["--resubmitted"], ["good"]),
        (["--older", "1h"], []),
        (["--field-selector", "metadata.name=wf"], ["wf"]),
        (["-l", "team=a", "--status", "Failed"], []),
    ):
        assert names(*arguments) == expected, arguments
        assert doomed(*arguments) == expected, arguments
    assert names("--running") == []
    assert names("--since", "1h", "--chunk-size", "1") == ["good", "good", "wf"]
    assert doomed("--all") == doomed("-A") == ["good", "good", "wf"]
    assert made("delete", "--prefix", "good", "wf")[1].count("deleted\n") == 3
    assert made("list") == (0, "No workflows found\n", "")


def test_a_deletion_of_nothing_named_is_wrong_use(cli: Cli) -> None:
    assert cli("delete")[0] == 2
    assert cli("delete", "--all") == (0, "No resources found\n", "")
