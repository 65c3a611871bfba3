"""How attempts end: each is recorded with what follows from it, in one transaction. What a crash left is taken up."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from msgspec import Struct

from cwconsole.core.attempts import Outcome
from cwconsole.core.delivery import OPEN, Decision, DeliveryState, Signal, interrupted_outcome, step
from cwconsole.store.bulk import insert_rows
from cwconsole.store.deliveries import Claimed
from cwconsole.store.delivery_indexes import TROUBLED
from cwconsole.store.turns import Totals, callback_of, pass_turns


class Settlement(Struct, frozen=True, kw_only=True):
    """One attempt that was made, and what was decided. due_ms: the next try of a delivery that stays open."""

    claimed: Claimed
    outcome: Outcome
    decision: Decision
    due_ms: int | None


_ATTEMPT_COLUMNS = (
    *("delivery_id", "number", "trigger", "started_ms", "duration_ms", "url", "peer", "status", "error_code", "error"),
    *("headers", "body", "truncated", "next_ms"),
)


def settle(conn: sqlite3.Connection, settlements: list[Settlement], now_ms: int) -> list[int]:
    """Record attempts and what follows from them. Returns the callbacks for which something waits now.

    A delivery that is not being sent any more, since its instance was pruned meanwhile, is passed over.
    """
    totals, woken = Totals(), set[int]()
    sent = _still_sending(conn, settlements)
    plain = [one for one in sent if one.outcome.delivered and not one.claimed.replay]
    _deliver(conn, plain, now_ms, totals)
    for one in sent:
        if not one.outcome.delivered or one.claimed.replay:
            _settle_one(conn, one, now_ms, totals, woken)
    insert_rows(conn, "attempts", _ATTEMPT_COLUMNS, [_attempt_row(one) for one in sent])
    freed = [one.claimed for one in sent if step(DeliveryState.SENDING, one.decision.signal) not in OPEN]
    woken.update(pass_turns(conn, [(one.resource_id, one.object_id) for one in freed], now_ms))
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


def _deliver(conn: sqlite3.Connection, plain: list[Settlement], now_ms: int, totals: Totals) -> None:
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


def _settle_one(conn: sqlite3.Connection, one: Settlement, now_ms: int, totals: Totals, woken: set[int]) -> None:
    """A failure, or a replay's end."""
    claimed, after = one.claimed, step(DeliveryState.SENDING, one.decision.signal)
    conn.execute(
        """
        UPDATE deliveries SET state = ?, due_ms = ?, settled_ms = ?, status = ?, error_code = ?, armed = ?,
            interrupted = ?, first_attempt_ms = ? WHERE id = ?
        """,
        (
            after.value,
            one.due_ms,
            None if after in OPEN else now_ms,
            one.outcome.status,
            one.outcome.error_code,
            claimed.attempt if one.decision.renewed else claimed.armed,
            0 if one.decision.renewed else claimed.interrupted + int(one.outcome.interrupted),
            None if one.decision.renewed else claimed.first_attempt_ms,
            claimed.delivery_id,
        ),
    )
    totals.move(claimed.resource_id, DeliveryState.SENDING, after)
    if after is DeliveryState.DELIVERED:
        _settle_by_replay(conn, claimed, now_ms, totals)
    if after in OPEN:
        woken.add(callback_of(conn, claimed.delivery_id))


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


def _settle_by_replay(conn: sqlite3.Connection, claimed: Claimed, now_ms: int, totals: Totals) -> None:
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

    It may have arrived: sent twice rather than lost. No step of its schedule is used up: that says nothing of the
    receiver. No breaker is open any more: what they went by was in that engine's memory. Returns how many there were.
    """
    conn.execute("UPDATE callbacks SET breaker_until_ms = NULL WHERE breaker_until_ms IS NOT NULL")
    totals = Totals()
    rows = conn.execute(
        f"""
        SELECT d.id, d.attempts, d.resource_id, c.url
        FROM deliveries d INDEXED BY deliveries_troubled JOIN callbacks c ON c.id = d.callback_id
        WHERE d.{TROUBLED} AND d.state = 'sending'
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
            "UPDATE deliveries SET state = ?, due_ms = ?, error_code = ?, interrupted = interrupted + 1 WHERE id = ?",
            (after.value, now_ms, outcome.error_code, delivery_id),
        )
        totals.move(resource_id, DeliveryState.SENDING, after)
    totals.apply(conn)
    return len(rows)
