"""Replays of many events as a job: ordered with the token of a preview, done in small steps.

What is looked at and cancelled here are all jobs; what makes those that write a file is in `export_jobs`.

1. A job goes through its events from the oldest up, so that each object's are sent in their order.
2. A step adds replays and moves the cursor in one transaction, and only if the job still runs and stands where the step
   began: a crash makes no second replay, a pause no further one.
3. A job knows nothing of sending: its replays are ordinary deliveries, which carry its number.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.counted import counted
from cwconsole.core.delivery import OPEN
from cwconsole.core.errors import StaleError, TooLateError, UsageError
from cwconsole.core.json_values import as_json
from cwconsole.store import actions, delivery_indexes, redelivery, selection
from cwconsole.store.actions import Asked
from cwconsole.store.delivery_list import HELD, STANDING
from cwconsole.store.replay_preview import Preview
from cwconsole.store.selection import Found

DEFAULT_RATE: Final = 10.0
LOWEST_RATE: Final = 0.01  # events a second
HIGHEST_RATE: Final = 1000.0
# Its first part stands word for word in the index, which is not used otherwise.
RUNS: Final = "jobs.state IN ('queued', 'running', 'paused') AND jobs.state <> 'paused' AND jobs.kind = 'replay'"
EXPORT: Final = "export"


class Job(Struct, frozen=True, kw_only=True):
    """A job with who asked for it. chosen: the selection as stored. error: why the last failed event, or all, failed.

    total: of events; at least so many unless exact. done: replays made. failed: events that cannot be sent.

    kind: `replay` or `export`. Of an export total and done are rows that are written, cursor out of upper says how much
    of its list it has gone through, and seen_ms when its console last said that it writes.
    """

    id: int
    kind: str
    state: str
    chosen: str
    upper: int
    rate: float
    total: int
    exact: bool
    done: int
    failed: int
    cursor: int
    error: str | None
    created_ms: int
    started_ms: int | None
    finished_ms: int | None
    seen_ms: int | None
    action_id: int
    operator: str
    origin: str
    command: str
    reason: str | None

    @property
    def open(self) -> bool:
        """Whether it may still do something."""
        return self.state in {"queued", "running", "paused"}

    @property
    def exports(self) -> bool:
        """Whether it writes a file, and sends nothing."""
        return self.kind == EXPORT

    @property
    def path(self) -> str:
        """The file that an export writes."""
        return str(json.loads(self.chosen)["path"])

    @property
    def share(self) -> float:
        """How much of it is done, 0..1."""
        if self.exports:
            return 1.0 if self.state == "done" else min(self.cursor / max(self.upper, 1), 0.99)
        return (self.done + self.failed) / self.total if self.total else float(not self.open)

    @property
    def seconds_left(self) -> float | None:
        """At its rate, if it went on now; None if it has ended or its total is not known."""
        return max(self.total - self.done - self.failed, 0) / self.rate if self.open and self.exact else None

    @property
    def passed_over(self) -> int:
        """How many did not fit the filter any more when their turn came: they had arrived meanwhile, or were pruned."""
        return max(self.total - self.done - self.failed, 0) if self.state == "done" and self.exact else 0

    @property
    def about(self) -> str:
        """The events (or rows of an export) it is about, for people: with the instance's name when it was ordered."""
        return str(json.loads(self.chosen)["about"])


COLUMNS: Final = Job.__struct_fields__
ASKED: Final = ("operator", "origin", "command", "reason")  # these stand in the job's action


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
    return _jobs(conn, f"{RUNS} AND (:only IS NULL OR jobs.id = :only) ORDER BY jobs.id", {"only": only})


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


# --- what operators do to jobs --------------------------------------------------------------------------------------


def pause(conn: sqlite3.Connection, job_id: int, *, asked: Asked, now_ms: int) -> str:
    """Let a job stand still. Returns the outcome as a sentence.

    Raises TooLateError if it has ended, UsageError for an export: its console would only hold a file open.
    """
    job = _open_job(conn, job_id, "paused")
    if job.exports:
        raise UsageError(f"Job {job_id} is an export, which cannot be paused; it can be cancelled.")
    if job.state == "paused":
        return f"Job {job_id} is paused already."
    return _turn(conn, job, "paused", f"Job {job_id} is paused after {job.done:,} replays.", asked=asked, now_ms=now_ms)


def resume(conn: sqlite3.Connection, job_id: int, *, asked: Asked, now_ms: int) -> str:
    """Let a paused job go on. Returns the outcome as a sentence. Raises TooLateError if it has ended."""
    job = _open_job(conn, job_id, "resumed")
    if job.state != "paused":
        return f"Job {job_id} is not paused."
    return _turn(conn, job, "queued", f"Job {job_id} goes on.", asked=asked, now_ms=now_ms)


