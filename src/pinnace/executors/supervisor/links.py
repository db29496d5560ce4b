"""Links to volumes on the host itself, which several tasks of a run may have at one path at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator


class Links:
    """The links of a run, each held by the tasks that need it; the last to let go of it removes it.

    Args:
        folder: where it is written down who holds what.
        holder: the task in whose name it is held.
    """

    def __init__(self, folder: str, holder: str) -> None:
        self._folder = folder
        self._holder = holder

    def hold(self, path: str, source: str) -> bool:
        """Make ``path`` a link to ``source``, or hold the one that is; return False if it is something else.

        Raises:
            FileNotFoundError: the folder of ``path`` is gone.
        """
        with self._locked():
            holders = self._holders(path)
            if os.path.lexists(path):
                if not (os.path.isdir(holders) and os.path.islink(path) and os.readlink(path) == source):
                    return False
            else:
                os.symlink(source, path)
            os.makedirs(holders, exist_ok=True)
            os.close(os.open(f"{holders}/{self._holder}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            return True

    def let_go(self, path: str) -> None:
        """Remove the link unless another task holds it."""
        with self._locked():
            holders = self._holders(path)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{holders}/{self._holder}")
            try:
                os.rmdir(holders)
            except OSError:
                return  # it is held
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def _holders(self, path: str) -> str:
        return f"{self._folder}/{hashlib.sha256(os.fsencode(path)).hexdigest()}"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        os.makedirs(self._folder, exist_ok=True)
        lock = os.open(f"{self._folder}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
