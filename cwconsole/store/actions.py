"""Actions: what operators asked for. The audit log, and the queue to the engine.

What only changes state is recorded `done` in the transaction that changes it. Poll, sweep and replay are queued:
queued -> running -> done or failed by the engine, queued -> cancelled by an operator, queued -> expired after an hour
without an engine. Every step compares the state it starts from, so an action is done once, whoever looks at it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from cwconsole.core.errors import StaleError, TooLateError, UsageError

EXPIRES_MS = 3_600_000


class ActionKind(StrEnum):
    """What was asked for."""

    POLL = "poll"  # queued: poll a resource, or all of an instance, now
    SWEEP = "sweep"  # queued: list all ids now; params.confirm_deletes is the number of deletions agreed to
    REPLAY = "replay"  # queued: send an event (target_id) again; done at once: a job was made for many
    ADD = "add"  # an instance was added
    EDIT = "edit"  # an instance's configuration was changed
    ENABLE = "enable"  # an instance was switched on
    DISABLE = "disable"  # an instance was switched off
    REMOVE = "remove"  # an instance was removed
    PAUSE = "pause"  # polling stands still
    RESUME = "resume"  # polling goes on
    HOLD = "hold"  # deliveries are held
    RELEASE = "release"  # held deliveries are sent
    WATERMARK = "watermark"  # a watermark was set
    RETRY = "retry"  # a delivery (target_id) was armed again
    CANCEL = "cancel"  # a delivery (target_id) was given up
    PAUSE_JOB = "pause_job"  # a job (target_id) stands still
    RESUME_JOB = "resume_job"  # a job (target_id) goes on
    CANCEL_JOB = "cancel_job"  # a job (target_id) was ended before its time
    EXPORT = "export"  # a list or an instance was written to a file; for a list, a job was made


QUEUED_KINDS = (ActionKind.POLL, ActionKind.SWEEP, ActionKind.REPLAY)


class Asked(Struct, frozen=True, kw_only=True):
    """One thing an operator asked for.

    operator: who. origin: from where (`tty pts/1`, `ssh 10.0.0.7`, an API client).
    command: the equivalent command line, without secrets.
    target_id: the event or delivery it is about. params: whatever else it takes, by name.
    """

    kind: ActionKind
    operator: str
    origin: str
    command: str
    instance_id: int | None = None
    resource_id: int | None = None
    target_id: int | None = None
    params: tuple[tuple[str, str | int | None], ...] = ()
    reason: str | None = None


class Action(Struct, frozen=True, kw_only=True):
    """A row of `actions`. outcome: one sentence, None while it is open."""

    id: int
    kind: ActionKind
    operator: str
    origin: str
    command: str
    instance_id: int | None
    resource_id: int | None
    target_id: int | None
    params: Mapping[str, str | int | None]
    reason: str | None
    state: str
    outcome: str | None
    asked_ms: int
    started_ms: int | None
    finished_ms: int | None

    @property
    def open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in {"queued", "running"}


OPEN = "state IN ('queued', 'running')"  # word for word as in the index, which is not used otherwise
COLUMNS = Action.__struct_fields__


def as_action(row: sqlite3.Row | tuple[object, ...]) -> Action:
    """A row that was selected with all of the columns, in the order of the table."""
    values = dict(zip(COLUMNS, row, strict=True))
    return Action(**{**values, "kind": ActionKind(values["kind"]), "params": json.loads(values["params"])})


def record_done(conn: sqlite3.Connection, asked: Asked, outcome: str, *, now_ms: int) -> int:
    """Record what was done in this same transaction. Returns the action's id."""
    return _insert(conn, asked, state="done", outcome=outcome, now_ms=now_ms)


def queue(conn: sqlite3.Connection, asked: Asked, *, now_ms: int) -> int:
    """Ask the engine for a poll, a sweep or a replay. Returns the action's id."""
    if asked.kind not in QUEUED_KINDS:
        raise ValueError(f"{asked.kind} is done at once, never queued")
    return _insert(conn, asked, state="queued", outcome=None, now_ms=now_ms)


