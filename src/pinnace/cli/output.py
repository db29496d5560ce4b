"""Output that cannot be written: a reader that left, a full disk, a stream that was never open."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: A pipe without a reader, a terminal that is gone, a full disk.
_UNWRITABLE = frozenset({errno.EPIPE, errno.EIO, errno.ENOSPC})


def ensure_streams() -> None:
    """Give standard output and standard error somewhere to go where the caller closed them."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # likewise


def is_unwritable(error: OSError) -> bool:
    """Return whether ``error`` means that standard output or standard error takes nothing."""
    return error.errno in _UNWRITABLE and error.filename is None


def forget_unwritable() -> None:
    """Let streams that take nothing lead nowhere, and with them what Python still holds for them."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            stream.flush()


@contextmanager
def outliving_readers() -> Iterator[None]:
    """Go on in silence when what is shown within a ``with`` cannot be written: work must not end with it."""
    try:
        yield
    except OSError as error:
        if not is_unwritable(error):
            raise
        forget_unwritable()
