"""What operators ask the engine for: poll, sweep, replay. Checked and queued in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from cwconsole.core.command_line import command_line
from cwconsole.core.errors import UsageError
from cwconsole.store import actions, resources
from cwconsole.store.actions import Asked
from cwconsole.store.operations import Scope


def ask_poll(conn: sqlite3.Connection, target: Scope, *, asked: Asked, now_ms: int) -> int:
    """Poll a resource, or all of an instance, paused or not. Returns the action's id.

    Raises UsageError if the instance is disabled or has no resources.
    """
    _require_pollable(conn, target)
    return actions.queue(conn, target.of(asked), now_ms=now_ms)


def ask_sweep(
    conn: sqlite3.Connection, target: Scope, *, confirm_deletes: int | None = None, asked: Asked, now_ms: int
) -> int:
    """Sweep a resource, or all of an instance. confirm_deletes: how many deletions are agreed to; of one resource only.

    Returns the action's id. Raises UsageError.
    """
    if confirm_deletes is not None and target.resource is None:
        raise UsageError(f"{target.label}: deletions are confirmed for one resource; name it.")
    _require_pollable(conn, target)
    params = () if confirm_deletes is None else (("confirm_deletes", confirm_deletes),)
    return actions.queue(conn, replace(target.of(asked), params=params), now_ms=now_ms)


def ask_replay(conn: sqlite3.Connection, numbers: Sequence[int], *, asked: Asked, now_ms: int) -> list[int]:
    """Send events again, in the order given: one action each, or none at all. Returns the actions' ids.

    Raises UsageError for an event that there is not, or that cannot be sent.
    """
    return [actions.queue(conn, _about(conn, number, asked), now_ms=now_ms) for number in numbers]


def _about(conn: sqlite3.Connection, number: int, asked: Asked) -> Asked:
    row = conn.execute(
        """
        SELECT e.instance_id, e.resource_id, i.name, i.callback_id
        FROM events e JOIN instances i ON i.id = e.instance_id
        WHERE e.id = ? AND i.removed_ms IS NULL
        """,
        (number,),
    ).fetchone()
    if row is None:
        raise UsageError(f"There is no event {number}; `cwconsole events list` shows what there is.")
    if row[3] is None:
        raise UsageError(f"Event {number} cannot be sent: {row[2]} has no callback URL, it only records.")
    return replace(asked, instance_id=row[0], resource_id=row[1], target_id=number)


def disabled_sentence(name: str) -> str:
    """Why nothing of an instance is polled or swept, whoever asks, and what would change that."""
    return f"{name} is disabled, so nothing of it is polled; enable it: {command_line('instances', 'enable', name)}"


def _require_pollable(conn: sqlite3.Connection, target: Scope) -> None:
    if not target.instance.enabled:
        raise UsageError(disabled_sentence(target.instance.name))
    if target.resource is None and not resources.of_instance(conn, target.instance.id):
        raise UsageError(f"{target.label} has no resources; add some with `cwconsole instances edit`.")
