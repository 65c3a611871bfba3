"""Many rows in few statements.

`executemany` gives the interpreter up and takes it back for each row; while another thread works, each taking back
waits its turn, a millisecond at worst. So a page goes into a handful of statements, in sizes that repeat and so are
prepared once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

SIZES = (256, 64, 16, 4, 1)  # rows in a statement; SQLite takes 32,766 values


def insert_rows(conn: sqlite3.Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, each with a value for every column. `table` and `columns` are ours, never anybody's data."""
    first = 0
    for size in SIZES:
        while len(rows) - first >= size:
            conn.execute(
                _statement(table, tuple(columns), size), tuple(chain.from_iterable(rows[first : first + size]))
            )
            first += size


@lru_cache(maxsize=32)
def _statement(table: str, columns: tuple[str, ...], count: int) -> str:
    one = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([one] * count)}"
