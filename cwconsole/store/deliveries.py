"""Deliveries: claimed, settled, armed again and cancelled; order per object is kept here.

Of an object's open deliveries exactly one has its turn: it has a due time, or is being sent. So `due_ms` alone says
what may be sent. Whatever takes a delivery out of its turn gives the turn to the object's first open one.
Every change of state goes through this module, with the resource's totals beside it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from cwconsole.core.attempts import Outcome
from cwconsole.core.delivery import OPEN, Decision, DeliveryState, Signal, interrupted_outcome, released, sources, step
from cwconsole.core.errors import UsageError
from cwconsole.store.bulk import insert_rows


class Claimed(NamedTuple):
    """A delivery taken for sending, with its event. attempt: the number of the attempt to be made."""

    delivery_id: int
    attempt: int
    armed: int
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


class Claim(NamedTuple):
    """What a callback URL may be sent now. next_due_ms: when more becomes due, None if nothing waits or it is held."""

    rows: list[Claimed]
    next_due_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One attempt that was made, and what was decided. due_ms: the next try of a delivery that stays open."""

    claimed: Claimed
    outcome: Outcome
    decision: Decision
    due_ms: int | None


ATTEMPT_COLUMNS = (
    *("delivery_id", "number", "trigger", "started_ms", "duration_ms", "url", "peer", "status", "error_code", "error"),
    *("headers", "body", "truncated", "next_ms"),
)


class _Totals:
    """Changes of the resources' maintained totals, applied once at the end of a unit."""

    def __init__(self) -> None:
        self.deltas: Counter[tuple[int, str]] = Counter()

    def move(self, resource_id: int, before: str | None, after: str) -> None:
        if before is not None:
            self.deltas[resource_id, before] -= 1
        self.deltas[resource_id, after] += 1

    def apply(self, conn: sqlite3.Connection) -> None:
        for (resource_id, state), delta in self.deltas.items():
            column = DeliveryState(state).value  # the states are the columns' names
            conn.execute(f"UPDATE resources SET {column} = {column} + ? WHERE id = ?", (delta, resource_id))


def claim(conn: sqlite3.Connection, callback_id: int, *, now_ms: int, limit: int) -> Claim:
    """Take up to `limit` due deliveries of a callback URL for sending, oldest due first."""
    held = conn.execute("SELECT held_ms FROM callbacks WHERE id = ?", (callback_id,)).fetchone()
    if held is None or held[0] is not None:
        return Claim([], None)
    found = conn.execute(
        """
        SELECT d.state, d.id, d.attempts + 1, d.armed, d.replay, coalesce(d.first_attempt_ms, :now), d.callback_id,
               d.instance_id, d.resource_id, r.name, d.object_id, e.id, e.type, e.seen_ms, e.record_date, e.record
        FROM deliveries d INDEXED BY deliveries_due JOIN events e ON e.id = d.event_id
            JOIN resources r ON r.id = d.resource_id
        WHERE d.callback_id = :callback AND d.due_ms <= :now AND d.due_ms IS NOT NULL AND d.held = 0
        ORDER BY d.due_ms, d.id LIMIT :limit
        """,
        {"callback": callback_id, "now": now_ms, "limit": limit},
    ).fetchall()
    rows = [Claimed(*row[1:]) for row in found]
    totals = _Totals()
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
    totals, woken = _Totals(), set()
    for row in rows:
        attempts = row.attempt - 1
        after = step(DeliveryState.SENDING, released(attempts - row.armed))
        changed = conn.execute(
            "UPDATE deliveries SET state = ?, attempts = ?, due_ms = ? WHERE id = ? AND state = 'sending'",
            (after.value, attempts, due_ms, row.delivery_id),
        ).rowcount
        if changed:
            totals.move(row.resource_id, DeliveryState.SENDING, after)
            woken.add(_callback(conn, row.delivery_id))
    totals.apply(conn)
    for row in rows:
        if _destination(conn, row.resource_id) is None:
            _give_up(conn, row.delivery_id, due_ms)
    return sorted(woken)


