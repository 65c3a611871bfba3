"""Migrations: all or nothing, by any number of processes at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from cwconsole.core.errors import StoreError
from cwconsole.store import schema
from cwconsole.store.connection import writer
from cwconsole.store.database import prepared
from cwconsole.store.format import APPLICATION_ID, SCHEMA_VERSION
from cwconsole.store.migrations import migrate
from tests.store.processes import finished, go, start

MIGRATE = """
import sys
from pathlib import Path
from cwconsole.store.database import prepared
sys.stdin.readline()
prepared(Path(sys.argv[1])).close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cwconsole.db"


@pytest.fixture
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    """A new file without tables."""
    with closing(writer(path, migrating=True)) as conn:
        yield conn


def value(conn: sqlite3.Connection, sql: str) -> object:
    return conn.execute(sql).fetchone()[0]


def tables(conn: sqlite3.Connection) -> set[str]:
    return {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_the_known_version_is_the_number_of_migrations() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        assert len(schema.migrations.pending(Database(conn))) == SCHEMA_VERSION


def test_a_new_file_gets_the_tables_and_our_marks(path: Path, conn: sqlite3.Connection) -> None:
    migrate(conn, path)
    assert value(conn, "PRAGMA application_id") == APPLICATION_ID
    assert value(conn, "PRAGMA user_version") == SCHEMA_VERSION
    assert value(conn, "PRAGMA foreign_keys") == 1
    assert {"meta", "events", "deliveries"} <= tables(conn)


def test_migrating_again_changes_nothing(path: Path, conn: sqlite3.Connection) -> None:
    migrate(conn, path)
    before = value(conn, "PRAGMA schema_version"), conn.total_changes
    migrate(conn, path)
    assert (value(conn, "PRAGMA schema_version"), conn.total_changes) == before


def test_an_upgraded_file_is_as_a_new_one(path: Path, conn: sqlite3.Connection, tmp_path: Path) -> None:
    _make_version(conn, schema.FIRST)
    migrate(conn, path)
    with closing(prepared(tmp_path / "new.db")) as new:
        assert _columns(conn) == _columns(new)


def test_an_upgrade_knows_when_a_baseline_ended(path: Path, conn: sqlite3.Connection) -> None:
    _make_version(conn, schema.FIRST, schema.SECOND)
    conn.execute(
        """
        INSERT INTO instances (id, token, name, body, origin, created_ms, updated_ms)
        VALUES (1, 't', 'acme', '{}', 'local', 0, 0)
        """
    )
    conn.execute(
        """
        INSERT INTO resources
            (instance_id, name, source, filter, mode, baseline_done, interval_s, sweep_interval_s, next_sweep_ms)
        VALUES (1, 'contacts', '', '', 'window', 1, 900, 86400, 86400005)
        """
    )
    migrate(conn, path)
    assert value(conn, "SELECT baselined_ms FROM resources") == 5


def test_an_upgrade_forgets_deleted_objects_whose_last_event_was_pruned(path: Path, conn: sqlite3.Connection) -> None:
    _make_version(conn, schema.FIRST, schema.SECOND, schema.THIRD, schema.FOURTH)
    conn.execute(
        """
        INSERT INTO instances (id, token, name, body, origin, created_ms, updated_ms)
        VALUES (1, 't', 'acme', '{}', 'local', 0, 0)
        """
    )
    conn.execute(
        """
        INSERT INTO resources (id, instance_id, name, source, filter, mode, interval_s, sweep_interval_s)
        VALUES (1, 1, 'contacts', '', '', 'window', 900, 86400)
        """
    )
    conn.execute(
        """
        INSERT INTO events (id, instance_id, resource_id, poll_id, object_id, type, seen_ms, digest, record)
        VALUES (8, 1, 1, 1, 2, 'DELETED', 0, x'00', x'7b7d')
        """
    )
    conn.executemany(
        "INSERT INTO objects (resource_id, object_id, event_id, presence) VALUES (1, ?, ?, ?)",
        [(1, 7, "deleted"), (2, 8, "deleted"), (3, None, "listed"), (4, None, "outside")],
    )
    migrate(conn, path)
    assert [row[0] for row in conn.execute("SELECT object_id FROM objects ORDER BY object_id")] == [2, 3, 4]


def _make_version(conn: sqlite3.Connection, *scripts: str) -> None:
    """Make the tables as the first migrations do, and mark the file as having had those alone."""
    conn.execute(
        "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT)"
    )
    for script, name in zip(scripts, ("first", "second", "third", "fourth"), strict=False):
        for statement in schema.statements(script):
            conn.execute(statement)
        conn.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('cwconsole', ?)", (name,))
    conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    conn.execute(f"PRAGMA user_version = {len(scripts)}")


def _columns(conn: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of our tables."""
    ours = sorted(name for name in tables(conn) if not name.startswith(("_", "sqlite_")))
    return {name: [row[1] for row in conn.execute(f"PRAGMA table_info({name})")] for name in ours}


def test_processes_may_migrate_at_once(path: Path) -> None:
    processes = [start(MIGRATE, path) for _ in range(4)]
    for process in processes:
        go(process)
    for process in processes:
        finished(process)
    with closing(writer(path)) as conn:
        assert value(conn, "SELECT count(*) FROM _sqlite_migrations") == SCHEMA_VERSION


def test_a_failing_migration_undoes_those_before_it(path: Path, conn: sqlite3.Connection) -> None:
    migrations = Migrations("test")

    @migrations()
    def good(db: Database) -> None:
        db.conn.execute("CREATE TABLE good (id)")

    @migrations()
    def bad(db: Database) -> None:
        db.conn.execute("CREATE TABLE bad (id)")
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        migrate(conn, path, migrations=migrations)
    assert tables(conn) == set()
    assert value(conn, "PRAGMA user_version") == value(conn, "PRAGMA application_id") == 0
    assert value(conn, "PRAGMA foreign_keys") == 1
    migrate(conn, path)


def test_a_table_can_be_rebuilt_under_rows_that_refer_to_it(path: Path, conn: sqlite3.Connection) -> None:
    migrations = Migrations("test")

    @migrations()
    def tables_with_rows(db: Database) -> None:
        db.conn.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        db.conn.execute("CREATE TABLE child (parent INTEGER REFERENCES parent (id) ON DELETE CASCADE)")
        db.conn.execute("INSERT INTO parent VALUES (7)")
        db.conn.execute("INSERT INTO child VALUES (7)")

    @migrations()
    def rebuild(db: Database) -> None:
        db.table("parent").transform(types={"id": str})

    migrate(conn, path, migrations=migrations)
    assert value(conn, "SELECT count(*) FROM child JOIN parent ON child.parent = parent.id") == 1


def test_an_upgrade_that_leaves_rows_referring_to_nothing_is_refused(path: Path, conn: sqlite3.Connection) -> None:
    migrations = Migrations("test")

    @migrations()
    def orphan(db: Database) -> None:
        db.conn.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        db.conn.execute("CREATE TABLE child (parent INTEGER REFERENCES parent (id))")
        db.conn.execute("INSERT INTO child VALUES (7)")

    with pytest.raises(StoreError, match="was not upgraded"):
        migrate(conn, path, migrations=migrations)
    assert tables(conn) == set()


def test_a_file_that_became_newer_while_we_waited_for_the_lock_is_refused(path: Path, conn: sqlite3.Connection) -> None:
    prepared(path).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="newer cwconsole"):
        migrate(conn, path)
    assert value(conn, "PRAGMA user_version") == SCHEMA_VERSION + 1
