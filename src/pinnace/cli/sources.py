"""The files that a command is given: manifests, folders of them, URLs, standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from pinnace.base.errors import UsageError

_ENDINGS = frozenset({".yaml", ".yml", ".json"})
_SCHEMES = ("http://", "https://")
STDIN = "-"
#: The largest file that is read; the largest object of Kubernetes has a fiftieth of it.
_MOST_BYTES = 64 << 20


def read_sources(names: Iterable[str]) -> list[tuple[str, bytes]]:
    """Return the name and the bytes of each file; folders give what is in them, sorted, ``-`` standard input.

    What is behind an ``http`` or ``https`` URL is fetched; passwords in it are no part of its name.

    Raises:
        UsageError: a file does not exist or cannot be read, or a folder holds no manifest.
        EnvironmentFailure: a URL gives nothing.
    """
    found: dict[str, bytes] = {}
    for name in names:
        if name == STDIN:
            found.setdefault("stdin", _limited("stdin", sys.stdin.buffer))
            continue
        if name.lower().startswith(_SCHEMES):
            url, text = _fetch(name)
            found.setdefault(url, text)
            continue
        for path in _files(Path(name)):
            if str(path) not in found:
                found[str(path)] = _read(path)
    return list(found.items())


def is_source(name: str) -> bool:
    """Return whether ``name`` means a file, a folder, a URL or standard input, be it there or not."""
    is_far = name == STDIN or name.lower().startswith(_SCHEMES)
    return is_far or "/" in name or Path(name).suffix in _ENDINGS or Path(name).exists()


def _fetch(url: str) -> tuple[str, bytes]:
    """Return how ``url`` is shown and what is behind it."""
    from pinnace.bootstrap import fetch
    from pinnace.ports.web import shown
    from pinnace.settings import read_settings

    return shown(url), fetch(url, read_settings())


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    inside = sorted(each for each in path.rglob("*") if each.suffix in _ENDINGS and each.is_file())
    if not inside:
        message = f"{path}: no manifests in this folder"
        raise UsageError(message, remedy="Manifests are files that end in .yaml, .yml or .json.")
    yield from inside


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _limited(str(path), file)
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise UsageError(message) from error


def _limited(name: str, file: BinaryIO) -> bytes:
    text = file.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        message = f"{name}: larger than {_MOST_BYTES >> 20} MiB"
        raise UsageError(message, remedy="Hand large values over as artifacts, not in a manifest.")
    return text
