"""This machine's clock as the file saw it last, so that one that was set back is noticed, and nothing waits for it.

Due times are points on this clock. If it goes back by an hour, whatever waits would wait an hour more; so all that is
ahead moves back as well. What was written in between may then be due a little early, which costs nothing.
The difference to ConnectWise's clocks grows by as much: else what has not been read for an hour would look fresh.

What is pruned cannot be had back, so history does not age by a clock that leaps ahead: it ages by the steps of this
machine's clock while an engine notes them, and beyond that only up to what ConnectWise's clock has shown.
"""

from __future__ import annotations

import sqlite3

from cwconsole.store import meta
from cwconsole.store.delivery_indexes import OPEN

LEAST_MS = 2_000  # below that a clock is being adjusted, and waiting so much longer is no harm
SILENT_MS = 3 * 60_000  # an engine notes the clock once a minute: one that has not for so long writes nothing
STEP_MS = 10 * 60_000  # the clock is noted once a minute: a longer step is a leap, or a time without an engine

_MOVES = (
    f"UPDATE deliveries SET due_ms = max(due_ms - :back, :now) WHERE {OPEN} AND due_ms > :now",
    "UPDATE resources SET next_poll_ms = max(next_poll_ms - :back, :now) WHERE next_poll_ms > :now",
    "UPDATE resources SET next_sweep_ms = max(next_sweep_ms - :back, :now) WHERE next_sweep_ms > :now",
    "UPDATE resources SET skew_ms = skew_ms + :back",
)


def note(conn: sqlite3.Connection, now_ms: int) -> int:
    """Note what the clock says. Returns by how many milliseconds at least it was set back since; 0 if it was not.

    What waited for a time then waits as long as it would have.
    """
    noted = meta.get(conn, "clock_ms")
    noted_ms = now_ms if noted is None else int(noted)
    meta.put(conn, "clock_ms", str(now_ms))
    _let_history_age(conn, noted_ms, now_ms)
    back_ms = noted_ms - now_ms
    if back_ms < LEAST_MS:
        return 0
    for move in _MOVES:
        conn.execute(move, {"back": back_ms, "now": now_ms})
    return back_ms


def silent_since(conn: sqlite3.Connection, *, taken_ms: int, now_ms: int) -> int | None:
    """Since when an engine that holds its lock has written nothing; None if it has lately, or has only just begun.

    taken_ms: when the lock was taken. What hinders an engine stands in its log alone: it could write it nowhere else.
    """
    last_ms = max(int(meta.get(conn, "clock_ms") or now_ms), taken_ms)
    return last_ms if now_ms - last_ms > SILENT_MS else None


def _let_history_age(conn: sqlite3.Connection, noted_ms: int, now_ms: int) -> None:
    aged = meta.get(conn, "history_ms")
    aged_ms = noted_ms if aged is None else int(aged)
    if 0 < now_ms - noted_ms <= STEP_MS:
        aged_ms += now_ms - noted_ms
    shown_ms = conn.execute("SELECT coalesce(max(watermark), 0) * 1000 FROM resources").fetchone()[0]
    meta.put(conn, "history_ms", str(min(max(aged_ms, shown_ms), now_ms)))


def history_ms(conn: sqlite3.Connection) -> int:
    """The time by which history ages, never after what the clock said when it was noted last; 0 if it never was."""
    return int(meta.get(conn, "history_ms") or 0)
