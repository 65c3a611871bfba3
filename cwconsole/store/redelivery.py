"""What operators do with deliveries: try again, give up, hurry, and send an event once more.

A retry and a cancellation are for a delivery that is there; a replay makes a new one. Order per object stays: none of
them overtakes an open delivery of another event.
"""

from __future__ import annotations

import sqlite3

from cwconsole.core.delivery import DeliveryState, IllegalStep, Signal, step
from cwconsole.core.errors import UsageError
from cwconsole.store.delivery_indexes import OPEN, TROUBLED
from cwconsole.store.turns import Totals, destination, pass_turns


def rearm(conn: sqlite3.Connection, delivery_id: int, now_ms: int) -> None:
    """An operator's retry: the same delivery, its schedule begun anew, to where its instance's deliveries go now.

    Raises IllegalStep if it cannot be, UsageError if it can be sent nowhere.
    """
    row = _row(conn, delivery_id)
    after = _step(delivery_id, row["state"], Signal.REARMED)
    to = destination(conn, row["resource_id"])
    if to is None:
        raise UsageError(f"delivery {delivery_id} cannot be sent: its instance has no callback URL (it only records)")
    conn.execute(
        """
        UPDATE deliveries SET state = ?, armed = attempts, interrupted = 0, due_ms = ?, settled_ms = NULL,
            first_attempt_ms = NULL, callback_id = ?, held = ? WHERE id = ?
        """,
        (after.value, now_ms if _may_have_turn(conn, row) else None, to.callback_id, to.held, delivery_id),
    )
    totals = Totals()
    totals.move(row["resource_id"], row["state"], after)
    totals.apply(conn)


def cancel(conn: sqlite3.Connection, delivery_id: int, now_ms: int) -> None:
    """Give a delivery up. The object's next one becomes due. Raises IllegalStep if it is being sent or settled."""
    row = _row(conn, delivery_id)
    after = _step(delivery_id, row["state"], Signal.CANCELLED)
    conn.execute(
        "UPDATE deliveries SET state = ?, due_ms = NULL, settled_ms = ? WHERE id = ?",
        (after.value, now_ms, delivery_id),
    )
    totals = Totals()
    totals.move(row["resource_id"], row["state"], after)
    totals.apply(conn)
    if row["due_ms"] is not None:
        pass_turns(conn, [(row["resource_id"], row["object_id"])], now_ms)


def hurry(conn: sqlite3.Connection, now_ms: int) -> int:
    """Make every delivery that waits for its next try due now; held ones stay held. Returns how many there were.

    Only an object's first open delivery has a due time, so the order stays. The count of attempts goes on.
    """
    return conn.execute(
        f"""
        UPDATE deliveries SET due_ms = :now WHERE {TROUBLED} AND state = 'retrying' AND due_ms > :now
        """,
        {"now": now_ms},
    ).rowcount


def add_replay(conn: sqlite3.Connection, event_id: int, now_ms: int) -> int:
    """A new delivery of an event, queued behind the object's open ones. Returns its id.

    If the one whose turn it is waits to send the same event, the replay takes its turn: the order of the object's
    events stays the same. Raises UsageError if the event does not exist or its instance has no callback URL.
    """
    event = conn.execute(
        """
        SELECT e.instance_id, e.resource_id, e.object_id FROM events e JOIN instances i ON i.id = e.instance_id
        WHERE e.id = ? AND i.removed_ms IS NULL
        """,
        (event_id,),
    ).fetchone()
    if event is None:
        raise UsageError(f"event {event_id} does not exist; `cwconsole events list` shows what does")
    instance_id, resource_id, object_id = event
    to = destination(conn, resource_id)
    if to is None:
        raise UsageError(f"event {event_id} cannot be sent: its instance has no callback URL (it only records)")
    due_ms = now_ms if _turn_is_free_for(conn, resource_id, object_id, event_id) else None
    cursor = conn.execute(
        """
        INSERT INTO deliveries (event_id, instance_id, resource_id, object_id, callback_id, replay, due_ms, held,
                                created_ms)
        VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)
        """,
        (event_id, instance_id, resource_id, object_id, to.callback_id, due_ms, to.held, now_ms),
    )
    conn.execute("UPDATE resources SET pending = pending + 1 WHERE id = ?", (resource_id,))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _turn_is_free_for(conn: sqlite3.Connection, resource_id: int, object_id: int, event_id: int) -> bool:
    """Whether a replay may go next. Takes the turn away from a delivery of the same event that waits."""
    turn = conn.execute(
        f"""
        SELECT id, event_id, state FROM deliveries INDEXED BY deliveries_open
        WHERE resource_id = ? AND object_id = ? AND {OPEN}
            AND (state = 'sending' OR due_ms IS NOT NULL) LIMIT 1
        """,
        (resource_id, object_id),
    ).fetchone()
    if turn is None:
        return True
    if turn[1] != event_id or turn[2] == "sending":
        return False
    conn.execute("UPDATE deliveries SET due_ms = NULL WHERE id = ?", (turn[0],))
    return True


def _step(delivery_id: int, state: str, signal: Signal) -> DeliveryState:
    """Several may be asked for at once: whoever asks is told which of them cannot."""
    try:
        return step(DeliveryState(state), signal)
    except IllegalStep as illegal:
        raise IllegalStep(illegal.state, illegal.signal, delivery_id=delivery_id) from None


def _may_have_turn(conn: sqlite3.Connection, row: sqlite3.Row) -> bool:
    """Whether it is its object's turn already, or nothing else of the object is open."""
    if row["due_ms"] is not None:
        return True
    other = conn.execute(
        f"""
        SELECT 1 FROM deliveries INDEXED BY deliveries_open
        WHERE resource_id = ? AND object_id = ? AND {OPEN} AND id <> ? LIMIT 1
        """,
        (row["resource_id"], row["object_id"], row["id"]),
    ).fetchone()
    return other is None


def _row(conn: sqlite3.Connection, delivery_id: int) -> sqlite3.Row:
    cursor = conn.execute("SELECT * FROM deliveries WHERE id = ?", (delivery_id,))
    cursor.row_factory = sqlite3.Row
    row: sqlite3.Row | None = cursor.fetchone()
    if row is None:
        raise UsageError(f"delivery {delivery_id} does not exist; `cwconsole deliveries list` shows what does")
    return row
