"""The end of a sweep: its history row and the resource's schedule, in one transaction; and which sweeps are due."""

from __future__ import annotations

import sqlite3

from cwconsole.store import polls, resources


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
        resources.note_complete_sweep(conn, resource_id, next_sweep_ms=next_sweep_ms, now_ms=now_ms)
    elif outcome == "failed":
        resources.note_failed_sweep(conn, resource_id, next_sweep_ms=next_sweep_ms, error=error)
    else:
        resources.note_sweep(conn, resource_id, next_sweep_ms=next_sweep_ms, vanished=vanished)


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
