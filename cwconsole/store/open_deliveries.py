"""The open deliveries of a whole resource or instance: held, let go, moved to another callback, given up.

One statement each: there may be a million of them. What a request is on its way for is left to its end.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from cwconsole.store.delivery_indexes import OPEN, TROUBLED

_OF_INSTANCE = "resource_id IN (SELECT id FROM resources WHERE instance_id = :instance)"


def count(conn: sqlite3.Connection, instance_id: int) -> int:
    """How many deliveries of an instance are open, from the maintained totals."""
    row = conn.execute(
        "SELECT coalesce(sum(pending + sending + retrying), 0) FROM resources WHERE instance_id = ?", (instance_id,)
    ).fetchone()
    return int(row[0])


def held_by_name(conn: sqlite3.Connection, resource_id: int) -> int:
    """How many deliveries wait behind a resource's own hold, and not behind its instance's as well."""
    row = conn.execute(
        """
        SELECT r.pending + r.retrying FROM resources r JOIN instances i ON i.id = r.instance_id
        WHERE r.id = ? AND r.held_ms IS NOT NULL AND i.held_ms IS NULL
        """,
        (resource_id,),
    ).fetchone()
    return 0 if row is None else int(row[0])


def not_held_by_name(conn: sqlite3.Connection, resource_id: int) -> int:
    """How many of a resource's open deliveries do not wait behind a hold of its own."""
    row = conn.execute("SELECT pending + sending + retrying FROM resources WHERE id = ?", (resource_id,)).fetchone()
    return int(row[0]) - held_by_name(conn, resource_id)


def due_later(conn: sqlite3.Connection, resource_ids: Collection[int], now_ms: int) -> int:
    """How many wait for a next try that has not come yet: their own, or that of their object's first open one."""
    row = conn.execute(
        f"""
        SELECT count(*) FROM deliveries d INDEXED BY deliveries_troubled
        JOIN deliveries o INDEXED BY deliveries_open ON o.resource_id = d.resource_id AND o.object_id = d.object_id
        WHERE d.{TROUBLED} AND d.state = 'retrying' AND d.due_ms > :now AND o.{OPEN}
            AND d.resource_id IN (SELECT value FROM json_each(:resources))
        """,
        {"resources": json.dumps(list(resource_ids)), "now": now_ms},
    ).fetchone()
    return int(row[0])


def objects_of(conn: sqlite3.Connection, resource_id: int) -> set[int]:
    """The ids of a resource's objects that have an open delivery."""
    rows = conn.execute(
        f"SELECT DISTINCT object_id FROM deliveries INDEXED BY deliveries_open WHERE {OPEN} AND resource_id = ?",
        (resource_id,),
    )
    return {row[0] for row in rows}


def apply_hold(conn: sqlite3.Connection, instance_id: int) -> None:
    """Mark the instance's open deliveries as its and its resources' holds now say."""
    conn.execute(
        f"""
        UPDATE deliveries INDEXED BY deliveries_open SET held = 1 - held
        WHERE {OPEN} AND {_OF_INSTANCE} AND held <> (
            SELECT i.held_ms IS NOT NULL OR r.held_ms IS NOT NULL
            FROM resources r JOIN instances i ON i.id = r.instance_id WHERE r.id = deliveries.resource_id)
        """,
        {"instance": instance_id},
    )


def move(conn: sqlite3.Connection, instance_id: int, callback_id: int) -> int:
    """Send the instance's open deliveries to another callback. Returns how many there were."""
    return conn.execute(
        f"""
        UPDATE deliveries INDEXED BY deliveries_open SET callback_id = :callback
        WHERE {OPEN} AND {_OF_INSTANCE} AND callback_id <> :callback
        """,
        {"instance": instance_id, "callback": callback_id},
    ).rowcount


def cancel(conn: sqlite3.Connection, instance_id: int, now_ms: int) -> int:
    """Give up whatever of the instance waits. Returns how many there were."""
    conn.execute(
        f"""
        UPDATE deliveries INDEXED BY deliveries_open SET state = 'cancelled', due_ms = NULL, settled_ms = :now
        WHERE {OPEN} AND state <> 'sending' AND {_OF_INSTANCE}
        """,
        {"instance": instance_id, "now": now_ms},
    )
    cancelled = conn.execute("SELECT changes()").fetchone()[0]
    conn.execute(
        """
        UPDATE resources SET cancelled = cancelled + pending + retrying, pending = 0, retrying = 0
        WHERE instance_id = ?
        """,
        (instance_id,),
    )
    return int(cancelled)
