"""Pruning of what is older than the retention, and of removed instances, in small steps.

The last version of an object stays (its next change is compared and shown against it), unless ConnectWise has deleted
it: then the object goes with its last event. An event whose delivery is open stays. Jobs and actions go as well, once
they are over: a script that asks for a poll every minute makes half a million actions a year.
"""

from __future__ import annotations

import sqlite3

from cwconsole.store import meta
from cwconsole.store.delivery_indexes import OPEN

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
KEEP_MS = 90 * DAY_MS
_PRUNED_TO = "pruned_to"  # the last event that was looked at


def prune_events(conn: sqlite3.Connection, now_ms: int, limit: int, *, keep_ms: int = KEEP_MS) -> int:
    """Delete up to `limit` events older than the retention, with their deliveries and attempts.

    Looks at no more than `limit` of the oldest a call, from where the last call stopped. Returns how many of these are
    so old: those that have to stay are among them.
    """
    horizon = now_ms - keep_ms
    start = int(meta.get(conn, _PRUNED_TO) or 0)
    rows = conn.execute("SELECT id, seen_ms FROM events WHERE id > ? ORDER BY id LIMIT ?", (start, limit)).fetchall()
    old = [event_id for event_id, seen_ms in rows if seen_ms < horizon]
    if not old:
        _begin_again(conn, now_ms)
        return 0
    prunable = [event_id for event_id in old if _prunable(conn, event_id)]
    for event_id in prunable:
        _forget_deleted(conn, event_id)
        _delete_event(conn, event_id)
    meta.put(conn, _PRUNED_TO, str(old[-1]))
    return len(old)


def _begin_again(conn: sqlite3.Connection, now_ms: int) -> None:
    """Once a day: what was kept as a last version may have been replaced by a newer one since."""
    begun_ms = int(meta.get(conn, "pruning_begun_ms") or 0)
    if not 0 <= now_ms - begun_ms < DAY_MS:
        meta.put(conn, "pruning_begun_ms", str(now_ms))
        meta.put(conn, _PRUNED_TO, "0")


def prune_polls(conn: sqlite3.Connection, now_ms: int, limit: int, *, keep_ms: int = KEEP_MS) -> int:
    """Delete up to `limit` polls older than the retention. Returns how many went.

    Ids rise with time and the oldest go first, so only the first `limit` rows are looked at.
    """
    return conn.execute(
        """
        DELETE FROM polls WHERE id IN (
            SELECT id FROM (SELECT id, finished_ms FROM polls ORDER BY id LIMIT :limit) WHERE finished_ms < :horizon
        ) AND id < (SELECT max(id) FROM polls)
        """,
        {"limit": limit, "horizon": now_ms - keep_ms},
    ).rowcount


