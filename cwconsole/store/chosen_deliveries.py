"""Deliveries that an operator has chosen: their ids, and what would become of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.errors import RefusedError
from cwconsole.core.filters import LONGEST_PAGE, Filter
from cwconsole.store import delivery_list

MOST: Final = LONGEST_PAGE  # what is changed at one asking
NAMED: Final = 3


class Named(Struct, frozen=True, kw_only=True):
    """Which delivery it is. type: of its event."""

    id: int
    type: str
    instance: str
    resource: str
    object_id: int


class Chosen(Struct, frozen=True, kw_only=True):
    """Deliveries by state, as (state, number). held: as states, those that are held, or go to a callback URL that is.

    Of those alone that would be changed: urls: where they go, at most three of `callbacks`; named: the newest of them,
    at most three.
    """

    states: tuple[tuple[str, int], ...]
    callbacks: int
    urls: tuple[str, ...]
    held: tuple[tuple[str, int], ...]
    named: tuple[Named, ...] = ()

    def among(self, states: Collection[str]) -> int:
        """How many are in one of these states."""
        return sum(number for state, number in self.states if state in states)

    def held_among(self, states: Collection[str]) -> int:
        """How many of them are held."""
        return sum(number for state, number in self.held if state in states)


def ids(conn: sqlite3.Connection, chosen: Filter, without: Collection[int] = ()) -> list[int]:
    """The ids of a filter's deliveries but some, oldest first. Raises RefusedError if they are too many."""
    found: list[int] = []
    after: int | None = None
    while True:
        listing = delivery_list.page(conn, replace(chosen, limit=MOST, after=after))
        found += [row.id for row in listing.rows if row.id not in without]
        if len(found) > MOST:
            raise RefusedError(f"These are more than {MOST:,} deliveries; narrow the filter, and do it in parts.")
        if listing.next_after is None:
            return found[::-1]
        after = listing.next_after


def preview(conn: sqlite3.Connection, chosen: Collection[int], changed: Collection[str]) -> Chosen:
    """What was chosen, counted. Ids that there are not any more are left out. changed: the states that would be."""
    among = "WHERE d.id IN (SELECT value FROM json_each(:ids))"
    those = f"{among} AND d.state IN (SELECT value FROM json_each(:changed))"
    listed = {"ids": json.dumps(list(chosen)), "changed": json.dumps(list(changed))}
    states = conn.execute(
        f"""
        SELECT d.state, count(*), sum(d.held = 1 OR c.held_ms IS NOT NULL)
        FROM deliveries d JOIN callbacks c ON c.id = d.callback_id {among} GROUP BY d.state ORDER BY d.state
        """,
        listed,
    ).fetchall()
    (callbacks,) = conn.execute(f"SELECT count(DISTINCT callback_id) FROM deliveries d {those}", listed).fetchone()
    urls = conn.execute(
        f"SELECT DISTINCT c.url FROM deliveries d JOIN callbacks c ON c.id = d.callback_id {those} ORDER BY 1 LIMIT 3",
        listed,
    ).fetchall()
    newest = conn.execute(
        f"""
        SELECT d.id, lower(e.type) AS type, i.name AS instance, r.name AS resource, d.object_id
        FROM deliveries d JOIN events e ON e.id = d.event_id JOIN instances i ON i.id = d.instance_id
            JOIN resources r ON r.id = d.resource_id {those} ORDER BY d.id DESC LIMIT {NAMED}
        """,
        listed,
    ).fetchall()
    return Chosen(
        states=tuple((str(row[0]), int(row[1])) for row in states),
        callbacks=callbacks,
        urls=tuple(row[0] for row in urls),
        held=tuple((str(row[0]), int(row[2])) for row in states if row[2]),
        named=tuple(Named(**row) for row in newest),
    )
