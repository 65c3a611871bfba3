"""Many rows in few statements.

`executemany` gives the interpreter up and takes it back for each row; while another thread decodes the next page, each
taking back waits its turn. Fifty rows in a statement are a third cheaper alone, and several times faster beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

ROWS = 50


def insert_rows(conn: sqlite3.Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, each with a value for every column. `table` and `columns` are ours, never anybody's data."""
    whole = len(rows) - len(rows) % ROWS
    for first in range(0, whole, ROWS):
        conn.execute(_statement(table, tuple(columns), ROWS), tuple(chain.from_iterable(rows[first : first + ROWS])))
    conn.executemany(_statement(table, tuple(columns), 1), rows[whole:])


@lru_cache(maxsize=32)
def _statement(table: str, columns: tuple[str, ...], count: int) -> str:
    one = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([one] * count)}"