def prune_hours(conn: sqlite3.Connection, now_ms: int, limit: int, *, keep_ms: int = KEEP_MS) -> int:
    """Delete up to `limit` hourly totals older than the retention. Returns how many went."""
    return conn.execute(
        """
        DELETE FROM hours WHERE (resource_id, hour) IN (
            SELECT h.resource_id, h.hour FROM resources r CROSS JOIN hours h ON h.resource_id = r.id
            WHERE h.hour < :horizon LIMIT :limit
        )
        """,
        {"limit": limit, "horizon": (now_ms - keep_ms) // HOUR_MS},
    ).rowcount


def prune_jobs(conn: sqlite3.Connection, now_ms: int, limit: int, *, keep_ms: int = KEEP_MS) -> int:
    """Delete up to `limit` jobs that ended before the retention. Returns how many went."""
    return _prune_ended(conn, "jobs", "", now_ms - keep_ms, limit)


def prune_actions(conn: sqlite3.Connection, now_ms: int, limit: int, *, keep_ms: int = KEEP_MS) -> int:
    """Delete up to `limit` actions that ended before the retention and have no job. Returns how many went."""
    return _prune_ended(conn, "actions", "AND id NOT IN (SELECT action_id FROM jobs)", now_ms - keep_ms, limit)


def _prune_ended(conn: sqlite3.Connection, table: str, and_if: str, horizon: int, limit: int) -> int:
    """Of the first `limit` rows, those that may go: ids rise with time, and hardly anything stays open for so long."""
    return conn.execute(
        f"""
        DELETE FROM {table} WHERE id IN (
            SELECT id FROM (SELECT id, finished_ms FROM {table} ORDER BY id LIMIT ?) WHERE finished_ms < ?
        ) {and_if}
        """,
        (limit, horizon),
    ).rowcount


def _prunable(conn: sqlite3.Connection, event_id: int) -> bool:
    row = conn.execute(
        """
        SELECT 1 FROM events e JOIN objects o ON o.resource_id = e.resource_id AND o.object_id = e.object_id
        WHERE e.id = ? AND o.event_id = e.id AND o.presence <> 'deleted'
        """,
        (event_id,),
    ).fetchone()
    return row is None and not _has_open_delivery(conn, event_id)


def _has_open_delivery(conn: sqlite3.Connection, event_id: int) -> bool:
    row = conn.execute(
        f"SELECT 1 FROM deliveries WHERE event_id = ? AND {OPEN} LIMIT 1",
        (event_id,),
    ).fetchone()
    return row is not None


def _forget_deleted(conn: sqlite3.Connection, event_id: int) -> None:
    """An object that was deleted goes with its last event; should the id come back, it is judged as an unknown one."""
    conn.execute(
        """
        DELETE FROM objects
        WHERE (resource_id, object_id) = (SELECT resource_id, object_id FROM events WHERE id = :event)
            AND event_id = :event AND presence = 'deleted'
        """,
        {"event": event_id},
    )


def _delete_event(conn: sqlite3.Connection, event_id: int) -> None:
    for delivery_id, resource_id, state in conn.execute(
        "SELECT id, resource_id, state FROM deliveries WHERE event_id = ?", (event_id,)
    ).fetchall():
        conn.execute("DELETE FROM attempts WHERE delivery_id = ?", (delivery_id,))
        conn.execute("DELETE FROM deliveries WHERE id = ?", (delivery_id,))
        conn.execute(f"UPDATE resources SET {state} = max({state} - 1, 0) WHERE id = ?", (resource_id,))
    conn.execute("DELETE FROM events WHERE id = ?", (event_id,))


def prune_removed(conn: sqlite3.Connection, now_ms: int, limit: int) -> int:
    """Delete up to `limit` rows of instances that were removed; the instance itself goes last.

    Returns `limit` as long as there may be more. Nothing of a resource goes while something of it is being sent: a
    delivery's number may be used again, and the outcome of the request would count for the next one that bears it.
    """
    row = conn.execute(
        """
        SELECT r.id FROM resources r JOIN instances i ON i.id = r.instance_id
        WHERE i.removed_ms IS NOT NULL AND i.removed_ms <= ? AND r.sending = 0 LIMIT 1
        """,
        (now_ms,),
    ).fetchone()
    if row is None:
        # With its body, which holds its keys, even if sealed.
        return conn.execute(
            """
            DELETE FROM instances WHERE removed_ms IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM resources WHERE instance_id = instances.id)
            """
        ).rowcount
    resource_id = row[0]
    events = conn.execute(
        "SELECT id FROM events WHERE resource_id = ? ORDER BY type, id LIMIT ?", (resource_id, limit)
    ).fetchall()
    for (event_id,) in events:
        _delete_event(conn, event_id)
    if events:
        return limit
    for table, key in (("objects", "object_id"), ("set_aside", "object_id"), ("polls", "id"), ("hours", "hour")):
        first = f"SELECT {key} FROM {table} WHERE resource_id = :resource ORDER BY {key} LIMIT :limit"
        gone = conn.execute(
            f"DELETE FROM {table} WHERE resource_id = :resource AND {key} IN ({first})",
            {"resource": resource_id, "limit": limit},
        ).rowcount
        if gone:
            return limit
    conn.execute("DELETE FROM resources WHERE id = ?", (resource_id,))
    return limit
