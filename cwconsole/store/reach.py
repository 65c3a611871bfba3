"""What pausing or holding an instance, or one of its resources, would stop: asked before it is done."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cwconsole.store import operations, resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """label: `acme`, or `acme/contacts`. polled: its resources that are polled now. waiting: its open deliveries."""

    label: str
    polled: tuple[str, ...]
    waiting: int


def reach(conn: sqlite3.Connection, instance: str, resource: str | None = None) -> Reach:
    """From the maintained totals. Raises UsageError for what there is not."""
    target = operations.scope(conn, instance, resource)
    rows = resources.of_instance(conn, target.instance.id) if target.resource is None else [target.resource]
    stands = target.instance.paused_ms is not None or not target.instance.enabled
    (waiting,) = conn.execute(
        """
        SELECT coalesce(sum(pending + sending + retrying), 0) FROM resources
        WHERE instance_id = :instance AND (:resource IS NULL OR id = :resource)
        """,
        {"instance": target.instance.id, "resource": None if target.resource is None else target.resource.id},
    ).fetchone()
    return Reach(
        label=target.label,
        polled=() if stands else tuple(row.label for row in rows if row.paused_ms is None),
        waiting=int(waiting),
    )
