"""Events, listed and shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from cwconsole.core.diff import Difference, differences
from cwconsole.core.errors import UsageError
from cwconsole.core.event_id import public_id
from cwconsole.core.filters import Filter, Term
from cwconsole.core.json_values import as_json, read_json
from cwconsole.store import delivery_list, meta, object_chain, production
from cwconsole.store.delivery_list import DeliveryDetail, of_event
from cwconsole.store.listing import (
    Listing,
    Place,
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
ALL_TYPES = ("CREATED", "UPDATED", "DELETED")
NEWEST = f"""
    (SELECT {delivery_list.STANDING} FROM deliveries d WHERE d.event_id = events.id ORDER BY d.id DESC LIMIT 1)
    """


class EventRow(Struct, frozen=True, kw_only=True):
    """An event. event_id: the public one. record_date: whole seconds, server's clock.

    delivery: state of the newest. held: whether that one waits behind a hold. production: whether its instance is
    tagged so.
    """

    id: int
    event_id: str
    instance_id: int
    instance: str
    resource: str
    object_id: int
    type: str
    seen_ms: int
    record_date: int | None
    future: bool
    poll_id: int
    previous_id: int | None
    delivery: str | None
    held: bool = False
    production: bool = False

    @property
    def standing(self) -> str | None:
        """The newest delivery's state, or `held`; None if there is no delivery."""
        return None if self.delivery is None else delivery_list.standing(self.delivery, held=self.held)


class EventDetail(Struct, frozen=True, kw_only=True):
    """An event with its record, what changed since the object's event before, and its deliveries.

    previous_id: None if there is none any more. changes: None if there is nothing to compare with.
    """

    event: EventRow
    record: bytes
    changes: list[Difference] | None
    deliveries: list[DeliveryDetail]


def page(conn: sqlite3.Connection, chosen: Filter) -> Listing[EventRow]:
    """One page of events, newest first. Raises UsageError for an instance or a resource that there is not."""
    ids = page_of_ids(conn, question(conn, chosen), chosen.limit)
    return Listing(rows=some(conn, ids.rows), next_after=ids.next_after)


