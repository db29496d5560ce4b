"""Artifacts in object stores of any kind, through obstore."""

from __future__ import annotations

import datetime as dt
import mimetypes
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pinnace.artifacts.files import appearing, regular_files, require_source
from pinnace.artifacts.keys import below, check_key
from pinnace.base.errors import ArtifactError, ArtifactNotFound

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig  # imported where it is used: most runs never need it

#: Bytes of a download that are written at a time.
_CHUNK = 1 << 20
#: Bytes of one part of an upload, for files that 10,000 such parts can hold.
_PART = 8 << 20
_MOST_PARTS = 10_000
_ERROR_BODY = re.compile(r"<Code>([^<]*)</Code>(?:\s*<Message>([^<]*)</Message>)?")

#: What servers say where there is no bucket at all: its name there, and what to do.
_NO_BUCKET = {
    "NoSuchBucket": ("bucket", "Create it, or set createBucketIfNotPresent in the location."),
    "ContainerNotFound": ("container", "Create it."),
}

RETRIES: RetryConfig = {
    "max_retries": 5,
    "retry_timeout": dt.timedelta(seconds=60),
    "backoff": {
        "init_backoff": dt.timedelta(milliseconds=200),
        "max_backoff": dt.timedelta(seconds=5),
        "base": 2,
    },
}


class BucketStore:
    """One bucket; implements ``pinnace.ports.artifacts.ArtifactStore``.

    Args:
        store: obstore's, of that bucket.
        where: what a key in it is called in messages, with ``{}`` for the key.
    """

    def __init__(self, store: ObjectStore, where: str) -> None:
        self._store = store
        self._where = where

    def load(self, key: str, target: Path) -> None:
        """Write the object ``key``, or all objects below ``key/``, to ``target``.

        Raises:
            ArtifactNotFound: the bucket has no such object and none below it.
            ArtifactError: it cannot be read.
        """
        key = check_key(key)
        with appearing(target) as made:
            try:
                self._download(key, made)
                return
            except ArtifactNotFound:
                keys = self._below(key)
                if not keys:
                    raise
            made.mkdir()
            for one in keys:
                path = below(made, one[len(key) + 1 :])
                path.parent.mkdir(parents=True, exist_ok=True)
                self._download(one, path)

    def save(self, source: Path, key: str) -> None:
        """Store the file ``source`` as ``key``, or each regular file of a folder below ``key/``.

        Raises:
            ArtifactError: it cannot be read or stored.
        """
        key = check_key(key)
        require_source(source)
        self._before_saving()
        if source.is_dir():
            files = [(check_key(f"{key}/{name}"), path) for name, path in regular_files(source)]
        else:
            files = [(key, source)]
        for one, path in files:
            self._upload(path, one)

    def delete(self, key: str) -> None:
        """Remove the object ``key``, or all objects below ``key/``; missing ones are fine."""
        import obstore

        key = check_key(key)
        keys = [key] if self._exists(key) else self._below(key)
        with self._told("delete", key):
            obstore.delete(self._store, keys)

    def list(self, prefix: str) -> Sequence[str]:
        """Return the keys at or below ``prefix``, sorted; an empty one is the whole bucket."""
        if not prefix:
            return self._below("")
        prefix = check_key(prefix)
        own = [prefix] if self._exists(prefix) else []
        return [*own, *self._below(prefix)]

    def is_directory(self, key: str) -> bool:
        """Return whether there are objects below ``key/``."""
        return bool(self._below(check_key(key)))

    def _before_saving(self) -> None:
        """Make sure that there is a bucket, where a location asks for that."""

    def _download(self, key: str, target: Path) -> None:
        import obstore

        with self._told("read", key):
            chunks = iter(obstore.get(self._store, key).stream(min_chunk_size=_CHUNK))
        with target.open("xb") as out:
            while True:
                with self._told("read", key):
                    chunk = next(chunks, None)
                if chunk is None:
                    return
                out.write(chunk)

    def _upload(self, source: Path, key: str) -> None:
        import obstore

        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        part = max(_PART, source.stat().st_size // (_MOST_PARTS - 1))
        with self._told("write", key):
            obstore.put(self._store, key, source, attributes={"Content-Type": kind}, chunk_size=part)

    def _exists(self, key: str) -> bool:
        import obstore

        try:
            with self._told("read", key):
                obstore.head(self._store, key)
        except ArtifactNotFound:
            return False
        return True

    def _below(self, key: str) -> Sequence[str]:
        import obstore

        with self._told("list", key):
            found = [meta["path"] for batch in obstore.list(self._store, prefix=key) for meta in batch]
        return sorted(found)

    @contextmanager
    def _told(self, act: str, key: str) -> Iterator[None]:
        """Turn what obstore raises into errors that name the bucket and the key."""
        from obstore.exceptions import BaseError

        where = self._where.format(key)
        try:
            yield
        except FileNotFoundError as error:
            for said, (what, remedy) in _NO_BUCKET.items():
                if said in str(error):
                    message = f"cannot {act} {where}: there is no such {what}"
                    raise ArtifactError(message, remedy=remedy) from error
            raise ArtifactNotFound(f"{where}: there is no such key") from error
        except (BaseError, PermissionError, ValueError) as error:
            raise ArtifactError(f"cannot {act} {where}: {reason_of(error)}") from error


def reason_of(error: Exception) -> str:
    """Return the server's own words, or the first line of the client's; never a header, where secrets lie."""
    text = str(error)
    if found := _ERROR_BODY.search(text):
        return ": ".join(part for part in found.groups() if part)
    line = text.partition("\n")[0]
    return line[:300]
