"""A database comes to have its tables, in whatever state it is found."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from pinnace.base.errors import StorageError
from pinnace.stores import schema
from pinnace.stores.database import Database
from pinnace.stores.sqlite import SqliteStore


def described(path: Path) -> set[tuple[str, ...]]:
    """Return every table and index as SQLite describes it."""
    connection = sqlite3.connect(path)
    found: set[tuple[str, ...]] = set()
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for pragma in ("table_xinfo", "foreign_key_list", "index_list"):
            for row in connection.execute(f"PRAGMA {pragma}({table})"):
                found.add((table, pragma, *map(str, row[1:])))
        for row in connection.execute(f"PRAGMA index_list({table})").fetchall():
            for part in connection.execute(f"PRAGMA index_xinfo({row[1]})"):
                found.add((table, row[1], *map(str, part)))
    has_sequence = "SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE name = 'requests'"
    found.add(("requests", str(connection.execute(has_sequence).fetchone()[0])))
    found.add(("revision", *map(str, connection.execute("SELECT * FROM alembic_version").fetchone())))
    connection.close()
    return found


def test_a_new_database_and_a_migrated_one_have_the_same_tables(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "new.db").close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.begin() as connection:
        schema.migrate(connection)
    engine.dispose()
    assert described(tmp_path / "migrated.db") == described(tmp_path / "new.db")


def test_head_is_the_newest_migration() -> None:
    directory = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    assert directory.get_current_head() == schema.HEAD


@pytest.mark.slow
def test_neither_a_new_nor_a_current_database_needs_alembic(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from pinnace.stores.sqlite import SqliteStore\n"
        "for _ in range(2): SqliteStore(pathlib.Path(sys.argv[1])).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "pinnace.db")], check=True)


def test_an_old_database_is_migrated_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.close()
    SqliteStore(path).close()
    assert ("revision", schema.HEAD) in described(path)


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    SqliteStore(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = described(path)
    with pytest.raises(
        StorageError, match=r"newer Pinnace \(its tables are 9999, this version knows " + schema.HEAD
    ):
        SqliteStore(path)
    assert described(path) == before


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "else.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(StorageError, match="is a database of something else"):
        SqliteStore(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]
    connection.close()


def test_a_failed_migration_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.execute("CREATE TABLE requests (in_the_way TEXT)")  # the last table that the migration makes
    before = connection.execute("SELECT sql FROM sqlite_master").fetchall()
    with pytest.raises(sa.exc.OperationalError, match="already exists"):
        Database(path)
    assert connection.execute("SELECT sql FROM sqlite_master").fetchall() == before
    connection.close()


@pytest.mark.slow
def test_many_processes_may_make_the_database_at_once(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from pinnace.stores.sqlite import SqliteStore\n"
        "print('ready', flush=True); input()\n"
        "SqliteStore(pathlib.Path(sys.argv[1])).close()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "pinnace.db")]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        child.communicate()
    assert [child.returncode for child in children] == [0] * 3
