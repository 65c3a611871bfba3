"""Replays: a new delivery of an event, made and answered for in one transaction: a crash makes no second one."""

from __future__ import annotations

import sqlite3

from cwconsole.core.errors import UsageError
from cwconsole.store import actions, delivery_list, redelivery
from cwconsole.store.actions import Action, ActionKind
from cwconsole.store.delivery_indexes import OPEN
from cwconsole.store.delivery_list import HELD, DeliveryRow


def made(conn: sqlite3.Connection, action: Action) -> int | None:
    """The delivery that a replay action has made; None if it made none, or is another kind, or there is none any more.

    Both bear the time of the one transaction that they were written in.
    """
    if action.kind is not ActionKind.REPLAY or action.state != "done":
        return None
    row = conn.execute(
        "SELECT id FROM deliveries WHERE event_id = ? AND replay = 1 AND created_ms = ? ORDER BY id DESC LIMIT 1",
        (action.target_id, action.finished_ms),
    ).fetchone()
    return None if row is None else int(row[0])


def sent(conn: sqlite3.Connection, action: Action) -> DeliveryRow | None:
    """The same in full."""
    number = made(conn, action)
    return None if number is None else delivery_list.show(conn, number).delivery


_UNDER_WAY = f"""
    SELECT 1 FROM deliveries o JOIN deliveries d INDEXED BY deliveries_open
        ON d.resource_id = o.resource_id AND d.object_id = o.object_id
    WHERE o.{{which}} = :number AND o.{OPEN} AND d.{OPEN} AND (d.state = 'sending' OR (d.due_ms <= :now AND NOT {HELD}
        AND d.callback_id NOT IN (SELECT id FROM callbacks WHERE breaker_until_ms > :now))) LIMIT 1
    """


def under_way(conn: sqlite3.Connection, *, delivery: int | None = None, job: int | None = None, now_ms: int) -> bool:
    """Whether a replay, or any of a job, is its object's turn now, or comes after what is; if an engine runs."""
    sql = _UNDER_WAY.format(which="id" if job is None else "job_id")
    return conn.execute(sql, {"number": delivery if job is None else job, "now": now_ms}).fetchone() is not None


def arrival(row: DeliveryRow) -> str | None:
    """What became of a replay, as a sentence; None while it waits to be sent."""
    return {
        "delivered": f"Event {row.event} has arrived again (delivery {row.id}).",
        "dead": f"Event {row.event} did not arrive: {row.status or row.error_code} (delivery {row.id} is dead).",
        "held": f"Event {row.event} is not sent yet: delivery {row.id} is held until it is let go.",
        "cancelled": f"Event {row.event} is not sent again: delivery {row.id} was given up.",
    }.get(row.standing)


def replay(conn: sqlite3.Connection, action: Action, now_ms: int) -> int:
    """Carry out a replay action. Returns the callback that it goes to. Raises UsageError if it cannot be sent."""
    if action.target_id is None:
        raise UsageError(f"action {action.id} names no event to replay")
    delivery_id = redelivery.add_replay(conn, action.target_id, now_ms)
    actions.finish(
        conn, action.id, "done", f"Event {action.target_id} is sent again as delivery {delivery_id}.", now_ms
    )
    row = conn.execute("SELECT callback_id FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()
    return int(row[0])
