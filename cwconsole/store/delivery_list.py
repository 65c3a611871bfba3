"""Deliveries and their attempts, listed and shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from cwconsole.core.delivery import OPEN
from cwconsole.core.errors import UsageError
from cwconsole.core.event_id import public_id
from cwconsole.core.filters import STATES, Filter, Noun
from cwconsole.store import delivery_indexes, meta, object_chain, production
from cwconsole.store.listing import (
    Listing,
    Place,
    Question,
    Stream,
    Value,
    all_places,
    among,
    id_range,
    in_order,
    ordered_ids,
    page_of_ids,
    place_of,
)

SLACK_MS = 60_000
SORTED_AT_MOST = 20_000  # so many open deliveries are sorted; more are dense enough to be found by going through all
TROUBLED = ("sending", "retrying", "dead", "cancelled")
# Whether a delivery `d` waits behind a hold, and how it stands: the one place of that rule, for every list and filter.
HELD = """
    (d.state IN ('pending', 'retrying')
        AND (d.held = 1 OR d.callback_id IN (SELECT id FROM callbacks WHERE held_ms IS NOT NULL)))
    """
STANDING = f"CASE WHEN {HELD} THEN 'held' ELSE d.state END"
# Held ones are left out of the next try: they have no time until the hold is lifted.
ORDERS: Final = MappingProxyType(
    {
        "attempts": "attempts",
        "next": f"CASE WHEN {STANDING} IN ('pending', 'retrying') THEN due_ms END",
    }
)
EVERYWHERE = Place(included=None)


def standing(state: str, *, held: bool) -> str:
    """How a delivery stands, in a word for people: nothing is sent of what is held, whatever it waits for."""
    return "held" if held else state


class DeliveryRow(Struct, frozen=True, kw_only=True):
    """A delivery. event: the event's number, event_id its public id. held: whether it waits behind a hold.

    production: whether its instance is tagged so.
    """

    id: int
    event: int
    event_id: str
    instance_id: int
    instance: str
    resource: str
    object_id: int
    type: str
    state: str
    held: bool
    replay: bool
    attempts: int
    due_ms: int | None
    created_ms: int
    settled_ms: int | None
    status: int | None
    error_code: str | None
    url: str
    production: bool = False

    @property
    def standing(self) -> str:
        """Its state, or `held`."""
        return standing(self.state, held=self.held)


class AttemptRow(Struct, frozen=True, kw_only=True):
    """One HTTP request. headers: of the answer. body: at most 20,000 bytes of it."""

    number: int
    trigger: str
    started_ms: int
    duration_ms: int
    url: str
    peer: str | None
    status: int | None
    error_code: str | None
    error: str | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool
    next_ms: int | None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it, as in `core.attempts.Outcome`."""
        return self.error_code is None


class DeliveryDetail(Struct, frozen=True, kw_only=True):
    """A delivery with its attempts, oldest first."""

    delivery: DeliveryRow
    attempts: list[AttemptRow]


def page(conn: sqlite3.Connection, chosen: Filter) -> Listing[DeliveryRow]:
    """One page of deliveries, newest first. Raises UsageError for an instance or a resource that there is not."""
    ids = page_of_ids(conn, _question(conn, chosen), chosen.limit)
    return Listing(rows=some(conn, ids.rows), next_after=ids.next_after)


def order(conn: sqlite3.Connection, chosen: Filter, by: str, *, descending: bool) -> list[int]:
    """All deliveries of a filter, by one of `ORDERS`. Raises RefusedError for too many, UsageError as `page`."""
    return ordered_ids(conn, _question(conn, chosen), ORDERS[by], descending=descending)


