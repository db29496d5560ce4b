"""Stand-ins for images, as the commands take them."""

from __future__ import annotations

from pathlib import Path

import pytest

from manifests import workflow
from pinnace.cli.main import run_cli
from pinnace.executors.standins import SHIPPED

DOCS = Path(__file__).parents[2] / "docs"
WORKFLOW = workflow(
    '  - {name: main, container: {image: "example.com/tool:1", args: ["exit {{workflow.parameters.code}}"]}}',
    spec='  arguments: {parameters: [{name: code, value: "3"}]}\n',
)
STANDINS = """
[[image]]
pattern = "example.com/tool"
kind = "host"
entrypoint = ["sh", "-c"]
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINNACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PINNACE_ISOLATED", "false")
    monkeypatch.delenv("PINNACE_IMAGES", raising=False)
    monkeypatch.delenv("PINNACE_IMAGE", raising=False)


@pytest.mark.slow
def test_retry_and_resubmit_take_the_same_stand_ins_as_run(tmp_path: Path) -> None:
    manifest, images = tmp_path / "workflow.yaml", tmp_path / "images.toml"
    manifest.write_text(WORKFLOW)
    images.write_text(STANDINS)

    assert run_cli(["run", "-q", str(manifest), "--images", str(images)]) == 1
    assert run_cli(["retry", "-q", "wf", "--images", str(images), "-p", "code=0"]) == 0
    assert run_cli(["resubmit", "-q", "wf", "--images", str(images), "-p", "code=0"]) == 0
    assert run_cli(["resubmit", "-q", "wf"]) == 2


def test_a_file_of_stand_ins_that_is_not_there_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "workflow.yaml"
    manifest.write_text(WORKFLOW)

    assert run_cli(["run", str(manifest), "--images", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: No such file or directory" in capsys.readouterr().err


def test_the_documentation_names_every_shipped_stand_in() -> None:
    text = (DOCS / "images.md").read_text()

    assert [entry.pattern for entry in SHIPPED if f"`{entry.pattern}`" not in text] == []
