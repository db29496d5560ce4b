"""What lists of runs show, and which runs they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminals import WAITER, Cli, started, wait_until


@pytest.mark.slow
def test_a_list_has_the_columns_and_words_of_argo(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "waiter.yaml"
    path.write_text(WAITER.replace("spec:", "spec:\n  arguments: {parameters: [{name: a, value: b}]}"))
    process = started("run", str(path), "--priority", "7")
    wait_until(cli, "list", holds="Running (Suspended)")
    heads = cli("list", "-A")[1].splitlines()[0].split()
    wide = [line.split("   ") for line in cli("list", "-o", "wide")[1].splitlines()]
    cli("terminate", "waiter")
    process.communicate(timeout=60)

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
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 0, out
