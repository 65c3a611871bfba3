"""Deliveries: claimed for sending, and given back unsent.

Whose turn it is keeps `store.turns`; how an attempt ends, `store.settlements`; what operators do, `store.redelivery`.
Those and this are the only ones that change the state of a delivery, beside what holds for a whole instance
(`store.open_deliveries`).
"""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from cwconsole.core.delivery import DeliveryState, Signal, released, sources, step
from cwconsole.store.redelivery import cancel
from cwconsole.store.turns import Totals, callback_of, destination


class Claimed(NamedTuple):
    """A delivery taken for sending, with its event. attempt: the number of the attempt to be made.

    armed: attempts before it was last armed. interrupted: attempts since then that our own end cut off.
    """

    delivery_id: int
    attempt: int
    armed: int
    interrupted: int
    replay: int
    first_attempt_ms: int
    callback_id: int
    instance_id: int
    resource_id: int
    resource_name: str
    object_id: int
    event_id: int
    type: str
    seen_ms: int
    record_date: int | None
    record: bytes

    @property
    def tries(self) -> int:
        """How far the schedule has come with the attempt to be made: it counts none that was cut off."""
        return self.attempt - self.armed - self.interrupted


class Claim(NamedTuple):
    """What a callback URL may be sent now. next_due_ms: when more becomes due, None if nothing waits or it is held."""

    rows: list[Claimed]
    next_due_ms: int | None


def claim(conn: sqlite3.Connection, callback_id: int, *, now_ms: int, limit: int) -> Claim:
    """Take up to `limit` due deliveries of a callback URL for sending, oldest due first."""
    held = conn.execute("SELECT held_ms FROM callbacks WHERE id = ?", (callback_id,)).fetchone()
    if held is None or held[0] is not None:
        return Claim([], None)
    found = conn.execute(
        """
        SELECT d.state, d.id, d.attempts + 1, d.armed, d.interrupted, d.replay,
               coalesce(d.first_attempt_ms, :now), d.callback_id, d.instance_id, d.resource_id, r.name,
               d.object_id, e.id, e.type, e.seen_ms, e.record_date, e.record
        FROM deliveries d INDEXED BY deliveries_due JOIN events e ON e.id = d.event_id
            JOIN resources r ON r.id = d.resource_id
        WHERE d.callback_id = :callback AND d.due_ms <= :now AND d.due_ms IS NOT NULL AND d.held = 0
        ORDER BY d.due_ms, d.id LIMIT :limit
        """,
        {"callback": callback_id, "now": now_ms, "limit": limit},
    ).fetchall()
    rows = [Claimed(*row[1:]) for row in found]
    totals = Totals()
    for (state, *_), row in zip(found, rows, strict=True):
        totals.move(row.resource_id, state, step(DeliveryState(state), Signal.CLAIMED))
    conn.execute(
        """
        UPDATE deliveries SET state = 'sending', due_ms = NULL, attempts = attempts + 1,
            first_attempt_ms = coalesce(first_attempt_ms, ?) WHERE id IN (SELECT value FROM json_each(?))
        """,
        (now_ms, json.dumps([row.delivery_id for row in rows])),
    )
    totals.apply(conn)
    return Claim(rows, next_due(conn, callback_id))


def next_due(conn: sqlite3.Connection, callback_id: int) -> int | None:
    """When a callback URL's next delivery is due, past or future; None if nothing waits."""
    row = conn.execute(
        """
        SELECT due_ms FROM deliveries INDEXED BY deliveries_due
        WHERE callback_id = ? AND due_ms IS NOT NULL AND held = 0 ORDER BY due_ms LIMIT 1
        """,
        (callback_id,),
    ).fetchone()
    return None if row is None else int(row[0])


def last_success(conn: sqlite3.Connection, callback_id: int) -> int:
    """When a callback URL last took something, milliseconds since the epoch; 0 for never."""
    row = conn.execute("SELECT last_success_ms FROM callbacks WHERE id = ?", (callback_id,)).fetchone()
    return 0 if row is None or row[0] is None else int(row[0])


def waiting_callbacks(conn: sqlite3.Connection) -> list[int]:
    """Callback URLs for which something waits."""
    ids = [row[0] for row in conn.execute("SELECT id FROM callbacks WHERE held_ms IS NULL")]
    return [callback_id for callback_id in ids if next_due(conn, callback_id) is not None]


def release(conn: sqlite3.Connection, rows: list[Claimed], due_ms: int) -> list[int]:
    """Give back what was claimed and not sent: no attempt spent, due again at `due_ms`.

    What can be sent nowhere any more is given up. Returns the callbacks for which something waits now.
    """
    totals, woken = Totals(), set()
    for row in rows:
        attempts = row.attempt - 1
        after = step(DeliveryState.SENDING, released(attempts - row.armed))
        changed = conn.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, due_ms = ? WHERE id = ? AND state = 'sending'",
            (after.value, attempts, due_ms, row.delivery_id),
        ).rowcount
        if changed:
            totals.move(row.resource_id, DeliveryState.SENDING, after)
            woken.add(callback_of(conn, row.delivery_id))
    totals.apply(conn)
    for row in rows:
        if destination(conn, row.resource_id) is None:
            _give_up(conn, row.delivery_id, due_ms)
    return sorted(woken)


def _give_up(conn: sqlite3.Connection, delivery_id: int, now_ms: int) -> None:
    """Its instance was removed, or records only by now, while this one was claimed."""
    row = conn.execute("SELECT state FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()
    if row is not None and DeliveryState(row[0]) in sources(Signal.CANCELLED):
        cancel(conn, delivery_id, now_ms)
