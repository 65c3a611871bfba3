"""Single values of the database: its tag, the version of its configuration, and who runs its engine."""

from __future__ import annotations

import json
import sqlite3

from msgspec import Struct
from msgspec.structs import asdict


class EngineProcess(Struct, frozen=True, kw_only=True):
    """Who runs, or last ran, the engine. Whether it still runs only the lock can tell."""

    pid: int
    host: str
    started_ms: int


def get(conn: sqlite3.Connection, key: str) -> str | None:
    """A value, or None."""
    row = conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def put(conn: sqlite3.Connection, key: str, value: str) -> None:
    """Set a value."""
    conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))


def config_version(conn: sqlite3.Connection) -> int:
    """A number that rises with every change an engine must follow."""
    return int(get(conn, "config_version") or 0)


def bump_config_version(conn: sqlite3.Connection) -> None:
    """Tell the engine to look at instances, resources and callbacks again."""
    put(conn, "config_version", str(config_version(conn) + 1))


def ensure_tag(conn: sqlite3.Connection, fresh: str) -> str:
    """The database's tag, which begins its events' public ids: the stored one, else `fresh`."""
    conn.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('tag', ?)", (fresh,))
    return get(conn, "tag") or fresh


def note_engine(conn: sqlite3.Connection, process: EngineProcess) -> None:
    """Say who runs the engine."""
    put(conn, "engine", json.dumps(asdict(process)))


def engine(conn: sqlite3.Connection) -> EngineProcess | None:
    """Who ran the engine last, if anyone ever did."""
    text = get(conn, "engine")
    return None if text is None else EngineProcess(**json.loads(text))
