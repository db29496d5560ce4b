"""Files on this machine: walking a folder that is stored, and making a target appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinnace.base.errors import ArtifactError, ArtifactNotFound

_CHUNK = 1 << 26


def regular_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the ``/``-separated name and the path of each regular file below ``folder``, sorted by name.

    Links are not followed and not yielded, so that nothing outside the folder is stored.
    """
    for directory, folders, names in os.walk(folder, onerror=_fail):
        folders.sort()
        for name in sorted(names):
            path = Path(directory, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path.relative_to(folder).as_posix(), path


def require_source(source: Path) -> None:
    """Make sure that ``source`` is a file or a folder.

    Raises:
        ArtifactNotFound: there is nothing.
        ArtifactError: it is something else, as a device or a socket.
    """
    try:
        mode = source.stat().st_mode
    except FileNotFoundError as error:
        raise ArtifactNotFound(f"{source}: no such file or directory") from error
    except OSError as error:
        raise ArtifactError(reason(error)) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ArtifactError(f"{source} is not a regular file or directory")


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Yield a path beside ``target``, and rename what was made there to ``target`` when the block succeeds.

    Raises:
        ArtifactError: the disk is full, the folder is missing or read-only, or ``target`` is in the way.
    """
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}.", dir=target.parent))
    except OSError as error:
        raise ArtifactError(f"cannot write beside {target}: {reason(error)}") from error
    try:
        made = scratch / "made"
        yield made
        made.replace(target)
    except OSError as error:
        if error.errno is None:
            raise  # not the system's word but that of a reader of what is being unpacked
        raise ArtifactError(f"cannot make {target}: {reason(error)}") from error
    finally:
        remove_tree(scratch)


def copy_file(source: Path, target: Path) -> int:
    """Write the content of ``source`` to the new file ``target`` and return its length in bytes.

    The copy shares no inode with ``source``, so that changing one never changes the other; where the file
    system can, the two share their blocks until then.
    """
    with source.open("rb") as content, target.open("xb") as out:
        try:
            while os.copy_file_range(content.fileno(), out.fileno(), _CHUNK):
                pass
        except (AttributeError, OSError):  # macOS has no such call; some pairs of file systems refuse it
            content.seek(out.seek(0, os.SEEK_END))
            shutil.copyfileobj(content, out, _CHUNK)
        return out.seek(0, os.SEEK_END)


def remove_tree(folder: Path) -> None:
    """Remove ``folder`` and all that is in it, also folders that their owner may not write."""
    for directory, folders, _ in os.walk(folder):
        for path in (Path(directory, name) for name in folders):
            if not path.is_symlink():  # a link's own mode is nothing; its target may lie outside
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def apply_mode(target: Path, mode: int | None, *, recurse: bool) -> None:
    """Give ``target`` the permission bits ``mode``, and with ``recurse`` all that is below it too.

    None leaves them. Set-user-id and set-group-id bits are dropped, links are not followed.

    Source: Argo we/executor.go, chmod.
    """
    if mode is None:
        return
    bits = mode & 0o777
    try:
        if recurse and target.is_dir():
            for directory, _, names in os.walk(target, topdown=False):
                for path in [Path(directory, name) for name in names]:
                    if not path.is_symlink():
                        path.chmod(bits)
                Path(directory).chmod(bits)
        else:
            target.chmod(bits)
    except OSError as error:
        raise ArtifactError(f"cannot change the mode of {target}: {reason(error)}") from error


def reason(error: OSError) -> str:
    """Return what the system says of ``error``, with the file that it is about when it names one."""
    text = error.strerror or str(error)
    return f"{error.filename}: {text}" if error.filename else text


def _fail(error: OSError) -> None:
    raise error
