"""Keys: the names under which artifacts are stored.

A key is text that a workflow makes, so it may hold anything. It names an object and is never a path of this
machine until ``below`` has made it one.
"""

from __future__ import annotations

from pathlib import Path

from pinnace.base.errors import ArtifactError

#: The longest key, in bytes of UTF-8. Source: Amazon S3, object key naming.
MAX_KEY_BYTES = 1024
#: The longest segment that can become a file name, in bytes.
MAX_SEGMENT_BYTES = 255
_SHOWN = 80


def check_key(key: str) -> str:
    """Return ``key`` without the slash at its end, which says no more than that a folder is meant.

    Nothing is decoded: ``%2F`` is three ordinary characters.

    Raises:
        ArtifactError: it is empty, absolute, too long, not UTF-8, or has a segment that is empty, ``.`` or
            ``..``, or a control character; the text says which.
    """
    trimmed = key.removesuffix("/")
    if not trimmed:
        raise _refused(key, "is empty")
    if trimmed.startswith("/"):
        raise _refused(key, "begins with /")
    try:
        size = len(trimmed.encode())
    except UnicodeEncodeError as error:
        raise _refused(key, "is not valid UTF-8") from error
    if size > MAX_KEY_BYTES:
        raise _refused(key, f"is longer than {MAX_KEY_BYTES} bytes")
    if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in trimmed):
        raise _refused(key, "has a control character")
    for segment in trimmed.split("/"):
        if segment in {"", ".", ".."}:
            raise _refused(key, f"has the segment '{segment}'")
    return trimmed


def below(folder: Path, name: str) -> Path:
    """Return the path of ``name``, the part of a checked key below a folder's key, in ``folder``.

    Raises:
        ArtifactError: a segment is too long for a file name.
    """
    segments = name.split("/")
    if any(len(segment.encode()) > MAX_SEGMENT_BYTES for segment in segments):
        raise _refused(name, f"has a segment longer than {MAX_SEGMENT_BYTES} bytes")
    return folder.joinpath(*segments)


def _refused(key: str, why: str) -> ArtifactError:
    shown = repr(key if len(key) <= _SHOWN else key[:_SHOWN] + "…")
    return ArtifactError(
        f"the artifact key {shown} {why}",
        remedy="Give the artifact another key, or change the value that the key is made from.",
    )
