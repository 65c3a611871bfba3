"""What the fleet's screen shows beside `store.status`: how each resource's last poll went, and its events by hour."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from cwconsole.store.polls import HOUR_MS

HOURS = 24


class LastPoll(Struct, frozen=True, kw_only=True):
    """The newest poll of a resource; sweeps are none. finished_ms: None while it runs."""

    outcome: str
    started_ms: int
    finished_ms: int | None


class Course(Struct, frozen=True, kw_only=True):
    """How a resource did. hours: its events in each of the last 24 hours, oldest first, this hour last."""

    last: LastPoll | None = None
    hours: tuple[int, ...] = ()


def courses(conn: sqlite3.Connection, resource_ids: Sequence[int], *, now_ms: int) -> dict[int, Course]:
    """Of these resources."""
    last, hours = _last_polls(conn, resource_ids), _by_hour(conn, resource_ids, now_ms)
    return {one: Course(last=last.get(one), hours=hours[one]) for one in resource_ids}


def _last_polls(conn: sqlite3.Connection, resource_ids: Sequence[int]) -> dict[int, LastPoll]:
    """One look-up each; resources that were never polled are left out."""
    rows = conn.execute(
        """
        SELECT r.value, p.outcome, p.started_ms, p.finished_ms FROM json_each(?) r
        JOIN polls p ON p.id = (SELECT id FROM polls WHERE resource_id = r.value AND kind <> 'sweep'
            ORDER BY id DESC LIMIT 1)
        """,
        (json.dumps(resource_ids),),
    ).fetchall()
    return {row[0]: LastPoll(outcome=row[1], started_ms=row[2], finished_ms=row[3]) for row in rows}


def _by_hour(conn: sqlite3.Connection, resource_ids: Sequence[int], now_ms: int) -> dict[int, tuple[int, ...]]:
    last = now_ms // HOUR_MS
    rows = conn.execute(
        """
        SELECT resource_id, hour, created + updated + deleted FROM hours
        WHERE resource_id IN (SELECT value FROM json_each(?)) AND hour > ?
        """,
        (json.dumps(resource_ids), last - HOURS),
    ).fetchall()
    counts = {resource_id: [0] * HOURS for resource_id in resource_ids}
    for resource_id, hour, events in rows:
        if hour <= last:
            counts[resource_id][hour - last - 1] = events
    return {resource_id: tuple(hours) for resource_id, hours in counts.items()}
