"""What namespaces hold beside runs, in the SQLite store: a row an object."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa
from msgspec.structs import asdict
from msgspec.structs import replace as changed
from sqlalchemy import Connection

from pinnace.ports.objects import KeptObject
from pinnace.stores.answers import object_changed, object_taken, printable
from pinnace.stores.database import Database
from pinnace.stores.schema import objects


class SqliteObjects:
    """Keeps objects in a database that runs are kept in too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, kept: KeptObject) -> None:
        """Keep a new object, as its first version."""
        row = asdict(changed(kept, version=1)) | {"body": json.dumps(kept.body)}
        with self._database.writing() as connection:
            if connection.execute(sa.select(objects.c.uid).where(_is(kept))).first() is not None:
                raise object_taken(kept)
            connection.execute(objects.insert().values(row))

    def replace(self, kept: KeptObject) -> KeptObject:
        """Keep ``kept`` in place of the object it was made from, and return it with its new version."""
        with self._database.writing() as connection:
            return replace_object(connection, kept)

    def find(self, kind: str, namespace: str, name: str) -> KeptObject | None:
        """Return the object, or None."""
        query = sa.select(objects).where(_named(kind, namespace, name))
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _kept(row)

    def of_kind(self, kind: str, namespace: str | None = None) -> Sequence[KeptObject]:
        """Return the objects of a kind by namespace and name; None is every namespace."""
        query = sa.select(objects).where(objects.c.kind == kind)
        if namespace is not None:
            query = query.where(objects.c.namespace == printable(namespace))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(objects.c.namespace, objects.c.name)).mappings().all()
        return [_kept(row) for row in rows]

    def delete(self, kind: str, namespace: str, name: str) -> bool:
        """Forget the object; return whether there was one."""
        with self._database.writing() as connection:
            done = connection.execute(objects.delete().where(_named(kind, namespace, name)))
            return done.rowcount > 0


def replace_object(connection: Connection, kept: KeptObject) -> KeptObject:
    """Replace an object within the transaction of ``connection``, and return it with its new version.

    Raises:
        ObjectChanged: it was changed or deleted since it was read.
    """
    mine = _is(kept) & (objects.c.uid == kept.uid) & (objects.c.version == kept.version)
    new = changed(kept, version=kept.version + 1)
    values = {"version": new.version, "body": json.dumps(new.body)}
    if connection.execute(objects.update().where(mine).values(values)).rowcount == 0:
        raise object_changed(kept)
    return new


def _named(kind: str, namespace: str, name: str) -> sa.ColumnElement[bool]:
    return (
        (objects.c.kind == printable(kind))
        & (objects.c.namespace == printable(namespace))
        & (objects.c.name == printable(name))
    )


def _is(kept: KeptObject) -> sa.ColumnElement[bool]:
    return _named(kept.kind, kept.namespace, kept.name)


def _kept(row: sa.RowMapping) -> KeptObject:
    return KeptObject(**{**row, "body": json.loads(row["body"])})
