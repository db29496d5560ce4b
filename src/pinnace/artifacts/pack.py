"""Packing a file or a folder into one file, always the same bytes for the same content.

Names inside begin with the base name of the artifact's path, as Argo writes them. Owners and times are left
out, so that two runs that make the same content store it once.
"""

from __future__ import annotations

import gzip
import os
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

from pinnace.artifacts.files import appearing, regular_files, require_source
from pinnace.base.errors import ArtifactError
from pinnace.spec.locate import is_packed
from pinnace.spec.parameters import Archive

#: The earliest time that a zip can hold.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20


def pack(source: Path, target: Path, how: Archive | None, *, name: str = "") -> None:
    """Write the archive of ``source``, a file or a folder, to the new file ``target``.

    Args:
        source: what is packed; a link is followed once, links inside a folder are kept by tar and left out by
            zip, and sockets, pipes and devices are left out.
        target: appears whole or not at all.
        how: ``tar`` or ``zip``; None is tar with gzip.
        name: what the content is called inside; empty is the name of ``source``.

    Raises:
        ArtifactNotFound: ``source`` does not exist.
        ArtifactError: it cannot be read, ``target`` cannot be written, or ``how`` is none.

    Source: Argo util/archive/archive.go; we/executor.go, stageArchiveFile.
    """
    if not is_packed(how):
        raise ArtifactError("an artifact with archive.none is stored as it is; there is nothing to pack")
    require_source(source)
    inside = name or source.name
    with appearing(target) as made, made.open("wb") as out:
        if how is not None and how.zip is not None:
            _write_zip(source.resolve(), out, inside)
        else:
            _write_tar(source.resolve(), out, inside, _level(how))


def _level(how: Archive | None) -> int:
    """Return the gzip level, -1 to 9."""
    level = how.tar.compression_level if how is not None and how.tar is not None else None
    if level is None:
        return zlib.Z_DEFAULT_COMPRESSION
    if not -1 <= level <= 9:
        raise ArtifactError(f"archive.tar.compressionLevel is {level}; it goes from -1 to 9")
    return level


def _write_tar(source: Path, out: IO[bytes], inside: str, level: int) -> None:
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=level, fileobj=out, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, source, inside)
        if source.is_dir():
            for directory, folders, names in os.walk(source):
                folders.sort()
                for entry in sorted(folders + names):
                    path = Path(directory, entry)
                    _add(tar, path, f"{inside}/{path.relative_to(source).as_posix()}")


def _add(tar: tarfile.TarFile, path: Path, inside: str) -> None:
    status = path.lstat()
    entry = tarfile.TarInfo(inside)
    entry.mode = stat.S_IMODE(status.st_mode) & 0o777
    if stat.S_ISREG(status.st_mode):
        with path.open("rb") as content:
            entry.size = os.fstat(content.fileno()).st_size
            tar.addfile(entry, content)
    elif stat.S_ISDIR(status.st_mode):
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
    elif stat.S_ISLNK(status.st_mode):
        entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
        tar.addfile(entry)


def _write_zip(source: Path, out: IO[bytes], inside: str) -> None:
    # Differs from Argo: it names a single file by its whole path on the staging machine, and keeps an empty
    # file in place of a link.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        files = [("", source)] if source.is_file() else regular_files(source)
        for name, path in files:
            entry = zipfile.ZipInfo(f"{inside}/{name}".rstrip("/"), _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | (path.stat().st_mode & 0o777)) << 16
            with path.open("rb") as content, archive.open(entry, "w", force_zip64=True) as packed:
                while chunk := content.read(_CHUNK):
                    packed.write(chunk)
