"""Polls: the history of every run of a poller, and the hourly totals that outlive it."""

from __future__ import annotations

import sqlite3
from itertools import takewhile

from msgspec import Struct

from cwconsole.store import meta

HOUR_MS = 3_600_000
KEEP_QUIET_POLLS_MS = 48 * HOUR_MS
TROUBLED = "outcome <> 'ok'"  # word for word as in the index polls_troubled, which is not used otherwise


class PollStart(Struct, frozen=True, kw_only=True):
    """What is known of a poll before its first answer. action_id: the operator's action, if one asked for it."""

    resource_id: int
    kind: str
    trigger: str
    crawl_id: int
    started_ms: int
    window_from: int | None
    action_id: int | None = None


class Tally(Struct, frozen=True, kw_only=True):
    """What one page, or one batch of a sweep, brought."""

    pages: int = 0
    records: int = 0
    bytes: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    learned: int = 0
    set_aside: int = 0  # records that could not be decoded
    newly_aside: int = 0  # of these, those that were not set aside before
    deliveries: int = 0  # new ones that are not held
    callback_id: int | None = None  # where these go
    set_back: int = 0  # seconds by which the server's clock went back before it


def open_poll(conn: sqlite3.Connection, start: PollStart, server_time: int | None) -> int:
    """Begin a poll's history row, outcome `running`. Returns its id.

    One of the same resource that still says so could not be ended, for want of space perhaps: this ends it.
    """
    sweeps = "=" if start.kind == "sweep" else "<>"  # a sweep and a poll may run at once
    _interrupt(
        conn,
        f"resource_id = {start.resource_id} AND kind {sweeps} 'sweep'",
        now_ms=start.started_ms,
        error="Its end could not be written; see the log.",
    )
    cursor = conn.execute(
        """
        INSERT INTO polls
            (resource_id, kind, trigger, action_id, crawl_id, started_ms, window_from, server_time, outcome)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running')
        """,
        (
            start.resource_id,
            start.kind,
            start.trigger,
            start.action_id,
            start.crawl_id,
            start.started_ms,
            start.window_from,
            server_time,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def add_tally(conn: sqlite3.Connection, poll_id: int, tally: Tally) -> None:
    """Add a page's counts to its poll."""
    conn.execute(
        """
        UPDATE polls SET pages = pages + ?, records = records + ?, bytes = bytes + ?, created = created + ?,
            updated = updated + ?, deleted = deleted + ?, learned = learned + ?, set_aside = set_aside + ? WHERE id = ?
        """,
        (
            tally.pages,
            tally.records,
            tally.bytes,
            tally.created,
            tally.updated,
            tally.deleted,
            tally.learned,
            tally.set_aside,
            poll_id,
        ),
    )


def finish_poll(
    conn: sqlite3.Connection,
    poll_id: int,
    *,
    outcome: str,
    now_ms: int,
    code: str | None = None,
    error: str | None = None,
) -> None:
    """End a running poll and add it to its hour. Ending it twice is harmless."""
    changed = conn.execute(
        "UPDATE polls SET outcome = ?, finished_ms = ?, error_code = ?, error = ? WHERE id = ? AND outcome = 'running'",
        (outcome, now_ms, code, error, poll_id),
    ).rowcount
    if changed:
        _add_to_hour(conn, poll_id)


def _add_to_hour(conn: sqlite3.Connection, poll_id: int) -> None:
    conn.execute(
        """
        INSERT INTO hours (resource_id, hour, polls, failed, records, created, updated, deleted, duration_ms)
        SELECT resource_id, finished_ms / 3600000, 1, outcome = 'failed', records, created, updated, deleted,
               max(finished_ms - started_ms, 0)
        FROM polls WHERE id = ?
        ON CONFLICT (resource_id, hour) DO UPDATE SET polls = polls + 1, failed = failed + excluded.failed,
            records = records + excluded.records, created = created + excluded.created,
            updated = updated + excluded.updated, deleted = deleted + excluded.deleted,
            duration_ms = duration_ms + excluded.duration_ms
        """,
        (poll_id,),
    )


def interrupt_running(conn: sqlite3.Connection, now_ms: int) -> int:
    """At an engine's start: whatever still says `running` was cut off. Returns how many there were."""
    return _interrupt(conn, "true", now_ms=now_ms, error="The engine ended.")


def _interrupt(conn: sqlite3.Connection, which: str, *, now_ms: int, error: str) -> int:
    rows = conn.execute(f"SELECT id FROM polls WHERE {TROUBLED} AND outcome = 'running' AND {which}").fetchall()
    for (poll_id,) in rows:
        finish_poll(conn, poll_id, outcome="interrupted", now_ms=now_ms, code="interrupted", error=error)
    return len(rows)


def thin(conn: sqlite3.Connection, now_ms: int, limit: int = 500) -> int:
    """Delete successful polls without news, which read all they found and ended over 48 h ago.

    Returns how many polls it looked at.

    Looks at no more than `limit` a call, from where the last call stopped: what is kept is looked at once. Ids rise
    with time, so the first poll that is too young ends it; the newest of all stays. One that seems to run for so long
    could not be ended, for want of space perhaps: it is kept, and does not keep the others.
    """
    rows = conn.execute(
        """
        SELECT id, coalesce(finished_ms, started_ms), outcome = 'ok' AND created + updated + deleted + set_aside = 0
        FROM polls WHERE id > ? AND id < (SELECT max(id) FROM polls) ORDER BY id LIMIT ?
        """,
        (int(meta.get(conn, "polls_thinned_to") or 0), limit),
    )
    horizon = now_ms - KEEP_QUIET_POLLS_MS
    old = list(takewhile(lambda row: row[1] < horizon, rows))
    conn.executemany("DELETE FROM polls WHERE id = ?", [(poll_id,) for poll_id, _, quiet in old if quiet])
    if old:
        meta.put(conn, "polls_thinned_to", str(old[-1][0]))
    return len(old)
