"""Bringing the tables up to this code's version: all pending migrations in one transaction, or none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from cwconsole.core.errors import StoreError
from cwconsole.store import schema
from cwconsole.store.connection import check_level, transaction, translated
from cwconsole.store.format import APPLICATION_ID, SCHEMA_VERSION


def migrate(conn: sqlite3.Connection, path: Path, *, migrations: Migrations = schema.migrations) -> None:
    """Apply what is pending. Any number of processes may do this at once: the write lock puts them in a row.

    conn: from `connection.writer(path, migrating=True)`, outside a transaction.
    Raises StoreError if the file is not ours or newer; whatever a migration raises passes, and nothing is changed.
    """
    # A migration that rebuilds a table drops the old one, which must not count as deleting its rows. The switch has no
    # effect inside a transaction, so it is set around it, and the references are checked before the commit.
    conn.execute("PRAGMA foreign_keys = OFF")
    try:
        with translated(path), transaction(conn):
            if check_level(conn, path, migrating=True) < SCHEMA_VERSION:
                _apply(conn, path, migrations)
    finally:
        conn.execute("PRAGMA foreign_keys = ON")


def _apply(conn: sqlite3.Connection, path: Path, migrations: Migrations) -> None:
    # Its own transactions nest in ours as savepoints.
    migrations.apply(Database(conn, recursive_triggers=False, execute_plugins=False))
    if conn.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise StoreError(f"The database {path} was not upgraded: rows would refer to nothing; restore a backup.")
    conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
