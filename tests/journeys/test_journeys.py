"""The journeys in ``docs/journeys`` are true: what each step names exists and happens, in that order."""

from __future__ import annotations

import importlib
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from pinnace.cli.main import run_cli

DOCUMENTS = sorted((Path(__file__).parents[2] / "docs" / "journeys").glob("*.md"))
PLACE = re.compile(r"^\| *\d+ *\| *`(pinnace\.[\w.]+)` *\|", re.MULTILINE)
MANIFEST = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^    pinnace run workflow\.yaml(.*)$", re.MULTILINE)


def places(document: Path) -> list[str]:
    return PLACE.findall(document.read_text())


def named(path: Path) -> str:
    return path.stem


def test_there_are_three_journeys() -> None:
    assert [document.stem for document in DOCUMENTS] == ["failure", "fan-in", "parameter"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_a_journey_is_short_enough_to_read(document: Path) -> None:
    assert 6 <= len(places(document)) <= 16


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_place_of_a_journey_exists(document: Path) -> None:
    for place in places(document):
        parts = place.split(".")
        length = next(n for n in range(len(parts), 0, -1) if is_module(".".join(parts[:n])))
        found: Any = importlib.import_module(".".join(parts[:length]))
        for part in parts[length:]:
            found = getattr(found, part)
        assert callable(found), place


def is_module(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_a_journey_goes_as_it_is_told(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text = document.read_text()
    manifest, command = MANIFEST.search(text), COMMAND.search(text)
    assert manifest
    assert command
    (tmp_path / "workflow.yaml").write_text(manifest[1])
    monkeypatch.setenv("PINNACE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    status, order = traced(
        lambda: run_cli(["run", "workflow.yaml", *command[1].split(), "--no-isolated", "--log", "--no-color"])
    )
    out, err = capfd.readouterr()
    assert status == 0, out + err
    told = re.search(r"prints `([^`]*)`", text)
    assert told
    assert told[1] in out
    assert [place for place in places(document) if place not in order] == []
    assert places(document) == sorted(places(document), key=order.index)


def traced(act: Callable[[], int]) -> tuple[int, list[str]]:
    """Return what ``act`` returns, and the functions of Pinnace that it called, by their first call."""
    order: dict[str, None] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith("pinnace."):
            order.setdefault(f"{module}.{frame.f_code.co_qualname}")

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        return act(), list(order)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
