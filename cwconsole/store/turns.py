"""Whose turn it is among an object's deliveries, where they go, and the totals that every change of state moves.

Of an object's open deliveries exactly one has its turn: it has a due time, or is being sent. So `due_ms` alone says
what may be sent. Whatever takes a delivery out of its turn gives the turn to the object's first open one.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from cwconsole.core.delivery import DeliveryState
from cwconsole.store.delivery_indexes import OPEN


class Totals:
    """Changes of the resources' maintained totals, applied once at the end of a unit."""

    def __init__(self) -> None:
        self.deltas: Counter[tuple[int, str]] = Counter()

    def move(self, resource_id: int, before: str | None, after: str) -> None:
        if before is not None:
            self.deltas[resource_id, before] -= 1
        self.deltas[resource_id, after] += 1

    def apply(self, conn: sqlite3.Connection) -> None:
        for (resource_id, state), delta in self.deltas.items():
            column = DeliveryState(state).value  # the states are the columns' names
            conn.execute(f"UPDATE resources SET {column} = {column} + ? WHERE id = ?", (delta, resource_id))


class Destination(NamedTuple):
    """Where a resource's deliveries go, and whether they are held."""

    callback_id: int
    held: int


def destination(conn: sqlite3.Connection, resource_id: int) -> Destination | None:
    """None if its instance was removed, or records only."""
    row = conn.execute(
        """
        SELECT i.callback_id, i.held_ms IS NOT NULL OR r.held_ms IS NOT NULL
        FROM resources r JOIN instances i ON i.id = r.instance_id WHERE r.id = ? AND i.removed_ms IS NULL
        """,
        (resource_id,),
    ).fetchone()
    return None if row is None or row[0] is None else Destination(*row)


def callback_of(conn: sqlite3.Connection, delivery_id: int) -> int:
    """Where a delivery goes now; an edit may have moved it while it was being sent."""
    return int(conn.execute("SELECT callback_id FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()[0])


def pass_turns(conn: sqlite3.Connection, freed: Iterable[tuple[int, int]], now_ms: int) -> set[int]:
    """Give the turns that have become free to their objects' first open deliveries. Returns their callbacks.

    freed: the objects, as (resource id, object id).
    """
    objects = json.dumps(list(freed))
    rows = conn.execute(
        f"""
        SELECT min(d.id), d.state, d.due_ms, d.callback_id
        FROM json_each(?) o CROSS JOIN deliveries d INDEXED BY deliveries_open
            ON d.resource_id = json_extract(o.value, '$[0]') AND d.object_id = json_extract(o.value, '$[1]')
        WHERE d.{OPEN} GROUP BY d.resource_id, d.object_id
        """,
        (objects,),
    ).fetchall()  # the other columns are those of the row with the least id, as SQLite promises
    waiting = [(now_ms, first, callback) for first, state, due, callback in rows if state != "sending" and due is None]
    conn.executemany("UPDATE deliveries SET due_ms = ? WHERE id = ?", [row[:2] for row in waiting])
    return {row[2] for row in waiting}
