"""Actions, the audit log, listed and shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from cwconsole.core.errors import UsageError
from cwconsole.core.filters import Filter
from cwconsole.core.json_values import as_json
from cwconsole.store import actions, instances, object_chain
from cwconsole.store.actions import Action
from cwconsole.store.listing import (
    Listing,
    Question,
    Stream,
    Value,
    all_places,
    among,
    containing,
    id_range,
    in_order,
    matching,
    page_of_ids,
    place_of,
)

SLACK_MS = 60_000


class ActionRow(Struct, frozen=True, kw_only=True):
    """An action with the names of what it is about; None where it is about nothing of that kind."""

    action: Action
    instance: str | None
    resource: str | None


def page(conn: sqlite3.Connection, chosen: Filter) -> Listing[ActionRow]:
    """One page of actions, newest first. Raises UsageError for an instance or a resource that there is not."""
    ids = page_of_ids(conn, _question(conn, chosen), chosen.limit)
    return Listing(rows=some(conn, ids.rows), next_after=ids.next_after)


def some(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[ActionRow]:
    """The actions of these numbers, in this order; those that are gone are left out."""
    return in_order(numbers, _rows(conn, numbers))


def show(conn: sqlite3.Connection, action_id: int) -> ActionRow:
    """One action. Raises UsageError if there is none."""
    row = _rows(conn, [action_id]).get(action_id)
    if row is None:
        raise UsageError(f"There is no action {action_id}; `cwconsole actions list` shows what there is.")
    return row


def document(row: ActionRow) -> dict[str, Any]:
    """An action as JSON."""
    action: dict[str, Any] = as_json(row.action)
    return {**action, "instance": row.instance, "resource": row.resource}


_TEXT = "command || ' ' || operator || ' ' || coalesce(outcome, '') || ' ' || coalesce(reason, '')"


def _question(conn: sqlite3.Connection, chosen: Filter) -> Question:
    low, high, residual = id_range(conn, chosen, table="actions", column="asked_ms", slack_ms=SLACK_MS)
    params: dict[str, Value] = {}
    for conditions, values in (
        _of_place(conn, chosen),
        among("state", chosen.state, "states"),
        among("kind", chosen.type, "types"),
        containing(_TEXT, chosen.text),
        matching(_TEXT, chosen.match),
        _of_object(conn, chosen),
    ):
        residual += conditions
        params |= values
    return Question(
        table="actions", streams=_streams(conn, chosen), low=low, high=high, residual=residual, params=params
    )


def _of_place(conn: sqlite3.Connection, chosen: Filter) -> tuple[list[str], dict[str, Value]]:
    """Actions on a whole instance belong to it, and to none of its resources."""
    if chosen.resource is not None:
        return place_of(conn, chosen).residual()
    if chosen.instance is None:
        return [], {}
    word = "IS NOT" if chosen.instance.inverted else "IS"
    return [f"instance_id {word} :instance"], {"instance": instances.load(conn, chosen.instance.value).id}


def _of_object(conn: sqlite3.Connection, chosen: Filter) -> tuple[list[str], dict[str, Value]]:
    """Those on one event or one delivery of it. What a job sends again of many is no action of its own."""
    if chosen.object is None:
        return [], {}
    events = object_chain.event_ids(conn, chosen.object.value, all_places(conn))
    condition = """
        (kind = 'replay' AND coalesce(target_id, 0) IN (SELECT value FROM json_each(:events)))
            OR (kind IN ('retry', 'cancel') AND coalesce(target_id, 0) IN (SELECT value FROM json_each(:deliveries)))
        """
    params: dict[str, Value] = {
        "events": json.dumps(events),
        "deliveries": json.dumps(object_chain.delivery_ids(conn, events)),
    }
    return [f"NOT ({condition})" if chosen.object.inverted else condition], params


def _streams(conn: sqlite3.Connection, chosen: Filter) -> list[Stream]:
    if chosen.state is not None and not chosen.state.inverted and set(chosen.state.value) <= {"queued", "running"}:
        return [
            Stream(index="actions_open", where=f"{actions.OPEN} AND state = :s", params={"s": state})
            for state in chosen.state.value
        ]
    if chosen.instance is not None and not chosen.instance.inverted:
        instance = instances.load(conn, chosen.instance.value)
        return [Stream(index="actions_instance", where="instance_id = :i", params={"i": instance.id})]
    return [Stream()]


def _rows(conn: sqlite3.Connection, ids: Sequence[int]) -> dict[int, ActionRow]:
    rows = conn.execute(
        f"""
        SELECT i.name, r.name, {", ".join(f"a.{name}" for name in actions.COLUMNS)}
        FROM actions a LEFT JOIN instances i ON i.id = a.instance_id LEFT JOIN resources r ON r.id = a.resource_id
        WHERE a.id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(ids),),
    ).fetchall()
    found = [ActionRow(instance=row[0], resource=row[1], action=actions.as_action(tuple(row)[2:])) for row in rows]
    return {row.action.id: row for row in found}
