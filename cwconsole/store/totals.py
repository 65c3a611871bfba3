"""What a whole database holds: events by type, deliveries by state, attempts. For reports at the end of a run.

Events and attempts are counted row by row; a screen that refreshes reads `status` instead.
"""

from __future__ import annotations

import sqlite3

from msgspec import Struct


class EventTotals(Struct, frozen=True, kw_only=True):
    """Events by type."""

    created: int
    updated: int
    deleted: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.created + self.updated + self.deleted


class DeliveryTotals(Struct, frozen=True, kw_only=True):
    """Deliveries by state."""

    pending: int
    sending: int
    retrying: int
    delivered: int
    dead: int
    cancelled: int

    @property
    def open(self) -> int:
        """Those that are not settled."""
        return self.pending + self.sending + self.retrying


class Totals(Struct, frozen=True, kw_only=True):
    """Everything counted, removed instances included."""

    events: EventTotals
    deliveries: DeliveryTotals
    attempts: int


def totals(conn: sqlite3.Connection) -> Totals:
    """Count everything."""
    events = conn.execute(
        """
        SELECT total(type = 'CREATED') AS created, total(type = 'UPDATED') AS updated,
               total(type = 'DELETED') AS deleted FROM events
        """
    ).fetchone()
    deliveries = conn.execute(
        """
        SELECT total(pending) AS pending, total(sending) AS sending, total(retrying) AS retrying,
               total(delivered) AS delivered, total(dead) AS dead, total(cancelled) AS cancelled FROM resources
        """
    ).fetchone()
    (attempts,) = conn.execute("SELECT count(*) FROM attempts").fetchone()
    return Totals(
        events=EventTotals(**_whole(events)), deliveries=DeliveryTotals(**_whole(deliveries)), attempts=attempts
    )


def _whole(row: sqlite3.Row) -> dict[str, int]:
    return {name: int(row[name]) for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
