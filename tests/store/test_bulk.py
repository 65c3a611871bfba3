"""Rows in few statements are the same rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from cwconsole.store.bulk import SIZES, insert_rows

VALUES = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text(), st.binary())


@given(count=st.integers(0, 3 * SIZES[0] + 1), seed=st.lists(VALUES, min_size=1, max_size=7))
def test_every_row_arrives_once_in_order_and_unchanged(count: int, seed: list[object]) -> None:
    rows = [(number, seed[number % len(seed)]) for number in range(count)]
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value)")
        insert_rows(conn, "t", ("id", "value"), rows)
        assert conn.execute("SELECT id, value FROM t ORDER BY id").fetchall() == rows
