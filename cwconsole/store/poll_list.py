"""Polls, listed and shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from cwconsole.core.config import Mode
from cwconsole.core.counted import aside_sentence
from cwconsole.core.errors import UsageError
from cwconsole.core.filters import STATES, Filter, Noun
from cwconsole.store import object_chain, production
from cwconsole.store.listing import (
    Listing,
    Place,
    Question,
    Stream,
    Value,
    among,
    containing,
    id_range,
    in_order,
    matching,
    ordered_ids,
    page_of_ids,
    place_of,
)
from cwconsole.store.polls import TROUBLED

SLACK_MS = 600_000  # a poll's row is written with its first answer, after tries that may take minutes
ORDERS: Final = MappingProxyType(
    {
        "records": "records",
        "changes": "created + updated + deleted",
        "duration": "finished_ms - started_ms",  # none while it runs
    }
)
_BY_ID = Stream(where="id IN (SELECT value FROM json_each(:polls))")


class PollRow(Struct, frozen=True, kw_only=True):
    """A poll. window_from, server_time: whole seconds on the server's clock. production: whether its instance is.

    set_aside: records that could not be decoded. mode: how its resource is read, of `core.config.Mode`.
    """

    id: int
    instance_id: int
    instance: str
    resource: str
    kind: str
    trigger: str
    outcome: str
    started_ms: int
    finished_ms: int | None
    window_from: int | None
    server_time: int | None
    pages: int
    records: int
    bytes: int
    created: int
    updated: int
    deleted: int
    learned: int
    set_aside: int
    error_code: str | None
    error: str | None
    action_id: int | None
    mode: str
    production: bool = False

    @property
    def trouble(self) -> str:
        """What did not go well, in sentences; empty if all did."""
        aside = aside_sentence(self.set_aside) if self.set_aside else None
        return " ".join(filter(None, (self.error, aside)))


def sweep_found(row: PollRow) -> str:
    """What it proves that a sweep came to its end, as a sentence."""
    if row.mode == Mode.AS_WRITTEN:
        return (
            "All ids were compared: what has vanished became events. What its URL, run as written, misses is not found."
        )
    if row.created or row.updated or row.deleted:
        return "All ids were compared: what no poll had recorded, and what has vanished, became events."
    return f"All ids were compared with what is known: nothing {'else ' if row.set_aside else ''}is missing."


def page(conn: sqlite3.Connection, chosen: Filter) -> Listing[PollRow]:
    """One page of polls, newest first. Raises UsageError for an instance or a resource that there is not."""
    ids = page_of_ids(conn, _question(conn, chosen), chosen.limit)
    return Listing(rows=some(conn, ids.rows), next_after=ids.next_after)


def order(conn: sqlite3.Connection, chosen: Filter, by: str, *, descending: bool) -> list[int]:
    """All polls of a filter, by one of `ORDERS`. Raises RefusedError for too many, UsageError as `page`."""
    return ordered_ids(conn, _question(conn, chosen), ORDERS[by], descending=descending)


def some(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[PollRow]:
    """The polls of these numbers, in this order; those that are gone are left out."""
    return in_order(numbers, _rows(conn, numbers))


def show(conn: sqlite3.Connection, poll_id: int) -> PollRow:
    """One poll. Raises UsageError if there is none (those without news are kept for 48 hours only)."""
    row = _rows(conn, [poll_id]).get(poll_id)
    if row is None:
        raise UsageError(f"There is no poll {poll_id} (any more); `cwconsole polls list` shows what there is.")
    return row


def any_ended(conn: sqlite3.Connection, action_id: int, outcome: str) -> bool:
    """Whether a poll or sweep that this action asked for ended so, not well. `refused`: it waits for confirmation."""
    row = conn.execute(
        f"SELECT 1 FROM polls WHERE {TROUBLED} AND outcome = ? AND action_id = ? LIMIT 1", (outcome, action_id)
    ).fetchone()
    return row is not None


def _question(conn: sqlite3.Connection, chosen: Filter) -> Question:
    low, high, residual = id_range(conn, chosen, table="polls", column="started_ms", slack_ms=SLACK_MS)
    place = place_of(conn, chosen)
    params: dict[str, Value] = {}
    for conditions, values in (
        place.residual(),
        among("outcome", chosen.state, "states"),
        among("kind", chosen.type, "types"),
        containing("coalesce(error, '')", chosen.text),
        matching("error", chosen.match),
        _of_object(conn, chosen),
    ):
        residual += conditions
        params |= values
    streams = [_BY_ID] if chosen.object is not None and not chosen.object.inverted else _streams(chosen, place)
    return Question(table="polls", streams=streams, low=low, high=high, residual=residual, params=params)


def _of_object(conn: sqlite3.Connection, chosen: Filter) -> tuple[list[str], dict[str, Value]]:
    if chosen.object is None:
        return [], {}
    word = "NOT IN" if chosen.object.inverted else "IN"
    found = object_chain.poll_ids(conn, chosen.object.value)
    return [f"id {word} (SELECT value FROM json_each(:polls))"], {"polls": json.dumps(found)}


def _streams(chosen: Filter, place: Place) -> list[Stream]:
    if chosen.state is not None:
        states = [one for one in STATES[Noun.POLLS] if (one in chosen.state.value) != chosen.state.inverted]
        if "ok" not in states:
            where = f"{TROUBLED} AND outcome = :o"
            return [Stream(index="polls_troubled", where=where, params={"o": state}) for state in states]
    if place.included is not None:
        return [
            Stream(index="polls_resource", where="resource_id = :r", params={"r": resource_id})
            for resource_id in place.included
        ]
    return [Stream()]


def _rows(conn: sqlite3.Connection, ids: Sequence[int]) -> dict[int, PollRow]:
    rows = conn.execute(
        """
        SELECT p.id, r.instance_id, i.name AS instance, r.name AS resource, p.kind, p.trigger, p.outcome, p.started_ms,
            p.finished_ms, p.window_from, p.server_time, p.pages, p.records, p.bytes, p.created, p.updated, p.deleted,
            p.learned, p.set_aside, p.error_code, p.error, p.action_id, r.mode
        FROM polls p JOIN resources r ON r.id = p.resource_id JOIN instances i ON i.id = r.instance_id
        WHERE p.id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(ids),),
    )
    names, read = [column[0] for column in rows.description], rows.fetchall()
    tagged = production.tagged(conn, (row[1] for row in read))
    return {row[0]: PollRow(**dict(zip(names, row, strict=True)), production=row[1] in tagged) for row in read}