def _give_up(conn: sqlite3.Connection, delivery_id: int, now_ms: int) -> None:
    """Its instance was removed, or records only by now, while this one was claimed."""
    row = conn.execute("SELECT state FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()
    if row is not None and DeliveryState(row[0]) in sources(Signal.CANCELLED):
        cancel(conn, delivery_id, now_ms)


def _callback(conn: sqlite3.Connection, delivery_id: int) -> int:
    """Where a delivery goes now; an edit may have moved it while it was being sent."""
    return int(conn.execute("SELECT callback_id FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()[0])


class _Destination(NamedTuple):
    """Where a resource's deliveries go, and whether they are held."""

    callback_id: int
    held: int


def _destination(conn: sqlite3.Connection, resource_id: int) -> _Destination | None:
    """None if its instance was removed, or records only."""
    row = conn.execute(
        """
        SELECT i.callback_id, i.held_ms IS NOT NULL OR r.held_ms IS NOT NULL
        FROM resources r JOIN instances i ON i.id = r.instance_id WHERE r.id = ? AND i.removed_ms IS NULL
        """,
        (resource_id,),
    ).fetchone()
    return None if row is None or row[0] is None else _Destination(*row)


def settle(conn: sqlite3.Connection, settlements: list[Settlement], now_ms: int) -> list[int]:
    """Record attempts and what follows from them. Returns the callbacks for which something waits now.

    A delivery that is not being sent any more, since its instance was pruned meanwhile, is passed over.
    """
    totals, woken = _Totals(), set[int]()
    sent = _still_sending(conn, settlements)
    plain = [one for one in sent if one.outcome.delivered and not one.claimed.replay]
    _deliver(conn, plain, now_ms, totals)
    for one in sent:
        if not one.outcome.delivered or one.claimed.replay:
            _settle_one(conn, one, now_ms, totals, woken)
    insert_rows(conn, "attempts", ATTEMPT_COLUMNS, [_attempt_row(one) for one in sent])
    freed = [one.claimed for one in sent if step(DeliveryState.SENDING, one.decision.signal) not in OPEN]
    woken.update(_pass_turns(conn, freed, now_ms))
    _note_callbacks(conn, settlements, now_ms)
    totals.apply(conn)
    return sorted(woken)


def _still_sending(conn: sqlite3.Connection, settlements: list[Settlement]) -> list[Settlement]:
    ids = json.dumps([one.claimed.delivery_id for one in settlements])
    rows = conn.execute(
        "SELECT id FROM deliveries WHERE id IN (SELECT value FROM json_each(?)) AND state = 'sending'", (ids,)
    )
    found = {row[0] for row in rows}
    return [one for one in settlements if one.claimed.delivery_id in found]


def _deliver(conn: sqlite3.Connection, plain: list[Settlement], now_ms: int, totals: _Totals) -> None:
    """The ordinary end of deliveries, all in few statements: thousands a second end so."""
    by_status: dict[int | None, list[int]] = {}
    for one in plain:
        step(DeliveryState.SENDING, one.decision.signal)
        totals.move(one.claimed.resource_id, DeliveryState.SENDING, DeliveryState.DELIVERED)
        by_status.setdefault(one.outcome.status, []).append(one.claimed.delivery_id)
    for status, ids in by_status.items():
        conn.execute(
            """
            UPDATE deliveries SET state = 'delivered', due_ms = NULL, settled_ms = ?, status = ?, error_code = NULL
            WHERE id IN (SELECT value FROM json_each(?))
            """,
            (now_ms, status, json.dumps(ids)),
        )


def _settle_one(conn: sqlite3.Connection, one: Settlement, now_ms: int, totals: _Totals, woken: set[int]) -> None:
    """A failure, or a replay's end."""
    claimed, after = one.claimed, step(DeliveryState.SENDING, one.decision.signal)
    conn.execute(
        """
        UPDATE deliveries SET state = ?, due_ms = ?, settled_ms = ?, status = ?, error_code = ?, armed = ?,
            first_attempt_ms = ? WHERE id = ?
        """,
        (
            after.value,
            one.due_ms,
            None if after in OPEN else now_ms,
            one.outcome.status,
            one.outcome.error_code,
            claimed.attempt if one.decision.renewed else claimed.armed,
            None if one.decision.renewed else claimed.first_attempt_ms,
            claimed.delivery_id,
        ),
    )
    totals.move(claimed.resource_id, DeliveryState.SENDING, after)
    if after is DeliveryState.DELIVERED:
        _settle_by_replay(conn, claimed, now_ms, totals)
    if after in OPEN:
        woken.add(_callback(conn, claimed.delivery_id))


def _attempt_row(one: Settlement) -> tuple[Any, ...]:
    outcome, claimed = one.outcome, one.claimed
    return (
        claimed.delivery_id,
        claimed.attempt,
        _trigger(claimed),
        outcome.started_ms,
        outcome.duration_ms,
        outcome.url,
        outcome.peer,
        outcome.status,
        outcome.error_code,
        outcome.error,
        json.dumps(outcome.headers),
        outcome.body,
        int(outcome.truncated),
        one.due_ms,
    )


def _trigger(claimed: Claimed) -> str:
    if claimed.replay:
        return "replay"
    if claimed.attempt == 1:
        return "first"
    return "operator" if claimed.armed and claimed.attempt == claimed.armed + 1 else "retry"


def _settle_by_replay(conn: sqlite3.Connection, claimed: Claimed, now_ms: int, totals: _Totals) -> None:
    """A replay that arrived settles its event's open or dead deliveries."""
    rows = conn.execute(
        """
        SELECT id, state, resource_id FROM deliveries
        WHERE event_id = ? AND id <> ? AND state IN ('pending', 'retrying', 'dead')
        """,
        (claimed.event_id, claimed.delivery_id),
    ).fetchall()
    for delivery_id, state, resource_id in rows:
        after = step(DeliveryState(state), Signal.SETTLED)
        conn.execute(
            "UPDATE deliveries SET state = ?, due_ms = NULL, settled_ms = ? WHERE id = ?",
            (after.value, now_ms, delivery_id),
        )
        totals.move(resource_id, state, after)


def _arm_next(conn: sqlite3.Connection, resource_id: int, object_id: int, now_ms: int) -> int | None:
    """Give the turn, which has just become free, to the object's first open delivery. Returns its callback."""
    row = conn.execute(
        """
        SELECT id, state, due_ms, callback_id FROM deliveries INDEXED BY deliveries_open
        WHERE resource_id = ? AND object_id = ? AND state IN ('pending', 'sending', 'retrying') ORDER BY id LIMIT 1
        """,
        (resource_id, object_id),
    ).fetchone()
    if row is None or row[1] == "sending" or row[2] is not None:
        return None
    conn.execute("UPDATE deliveries SET due_ms = ? WHERE id = ?", (now_ms, row[0]))
    return int(row[3])


def _pass_turns(conn: sqlite3.Connection, freed: list[Claimed], now_ms: int) -> set[int]:
    """Give the turns that have become free to their objects' first open deliveries. Returns their callbacks."""
    objects = json.dumps([(claimed.resource_id, claimed.object_id) for claimed in freed])
    rows = conn.execute(
        """
        SELECT min(d.id), d.state, d.due_ms, d.callback_id
        FROM json_each(?) o CROSS JOIN deliveries d INDEXED BY deliveries_open
            ON d.resource_id = json_extract(o.value, '$[0]') AND d.object_id = json_extract(o.value, '$[1]')
        WHERE d.state IN ('pending', 'sending', 'retrying') GROUP BY d.resource_id, d.object_id
        """,
        (objects,),
    ).fetchall()  # the other columns are those of the row with the least id, as SQLite promises
    waiting = [(now_ms, first, callback) for first, state, due, callback in rows if state != "sending" and due is None]
    conn.executemany("UPDATE deliveries SET due_ms = ? WHERE id = ?", [row[:2] for row in waiting])
    return {row[2] for row in waiting}


def _note_callbacks(conn: sqlite3.Connection, settlements: list[Settlement], now_ms: int) -> None:
    """Which callback URLs took something, and which are to be held."""
    took = {one.claimed.callback_id for one in settlements if one.outcome.delivered}
    conn.executemany("UPDATE callbacks SET last_success_ms = ? WHERE id = ?", [(now_ms, one) for one in took])
    conn.executemany(
        "UPDATE callbacks SET held_ms = ?, held_reason = ? WHERE id = ? AND held_ms IS NULL",
        [(now_ms, one.decision.hold, one.claimed.callback_id) for one in settlements if one.decision.hold is not None],
    )


def note_breaker(conn: sqlite3.Connection, callback_id: int, until_ms: int | None) -> None:
    """Show until when a callback URL's breaker is open; None when it closed."""
    conn.execute("UPDATE callbacks SET breaker_until_ms = ? WHERE id = ?", (until_ms, callback_id))


def recover(conn: sqlite3.Connection, now_ms: int) -> int:
    """At an engine's start: what was being sent when the last one ended becomes an interrupted attempt, due again.

    It may have arrived: sent twice rather than lost. Returns how many there were.
    """
    totals = _Totals()
    rows = conn.execute(
        """
        SELECT d.id, d.attempts, d.resource_id, c.url
        FROM deliveries d INDEXED BY deliveries_troubled JOIN callbacks c ON c.id = d.callback_id
        WHERE d.state IN ('sending', 'retrying', 'dead', 'cancelled') AND d.state = 'sending'
        """
    ).fetchall()
    for delivery_id, attempts, resource_id, url in rows:
        after = step(DeliveryState.SENDING, Signal.INTERRUPTED)
        outcome = interrupted_outcome(started_ms=now_ms, url=url)
        conn.execute(
            """
            INSERT INTO attempts
                (delivery_id, number, trigger, started_ms, duration_ms, url, error_code, error, next_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                delivery_id,
                attempts,
                "first" if attempts == 1 else "retry",
                outcome.started_ms,
                outcome.duration_ms,
                outcome.url,
                outcome.error_code,
                outcome.error,
                now_ms,
            ),
        )
        conn.execute(
            "UPDATE deliveries SET state = ?, due_ms = ?, error_code = ? WHERE id = ?",
            (after.value, now_ms, outcome.error_code, delivery_id),
        )
        totals.move(resource_id, DeliveryState.SENDING, after)
    totals.apply(conn)
    return len(rows)


def rearm(conn: sqlite3.Connection, delivery_id: int, now_ms: int) -> None:
    """An operator's retry: the same delivery, its schedule begun anew, to where its instance's deliveries go now.

    Raises IllegalStep if it cannot be, UsageError if it can be sent nowhere.
    """
    row = _row(conn, delivery_id)
    after = step(DeliveryState(row["state"]), Signal.REARMED)
    to = _destination(conn, row["resource_id"])
    if to is None:
        raise UsageError(f"delivery {delivery_id} cannot be sent: its instance has no callback URL (it only records)")
    conn.execute(
        """
        UPDATE deliveries SET state = ?, armed = attempts, due_ms = ?, settled_ms = NULL, first_attempt_ms = NULL,
            callback_id = ?, held = ? WHERE id = ?
        """,
        (after.value, now_ms if _may_have_turn(conn, row) else None, to.callback_id, to.held, delivery_id),
    )
    totals = _Totals()
    totals.move(row["resource_id"], row["state"], after)
    totals.apply(conn)


def cancel(conn: sqlite3.Connection, delivery_id: int, now_ms: int) -> None:
    """Give a delivery up. The object's next one becomes due. Raises IllegalStep if it is being sent or settled."""
    row = _row(conn, delivery_id)
    after = step(DeliveryState(row["state"]), Signal.CANCELLED)
    conn.execute(
        "UPDATE deliveries SET state = ?, due_ms = NULL, settled_ms = ? WHERE id = ?",
        (after.value, now_ms, delivery_id),
    )
    totals = _Totals()
    totals.move(row["resource_id"], row["state"], after)
    totals.apply(conn)
    if row["due_ms"] is not None:
        _arm_next(conn, row["resource_id"], row["object_id"], now_ms)


def hurry(conn: sqlite3.Connection, now_ms: int) -> int:
    """Make every delivery that waits for its next try due now; held ones stay held. Returns how many there were.

    Only an object's first open delivery has a due time, so the order stays. The count of attempts goes on.
    """
    return conn.execute(
        """
        UPDATE deliveries SET due_ms = :now
        WHERE state IN ('sending', 'retrying', 'dead', 'cancelled') AND state = 'retrying' AND due_ms > :now
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
    to = _destination(conn, resource_id)
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
        """
        SELECT id, event_id, state FROM deliveries INDEXED BY deliveries_open
        WHERE resource_id = ? AND object_id = ? AND state IN ('pending', 'sending', 'retrying')
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


def _may_have_turn(conn: sqlite3.Connection, row: sqlite3.Row) -> bool:
    """Whether it is its object's turn already, or nothing else of the object is open."""
    if row["due_ms"] is not None:
        return True
    other = conn.execute(
        """
        SELECT 1 FROM deliveries INDEXED BY deliveries_open
        WHERE resource_id = ? AND object_id = ? AND state IN ('pending', 'sending', 'retrying') AND id <> ? LIMIT 1
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
