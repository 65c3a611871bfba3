"""Replays: a new delivery of an event, made and answered for in one transaction: a crash makes no second one."""

from __future__ import annotations

import sqlite3

from cwconsole.core.errors import UsageError
from cwconsole.store import actions, redelivery
from cwconsole.store.actions import Action


def made(conn: sqlite3.Connection, action: Action) -> int | None:
    """The delivery that a replay action has made; None if there is none any more.

    Both bear the time of the one transaction that they were written in.
    """
    row = conn.execute(
        "SELECT id FROM deliveries WHERE event_id = ? AND replay = 1 AND created_ms = ? ORDER BY id DESC LIMIT 1",
        (action.target_id, action.finished_ms),
    ).fetchone()
    return None if row is None else int(row[0])


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
