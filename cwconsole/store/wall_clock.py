"""This machine's clock as the file saw it last, so that one that was set back is noticed, and nothing waits for it.

Due times are points on this clock. If it goes back by an hour, whatever waits would wait an hour more; so all that is
ahead moves back as well. What was written in between may then be due a little early, which costs nothing.
The difference to ConnectWise's clocks grows by as much: else what has not been read for an hour would look fresh.
"""

from __future__ import annotations

import sqlite3

from cwconsole.store import meta
from cwconsole.store.delivery_indexes import OPEN

LEAST_MS = 2_000  # below that a clock is being adjusted, and waiting so much longer is no harm

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
    back_ms = int(meta.get(conn, "clock_ms") or 0) - now_ms
    meta.put(conn, "clock_ms", str(now_ms))
    if back_ms < LEAST_MS:
        return 0
    for move in _MOVES:
        conn.execute(move, {"back": back_ms, "now": now_ms})
    return back_ms
