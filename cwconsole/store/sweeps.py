"""The end of a sweep: its history row and the resource's schedule, in one transaction; which are due; what they ask."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from cwconsole.core.errors import UsageError
from cwconsole.core.records import Presence
from cwconsole.store import operations, polls


def end_sweep(
    conn: sqlite3.Connection,
    resource_id: int,
    poll_id: int,
    *,
    outcome: str,
    code: str | None,
    error: str | None,
    vanished: int | None,
    next_sweep_ms: int,
    now_ms: int,
) -> None:
    """vanished: how many are gone, if the sweep waits for confirmation."""
    polls.finish_poll(conn, poll_id, outcome=outcome, code=code, error=error, now_ms=now_ms)
    if outcome == "ok":
        note_complete_sweep(conn, resource_id, next_sweep_ms=next_sweep_ms, now_ms=now_ms)
    elif outcome == "failed":
        note_failed_sweep(conn, resource_id, next_sweep_ms=next_sweep_ms, error=error)
    else:
        note_sweep(conn, resource_id, next_sweep_ms=next_sweep_ms, vanished=vanished)


def note_sweep(conn: sqlite3.Connection, resource_id: int, *, next_sweep_ms: int, vanished: int | None = None) -> None:
    """A sweep ended before it was through: stopped, dropped, or waiting for confirmation (vanished set).

    It answers nothing: what waited for confirmation before still does.
    """
    conn.execute(
        "UPDATE resources SET next_sweep_ms = ?, sweep_vanished = coalesce(?, sweep_vanished) WHERE id = ?",
        (next_sweep_ms, vanished, resource_id),
    )


def note_complete_sweep(conn: sqlite3.Connection, resource_id: int, *, next_sweep_ms: int, now_ms: int) -> None:
    """A sweep came to its end: every deletion before it is known."""
    conn.execute(
        """
        UPDATE resources SET next_sweep_ms = ?, swept_ms = ?, sweep_vanished = NULL, sweep_failures = 0,
            sweep_error = NULL WHERE id = ?
        """,
        (next_sweep_ms, now_ms, resource_id),
    )


def note_failed_sweep(conn: sqlite3.Connection, resource_id: int, *, next_sweep_ms: int, error: str | None) -> None:
    """A sweep failed: what it would have found stays unknown."""
    conn.execute(
        """
        UPDATE resources SET next_sweep_ms = ?, sweep_failures = sweep_failures + 1, sweep_error = ? WHERE id = ?
        """,
        (next_sweep_ms, error, resource_id),
    )


def due_sweeps(conn: sqlite3.Connection, now_ms: int) -> list[int]:
    """Resources whose next sweep is due. One without a time was just baselined: its first is an interval away."""
    return [
        row[0]
        for row in conn.execute(
            """
            SELECT r.id FROM resources r JOIN instances i ON i.id = r.instance_id
            WHERE r.active = 1 AND r.paused_ms IS NULL AND r.baseline_done = 1 AND r.next_sweep_ms <= ?
                AND i.enabled = 1 AND i.paused_ms IS NULL AND i.removed_ms IS NULL
            ORDER BY r.next_sweep_ms
            """,
            (now_ms,),
        )
    ]


class SweepQuestion(Struct, frozen=True, kw_only=True):
    """gone: how many records a sweep did not find any more; listed: how many it should have, the ones gone included."""

    label: str
    gone: int
    listed: int


def question(conn: sqlite3.Connection, instance: str, resource: str) -> SweepQuestion:
    """What the sweep of a resource asks. Raises UsageError if it asks nothing, or for what there is not."""
    row = operations.scope(conn, instance, resource).resource
    assert row is not None
    if not row.sweep_vanished:
        raise UsageError(f"No sweep of {row.label} asks for anything; what it asked is answered.")
    (listed,) = conn.execute(
        "SELECT count(*) FROM objects WHERE resource_id = ? AND presence = ?", (row.id, Presence.LISTED)
    ).fetchone()
    return SweepQuestion(label=row.label, gone=row.sweep_vanished, listed=int(listed))
