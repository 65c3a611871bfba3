"""Which instances are production: tagged PROD or PRODUCTION, in whatever letters."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

_TAGGED = """
    body LIKE '%prod%' AND EXISTS
        (SELECT 1 FROM json_each(body, '$.tags') WHERE upper(trim(value)) IN ('PROD', 'PRODUCTION'))
    """  # bodies without the letters are not parsed: the fleet is read twice a second


def all_tagged(conn: sqlite3.Connection) -> frozenset[int]:
    """The ids of all of them, removed ones included."""
    return frozenset(row[0] for row in conn.execute(f"SELECT id FROM instances WHERE {_TAGGED}").fetchall())


def tagged(conn: sqlite3.Connection, instances: Iterable[int]) -> frozenset[int]:
    """Those of some instances, by their ids, that are."""
    among = json.dumps(sorted(set(instances)))
    sql = f"SELECT id FROM instances WHERE id IN (SELECT value FROM json_each(?)) AND {_TAGGED}"
    return frozenset(row[0] for row in conn.execute(sql, (among,)).fetchall())
