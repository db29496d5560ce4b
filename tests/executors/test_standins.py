"""Images and what stands in for them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pinnace.base.errors import UsageError
from pinnace.executors.standins import Entry, Kind, Refusal, Standin, Standins, load, matches, parse_option
from pinnace.executors.venvs import Venvs


def table(tmp_path: Path, *entries: Entry) -> Standins:
    return Standins(entries, Venvs(tmp_path / "venvs"), python="/opt/python/bin/python3")


@pytest.mark.parametrize(
    ("pattern", "image", "expected"),
    [
        ("python", "python:3.12-slim", True),
        ("python", "docker.io/library/python:3.12", True),
        ("python", "python@sha256:00", True),
        ("python", "example.com/python:3", False),
        ("python", "localhost:5000/python", False),
        ("*/python", "localhost:5000/python:3", True),
        ("python:3.*", "python:3.11", True),
        ("python:3.*", "python:2.7", False),
        ("amazon/aws-cli", "docker.io/amazon/aws-cli:2.15.0", True),
        ("PYTHON", "python", False),
    ],
)
def test_a_pattern_matches_the_images_it_is_for(pattern: str, image: str, *, expected: bool) -> None:
    assert matches(pattern, image) is expected


def test_python_is_the_interpreter_in_use(tmp_path: Path) -> None:
    standin = table(tmp_path).resolve("python:3.12", ["python"], ["-c", "pass"])
    assert isinstance(standin, Standin)
    assert standin.argv == ("/opt/python/bin/python3", "-c", "pass")
    assert standin.env["PATH"].startswith("/opt/python/bin:")
    assert "python:3.12" in standin.notes[0]


def test_another_command_of_a_python_image_is_left_as_it_is(tmp_path: Path) -> None:
    standin = table(tmp_path).resolve("python:3.12", ["sh", "-c"], ["true"])
    assert isinstance(standin, Standin)
    assert standin.argv == ("sh", "-c", "true")


def test_the_entrypoint_of_an_image_is_used_without_a_command(tmp_path: Path) -> None:
    entry = Entry(pattern="tool", kind=Kind.HOST, entrypoint=("sh", "-e"))
    standin = table(tmp_path, entry).resolve("tool:3", [], ["-c", "true"])
    assert isinstance(standin, Standin)
    assert standin.argv == ("sh", "-e", "-c", "true")


@pytest.mark.parametrize("command", [["sh", "-c"], ["/bin/sh", "-c"], ["ash", "-c"]])
def test_the_shell_of_an_image_is_the_one_that_its_entry_names(tmp_path: Path, command: list[str]) -> None:
    entry = Entry(pattern="tool", kind=Kind.HOST, sh="env")
    standin = table(tmp_path, entry).resolve("tool:3", command, ["true"])
    assert isinstance(standin, Standin)
    assert standin.argv == ("env", "-c", "true")


@pytest.mark.parametrize("image", ["alpine:3", "busybox", "curlimages/curl:latest", "amazon/aws-cli"])
def test_the_shipped_images_whose_shell_knows_more_than_dash_get_bash(tmp_path: Path, image: str) -> None:
    if shutil.which("bash") is None:
        pytest.skip("there is no bash on this machine")
    standin = table(tmp_path).resolve(image, ["sh", "-c"], ["true >& /dev/null"])
    assert isinstance(standin, Standin)
    assert standin.argv[0] == "bash"


def test_a_shell_that_is_not_installed_is_left_to_the_systems_own(tmp_path: Path) -> None:
    entry = Entry(pattern="tool", kind=Kind.HOST, sh="no-such-shell")
    standin = table(tmp_path, entry).resolve("tool:3", ["sh", "-c"], ["true"])
    assert isinstance(standin, Standin)
    assert standin.argv == ("sh", "-c", "true")


def test_a_stand_in_that_is_not_installed_is_a_refusal(tmp_path: Path) -> None:
    entry = Entry(pattern="tool", kind=Kind.HOST, entrypoint=("no-such-tool",))
    refusal = table(tmp_path, entry).resolve("tool:1", [], ["x"])
    assert isinstance(refusal, Refusal)
    assert "no-such-tool, which is not installed" in refusal.message
    assert len(refusal.remedies) == 4


def test_an_unknown_image_is_refused_with_three_remedies(tmp_path: Path) -> None:
    refusal = table(tmp_path).resolve("example.com/unknown:1", ["x"], [])
    assert isinstance(refusal, Refusal)
    assert "example.com/unknown:1" in refusal.message
    assert len(refusal.remedies) == 3
    assert "--image 'example.com/unknown=host'" in refusal.remedies[1]


def test_a_refused_image_says_why(tmp_path: Path) -> None:
    entry = Entry(pattern="*windows*", kind=Kind.REFUSE, reason="no Windows here")
    refusal = table(tmp_path, entry).resolve("windows/servercore:1", ["x"], [])
    assert isinstance(refusal, Refusal)
    assert "no Windows here" in refusal.message


def test_no_command_anywhere_is_refused(tmp_path: Path) -> None:
    entry = Entry(pattern="tool", kind=Kind.HOST)
    refusal = table(tmp_path, entry).resolve("tool", [], [])
    assert isinstance(refusal, Refusal)
    assert "names a command" in refusal.message


def test_a_users_entry_comes_before_a_shipped_one(tmp_path: Path) -> None:
    entry = Entry(pattern="python:3.*", kind=Kind.HOST)
    standin = table(tmp_path, entry).resolve("python:3.12", ["python"], [])
    assert isinstance(standin, Standin)
    assert standin.argv == ("python",)


@pytest.mark.parametrize("python", ["/bin/false", "/no/such/python"])
def test_a_virtual_environment_that_cannot_be_made_is_a_refusal(tmp_path: Path, python: str) -> None:
    entry = Entry(pattern="science", kind=Kind.VENV, packages=("numpy==2.1.0",))
    venvs = Venvs(tmp_path / "venvs", python=python)
    refusal = Standins((entry,), venvs).resolve("science", ["python"], [])
    assert isinstance(refusal, Refusal)
    assert "numpy==2.1.0 cannot be made" in refusal.message


def make_wheel(folder: Path) -> Path:
    path = folder / "science-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("science.py", "answer = 42\n")
        wheel.writestr(
            "science-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: science\nVersion: 1.0\n"
        )
        tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr("science-1.0.dist-info/WHEEL", tag)
        wheel.writestr("science-1.0.dist-info/RECORD", "")
    return path


@pytest.mark.slow
def test_a_virtual_environment_is_made_once_and_has_its_packages(tmp_path: Path) -> None:
    entry = Entry(pattern="science", kind=Kind.VENV, packages=(str(make_wheel(tmp_path)),))
    standins = Standins((entry,), Venvs(tmp_path / "venvs"))
    standin = standins.resolve("science", ["python"], ["-c", "import science; print(science.answer)"])
    assert isinstance(standin, Standin)
    assert subprocess.run(standin.argv, capture_output=True, check=True).stdout == b"42\n"
    made = Path(standin.argv[0]).stat().st_ctime_ns
    again = standins.resolve("science", ["python"], [])
    assert isinstance(again, Standin)
    assert Path(again.argv[0]).stat().st_ctime_ns == made


def test_a_users_file_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "images.toml"
    path.write_text(
        '[[image]]\npattern = "a"\nkind = "host"\nentrypoint = ["b"]\n'
        '[[image]]\npattern = "c"\nkind = "venv"\npackages = ["d"]\n'
    )
    assert load(path) == (
        Entry(pattern="a", kind=Kind.HOST, entrypoint=("b",)),
        Entry(pattern="c", kind=Kind.VENV, packages=("d",)),
    )


def test_a_users_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(UsageError) as caught:
        load(path)
    assert caught.value.message == f"{path}: No such file or directory"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1 2\n", "line 1"),
        ("[other]\n", "[other] is not known"),
        ('[image]\npattern = "a"\n', "[image] is one table"),
        ('\n[[image]]\npattern = "a"\nkind = "magic"\n', "line 2: Invalid enum value 'magic'"),
        ('[[image]]\npattern = "a"\n', "line 1: Object missing required field `kind`"),
        ('[[image]]\npattern = "a"\nkind = "host"\ntag = 1\n', "unknown field `tag`"),
        ('[[image]]\npattern = "a"\nkind = "venv"\n', "line 1: packages belong to kind venv"),
        ('[[image]]\npattern = "a"\nkind = "host"\npackages = ["x"]\n', "packages belong to kind venv"),
        ('image = [{pattern = "a"}]\n', "entry 1: Object missing"),
        ('[["image"]]\npattern = "a"\n', "missing required field `kind`"),
    ],
)
def test_a_mistake_in_the_users_file_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "images.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert str(path) in caught.value.message
    assert expected in caught.value.message


def test_an_option_is_an_entry() -> None:
    assert parse_option("example.com:5000/a=host") == Entry(pattern="example.com:5000/a", kind=Kind.HOST)
    for wrong in ("host", "=host", "a=magic", "a=venv"):
        with pytest.raises(UsageError, match="--image"):
            parse_option(wrong)


def test_the_interpreter_in_use_is_the_default(tmp_path: Path) -> None:
    standin = Standins((), Venvs(tmp_path)).resolve("python:3", ["python3"], [])
    assert isinstance(standin, Standin)
    assert standin.argv[0] == sys.executable


def test_an_entry_brings_the_programs_of_its_image(tmp_path: Path) -> None:
    (tmp_path / "tool.sh").write_bytes(b"#!/bin/sh\n")
    file = tmp_path / "images.toml"
    file.write_text(
        '[[image]]\npattern = "tool"\nkind = "host"\nentrypoint = ["tool"]\n'
        'files = { "/usr/local/bin/tool" = "tool.sh" }\n'
    )
    entries = load(file)

    standin = table(tmp_path, *entries).resolve("tool:1", [], ["--help"])
    assert isinstance(standin, Standin)
    assert standin.argv == ("tool", "--help")
    assert standin.programs == {"/usr/local/bin/tool": b"#!/bin/sh\n"}

    unstaged = Standins(entries, Venvs(tmp_path / "venvs"), can_stage=False)
    refusal = unstaged.resolve("tool:1", [], [])
    assert isinstance(refusal, Refusal)
    assert "only an isolated task" in refusal.message


@pytest.mark.parametrize(
    ("files", "message"),
    [('{ "/tool" = "none" }', "there is no file"), ('{ "tool" = "images.toml" }', "not an absolute path")],
)
def test_files_of_an_entry_that_cannot_be_are_wrong_use(tmp_path: Path, files: str, message: str) -> None:
    file = tmp_path / "images.toml"
    file.write_text(f'[[image]]\npattern = "tool"\nkind = "host"\nfiles = {files}\n')
    with pytest.raises(UsageError, match=message):
        load(file)
