"""Instances: added, edited, switched on and off, removed. Each change is one unit with its action row.

A unit takes `asked`, which says who wants it; the instance's id is filled in here. Names are unique among those that
are not removed. Whatever changes raises the configuration's version, so that a running engine follows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from difflib import get_close_matches

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.config import InstanceConfig, Origin
from cwconsole.core.counted import counted
from cwconsole.core.errors import LossesError, StaleError, UsageError
from cwconsole.core.instance_body import POLLER, changed_settings, stored_body
from cwconsole.core.reconfiguration import Change, Step
from cwconsole.store import actions, meta, open_deliveries, reconfigure, resources
from cwconsole.store.actions import Asked

ENABLED_KEY = "event.notification.enabled"


class Instance(Struct, frozen=True, kw_only=True):
    """A row of `instances`. body: the Open Connectors instance body as JSON, secrets sealed."""

    id: int
    token: str
    name: str
    body: str
    origin: Origin
    enabled: bool
    paused_ms: int | None
    held_ms: int | None
    callback_id: int | None
    created_ms: int
    updated_ms: int
    removed_ms: int | None


class Draft(Struct, frozen=True, kw_only=True):
    """An instance as it is to be: the body with sealed secrets, and what the body says."""

    body: str
    config: InstanceConfig


_COLUMNS = ", ".join(Instance.__struct_fields__)


def _instance(row: sqlite3.Row | tuple[object, ...]) -> Instance:
    values = dict(zip(Instance.__struct_fields__, row, strict=True))
    values["enabled"], values["origin"] = bool(values["enabled"]), Origin(values["origin"])
    return Instance(**values)


def all_instances(conn: sqlite3.Connection) -> list[Instance]:
    """Every instance that is not removed, in the order in which they were added."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM instances WHERE removed_ms IS NULL ORDER BY id").fetchall()
    return [_instance(row) for row in rows]


def load(conn: sqlite3.Connection, id_or_name: str) -> Instance:
    """An instance by its id (digits) or its name. Raises UsageError, with what was probably meant, if there is none."""
    is_id = id_or_name.isascii() and id_or_name.isdigit() and len(id_or_name) < 19
    column = "id" if is_id else "name"
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM instances WHERE {column} = ? AND removed_ms IS NULL",
        (int(id_or_name) if is_id else id_or_name,),
    ).fetchone()
    if row is None:
        raise UsageError(_unknown(conn, id_or_name))
    return _instance(row)


class Callback(Struct, frozen=True, kw_only=True):
    """Where an instance's notifications go. held_reason: why nothing is sent there; None if it is not held.

    last_success_ms: when it took something; None for never. breaker_until_ms: when its breaker lets a probe through.
    """

    id: int
    url: str
    held_reason: str | None
    last_success_ms: int | None
    breaker_until_ms: int | None


def callback_of(conn: sqlite3.Connection, instance: Instance) -> Callback | None:
    """An instance's callback; None for record only."""
    row = conn.execute(
        """
        SELECT id, url, CASE WHEN held_ms IS NOT NULL THEN coalesce(held_reason, 'held') END AS held_reason,
            last_success_ms, breaker_until_ms
        FROM callbacks WHERE id = ?
        """,
        (instance.callback_id,),
    ).fetchone()
    return None if row is None else Callback(**row)


def _unknown(conn: sqlite3.Connection, id_or_name: str) -> str:
    names = [instance.name for instance in all_instances(conn)]
    close = get_close_matches(id_or_name, names, n=1, cutoff=0.5)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"There is no instance {id_or_name!r}; {meant}`cwconsole instances list` shows what there is."


