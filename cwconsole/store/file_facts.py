"""What the database file is: for whoever helps with it, not for the engine."""

from __future__ import annotations

import sqlite3

from msgspec import Struct


class FileFacts(Struct, frozen=True, kw_only=True):
    """sqlite: the library's version. schema: the last migration. size: bytes. journal: `wal`."""

    sqlite: str
    schema: str
    size: int
    journal: str
    instances: int
    resources: int


def facts(conn: sqlite3.Connection) -> FileFacts:
    """Read from the file itself; nothing of what it records."""
    pages, size = conn.execute("PRAGMA page_count").fetchone()[0], conn.execute("PRAGMA page_size").fetchone()[0]
    return FileFacts(
        sqlite=sqlite3.sqlite_version,
        schema=_schema(conn),
        size=int(pages) * int(size),
        journal=str(conn.execute("PRAGMA journal_mode").fetchone()[0]),
        instances=int(conn.execute("SELECT count(*) FROM instances WHERE removed_ms IS NULL").fetchone()[0]),
        resources=int(conn.execute("SELECT count(*) FROM resources WHERE active = 1").fetchone()[0]),
    )


def _schema(conn: sqlite3.Connection) -> str:
    row = conn.execute("SELECT name FROM _sqlite_migrations ORDER BY id DESC LIMIT 1").fetchone()
    return "none" if row is None else str(row[0])
