"""Dead letters, grouped by where they should have gone and why they did not get there.

One indexed query: the newest `MOST` dead deliveries are read and counted, so the answer takes a tenth of a second
however many there are; the maintained totals say how many there are in all.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Final

from msgspec import Struct

from cwconsole.core.filters import Filter
from cwconsole.store import production
from cwconsole.store.delivery_indexes import TROUBLED
from cwconsole.store.listing import place_of

MOST: Final = 100_000


class DeadGroup(Struct, frozen=True, kw_only=True):
    """Dead letters of one callback URL with one error.

    error: the status of the last answer, else the error's code, the filter's word `error:`; None if neither is known.
    instance: one of them; instances: how many there are. first_ms, last_ms: when the first and the last one died.
    production: whether one of the instances is tagged so; then `instance` is one that is.
    """

    callback_id: int
    url: str
    error: str | None
    count: int
    instance: str
    instances: int
    first_ms: int | None
    last_ms: int | None
    production: bool = False


class DeadLetters(Struct, frozen=True, kw_only=True):
    """The groups, largest first. total: all dead letters there are, those that were not counted included."""

    groups: list[DeadGroup]
    total: int

    @property
    def counted(self) -> int:
        """All that are in a group."""
        return sum(group.count for group in self.groups)


def groups(conn: sqlite3.Connection, chosen: Filter, *, most: int = MOST) -> DeadLetters:
    """Dead letters of the filter's instance and resource. Raises UsageError for what there is not."""
    conditions, params = place_of(conn, chosen).residual()
    where = " AND ".join(conditions) or "1"
    rows = conn.execute(
        f"""
        SELECT letters.callback_id, c.url, letters.error, count(*) AS count,
            coalesce(min(CASE WHEN i.id IN (SELECT value FROM json_each(:tagged)) THEN i.name END), min(i.name))
                AS instance,
            count(DISTINCT letters.instance_id) AS instances, min(letters.settled_ms) AS first_ms,
            max(letters.settled_ms) AS last_ms, max(i.id IN (SELECT value FROM json_each(:tagged))) AS production
        FROM (
            SELECT callback_id, instance_id, resource_id, settled_ms,
                coalesce(CAST(status AS TEXT), error_code) AS error
            FROM deliveries INDEXED BY deliveries_troubled WHERE {TROUBLED} AND state = 'dead'
            ORDER BY id DESC LIMIT :most
        ) AS letters
            JOIN callbacks c ON c.id = letters.callback_id JOIN instances i ON i.id = letters.instance_id
        WHERE {where} GROUP BY letters.callback_id, letters.error ORDER BY count(*) DESC, c.url, letters.error
        """,
        {**params, "most": most, "tagged": json.dumps(sorted(production.all_tagged(conn)))},
    ).fetchall()
    total = f"SELECT coalesce(sum(dead), 0) FROM resources WHERE {where.replace('resource_id', 'id')}"
    found = [DeadGroup(**{**dict(row), "production": bool(row["production"])}) for row in rows]
    return DeadLetters(groups=found, total=conn.execute(total, params).fetchone()[0])
