"""Exports of lists as jobs: the console that was asked writes the file, every other sees how far it is and can end it.

1. The file is that console's operator's, so nobody else can go on with an export: it ends with its console.
2. While a console writes it says so, once a second, and learns thereby whether somebody has cancelled the job. A job of
   which nothing was heard for `LOST_MS` is ended by the engine, wherever that runs: its console is gone, or stood still
   for so long that it has to be told.
3. What a job says of its file is true: `done` is written when the file has its name, whatever was asked for meanwhile.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Final

from cwconsole.core.errors import StaleError
from cwconsole.core.filters import Noun
from cwconsole.store import actions
from cwconsole.store.actions import Asked
from cwconsole.store.jobs import EXPORT, Job

SAID_SECONDS: Final = 1.0  # how often a console says that it writes
LOST_MS: Final = 10_000
LOST: Final = "Nothing was heard of its console any more; a hidden .part file may be left beside its place."

# Its first part stands word for word in the index, which is not used otherwise.
_OPEN: Final = "state IN ('queued', 'running', 'paused') AND state = 'running' AND kind = 'export'"


def create(conn: sqlite3.Connection, noun: Noun, path: str, about: str, *, most: int, asked: Asked, now_ms: int) -> int:
    """An export that begins now. about: its rows, for people. most: rows of the whole list. Returns the job's id."""
    action_id = actions.record_done(conn, asked, f"A job writes {noun} to {path}: {about}.", now_ms=now_ms)
    chosen = json.dumps({"noun": noun.value, "path": path, "about": f"{noun}: {about}"})
    cursor = conn.execute(
        """
        INSERT INTO jobs (kind, action_id, chosen, upper, rate, state, total, exact, created_ms, started_ms, seen_ms)
        VALUES (:kind, :action, :chosen, :most, 1, 'running', 0, 0, :now, :now, :now)
        """,
        {"kind": EXPORT, "action": action_id, "chosen": chosen, "most": most, "now": now_ms},
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def go_on(conn: sqlite3.Connection, job_id: int, *, rows: int, passed: int, now_ms: int) -> None:
    """Say that it is being written: rows so far, and how much of the list was gone through.

    Raises StaleError if somebody has ended it.
    """
    changed = conn.execute(
        f"UPDATE jobs SET done = ?, cursor = ?, seen_ms = ? WHERE id = ? AND {_OPEN}", (rows, passed, now_ms, job_id)
    ).rowcount
    if changed != 1:
        raise StaleError(f"job {job_id} was ended; nothing more is written")


def done(conn: sqlite3.Connection, job_id: int, *, rows: int, now_ms: int) -> None:
    """The file is complete and has its name."""
    conn.execute(
        """
        UPDATE jobs SET state = 'done', done = :rows, total = :rows, exact = 1, cursor = upper, error = NULL,
            finished_ms = :now WHERE id = :id
        """,
        {"rows": rows, "now": now_ms, "id": job_id},
    )


def end(conn: sqlite3.Connection, job_id: int, state: str, error: str | None, *, rows: int, now_ms: int) -> None:
    """There is no file: `cancelled` or `failed`. One that was ended from elsewhere stays as it is."""
    conn.execute(
        f"UPDATE jobs SET state = ?, error = ?, done = ?, finished_ms = ? WHERE id = ? AND {_OPEN}",
        (state, error, rows, now_ms, job_id),
    )


def writing(conn: sqlite3.Connection) -> list[int]:
    """Of each export that goes on, when its console was last heard of."""
    return [row[0] for row in conn.execute(f"SELECT seen_ms FROM jobs WHERE {_OPEN}")]


def is_lost(seen_ms: int, now_ms: int) -> bool:
    """Whether its console is gone. A clock that was set back must not keep a job running for ever."""
    return abs(now_ms - seen_ms) > LOST_MS


def is_silent(job: Job, now_ms: int) -> bool:
    """Whether it is said to be written, and nothing is heard of who writes it: without an engine nobody ends it."""
    return job.exports and job.state == "running" and is_lost(job.seen_ms or 0, now_ms)


def silent_in(job: Job, now_ms: int) -> float | None:
    """Seconds until it is silent if nothing more is heard; None if it is, or is not being written."""
    if not job.exports or job.state != "running" or is_silent(job, now_ms):
        return None
    return ((job.seen_ms or 0) + LOST_MS - now_ms + 1) / 1000


def end_lost(conn: sqlite3.Connection, now_ms: int) -> int:
    """End the exports of consoles that are gone. Returns how many there were."""
    return conn.execute(
        f"UPDATE jobs SET state = 'failed', error = ?, finished_ms = ? WHERE {_OPEN} AND abs(? - seen_ms) > ?",
        (LOST, now_ms, now_ms, LOST_MS),
    ).rowcount
