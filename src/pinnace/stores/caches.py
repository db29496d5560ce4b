"""The outputs of memoized nodes, in the SQLite store: a row an entry, with all its texts, however long."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from pinnace.engine.caches import CacheEntry, CacheKey
from pinnace.engine.node import NodeOutputs
from pinnace.stores.answers import printable
from pinnace.stores.codec import Codec, to_bytes, to_text
from pinnace.stores.database import Database
from pinnace.stores.schema import cache_entries as rows

_CODEC = Codec()
_KEYS = (rows.c.namespace, rows.c.cache, rows.c.key)


class SqliteCaches:
    """Tells what caches hold, and lets it be forgotten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def look_up(self, places: Collection[CacheKey]) -> dict[CacheKey, CacheEntry]:
        """Return the entries of those places that have one."""
        found = {}
        with self._database.reading() as connection:
            for at in places:
                row = connection.execute(sa.select(rows).where(_here(at))).first()
                if row is not None:
                    outputs = _decoded(row.outputs)
                    found[at] = CacheEntry(
                        at=at, node_id=row.node_id, outputs=outputs, created_at=row.created_at
                    )
        return found

    def places(self) -> dict[CacheKey, float]:
        """Return where entries lie, in order, with when each was made (Unix seconds)."""
        with self._database.reading() as connection:
            found = connection.execute(sa.select(*_KEYS, rows.c.created_at).order_by(*_KEYS)).all()
        return {CacheKey(row.namespace, row.cache, row.key): row.created_at for row in found}

    def forget(self, places: Collection[CacheKey]) -> None:
        """Have no entries in those places."""
        with self._database.writing() as connection:
            for at in places:
                connection.execute(rows.delete().where(_here(at)))


def add_entries(connection: Connection, entries: Iterable[CacheEntry]) -> None:
    """Put entries in the place of those before, within the transaction of ``connection``."""
    for entry in entries:
        row = {
            "namespace": printable(entry.at.namespace),
            "cache": printable(entry.at.cache),
            "key": entry.at.key,
            "node_id": printable(entry.node_id),
            "outputs": _encoded(entry.outputs),
            "created_at": entry.created_at,
        }
        statement = insert(rows).values(row)
        new = {name: statement.excluded[name] for name in ("node_id", "outputs", "created_at")}
        connection.execute(statement.on_conflict_do_update(index_elements=_KEYS, set_=new))


def _here(at: CacheKey) -> sa.ColumnElement[bool]:
    return (
        (rows.c.namespace == printable(at.namespace))
        & (rows.c.cache == printable(at.cache))
        & (rows.c.key == at.key)
    )


def _encoded(outputs: NodeOutputs | None) -> bytes:
    if outputs is None:
        return b""
    encoded = _CODEC.encode(outputs)
    texts = {digest: to_bytes(text) for digest, text in encoded.texts.items()}
    return msgspec.msgpack.encode((encoded.data, texts))


def _decoded(data: bytes) -> NodeOutputs | None:
    if not data:
        return None
    own, texts = msgspec.msgpack.decode(data, type=tuple[bytes, dict[bytes, bytes]])
    return _CODEC.decode(own, NodeOutputs, lambda digest: to_text(texts[digest]))
