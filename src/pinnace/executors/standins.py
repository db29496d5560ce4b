"""Which program of this machine stands in for a container image, and what of the image is not honoured.

There is no container engine here: ``image:`` chooses a *stand-in* from a table. The first entry whose pattern
matches is used, the user's entries before the shipped ones; an image without one is refused before anything
starts. The user's file (``--images FILE`` or ``PINNACE_IMAGES``; ``docs/images.md``) holds such entries::

    [[image]]
    pattern = "registry.example/tools/*:*"   # as in a shell: * ? [...]; tag and registry as they are written
    kind = "host"                            # the command is looked for on this machine
    entrypoint = ["tools"]                   # optional: put before args when the template has no command
    sh = "bash"                              # optional: runs where the command is sh, if it is there

    [[image]]
    pattern = "python:3.*"
    kind = "python"                          # python and python3 are the interpreter that runs Pinnace

    [[image]]
    pattern = "science:*"
    kind = "venv"                            # a virtual environment, made once
    packages = ["numpy==2.1.0"]

    [[image]]
    pattern = "registry.example/own-tool"
    kind = "host"
    entrypoint = ["/own-tool"]
    files = { "/own-tool" = "own-tool.sh" }  # programs of the image that this machine has not

    [[image]]
    pattern = "*windows*"
    kind = "refuse"
    reason = "Windows images have nothing to stand in for them"

A pattern without ``/`` also matches the image of that name in Docker Hub's long form
(``docker.io/library/python``), one without ``:`` any tag and digest.

Environment. A task gets what the manifest says and nothing of the user's own; ``BASE_ENVIRONMENT`` is the
documented minimum that a container engine would give, for the caller to put beneath the manifest's values.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import msgspec

from pinnace.base.errors import UsageError
from pinnace.executors.venvs import Venvs

#: What every task finds in its environment unless the manifest says otherwise. Source: Docker's default PATH
#: and HOME for root; LANG, because many images have it and the host's locale is nobody's to rely on.
BASE_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}
_PYTHONS = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")
_ENTRY_HEAD = re.compile(r"""\s*\[\[\s*["']?image["']?\s*\]\]""")
_SHELLS = frozenset({"sh", "/bin/sh", "ash", "/bin/ash"})
_HUB = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "library/")


class Kind(StrEnum):
    """How an image is stood in for."""

    HOST = "host"
    PYTHON = "python"
    VENV = "venv"
    REFUSE = "refuse"


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table."""

    pattern: str
    kind: Kind
    entrypoint: tuple[str, ...] = ()
    """What runs when the template has no command; the template's args follow it."""
    sh: str = ""
    """What runs where the image's ``sh`` is meant, if this machine has it; only for ``host``."""
    packages: tuple[str, ...] = ()
    """What is installed, in pip's form; only for ``venv``."""
    files: Mapping[str, str] = {}
    """Programs that the image would have had: where the task finds each → the file that it is a copy of."""
    reason: str = ""
    """Why there is no stand-in; only for ``refuse``."""


class Standin(msgspec.Struct, frozen=True):
    """How the image runs here."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    """To be put over ``BASE_ENVIRONMENT`` and beneath the manifest's own."""
    notes: tuple[str, ...]
    """What of the image is not honoured, each a sentence."""
    programs: Mapping[str, bytes] = {}
    """Where the task finds each program of the image, and what it holds."""


class Refusal(msgspec.Struct, frozen=True):
    """Why the image cannot run here."""

    message: str
    remedies: tuple[str, ...]


SHIPPED = (
    Entry(pattern="python", kind=Kind.PYTHON, entrypoint=("python3",)),
    *(Entry(pattern=name, kind=Kind.HOST, entrypoint=("bash",)) for name in ("bash", "debian", "ubuntu")),
    # Their shell is BusyBox's ash, which knows `[[`, `==`, `echo -e` and `source`: bash does, dash does not.
    *(Entry(pattern=name, kind=Kind.HOST, entrypoint=("sh",), sh="bash") for name in ("busybox", "alpine")),
    Entry(pattern="curlimages/curl", kind=Kind.HOST, entrypoint=("curl",), sh="bash"),  # Alpine's, too
    *(
        Entry(pattern=name, kind=Kind.HOST, entrypoint=("aws",), sh="bash")  # Amazon Linux's sh is bash
        for name in ("amazon/aws-cli", "public.ecr.aws/aws-cli/aws-cli")
    ),
)


class Standins:
    """The table: ``entries`` (the user's) before the shipped ones.

    Args:
        entries: the user's, first match first.
        venvs: makes virtual environments; may reach the network.
        python: the interpreter that stands in for ``python``.
        can_stage: whether tasks have a view of their own, in which an entry's ``files`` can appear.
    """

    def __init__(
        self, entries: Sequence[Entry], venvs: Venvs, *, python: str = sys.executable, can_stage: bool = True
    ) -> None:
        self._entries = (*entries, *SHIPPED)
        self._venvs = venvs
        self._python = python
        self._can_stage = can_stage

    def resolve(self, image: str, command: Sequence[str], args: Sequence[str]) -> Standin | Refusal:
        """Return how ``command`` and ``args`` of a template with ``image`` run here, or why they cannot."""
        entry = next((entry for entry in self._entries if matches(entry.pattern, image)), None)
        if entry is None:
            return Refusal(f"image {image}: nothing on this machine stands in for it", _remedies(image))
        if entry.kind is Kind.REFUSE:
            return Refusal(f"image {image}: {entry.reason or 'it is not to run here'}", _remedies(image))
        argv = (*(command or entry.entrypoint), *args)
        if not argv:
            message = f"image {image}: neither the template nor the stand-in names a command"
            return Refusal(message, ("give the template a command", *_remedies(image)))
        if entry.files and not self._can_stage:
            message = (
                f"image {image}: its stand-in has files of its own, which only an isolated task can be given"
            )
            return Refusal(message, ("run without --no-isolated", *_remedies(image)))
        try:
            programs = {place: Path(source).read_bytes() for place, source in entry.files.items()}
        except OSError as error:
            return Refusal(f"image {image}: {error.filename}: {error.strerror}", _remedies(image))
        run = self._on_host if entry.kind is Kind.HOST else self._in_python
        found = run(image, entry, argv)
        return found if isinstance(found, Refusal) else msgspec.structs.replace(found, programs=programs)

    def _on_host(self, image: str, entry: Entry, argv: tuple[str, ...]) -> Standin | Refusal:
        own = {posixpath.basename(place) for place in entry.files} | set(entry.files)
        is_entrypoint = entry.entrypoint and argv[0] == entry.entrypoint[0]
        if is_entrypoint and argv[0] not in own and not _is_here(argv[0]):
            message = f"image {image}: its stand-in is this machine's {argv[0]}, which is not installed"
            return Refusal(
                message, (f"install {argv[0]} below {BASE_ENVIRONMENT['PATH']}", *_remedies(image))
            )
        if entry.sh and argv[0] in _SHELLS - own and _is_here(entry.sh):
            argv = (entry.sh, *argv[1:])
        note = f"image {image} was not used: {argv[0]} and all else are this machine's own"
        return Standin(argv, {}, (note,))

    def _in_python(self, image: str, entry: Entry, argv: tuple[str, ...]) -> Standin | Refusal:
        python = self._python
        if entry.kind is Kind.VENV:
            made = self._venvs.make(entry.packages)
            if made.problem:
                return Refusal(f"image {image}: {made.problem}", _remedies(image))
            python = str(made.folder / "bin" / "python")
        if _PYTHONS.fullmatch(argv[0]):
            argv = (python, *argv[1:])
        version = ".".join(map(str, sys.version_info[:3]))
        note = f"image {image} was not used: Python is {version} of this machine, all else is its own too"
        path = f"{Path(python).parent}:{BASE_ENVIRONMENT['PATH']}"
        return Standin(argv, {"PATH": path}, (note,))


@lru_cache(maxsize=4096)  # asked for each task of each entry
def matches(pattern: str, image: str) -> bool:
    """Tell whether ``image`` is one that an entry with ``pattern`` is for."""
    names = [image]
    names += [image.removeprefix(prefix) for prefix in _HUB if image.startswith(prefix)]
    if ":" not in pattern and "@" not in pattern:
        names = [_without_tag(name) for name in names]
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


def _without_tag(image: str) -> str:
    image = image.partition("@")[0]
    head, slash, last = image.rpartition("/")
    return head + slash + last.partition(":")[0]


def _is_here(command: str) -> bool:
    return shutil.which(command, path=BASE_ENVIRONMENT["PATH"]) is not None


def _remedies(image: str) -> tuple[str, ...]:
    return (
        f'add an entry for "{image}" to a file of stand-ins: --images FILE (see docs/images.md)',
        f"run with --image '{_without_tag(image)}=host' to use this machine's own programs",
        "run it where there is a container engine",
    )


def load(path: Path) -> tuple[Entry, ...]:
    """Return the user's entries.

    Raises:
        UsageError: the file cannot be read or is not of the documented form; names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: {error.strerror if isinstance(error, OSError) else error}"
        raise UsageError(message, remedy="docs/images.md says what it holds.") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: {error}"
        raise UsageError(message) from error
    unknown = sorted(set(document) - {"image"})
    rows = document.get("image", [])
    if unknown or not isinstance(rows, list):
        what = f"[{unknown[0]}] is not known" if unknown else "[image] is one table"
        message = f"{path}: {what}"
        raise UsageError(message, remedy="every entry begins with [[image]]")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _ENTRY_HEAD.match(line)]
    # An array written inline has no such lines: its entries are counted instead.
    heads = [f"line {n}" for n in lines]
    places = heads if len(heads) == len(rows) else [f"entry {n}" for n in range(1, len(rows) + 1)]
    return tuple(
        _with_files(_entry(row, f"{path}, {place}"), path.absolute().parent, f"{path}, {place}")
        for row, place in zip(rows, places, strict=True)
    )


def _with_files(entry: Entry, folder: Path, where: str) -> Entry:
    """Return the entry with its files named in full; those of a table lie beside it.

    Raises:
        UsageError: one is not there, or is to appear at a relative path.
    """
    files = {place: folder / source for place, source in entry.files.items()}
    for place, source in files.items():
        if not source.is_file():
            message = f"{where}: files: there is no file {source}"
            raise UsageError(message)
        if not place.startswith("/"):
            message = f"{where}: files: {place!r} is not an absolute path"
            raise UsageError(message, remedy='Write "/path/in/the/image" = "file beside this one".')
    return msgspec.structs.replace(entry, files={place: str(source) for place, source in files.items()})


def parse_option(text: str) -> Entry:
    """Return the entry that ``--image PATTERN=KIND`` means.

    Raises:
        UsageError: it is not of that form.
    """
    pattern, equals, kind = text.rpartition("=")
    kinds = [Kind.HOST, Kind.PYTHON, Kind.REFUSE]
    if not equals or not pattern or kind not in kinds:
        message = f"--image {text}: it must be PATTERN=KIND, and KIND one of {', '.join(kinds)}"
        raise UsageError(message, remedy="for example --image 'registry.example/tool=host'")
    return _entry({"pattern": pattern, "kind": kind}, f"--image {text}")


def _entry(row: object, where: str) -> Entry:
    try:
        entry = msgspec.convert(row, Entry)
    except msgspec.ValidationError as error:
        message = f"{where}: {error}"
        raise UsageError(message, remedy=f"kind is one of {', '.join(Kind)}") from error
    if bool(entry.packages) != (entry.kind is Kind.VENV):
        message = f"{where}: packages belong to kind venv, and it needs them"
        raise UsageError(message)
    return entry
