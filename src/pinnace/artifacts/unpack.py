"""Unpacking an archive that anybody may have made, without letting it out of its folder or fill the disk.

How nothing gets out: entries are written into an empty folder of our own while it holds no link at all; links
are made last, when nothing is written any more, and the whole tree is thrown away if one of them leads
outside. A name is only ever joined below that folder after ``..`` has been resolved in the text.
"""

from __future__ import annotations

import gzip
import os
import posixpath
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Self

import msgspec

from pinnace.artifacts.files import appearing
from pinnace.base.errors import ArtifactError
from pinnace.spec.parameters import Archive

_CHUNK = 1 << 20
#: The longest header that a tar entry may carry before its content, in bytes; it is held in memory.
_MAX_TAR_HEADER = 1 << 20
_TAR_HEADER_TYPES = frozenset(
    (
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
    )
)


class UnpackLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much an archive may become. Argo has no such limits; these stop bombs before the disk is full."""

    max_bytes: int = 64 << 30
    """Most bytes of content."""
    max_entries: int = 1_000_000
    """Most entries."""
    max_ratio: int = 200
    """Most bytes of content for a byte of archive, once there are more than ``ratio_applies_above`` bytes."""
    ratio_applies_above: int = 1 << 30
    """Bytes of content up to which any ratio is fine: logs and zeros pack well."""


DEFAULT_LIMITS = UnpackLimits()


def unpack(source: Path, target: Path, how: Archive | None, *, limits: UnpackLimits = DEFAULT_LIMITS) -> bool:
    """Unpack the file ``source`` onto the new path ``target``, if ``how`` or its content says it is packed.

    With one entry at its top, that entry becomes ``target``; else ``target`` is a folder of all entries. The
    archive's links stay links, its devices and pipes are left out, set-user-id bits are dropped.

    Args:
        source: what was loaded.
        target: appears whole or not at all.
        how: ``none`` never unpacks, ``tar`` and ``zip`` must be what they say. With none of them given a tar
            with gzip is found by its content, and nothing else is.
        limits: how much it may become.

    Returns:
        False when ``source`` is no archive and nothing was done.

    Raises:
        ArtifactError: the archive is broken, too large, or has an entry that leads out of it.

    Source: Argo we/executor.go, unarchiveArtifact, untar, unzip, unpack.
    """
    if how is not None and how.none is not None:
        return False
    forced = how is not None and (how.tar is not None or how.zip is not None)
    if not forced and not _is_tar_with_gzip(source):
        return False
    try:
        with appearing(target) as made:
            tree = _Tree(made, source.stat().st_size, limits)
            if how is not None and how.tar is None and how.zip is not None:
                _read_zip(source, tree)
            else:
                _read_tar(source, tree)
            tree.finish()
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise ArtifactError(f"{source.name} is not a whole archive: {error}") from error
    except (ValueError, OverflowError, RuntimeError, NotImplementedError) as error:
        # What the standard readers let through on hostile or unusual input: numbers out of range, endless
        # headers (RecursionError), a password (RuntimeError), an unknown compression.
        raise ArtifactError(f"{source.name} cannot be unpacked: {error}") from error
    return True


class _Tree:
    """A folder that is being filled from an archive."""

    def __init__(self, root: Path, packed_bytes: int, limits: UnpackLimits) -> None:
        root.mkdir()
        self._root = root
        self._limits = limits
        self._left_entries = limits.max_entries
        by_ratio = max(limits.ratio_applies_above, packed_bytes * limits.max_ratio)
        self._most_bytes = self._left_bytes = min(limits.max_bytes, by_ratio)
        self._links: dict[Path, str] = {}

    def place(self, name: str) -> Path:
        """Return where the entry ``name`` goes; a leading slash means the archive's top.

        Raises:
            ArtifactError: it climbs out, cannot be a file's name, or there are too many entries.
        """
        self._left_entries -= 1
        if self._left_entries < 0:
            raise ArtifactError(f"the archive has more than {self._limits.max_entries} entries")
        if "\0" in name:
            raise ArtifactError(f"illegal file path: {name!r}: it has a NUL")
        relative = posixpath.normpath(name.lstrip("/") or ".")
        if relative == ".." or relative.startswith("../"):
            raise ArtifactError(f"illegal file path: {name!r}: it leads out of the archive")
        return self._root / relative

    def folder(self, path: Path) -> None:
        """Make ``path`` a folder."""
        self._replace_link(path)
        path.mkdir(mode=0o755, parents=True, exist_ok=True)

    def file(self, path: Path, content: IO[bytes], mode: int, modified: float = 0) -> None:
        """Make ``path`` a file; what an earlier entry put there is replaced, never written through."""
        self._make_room(path)
        bits = mode & 0o777 | 0o400  # its owner, who packs and stores it again, must be able to read it
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            while chunk := content.read(_CHUNK):
                self._left_bytes -= len(chunk)
                if self._left_bytes < 0:
                    raise ArtifactError(
                        f"the archive unpacks to more than {self._most_bytes} bytes",
                        remedy="Set archive to none to load it as it is, or raise the limit in the settings.",
                    )
                out.write(chunk)
            os.fchmod(out.fileno(), bits)
        if modified > 0:
            os.utime(path, (modified, modified))

    def hard_link(self, path: Path, name: str) -> None:
        """Make ``path`` another name of the file that the earlier entry ``name`` made."""
        original = self.place(name)
        self._refuse_links_above(original)
        if original in self._links or not original.is_file():
            raise ArtifactError(f"illegal link: {path.name!r} -> {name!r}: no earlier file of that name")
        if original != path:
            self._make_room(path)
            os.link(original, path)

    def link(self, path: Path, goal: str) -> None:
        """Make ``path`` a symbolic link to ``goal`` when all else is written."""
        self._make_room(path)
        self._links[path] = goal

    def finish(self) -> None:
        """Make the links, see that none leads out, and let a single top entry become the whole."""
        for path, goal in self._links.items():
            path.symlink_to(goal)
        tops = list(self._root.iterdir())
        top = tops[0] if len(tops) == 1 else self._root
        for path, goal in self._links.items():
            if path == top or _leads_out(path, goal, Path(os.path.realpath(top))):
                name = path.relative_to(self._root)
                raise ArtifactError(f"illegal symlink target: {str(name)!r} -> {goal!r}")
        if top != self._root:
            aside = self._root.with_name("archive")
            self._root.rename(aside)
            (aside / top.name).rename(self._root)

    def _make_room(self, path: Path) -> None:
        if path == self._root:
            raise ArtifactError("illegal file path: the archive's top is not a folder")
        self._refuse_links_above(path)
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._replace_link(path)
        path.unlink(missing_ok=True)

    def _replace_link(self, path: Path) -> None:
        self._refuse_links_above(path)
        self._links.pop(path, None)

    def _refuse_links_above(self, path: Path) -> None:
        for parent in path.parents:
            if parent in self._links:
                name = path.relative_to(self._root)
                raise ArtifactError(f"illegal file path: {str(name)!r} lies behind a link of the archive")
            if parent == self._root:
                break


def _leads_out(link: Path, goal: str, top: Path) -> bool:
    """Return whether following ``goal`` from ``link`` leaves ``top`` at any step, even if it comes back.

    What leaves and comes back would lead elsewhere as soon as the tree is renamed. Links on the way are
    followed here as the system would; that each stays inside is seen when its own turn comes.
    """
    here = Path(os.path.realpath(link.parent))
    for part in goal.split("/"):
        here = Path(os.path.realpath(here / part))
        if not here.is_relative_to(top):
            return True
    return goal.startswith("/")


class _BoundedTarInfo(tarfile.TarInfo):
    """A tar header that refuses to be larger than what may be held in memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Return the header in ``buf``."""
        entry = super().frombuf(buf, encoding, errors)
        if entry.size < 0 or (entry.type in _TAR_HEADER_TYPES and entry.size > _MAX_TAR_HEADER):
            raise ArtifactError(f"the archive has a header of {entry.size} bytes")
        return entry


def _open_tar(packed: gzip.GzipFile) -> tarfile.TarFile:
    return tarfile.open(fileobj=packed, mode="r|", tarinfo=_BoundedTarInfo)


def _is_tar_with_gzip(source: Path) -> bool:
    """Return whether ``source`` begins as a tar with gzip that has an entry. Source: Argo isTarball."""
    try:
        with gzip.open(source) as packed, _open_tar(packed) as tar:
            return tar.next() is not None
    except ArtifactError:
        return True  # it is one, and unpacking it will say what is wrong
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, RecursionError):
        return False


def _read_tar(source: Path, tree: _Tree) -> None:
    with gzip.open(source) as packed, _open_tar(packed) as tar:
        while (entry := tar.next()) is not None:
            # The reader keeps all entries it has met: a million of them would fill the memory.
            tar.members.clear()  # type: ignore[attr-defined] # typeshed does not know the attribute
            path = tree.place(entry.name)
            if entry.isdir():
                tree.folder(path)
            elif entry.issym():
                tree.link(path, entry.linkname)
            elif entry.islnk():
                # Differs from Argo: it leaves hard links out, and the file with them.
                tree.hard_link(path, entry.linkname)
            elif entry.isreg() and (content := tar.extractfile(entry)) is not None:
                tree.file(path, content, entry.mode, entry.mtime)


def _read_zip(source: Path, tree: _Tree) -> None:
    with zipfile.ZipFile(source) as archive:
        for entry in archive.infolist():
            path = tree.place(entry.orig_filename)
            if entry.is_dir():
                tree.folder(path)
            else:
                # A link of a zip is the text that it leads to, and becomes a file of that text, as in Argo.
                with archive.open(entry) as content:
                    tree.file(path, content, (entry.external_attr >> 16) & 0o777 or 0o644)
