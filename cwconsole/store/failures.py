"""Polls that did not end well: their history row and the resource's state, in one transaction."""

from __future__ import annotations

import sqlite3

from cwconsole.store import polls, resources
from cwconsole.store.polls import PollStart


def fail_poll(
    conn: sqlite3.Connection,
    start: PollStart,
    poll_id: int | None,
    *,
    configured_ms: int,
    code: str,
    error: str,
    parked: bool,
    next_poll_ms: int,
    now_ms: int,
) -> None:
    """A fault of the source. The watermark and the open crawl stay as they are.

    configured_ms: when the instance was last changed as this poll knew it. What was mended since is not failing for
    that: it is due at once, and its own poll tells.
    """
    end_poll(conn, start, poll_id, outcome="failed", code=code, error=error, now_ms=now_ms)
    current = resources.load(conn, start.resource_id)
    if current is not None and current.instance_updated_ms == configured_ms:
        resources.note_failure(
            conn, start.resource_id, code=code, error=error, parked=parked, next_poll_ms=next_poll_ms, now_ms=now_ms
        )


def end_poll(
    conn: sqlite3.Connection,
    start: PollStart,
    poll_id: int | None,
    *,
    outcome: str,
    error: str,
    now_ms: int,
    code: str | None = None,
) -> None:
    """End a poll that may not have had an answer yet, so that its history shows it all the same."""
    if poll_id is None:
        poll_id = polls.open_poll(conn, start, None)
    polls.finish_poll(conn, poll_id, outcome=outcome, code=code, error=error, now_ms=now_ms)
