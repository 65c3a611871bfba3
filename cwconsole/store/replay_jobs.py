"""Replays of many events as a job: ordered with the token of a preview, done in small steps.

1. A job goes through its events from the oldest up, so that each object's are sent in their order.
2. A step adds replays and moves the cursor in one transaction, and only if the job still runs and stands where the step
   began: a crash makes no second replay, a pause no further one.
3. A job knows nothing of sending: its replays are ordinary deliveries, which carry its number.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.counted import counted
from cwconsole.core.errors import StaleError, UsageError
from cwconsole.store import actions, delivery_indexes, jobs, redelivery, selection
from cwconsole.store.actions import Asked
from cwconsole.store.delivery_list import HELD
from cwconsole.store.jobs import Job
from cwconsole.store.replay_preview import Preview
from cwconsole.store.selection import Found

DEFAULT_RATE: Final = 10.0
LOWEST_RATE: Final = 0.01  # events a second
HIGHEST_RATE: Final = 1000.0
# Its first part stands word for word in the index, which is not used otherwise.
RUNS: Final = "jobs.state IN ('queued', 'running', 'paused') AND jobs.state <> 'paused' AND jobs.kind = 'replay'"


class Stepped(Struct, frozen=True, kw_only=True):
    """What a step did. callbacks: where something is to be sent now. over: the job is done."""

    replayed: int
    failed: int
    callbacks: frozenset[int]
    over: bool


def create(conn: sqlite3.Connection, shown: Preview, *, rate: float, asked: Asked, now_ms: int) -> int:
    """Order what a preview showed; `replay_preview.confirmed` says whether it still holds. Returns the job's id.

    Raises UsageError if there is nothing to send again, or not at such a rate.
    """
    if not shown.total:
        raise UsageError("There is no such event; nothing was ordered.")
    _judge_rate(rate)
    instance = shown.selection.chosen.instance
    if instance is not None and not instance.inverted:
        asked = replace(asked, instance_id=int(instance.value))
    outcome = (
        f"A job sends {'' if shown.exact else 'at least '}{counted(shown.total, 'event')} again, {rate:g} a second."
    )
    action_id = actions.record_done(conn, asked, outcome, now_ms=now_ms)
    cursor = conn.execute(
        """
        INSERT INTO jobs (kind, action_id, chosen, upper, rate, total, exact, created_ms)
        VALUES ('replay', ?, ?, ?, ?, ?, ?, ?)
        """,
        (action_id, _chosen(shown), shown.upper, rate, shown.total, shown.exact, now_ms),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def read_rate(text: str) -> float:
    """A rate as it is typed. Raises UsageError for what cannot be one."""
    try:
        rate = float(text)
    except ValueError:
        raise UsageError(f"{text!r} is no number; write how many a second, such as 10 or 0.5.") from None
    _judge_rate(rate)
    return rate


def _judge_rate(rate: float) -> None:
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UsageError(
            f"A rate of {rate:g} a second cannot be; it is at least {LOWEST_RATE:g} and at most {HIGHEST_RATE:g}."
        )


def _chosen(shown: Preview) -> str:
    return json.dumps({**json.loads(selection.to_text(shown.selection)), "about": shown.about})


# --- doing it -------------------------------------------------------------------------------------------------------


def runnable(conn: sqlite3.Connection, only: int | None = None) -> list[Job]:
    """Jobs that an engine should be doing, oldest first; with `only`, at most that one."""
    return jobs.find(conn, f"{RUNS} AND (:only IS NULL OR jobs.id = :only) ORDER BY jobs.id", {"only": only})


def ahead(conn: sqlite3.Connection, job: Job, limit: int) -> Found:
    """The job's next events. Raises UsageError if its instance or resource is gone."""
    chosen = selection.from_text(job.chosen)
    return selection.upwards(conn, chosen, after=job.cursor, upper=job.upper, limit=limit)


def step(conn: sqlite3.Connection, job: Job, found: Found, now_ms: int) -> Stepped:
    """Make the replays of what was found ahead. Raises StaleError if the job was stopped or went on meanwhile."""
    changed = conn.execute(
        f"UPDATE jobs SET cursor = ?, state = 'running', started_ms = coalesce(started_ms, ?) "
        f"WHERE id = ? AND cursor = ? AND {RUNS}",
        (found.reached, now_ms, job.id, job.cursor),
    ).rowcount
    if changed != 1:
        raise StaleError(f"job {job.id} does not run any more, or has gone on; nothing was sent again")
    made, error = [], None
    for number in found.numbers:
        try:
            made.append(redelivery.add_replay(conn, number, now_ms))
        except UsageError as refused:  # the event or its instance is gone, or nothing is sent for it any more
            error = refused.message
    conn.executemany("UPDATE deliveries SET job_id = ? WHERE id = ?", [(job.id, one) for one in made])
    failed = len(found.numbers) - len(made)
    conn.execute(
        "UPDATE jobs SET done = done + ?, failed = failed + ?, error = coalesce(?, error) WHERE id = ?",
        (len(made), failed, error, job.id),
    )
    if found.ended:
        conn.execute(
            """
            UPDATE jobs SET state = 'done', finished_ms = ?, exact = 1,
                total = max(CASE WHEN exact THEN total ELSE 0 END, done + failed) WHERE id = ?
            """,
            (now_ms, job.id),
        )
    callbacks = _callbacks(conn, made)
    return Stepped(replayed=len(made), failed=failed, callbacks=callbacks, over=found.ended)


def fail(conn: sqlite3.Connection, job_id: int, error: str, now_ms: int) -> None:
    """End a job that cannot go on. One that was stopped meanwhile stays as it is."""
    conn.execute(
        f"UPDATE jobs SET state = 'failed', error = ?, finished_ms = ? WHERE id = ? AND {RUNS}",
        (error, now_ms, job_id),
    )


def goes_on_sending(conn: sqlite3.Connection, job_id: int) -> bool:
    """Whether any of a job's replays is neither settled nor held. Looked up, not counted."""
    sql = f"""
        SELECT 1 FROM deliveries d INDEXED BY deliveries_job
        WHERE d.job_id = ? AND d.{delivery_indexes.OPEN} AND NOT {HELD} LIMIT 1
        """
    return conn.execute(sql, (job_id,)).fetchone() is not None


def _callbacks(conn: sqlite3.Connection, delivery_ids: list[int]) -> frozenset[int]:
    sql = "SELECT DISTINCT callback_id FROM deliveries WHERE id IN (SELECT value FROM json_each(?))"
    return frozenset(row[0] for row in conn.execute(sql, (json.dumps(delivery_ids),)))