def cancel(conn: sqlite3.Connection, job_id: int, *, asked: Asked, now_ms: int) -> str:
    """End a job before its time. Replays that it has made are sent all the same. Returns the outcome as a sentence."""
    job = _open_job(conn, job_id, "cancelled")
    if job.exports:
        outcome = f"Job {job_id} is cancelled after {counted(job.done, 'row')}; nothing is left of its file."
        return _end(conn, job, outcome, asked=asked, now_ms=now_ms)
    waiting = sum(of_state for state, of_state in sent(conn, job_id).items() if state in (*OPEN, "held"))
    left = f" {counted(waiting, 'of them waits and is', 'of them wait and are')} still sent." if waiting else ""
    outcome = f"Job {job_id} is cancelled after {counted(job.done, 'replay')}.{left}"
    return _end(conn, job, outcome, asked=asked, now_ms=now_ms)


def _end(conn: sqlite3.Connection, job: Job, outcome: str, *, asked: Asked, now_ms: int) -> str:
    conn.execute("UPDATE jobs SET finished_ms = ? WHERE id = ?", (now_ms, job.id))
    return _turn(conn, job, "cancelled", outcome, asked=asked, now_ms=now_ms)


def _open_job(conn: sqlite3.Connection, job_id: int, what: str) -> Job:
    job = load(conn, job_id)
    if not job.open:
        raise TooLateError(f"Job {job_id} is {job.state} and cannot be {what} any more.")
    return job


def _turn(conn: sqlite3.Connection, job: Job, state: str, outcome: str, *, asked: Asked, now_ms: int) -> str:
    conn.execute("UPDATE jobs SET state = ? WHERE id = ?", (state, job.id))
    actions.record_done(conn, replace(asked, target_id=job.id), outcome, now_ms=now_ms)
    return outcome


# --- looking at them ------------------------------------------------------------------------------------------------


def load(conn: sqlite3.Connection, job_id: int) -> Job:
    """One job. Raises UsageError if there is none."""
    found = _jobs(conn, "jobs.id = :id", {"id": job_id})
    if not found:
        raise UsageError(f"There is no job {job_id}; `cwconsole jobs list` shows what there is.")
    return found[0]


def document(job: Job, sent: Mapping[str, int] | None = None) -> dict[str, Any]:
    """A job as JSON, `heard` being when who writes an export last said so. sent: its replays by state."""
    row: dict[str, Any] = as_json(job)
    for name in ("chosen", "upper", "cursor"):  # how it is stored
        del row[name]
    row["heard"] = row.pop("seen")
    row |= {"about": job.about, "share": job.share, "seconds_left": job.seconds_left}
    row |= {"rate": None, "path": job.path} if job.exports else {"path": None}
    return row if sent is None else {**row, "deliveries": dict(sent)}


def recent(conn: sqlite3.Connection, limit: int) -> list[Job]:
    """The newest jobs, newest first."""
    return _jobs(conn, "1 ORDER BY jobs.id DESC LIMIT :limit", {"limit": limit})


def goes_on_sending(conn: sqlite3.Connection, job_id: int) -> bool:
    """Whether any of a job's replays is neither settled nor held. Looked up, not counted."""
    sql = f"""
        SELECT 1 FROM deliveries d INDEXED BY deliveries_job
        WHERE d.job_id = ? AND d.{delivery_indexes.OPEN} AND NOT {HELD} LIMIT 1
        """
    return conn.execute(sql, (job_id,)).fetchone() is not None


def sent(conn: sqlite3.Connection, job_id: int) -> Mapping[str, int]:
    """How many of a job's replays are in which state; those that wait behind a hold are `held`."""
    sql = f"""
        SELECT {STANDING}, count(*) FROM deliveries d INDEXED BY deliveries_job
        WHERE d.job_id = ? GROUP BY 1
        """
    return dict(conn.execute(sql, (job_id,)).fetchall())


def _jobs(conn: sqlite3.Connection, where: str, params: Mapping[str, int | None]) -> list[Job]:
    columns = ", ".join(f"{'a' if name in ASKED else 'jobs'}.{name}" for name in COLUMNS)
    sql = f"SELECT {columns} FROM jobs JOIN actions a ON a.id = jobs.action_id WHERE {where}"
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in conn.execute(sql, params)]
    return [Job(**{**row, "exact": bool(row["exact"])}) for row in rows]


def _callbacks(conn: sqlite3.Connection, delivery_ids: list[int]) -> frozenset[int]:
    sql = "SELECT DISTINCT callback_id FROM deliveries WHERE id IN (SELECT value FROM json_each(?))"
    return frozenset(row[0] for row in conn.execute(sql, (json.dumps(delivery_ids),)))
