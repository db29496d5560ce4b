"""Rules about the sources that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "pinnace"
MAX_LINES = 450

#: Time and order are the business of the layers above these.
PURE = ("base", "language", "spec", "checks", "engine")


def tracked_files() -> list[Path]:
    command = ["git", "-C", str(REPOSITORY), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    return [path for name in names if name and (path := REPOSITORY / name).is_file()]


def test_every_import_follows_the_layers() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_source_file_is_longer_than_one_idea() -> None:
    lengths = {path: path.read_text().count("\n") for path in PACKAGE.rglob("*.py")}
    assert lengths
    assert {str(path): length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_the_heart_has_no_coroutines() -> None:
    files = [path for name in PURE for path in (PACKAGE / name).rglob("*.py")]
    asynchronous = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, asynchronous)
    ]
    assert files
    assert found == []


@pytest.mark.parametrize("name", ["dev.txt", "run.txt"])
def test_a_lock_file_pins_by_hash_and_names_no_address(name: str) -> None:
    text = (REPOSITORY / "requirements" / name).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    requirements = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert len(requirements) > 20
    assert [one for one in requirements if "==" not in one or "--hash=sha256:" not in one] == []


def pins(name: str) -> set[str]:
    text = (REPOSITORY / "requirements" / name).read_text()
    return set(re.findall(r"^([a-z][\w.-]*==[^ ]+)", text, re.MULTILINE))


def test_what_runs_has_the_versions_that_the_tests_have() -> None:
    assert pins("run.txt")
    assert pins("run.txt") <= pins("dev.txt")


def test_no_file_mentions_the_machine_it_was_written_on() -> None:
    places = {f"{place}/".encode() for place in (REPOSITORY, Path.home()) if len(place.parts) > 1}
    found = [str(path) for path in tracked_files() if any(place in path.read_bytes() for place in places)]
    assert found == []