def add(conn: sqlite3.Connection, draft: Draft, *, origin: Origin, token: str, asked: Asked, now_ms: int) -> int:
    """Add an instance and its resources, which a running engine polls at once. Returns its id.

    Raises UsageError if the name is taken.
    """
    _require_free_name(conn, draft.config.name, own_id=None)
    cursor = conn.execute(
        """
        INSERT INTO instances (token, name, body, origin, enabled, callback_id, created_ms, updated_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            token,
            draft.config.name,
            draft.body,
            origin.value,
            draft.config.enabled,
            _callback_id(conn, draft.config),
            now_ms,
            now_ms,
        ),
    )
    assert cursor.lastrowid is not None
    for change in reconfigure.changes_of(conn, cursor.lastrowid, draft.config):
        reconfigure.apply(conn, cursor.lastrowid, change, now_ms)
    names = ", ".join(resource.name for resource in draft.config.resources)
    outcome = f"Added {draft.config.name} with {names or 'no resources'}."
    _done(conn, replace(asked, instance_id=cursor.lastrowid), outcome, now_ms)
    return cursor.lastrowid


def edit(
    conn: sqlite3.Connection, seen: Instance, draft: Draft, *, confirmed: bool, asked: Asked, now_ms: int
) -> list[Change]:
    """Give an instance another configuration. Returns what changes for its resources.

    seen: the instance as it was when the draft was made from it. confirmed: whether resources may start anew or
    stop, and open deliveries be given up; raises LossesError with the numbers otherwise. Raises UsageError if the name
    is taken, StaleError if somebody else has changed the instance meanwhile.
    """
    instance_id = seen.id
    before = load(conn, str(instance_id))
    if (before.body, before.updated_ms) != (seen.body, seen.updated_ms):
        raise StaleError(f"{before.name} was changed by somebody else meanwhile; look at it again, and edit it anew.")
    _require_free_name(conn, draft.config.name, own_id=instance_id)
    made = reconfigure.changes_of(conn, instance_id, draft.config)
    if not confirmed:
        _refuse_losses(conn, before, draft.config, made)
    callback_id = _callback_id(conn, draft.config)
    conn.execute(
        "UPDATE instances SET name = ?, body = ?, enabled = ?, callback_id = ?, updated_ms = ? WHERE id = ?",
        (draft.config.name, draft.body, draft.config.enabled, callback_id, now_ms, instance_id),
    )
    for change in made:
        reconfigure.apply(conn, instance_id, change, now_ms)
    if callback_id is None:
        open_deliveries.cancel(conn, instance_id, now_ms)
    elif callback_id != before.callback_id:
        open_deliveries.move(conn, instance_id, callback_id)
    _done(conn, replace(asked, instance_id=instance_id), edit_sentence(before, draft, made), now_ms)
    return made


def edit_sentence(before: Instance, draft: Draft, made: list[Change]) -> str:
    """An edit's outcome for people: what was changed by its keys, never by its values, and what that did."""
    told = [f"{change.name}: {_step_words(change)}" for change in made if change.step is not Step.KEEP]
    told = [*edited_settings(before, draft, made), *told]
    return f"Edited {draft.config.name}" + (f" ({', '.join(told)})." if told else "; it is the same as before.")


def edited_settings(before: Instance, draft: Draft, made: list[Change]) -> list[str]:
    """The keys that an edit changes; a resource's only where its step says nothing of it."""
    told = {f"{POLLER}.{change.name}" for change in made if change.step is not Step.KEEP}
    return [key for key in changed_settings(stored_body(before.body), stored_body(draft.body)) if key not in told]


def _step_words(change: Change) -> str:
    if change.stored is None or change.stored.name == change.name:
        return str(change.step)
    return f"{change.step}, formerly {change.stored.name}"


def set_enabled(conn: sqlite3.Connection, instance_id: int, enabled: bool, *, asked: Asked, now_ms: int) -> str:
    """Switch an instance on or off, in its body too. Switched on, it is polled at once. Returns the outcome."""
    instance = load(conn, str(instance_id))
    conn.execute(
        "UPDATE instances SET enabled = ?, body = ?, updated_ms = ? WHERE id = ?",
        (enabled, _with_enabled(instance.body, enabled), now_ms, instance_id),
    )
    if enabled and not instance.enabled:
        conn.execute(
            "UPDATE resources SET next_poll_ms = ?, parked = 0 WHERE instance_id = ? AND active = 1",
            (now_ms, instance_id),
        )
    outcome = f"{instance.name} is {'enabled' if enabled else 'disabled'}."
    _done(conn, replace(asked, instance_id=instance_id), outcome, now_ms)
    return outcome


class Losses(Struct, frozen=True, kw_only=True):
    """What removing an instance gives up: known records, and deliveries that are still open."""

    known: int
    waiting: int


def losses(conn: sqlite3.Connection, instance_id: int) -> Losses:
    """What would be given up. Counts every known record: not for a screen that refreshes."""
    rows = resources.of_instance(conn, instance_id)
    return Losses(
        known=sum(reconfigure.known_objects(conn, row.id) for row in rows),
        waiting=open_deliveries.count(conn, instance_id),
    )


def remove(conn: sqlite3.Connection, instance_id: int, *, asked: Asked, now_ms: int) -> int:
    """Take an instance out of service. Its name is free again; an engine deletes its history, from the next minute on.

    Returns how many open deliveries were given up.
    """
    instance = load(conn, str(instance_id))
    cancelled = open_deliveries.cancel(conn, instance_id, now_ms)
    conn.execute("UPDATE instances SET removed_ms = ?, updated_ms = ? WHERE id = ?", (now_ms, now_ms, instance_id))
    conn.execute("UPDATE resources SET active = 0 WHERE instance_id = ?", (instance_id,))
    conn.execute(
        f"""
        UPDATE actions SET state = 'cancelled', outcome = 'Its instance was removed.', finished_ms = ?
        WHERE {actions.OPEN} AND state = 'queued' AND instance_id = ?
        """,
        (now_ms, instance_id),
    )
    _done(conn, replace(asked, instance_id=instance_id), removal_sentence(instance.name, cancelled), now_ms)
    return cancelled


def removal_sentence(name: str, cancelled: int) -> str:
    """What a removal has done, for its operator and for the audit log."""
    return f"Removed {name}; {counted(cancelled, 'open delivery was', 'open deliveries were')} given up."


def _done(conn: sqlite3.Connection, asked: Asked, outcome: str, now_ms: int) -> None:
    actions.record_done(conn, asked, outcome, now_ms=now_ms)
    meta.bump_config_version(conn)


def _require_free_name(conn: sqlite3.Connection, name: str, own_id: int | None) -> None:
    row = conn.execute("SELECT id FROM instances WHERE name = ? AND removed_ms IS NULL", (name,)).fetchone()
    if row is not None and row[0] != own_id:
        raise UsageError(f"There already is an instance {name!r} (id {row[0]}); choose another name, or edit that one.")


def _callback_id(conn: sqlite3.Connection, config: InstanceConfig) -> int | None:
    if config.callback is None:
        return None
    conn.execute("INSERT INTO callbacks (url) VALUES (?) ON CONFLICT (url) DO NOTHING", (config.callback.url,))
    row = conn.execute("SELECT id FROM callbacks WHERE url = ?", (config.callback.url,)).fetchone()
    return int(row[0])


def _refuse_losses(conn: sqlite3.Connection, before: Instance, config: InstanceConfig, made: list[Change]) -> None:
    losses = [loss for change in made for loss in _losses_by(conn, change, sends=config.callback is not None)]
    waiting = open_deliveries.count(conn, before.id)
    if config.callback is None and waiting:
        given_up = counted(waiting, "open delivery", "open deliveries")
        losses.append(f"{given_up} would be given up, since there would be no callback URL")
    if losses:
        raise LossesError(before.name, losses)


def _losses_by(conn: sqlite3.Connection, change: Change, *, sends: bool) -> Iterator[str]:
    """What one resource loses by its change. sends: whether there is a callback URL then."""
    name, stored = change.name, change.stored
    if stored is None:
        return
    if change.step is Step.RESTART:
        yield f"{name} would start anew and forget {_known(conn, stored.id)}"
    if change.step is not Step.STOP:
        return
    if stored.begun:
        yield (
            f"{name} would not be polled any more, with {_known(conn, stored.id)}: what changes is in no event before "
            "it is configured again"
        )
    if sends and (left := open_deliveries.not_held_by_name(conn, stored.id)):
        yield f"{counted(left, 'delivery', 'deliveries')} of {name} would stay to be sent"
    if sends and (held := open_deliveries.held_by_name(conn, stored.id)):
        yield f"{counted(held, 'delivery', 'deliveries')} that {name} holds would be let go"


def _known(conn: sqlite3.Connection, resource_id: int) -> str:
    return counted(reconfigure.known_objects(conn, resource_id), "known record")


def _with_enabled(body: str, enabled: bool) -> str:
    content = json.loads(body)
    content.setdefault("configuration", {})[ENABLED_KEY] = enabled
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
