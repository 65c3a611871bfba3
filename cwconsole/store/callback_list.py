"""Callback URLs: whether they are held, and how their breakers stand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from msgspec import Struct

_SELECT = """
    SELECT c.id, c.url, c.held_ms, c.held_reason, c.last_success_ms, c.breaker_until_ms,
        (SELECT count(*) FROM instances i WHERE i.callback_id = c.id AND i.removed_ms IS NULL) AS instances,
        (SELECT coalesce(sum(r.pending + r.sending + r.retrying), 0) FROM resources r JOIN instances i
            ON i.id = r.instance_id WHERE i.callback_id = c.id AND i.removed_ms IS NULL) AS waiting
    FROM callbacks c
    """


class CallbackRow(Struct, frozen=True, kw_only=True):
    """A callback URL.

    held_ms: since when it is held; held_reason says why. breaker_until_ms: when its breaker lets a probe through; None
    when it is closed. instances: how many deliver to it. waiting: their open deliveries, by the maintained totals.
    """

    id: int
    url: str
    held_ms: int | None
    held_reason: str | None
    last_success_ms: int | None
    breaker_until_ms: int | None
    instances: int
    waiting: int


class Holds(Struct, frozen=True, kw_only=True):
    """What holds the deliveries of one resource: flags of operators, or of its callback URL."""

    instance: bool
    resource: bool
    callback: CallbackRow | None


def troubled(conn: sqlite3.Connection) -> list[CallbackRow]:
    """Callback URLs in use that get nothing now: held ones first, then those with an open breaker."""
    rows = conn.execute(
        f"""
        {_SELECT}
        WHERE (c.held_ms IS NOT NULL OR c.breaker_until_ms IS NOT NULL)
            AND EXISTS (SELECT 1 FROM instances i WHERE i.callback_id = c.id AND i.removed_ms IS NULL)
        ORDER BY c.held_ms IS NULL, c.held_ms, c.id
        """
    ).fetchall()
    return [CallbackRow(**row) for row in rows]


def of_url(conn: sqlite3.Connection, url: str) -> CallbackRow | None:
    """One callback URL, None if nothing was ever to be sent there."""
    row = conn.execute(f"{_SELECT} WHERE c.url = ?", (url,)).fetchone()
    return None if row is None else CallbackRow(**row)


def held_reasons(conn: sqlite3.Connection, urls: Iterable[str]) -> dict[str, str]:
    """Why nothing is sent to these callback URLs; those that are not held are left out."""
    sql = """
        SELECT url, coalesce(held_reason, 'an operator held it') FROM callbacks
        WHERE url IN (SELECT value FROM json_each(?)) AND held_ms IS NOT NULL
        """
    return dict(conn.execute(sql, (json.dumps(list(urls)),)).fetchall())


def holds(conn: sqlite3.Connection, instance_id: int, resource: str | None, url: str) -> Holds:
    """What holds deliveries of an instance and a resource of it to a callback URL."""
    flags = conn.execute(
        """
        SELECT i.held_ms IS NOT NULL, coalesce(max(r.held_ms IS NOT NULL), 0)
        FROM instances i LEFT JOIN resources r ON r.instance_id = i.id AND r.name = ? WHERE i.id = ?
        """,
        (resource, instance_id),
    ).fetchone()
    callback = of_url(conn, url)
    is_held = callback is not None and callback.held_ms is not None
    return Holds(instance=bool(flags[0]), resource=bool(flags[1]), callback=callback if is_held else None)
