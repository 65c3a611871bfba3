"""An object's events, found from its last version backwards: each event names the one before it.

An object whose resource started anew (another company or path) is another object; events of the old one are not found.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from cwconsole.store.listing import all_places


def event_ids(conn: sqlite3.Connection, object_id: int, resource_ids: Sequence[int]) -> list[int]:
    """The numbers of an object's events in any of the resources, in no order."""
    rows = conn.execute(
        """
        WITH RECURSIVE chain (id) AS (
            SELECT event_id FROM objects
            WHERE resource_id IN (SELECT value FROM json_each(:resources)) AND object_id = :object
            UNION
            SELECT e.previous_id FROM chain c JOIN events e ON e.id = c.id WHERE e.previous_id IS NOT NULL
        )
        SELECT id FROM chain WHERE id IS NOT NULL
        """,
        {"resources": json.dumps(resource_ids), "object": object_id},
    ).fetchall()
    return [int(row[0]) for row in rows]


def poll_ids(conn: sqlite3.Connection, object_id: int) -> list[int]:
    """The polls and sweeps that recorded an event of an object, in any resource, in no order."""
    return _column(
        conn, "SELECT DISTINCT poll_id FROM events WHERE id IN", event_ids(conn, object_id, all_places(conn))
    )


def delivery_ids(conn: sqlite3.Connection, events: Sequence[int]) -> list[int]:
    """The deliveries of some events, in no order."""
    return _column(conn, "SELECT id FROM deliveries WHERE event_id IN", events)


def _column(conn: sqlite3.Connection, query: str, ids: Sequence[int]) -> list[int]:
    rows = conn.execute(f"{query} (SELECT value FROM json_each(?))", (json.dumps(ids),)).fetchall()
    return [int(row[0]) for row in rows]