def some(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[EventRow]:
    """The events of these numbers, in this order; those that are gone are left out."""
    return in_order(numbers, _rows(conn, numbers))


def show(conn: sqlite3.Connection, number: int) -> EventDetail:
    """One event with everything about it. Raises UsageError if there is none."""
    row = _rows(conn, [number]).get(number)
    if row is None:
        raise UsageError(f"There is no event {number}; `cwconsole events list` shows what there is.")
    record = _record(conn, number)
    previous = None if row.previous_id is None else _record(conn, row.previous_id)
    return EventDetail(
        event=row,
        record=record or b"",
        changes=None if previous is None else differences(previous, record or b""),
        deliveries=of_event(conn, number),
    )


def document(detail: EventDetail) -> dict[str, Any]:
    """An event as JSON, with its record, what changed, and its deliveries."""
    event: dict[str, Any] = as_json(detail.event)
    event |= {"record": read_json(detail.record), "changes": None}
    if detail.changes is not None:
        event["changes"] = [
            {"path": one.path, "before": _value(one.before), "after": _value(one.after)} for one in detail.changes
        ]
    return {**event, "deliveries": as_json(detail.deliveries)}


def _value(text: str | None) -> object:
    return None if text is None else read_json(text.encode("utf-8", "surrogatepass"))


def records(conn: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, bytes]:
    """The records of some events, by their numbers."""
    rows = conn.execute(
        "SELECT id, record FROM events WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(numbers),)
    )
    return {row[0]: bytes(row[1]) for row in rows.fetchall()}


def _record(conn: sqlite3.Connection, number: int) -> bytes | None:
    row = conn.execute("SELECT record FROM events WHERE id = ?", (number,)).fetchone()
    return None if row is None else bytes(row[0])


def question(conn: sqlite3.Connection, chosen: Filter) -> Question:
    """Where the events of a filter are found. Raises UsageError for an instance or a resource that there is not."""
    low, high, residual = id_range(conn, chosen, table="events", column="seen_ms", slack_ms=SLACK_MS)
    place, types = place_of(conn, chosen), _types(chosen)
    by_object = chosen.object is not None and not chosen.object.inverted
    few = None if by_object else _few_in_state(conn, chosen.state)
    by_index = not by_object and few is None
    by_index = by_index and (place.included is not None or (types is not None and not types.inverted))
    conditions = [
        containing("CAST(record AS TEXT)", chosen.text),
        matching("record", chosen.match),
        among(f"coalesce({NEWEST}, '')", chosen.state, "states"),
    ]
    if not by_index:
        conditions += [place.residual(), among("type", types, "types")]
    elif place.included is None:
        conditions.append(place.residual())
    params: dict[str, Value] = {}
    for condition, values in conditions:
        residual += condition
        params |= values
    if chosen.object is not None and chosen.object.inverted:
        residual.append(f"object_id <> {chosen.object.value:d}")
    streams = _of_resources(conn, place, types) if by_index else [Stream()]
    if chosen.object is not None and by_object:
        streams = [_of_object(conn, chosen.object.value, place)]
    elif few is not None:
        streams = [few]
    return Question(table="events", streams=streams, low=low, high=high, residual=residual, params=params)


def _types(chosen: Filter) -> Term[tuple[str, ...]] | None:
    term = chosen.type
    return None if term is None else Term(tuple(value.upper() for value in term.value), term.inverted)


def _of_resources(conn: sqlite3.Connection, place: Place, types: Term[tuple[str, ...]] | None) -> list[Stream]:
    places = all_places(conn) if place.included is None else place.included
    wanted = [one for one in ALL_TYPES if types is None or (one in types.value) != types.inverted]
    return [
        Stream(index="events_resource", where="resource_id = :r AND type = :t", params={"r": resource_id, "t": one})
        for resource_id in places
        for one in wanted
    ]


def _of_object(conn: sqlite3.Connection, object_id: int, place: Place) -> Stream:
    places = all_places(conn) if place.included is None else place.included
    return _listed(object_chain.event_ids(conn, object_id, places))


def _few_in_state(conn: sqlite3.Connection, states: Term[tuple[str, ...]] | None) -> Stream | None:
    """The events that have a delivery in one of the states at all, if those are few and found by an index."""
    if states is None or states.inverted:
        return None
    events = delivery_list.events_in_state(conn, states.value)
    return None if events is None else _listed(events)


def _listed(events: Sequence[int]) -> Stream:
    return Stream(where="id IN (SELECT value FROM json_each(:ids))", params={"ids": json.dumps(events)})


def _rows(conn: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, EventRow]:
    tag = meta.get(conn, "tag")
    rows = conn.execute(
        f"""
        SELECT e.id, e.instance_id, i.name AS instance, r.name AS resource, e.object_id, e.type, e.seen_ms,
            e.record_date, e.future, e.poll_id, e.previous_id, d.state AS delivery, {delivery_list.HELD} AS held
        FROM events e JOIN instances i ON i.id = e.instance_id JOIN resources r ON r.id = e.resource_id
            LEFT JOIN deliveries d
                ON d.id = (SELECT id FROM deliveries WHERE event_id = e.id ORDER BY id DESC LIMIT 1)
        WHERE e.id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(numbers),),
    ).fetchall()
    tagged = production.tagged(conn, (row["instance_id"] for row in rows))
    return {row["id"]: _row(dict(row), tag, row["instance_id"] in tagged) for row in rows}


def _row(row: dict[str, Any], tag: str | None, is_production: bool) -> EventRow:
    event_id = str(row["id"]) if tag is None else public_id(tag, row["id"])
    flags = {"future": bool(row["future"]), "held": bool(row["held"]), "production": is_production}
    return EventRow(**{**row, **flags, "event_id": event_id})