def _insert(conn: sqlite3.Connection, asked: Asked, *, state: str, outcome: str | None, now_ms: int) -> int:
    ended = now_ms if state == "done" else None
    cursor = conn.execute(
        """
        INSERT INTO actions (kind, operator, origin, command, instance_id, resource_id, target_id, params, reason,
                             state, outcome, asked_ms, started_ms, finished_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            asked.kind.value,
            asked.operator,
            asked.origin,
            asked.command,
            asked.instance_id,
            asked.resource_id,
            asked.target_id,
            json.dumps(dict(asked.params), sort_keys=True),
            asked.reason,
            state,
            outcome,
            now_ms,
            ended,
            ended,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def load(conn: sqlite3.Connection, action_id: int) -> Action | None:
    """One action, or None if there is none of that id."""
    row = conn.execute(f"SELECT {', '.join(COLUMNS)} FROM actions WHERE id = ?", (action_id,)).fetchone()
    return None if row is None else as_action(row)


def expire(conn: sqlite3.Connection, now_ms: int) -> int:
    """Give up what has waited an hour for an engine: nobody expects it any more. Returns how many there were."""
    return conn.execute(
        f"""
        UPDATE actions SET state = 'expired', finished_ms = :now,
            outcome = 'No engine picked it up within an hour; ask again.'
        WHERE {OPEN} AND state = 'queued' AND asked_ms <= :now - :hour
        """,
        {"now": now_ms, "hour": EXPIRES_MS},
    ).rowcount


def has_queued(conn: sqlite3.Connection, only: int | None = None) -> bool:
    """Whether anything waits for the engine; with `only`, whether that action does."""
    return bool(_queued(conn, only))


def open_ids(conn: sqlite3.Connection) -> list[int]:
    """What waits for an engine, or is being done by one."""
    return [row[0] for row in conn.execute(f"SELECT id FROM actions WHERE {OPEN}")]


def pick(conn: sqlite3.Connection, now_ms: int, *, only: int | None = None) -> list[Action]:
    """Take what is queued for doing it, oldest first; with `only`, at most that action. What is too old expires."""
    expire(conn, now_ms)
    ids = _queued(conn, only)
    conn.executemany("UPDATE actions SET state = 'running', started_ms = ? WHERE id = ?", [(now_ms, i) for i in ids])
    return [action for i in ids if (action := load(conn, i)) is not None]


def _queued(conn: sqlite3.Connection, only: int | None) -> list[int]:
    rows = conn.execute(
        f"SELECT id FROM actions WHERE {OPEN} AND state = 'queued' AND (:only IS NULL OR id = :only) ORDER BY id",
        {"only": only},
    ).fetchall()
    return [row[0] for row in rows]


def requeue_running(conn: sqlite3.Connection) -> int:
    """At an engine's start: whatever the last one was doing is to be done again. Returns how many there were."""
    return conn.execute(
        f"UPDATE actions SET state = 'queued', started_ms = NULL WHERE {OPEN} AND state = 'running'"
    ).rowcount


def finish(conn: sqlite3.Connection, action_id: int, state: str, outcome: str, now_ms: int) -> None:
    """End a running action as `done` or `failed`. Raises StaleError if it does not run."""
    changed = conn.execute(
        "UPDATE actions SET state = ?, outcome = ?, finished_ms = ? WHERE id = ? AND state = 'running'",
        (state, outcome, now_ms, action_id),
    ).rowcount
    if changed != 1:
        raise StaleError(f"action {action_id} is not running any more; its outcome was not written")


def cancel(
    conn: sqlite3.Connection, action_id: int, *, operator: str, origin: str, reason: str | None, now_ms: int
) -> str:
    """Call off a queued action. Its outcome, which is returned, says who did that, from where, and why.

    Raises UsageError if there is none, TooLateError if it has begun or ended.
    """
    action = load(conn, action_id)
    if action is None:
        raise UsageError(f"There is no action {action_id}; `cwconsole actions list` shows the ids.")
    if action.state != "queued":
        raise TooLateError(f"Action {action_id} is {action.state} and cannot be called off any more.")
    outcome = f"Called off by {operator} from {origin}{f': {reason}' if reason else ''}".rstrip(".") + "."
    conn.execute(
        "UPDATE actions SET state = 'cancelled', outcome = ?, finished_ms = ? WHERE id = ?",
        (outcome, now_ms, action_id),
    )
    return outcome
