"""Runs that were begun in an embedded world, which is gone when they go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from terminals import WAITER, WORKFLOW, Cli, started, wait_until

STORED = """
  - name: use
    container: {image: busybox, command: [sh, -c], args: ["test -n \\"$AWS_ENDPOINT_URL\\""]}
    outputs: {artifacts: [{name: o, path: %s, s3: {bucket: deals, key: k, region: eu-west-1}}]}
"""
IN_STEPS = "\n  - {name: main, steps: [[{name: wait, template: wait}], [{name: use, template: use}]]}"


@pytest.mark.slow
def test_a_run_of_a_world_that_is_gone_is_not_recovered_without_a_word(
    cli: Cli, tmp_path: Path, manifest: Path
) -> None:
    kept = tmp_path / "kept"
    kept.write_text("kept")
    path = tmp_path / "waiter.yaml"
    path.write_text(WAITER.replace("name: main,", "name: wait,").rstrip() + IN_STEPS + STORED % kept)
    process = started("run", str(path), "--world")
    wait_until(cli, "get", "waiter", "-o", "short", holds="ǁ")
    process.kill()
    process.communicate()

    status, out, err = cli("recover")
    assert (status, out) == (2, "")
    assert err.startswith("error: waiter: begun under --world, in a world that ended with its process\n")
    assert "`pinnace recover waiter --world` brings up a new one" in err
    cli("node", "set", "waiter", "--phase", "Succeeded", "-p", "x=1")
    status, out, err = cli("recover", "--world")
    assert status == 0, out + err
    assert "waiter: what was stored in its former world is gone\n" in err
    assert "s3://deals/k (" in out
    assert cli("recover", "--world") == (0, "", "No run waits to be recovered.\n")


@pytest.mark.slow
def test_a_failed_run_of_a_world_is_retried_and_resubmitted_in_another(cli: Cli, manifest: Path) -> None:
    manifest.write_text((WORKFLOW % "wf").replace("  onExit: bye\n", ""))
    status, out, _ = cli("run", str(manifest), "--world", "-p", "code=1")
    assert status == 1
    assert "  pinnace retry wf --world\n" in out

    assert cli("retry", "wf")[0] == 2
    assert cli("retry", "wf", "--no-world", "-p", "code=0", "-q") == (0, "", "")
    assert "`pinnace resubmit wf --world`" in cli("resubmit", "wf")[2]
    status, out, _ = cli("resubmit", "wf", "--world", "-p", "code=0", "-o", "json")
    assert status == 0
    assert json.loads(out)["metadata"]["labels"]["pinnace/world"] == "embedded"
