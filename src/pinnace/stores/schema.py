"""The tables, and how a database comes to have them.

To change them: change them here, add a revision to ``migrations/versions``, and make it ``HEAD``. A test
makes sure that both ways lead to the same tables.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from pinnace.base.errors import StorageError

#: The newest revision: four digits, so that later ones are greater.
HEAD = "0007"

metadata = MetaData()

#: Large texts and submissions by the SHA-256 of their bytes, each kept once.
stored_values = Table(
    "stored_values",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("namespace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("labels", Text, nullable=False),  # a JSON object
    Column("phase", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("info", LargeBinary, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("submission", LargeBinary, nullable=False),  # the digest of a value, which run_values holds too
    Column("lease", Integer, nullable=False),  # goes up whenever the owner changes
    Column("lease_until", Float),
    Column("owner_id", Text),  # null: nobody; so are the other owner_* and lease_until
    Column("owner_host", Text),
    Column("owner_pid", Integer),
    Column("owner_birth", Text),
    Column("shutdown", Text, nullable=False, server_default=""),
    Column("is_suspended", Boolean, nullable=False, server_default="0"),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("lifetimes", Text),  # a JSON object: seconds after an end in each phase; null: kept for ever
    Index("runs_by_name", "namespace", "name", unique=True),
    Index("runs_by_age", "created_at"),
    Index("runs_by_phase", "phase"),
    Index("runs_that_expire", "finished_at", sqlite_where=sa.text("lifetimes IS NOT NULL")),
)

nodes = Table(
    "nodes",
    metadata,
    Column("run", Text, ForeignKey(runs.c.uid, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("phase", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

#: Which values a run referred to, ever: they stay as long as it does.
run_values = Table(
    "run_values",
    metadata,
    Column("run", Text, ForeignKey(runs.c.uid, ondelete="CASCADE"), primary_key=True),
    Column("digest", LargeBinary, ForeignKey(stored_values.c.digest), primary_key=True),
    Index("run_values_by_digest", "digest"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Text, ForeignKey(runs.c.uid, ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("done_at", Float),  # null: pending
    Index("requests_by_run", "run", "done_at"),
    sqlite_autoincrement=True,  # else the id of a deleted request would be given again
)

#: What namespaces hold beside runs.
objects = Table(
    "objects",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("namespace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("uid", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),  # JSON, ASCII only
)

#: The time series of custom metrics, of all runs; they outlive them.
metric_series = Table(
    "metric_series",
    metadata,
    Column("name", Text, primary_key=True),
    Column("labels", Text, primary_key=True),  # a JSON list of keys and values
    Column("data", LargeBinary, nullable=False),
)

#: Who holds a lock and who waits for it. A claim counts while its node is open; see ``stores.locks``.
lock_claims = Table(
    "lock_claims",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("lock", Text, nullable=False),
    Column("run", Text, ForeignKey(runs.c.uid, ondelete="CASCADE"), nullable=False),
    Column("node", Integer, nullable=False),  # -1: the run as a whole
    Column("holder", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("is_held", Boolean, nullable=False),
    Index("lock_claims_by_claimant", "run", "node", "lock", unique=True),
    sqlite_autoincrement=True,  # the order of claiming
)

#: How many may hold a semaphore that no ConfigMap describes.
lock_limits = Table(
    "lock_limits",
    metadata,
    Column("lock", Text, primary_key=True),
    Column("places", Integer, nullable=False),
)

#: The outputs of memoized nodes; they outlive their runs.
cache_entries = Table(
    "cache_entries",
    metadata,
    Column("namespace", Text, primary_key=True),
    Column("cache", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("node_id", Text, nullable=False),
    Column("outputs", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
)

_version = sa.table("alembic_version", sa.column("version_num", Text))


def stored_revision(connection: Connection) -> str | None:
    """Return the revision of the tables; "" when they bear none, None when there are no tables."""
    tables = sa.inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        return ""
    return connection.execute(sa.select(_version.c.version_num)).scalar() or "0000"


def prepare(connection: Connection, place: Path) -> None:
    """Make the tables what this version needs, within the transaction of ``connection``.

    A new database gets them at once; only an old one is led through the migrations, because to import what
    runs those takes a third of a second.

    Raises:
        StorageError: the tables are not Pinnace's, or a newer Pinnace's.
    """
    revision = stored_revision(connection)
    if revision == HEAD:
        return
    if revision is None:
        create(connection)
    elif revision == "":
        message = f"{place} is a database of something else"
        raise StorageError(message, remedy="Move it away, or set PINNACE_HOME to another folder.")
    elif revision > HEAD:
        message = (
            f"{place} was written by a newer Pinnace (its tables are {revision}, this version knows {HEAD})"
        )
        raise StorageError(message, remedy="Use that version, or set PINNACE_HOME to another folder.")
    else:
        migrate(connection)


def create(connection: Connection) -> None:
    """Make all tables as they are now, in an empty database."""
    metadata.create_all(connection)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.execute(_version.insert().values(version_num=HEAD))


def migrate(connection: Connection) -> None:
    """Lead the tables from the revision that they have, or from nothing, to ``HEAD``."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
