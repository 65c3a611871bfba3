"""Jobs: what runs for long, beside everything else: looked at, and what operators do to it, the same for all kinds.

Replays of many events are made and done in `replay_jobs`, exports of lists in `export_jobs`.
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
from cwconsole.core.errors import TooLateError, UsageError
from cwconsole.core.json_values import as_json
from cwconsole.store import actions
from cwconsole.store.actions import Asked
from cwconsole.store.delivery_list import STANDING

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


_COLUMNS: Final = Job.__struct_fields__
_ASKED: Final = ("operator", "origin", "command", "reason")  # these stand in the job's action


# --- looking at them ------------------------------------------------------------------------------------------------


def load(conn: sqlite3.Connection, job_id: int) -> Job:
    """One job. Raises UsageError if there is none."""
    found = find(conn, "jobs.id = :id", {"id": job_id})
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
    return find(conn, "1 ORDER BY jobs.id DESC LIMIT :limit", {"limit": limit})


def find(conn: sqlite3.Connection, where: str, params: Mapping[str, int | None]) -> list[Job]:
    """Jobs by a condition on `jobs`."""
    columns = ", ".join(f"{'a' if name in _ASKED else 'jobs'}.{name}" for name in _COLUMNS)
    sql = f"SELECT {columns} FROM jobs JOIN actions a ON a.id = jobs.action_id WHERE {where}"
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in conn.execute(sql, params)]
    return [Job(**{**row, "exact": bool(row["exact"])}) for row in rows]


def sent(conn: sqlite3.Connection, job_id: int) -> Mapping[str, int]:
    """How many of a job's replays are in which state; those that wait behind a hold are `held`."""
    sql = f"""
        SELECT {STANDING}, count(*) FROM deliveries d INDEXED BY deliveries_job
        WHERE d.job_id = ? GROUP BY 1
        """
    return dict(conn.execute(sql, (job_id,)).fetchall())


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
