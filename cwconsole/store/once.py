"""Reading or writing once, for commands that do one thing and end. Blocks; loads neither asyncio nor sqlite-utils."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

from cwconsole.core.errors import StoreError
from cwconsole.store import connection

P = ParamSpec("P")
T = TypeVar("T")

# What units are given. Whoever writes one outside the store names it so, and needs nothing else of SQLite.
Connection: TypeAlias = sqlite3.Connection


def read_once(path: Path, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `fn(conn, ...)` on one state of the file. Raises StoreError for a file that cannot be used."""
    with connection.translated(path), closing(connection.reader(path)) as conn:
        conn.execute("BEGIN")
        return fn(conn, *args, **kwargs)


def write_once(path: Path, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `fn(conn, ...)` in a transaction; returns after its commit. Raises StoreError, and what `fn` raises."""
    with connection.translated(path), closing(connection.writer(path)) as conn, connection.transaction(conn):
        return fn(conn, *args, **kwargs)


def is_ready(path: Path) -> bool:
    """Whether the file is there, ours and of this program's version."""
    try:
        connection.reader(path).close()
    except StoreError:
        return False
    return True