def some(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[DeliveryRow]:
    """The deliveries of these numbers, in this order; those that are gone are left out."""
    return in_order(numbers, _rows(conn, numbers))


def show(conn: sqlite3.Connection, delivery_id: int) -> DeliveryDetail:
    """One delivery with its attempts. Raises UsageError if there is none."""
    row = _rows(conn, [delivery_id]).get(delivery_id)
    if row is None:
        raise UsageError(f"There is no delivery {delivery_id}; `cwconsole deliveries list` shows what there is.")
    return DeliveryDetail(delivery=row, attempts=_attempts(conn, delivery_id))


def of_event(conn: sqlite3.Connection, number: int) -> list[DeliveryDetail]:
    """The deliveries of one event, oldest first."""
    ids = [row[0] for row in conn.execute("SELECT id FROM deliveries WHERE event_id = ? ORDER BY id", (number,))]
    rows = _rows(conn, ids)
    return [DeliveryDetail(delivery=row, attempts=_attempts(conn, row.id)) for row in in_order(ids, rows)]


def _question(conn: sqlite3.Connection, chosen: Filter) -> Question:
    low, high, residual = id_range(conn, chosen, table="deliveries", column="created_ms", slack_ms=SLACK_MS)
    place = place_of(conn, chosen)
    params: dict[str, Value] = {}
    for conditions, values in (
        place.residual(),
        among(STANDING, chosen.state, "states"),
        _of_type(chosen),
        _of_callback(conn, chosen),
        _of_error(chosen),
    ):
        residual += conditions
        params |= values
    if chosen.object is not None and chosen.object.inverted:
        residual.append(f"object_id <> {chosen.object.value:d}")
    streams = _streams(conn, chosen, place)
    return Question(table="deliveries d", streams=streams, low=low, high=high, residual=residual, params=params)


def _of_type(chosen: Filter) -> tuple[list[str], dict[str, Value]]:
    conditions, params = among("e.type", chosen.type, "types")
    exists = [f"EXISTS (SELECT 1 FROM events e WHERE e.id = event_id AND {one})" for one in conditions]
    return exists, {name: str(value).upper() for name, value in params.items()}


def _of_callback(conn: sqlite3.Connection, chosen: Filter) -> tuple[list[str], dict[str, Value]]:
    """A whole URL means that one; anything else every URL that contains it. Raises UsageError if there is none."""
    if chosen.callback is None:
        return [], {}
    wanted = chosen.callback.value
    ids = [row[0] for row in conn.execute("SELECT id FROM callbacks WHERE url = ?", (wanted,))]
    ids = ids or [row[0] for row in conn.execute("SELECT id FROM callbacks WHERE instr(url, ?) > 0", (wanted,))]
    if not ids:
        raise UsageError(f"There is no callback URL with {wanted!r} in it; `cwconsole instances list` shows them.")
    word = "NOT IN" if chosen.callback.inverted else "IN"
    return [f"callback_id {word} (SELECT value FROM json_each(:callbacks))"], {"callbacks": json.dumps(ids)}


def _of_error(chosen: Filter) -> tuple[list[str], dict[str, Value]]:
    if chosen.error is None:
        return [], {}
    has = "(coalesce(error_code, '') = :error OR coalesce(CAST(status AS TEXT), '') = :error)"
    return [f"NOT {has}" if chosen.error.inverted else has], {"error": chosen.error.value.lower()}


def _streams(conn: sqlite3.Connection, chosen: Filter, place: Place) -> list[Stream]:
    """The narrowest scans that bring every delivery wanted; the residual drops what they bring too much."""
    if chosen.object is not None and not chosen.object.inverted:
        places = all_places(conn) if place.included is None else place.included
        events = object_chain.event_ids(conn, chosen.object.value, places)
        return [
            Stream(where="event_id IN (SELECT value FROM json_each(:events))", params={"events": json.dumps(events)})
        ]
    states = _states(chosen)
    if states is not None and "delivered" not in states:
        waiting = _waiting(conn, states, place)
        if waiting is not None:
            return [*waiting, *(_troubled(state) for state in states if state in TROUBLED)]
    if place.included is not None:
        return [_of_resource(resource_id) for resource_id in place.included]
    return [Stream()]


def events_in_state(conn: sqlite3.Connection, states: Sequence[str]) -> list[int] | None:
    """The numbers of events with a delivery in one of the states; None if they are not few, or no index finds them."""
    troubled = [state for state in states if state in TROUBLED]
    if "delivered" in states or _total(conn, troubled, EVERYWHERE) > SORTED_AT_MOST:
        return None
    waiting = _waiting(conn, states, EVERYWHERE)
    if waiting is None:
        return None
    found: set[int] = set()
    for stream in (*waiting, *map(_troubled, troubled)):
        sql = f"SELECT event_id FROM deliveries INDEXED BY {stream.index} WHERE {stream.where}"
        found.update(row[0] for row in conn.execute(sql, stream.params))
    return sorted(found)


def _states(chosen: Filter) -> list[str] | None:
    term = chosen.state
    if term is None:
        return None
    return [state for state in STATES[Noun.DELIVERIES] if (state in term.value) != term.inverted]


def _waiting(conn: sqlite3.Connection, states: Collection[str], place: Place) -> list[Stream] | None:
    """Where the open ones are that are shown as pending or held, as far as wanted; None if those are too many to sort.

    What waits is held if its place is (an open delivery goes to its instance's callback URL), so neither hides in the
    many of the other.
    """
    places = []
    if not {"pending", "held"}.isdisjoint(states):
        held = _held_places(conn)
        places += [place.without(held)] if "pending" in states else []
        places += [place.within(held)] if "held" in states else []
    if any(_total(conn, OPEN, one) > SORTED_AT_MOST for one in places):
        return None
    return [_open(one) for one in places]


def _held_places(conn: sqlite3.Connection) -> frozenset[int]:
    """The resources that something holds."""
    rows = conn.execute(
        """
        SELECT r.id FROM resources r JOIN instances i ON i.id = r.instance_id
            LEFT JOIN callbacks c ON c.id = i.callback_id
        WHERE coalesce(r.held_ms, i.held_ms, c.held_ms) IS NOT NULL
        """
    )
    return frozenset(row[0] for row in rows.fetchall())


def _total(conn: sqlite3.Connection, states: Iterable[str], place: Place) -> int:
    """How many deliveries are in these states, from the maintained totals."""
    conditions, params = place.residual()
    where = " AND ".join(conditions).replace("resource_id", "id") or "1"
    sql = f"SELECT coalesce(sum({' + '.join(states) or '0'}), 0) FROM resources WHERE {where}"
    return int(conn.execute(sql, params).fetchone()[0])


def _troubled(state: str) -> Stream:
    return Stream(index="deliveries_troubled", where=f"{delivery_indexes.TROUBLED} AND state = :s", params={"s": state})


def _open(place: Place) -> Stream:
    conditions, params = place.residual("open_places")  # by a name of its own, beside the filter's places
    return Stream(index="deliveries_open", where=" AND ".join((delivery_indexes.OPEN, *conditions)), params=params)


def _of_resource(resource_id: int) -> Stream:
    return Stream(index="deliveries_resource", where="resource_id = :r", params={"r": resource_id})


def _rows(conn: sqlite3.Connection, ids: Sequence[int]) -> dict[int, DeliveryRow]:
    tag = meta.get(conn, "tag")
    rows = conn.execute(
        f"""
        SELECT d.id, d.event_id AS event, d.instance_id, i.name AS instance, r.name AS resource, d.object_id,
            coalesce(e.type, '') AS type, d.state, {HELD} AS held, d.replay, d.attempts, d.due_ms, d.created_ms,
            d.settled_ms, d.status, d.error_code, c.url
        FROM deliveries d JOIN instances i ON i.id = d.instance_id JOIN resources r ON r.id = d.resource_id
            JOIN callbacks c ON c.id = d.callback_id LEFT JOIN events e ON e.id = d.event_id
        WHERE d.id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(ids),),
    ).fetchall()
    tagged = production.tagged(conn, (row["instance_id"] for row in rows))
    return {row["id"]: _row(dict(row), tag, row["instance_id"] in tagged) for row in rows}


def _row(row: dict[str, Any], tag: str | None, is_production: bool) -> DeliveryRow:
    event_id = str(row["event"]) if tag is None else public_id(tag, row["event"])
    flags = {"held": bool(row["held"]), "replay": bool(row["replay"]), "production": is_production}
    return DeliveryRow(**{**row, **flags, "event_id": event_id})


def _attempts(conn: sqlite3.Connection, delivery_id: int) -> list[AttemptRow]:
    rows = conn.execute(
        """
        SELECT number, trigger, started_ms, duration_ms, url, peer, status, error_code, error, headers, body, truncated,
            next_ms
        FROM attempts WHERE delivery_id = ? ORDER BY number, id
        """,
        (delivery_id,),
    ).fetchall()
    return [
        AttemptRow(
            **{
                **dict(row),
                "headers": tuple((name, value) for name, value in json.loads(row["headers"])),
                "body": bytes(row["body"]),
                "truncated": bool(row["truncated"]),
            }
        )
        for row in rows
    ]
