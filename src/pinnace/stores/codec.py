"""How runs and nodes become bytes, and large texts references to bytes that are kept once.

Every blob begins with one byte that says how the rest is written; a number is never given a second meaning.
Called by the SQLite store alone: nothing else sees these bytes.

* ``PLAIN``: the object itself as MessagePack.
* ``EXTENDED``: as MessagePack of plain values, in which a text longer than ``LARGE`` is a reference to its
  SHA-256, and a text with lone surrogates, which UTF-8 cannot hold, is written as if it could. Both come back
  unchanged.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from threading import Lock
from typing import Any, TypeVar

import msgspec
from msgspec.msgpack import Decoder, Ext

from pinnace.base.errors import StorageError

#: Characters; a longer text is kept apart. No blob below this many bytes can hold one.
LARGE = 16_384

_PLAIN = b"\x01"
_EXTENDED = b"\x02"

_REFERENCE = 1
"""A text: its digest."""
_SURROGATES = 2
"""A text with lone surrogates."""
_PAIRS = 3
"""A map with such a text among its keys: a list of keys and values by turns."""

T = TypeVar("T")

#: Returns the text with a digest.
Lookup = Callable[[bytes], str]


class Encoded(msgspec.Struct, frozen=True):
    """An object's bytes, and the large texts that they refer to."""

    data: bytes
    texts: dict[bytes, str] = {}
    """SHA-256 → text."""


class Codec:
    """Writes and reads objects, on any thread."""

    def __init__(self) -> None:
        self.digests = DigestCache()

    def encode(self, value: object) -> Encoded:
        """Return ``value``, made of msgspec structs and JSON values, as bytes."""
        try:
            data = msgspec.msgpack.encode(value)
        except UnicodeEncodeError:
            data = b""
        if data and len(data) <= LARGE:
            return Encoded(_PLAIN + data)
        texts: dict[bytes, str] = {}
        return Encoded(
            _EXTENDED + msgspec.msgpack.encode(self._extend(msgspec.to_builtins(value), texts)), texts
        )

    def _extend(self, value: Any, texts: dict[bytes, str]) -> Any:
        """Return plain ``value`` with extensions in it; puts the texts referred to into ``texts``."""
        if isinstance(value, str):
            if len(value) > LARGE:
                digest = self.digests.of(value)
                texts[digest] = value
                return Ext(_REFERENCE, digest)
            return value if _is_utf8(value) else Ext(_SURROGATES, to_bytes(value))
        if isinstance(value, dict):
            extended = {key: self._extend(item, texts) for key, item in value.items()}
            if all(not isinstance(key, str) or _is_utf8(key) for key in value):
                return extended
            pairs = [
                part for key, item in extended.items() for part in (Ext(_SURROGATES, to_bytes(key)), item)
            ]
            return Ext(_PAIRS, msgspec.msgpack.encode(pairs))
        if isinstance(value, list | tuple):
            return [self._extend(item, texts) for item in value]
        return value

    def decode(self, data: bytes, kind: type[T], lookup: Lookup) -> T:
        """Return the object that ``encode`` made ``data`` from.

        Raises:
            StorageError: the bytes are damaged, or were written by a newer Pinnace.
        """
        try:
            if data[:1] == _PLAIN:
                return _decoder(kind).decode(memoryview(data)[1:])
            if data[:1] == _EXTENDED:
                return msgspec.convert(_read_extended(memoryview(data)[1:], lookup), kind)
        except msgspec.MsgspecError as error:
            message = f"The store holds a {kind.__name__} that cannot be read: {error}"
            raise StorageError(message, remedy="Use the version of Pinnace that wrote it.") from error
        message = f"The store holds a {kind.__name__} in a form that this version does not know"
        raise StorageError(message, remedy="Use the version of Pinnace that wrote it, or a newer one.")


class DigestCache:
    """Digests of the large texts seen lately: a text that is passed on from node to node is hashed once."""

    #: Characters that it keeps alive at most.
    CAPACITY = 64 * 1024 * 1024

    def __init__(self) -> None:
        # By identity: to find a text by its content would mean to hash it. Being kept, it keeps its identity.
        self._known: OrderedDict[int, tuple[str, bytes]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def of(self, text: str) -> bytes:
        """Return the SHA-256 of the text's bytes."""
        with self._lock:
            known = self._known.get(id(text))
            if known is not None:
                self._known.move_to_end(id(text))
                return known[1]
        digest = sha256(to_bytes(text)).digest()
        self.remember(text, digest)
        return digest

    def remember(self, text: str, digest: bytes) -> None:
        """Know from now on that the text has this digest."""
        with self._lock:
            if id(text) not in self._known:
                self._known[id(text)] = (text, digest)
                self._size += len(text)
            while self._size > self.CAPACITY:
                _, (oldest, _) = self._known.popitem(last=False)
                self._size -= len(oldest)


def to_bytes(text: str) -> bytes:
    """Return the text as UTF-8, in which lone surrogates are written like any other character."""
    return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    """Return the text that ``to_bytes`` made ``data`` from."""
    return data.decode("utf-8", "surrogatepass")


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_extended(data: memoryview, lookup: Lookup) -> Any:
    def read(code: int, content: memoryview) -> Any:
        if code == _REFERENCE:
            return lookup(bytes(content))
        if code == _SURROGATES:
            return to_text(bytes(content))
        if code == _PAIRS:
            parts = _read_extended(content, lookup)
            return dict(zip(parts[::2], parts[1::2], strict=True))
        message = f"unknown extension {code}"
        raise msgspec.DecodeError(message)

    return msgspec.msgpack.decode(data, ext_hook=read)


_DECODERS: dict[type, Decoder[Any]] = {}


def _decoder(kind: type[T]) -> Decoder[T]:
    """Return the decoder of a type; to make one costs more than to use it."""
    found = _DECODERS.get(kind)
    if found is None:
        found = _DECODERS[kind] = Decoder(kind)
    return found
