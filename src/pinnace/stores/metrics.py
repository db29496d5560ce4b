"""The time series of custom metrics, in the SQLite store: a row a series."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from pinnace.engine.emissions import Emission
from pinnace.ports.metrics import Series, added
from pinnace.stores.answers import definition_of, printable_emission
from pinnace.stores.database import Database
from pinnace.stores.schema import metric_series


class SqliteMetrics:
    """Tells the series that are kept in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def series(self) -> Sequence[Series]:
        """Return all series, by name and labels."""
        query = sa.select(metric_series.c.data).order_by(metric_series.c.name, metric_series.c.labels)
        with self._database.reading() as connection:
            return [_decoded(data) for data in connection.execute(query).scalars()]


def add_emissions(connection: Connection, emissions: Iterable[Emission]) -> None:
    """Add what was emitted to the series, within the transaction of ``connection``."""
    for each in emissions:
        emission = printable_emission(each)
        same_name = metric_series.c.name == emission.name
        labels = json.dumps(emission.labels)
        here = same_name & (metric_series.c.labels == labels)
        data = connection.execute(sa.select(metric_series.c.data).where(here)).scalar()
        if data is not None:
            new = added(_decoded(data), emission)
            connection.execute(metric_series.update().where(here).values(data=_encoded(new)))
            continue
        first = connection.execute(sa.select(metric_series.c.data).where(same_name).limit(1)).scalar()
        defined = emission if first is None else definition_of(_decoded(first), emission)
        if defined is not None:
            row = {"name": emission.name, "labels": labels, "data": _encoded(added(None, defined))}
            connection.execute(metric_series.insert().values(row))


def _decoded(data: bytes) -> Series:
    return msgspec.msgpack.decode(data, type=Series)


def _encoded(series: Series) -> bytes:
    return msgspec.msgpack.encode(series)
