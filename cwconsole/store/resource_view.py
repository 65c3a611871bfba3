"""What the pages of an instance and of a resource show beside the fleet's row: the crawl, and poll after poll.

Each is a few look-ups by key, whatever the size of the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from cwconsole.store import instances, operations, production, resources, status
from cwconsole.store.instances import Callback, Instance
from cwconsole.store.polls import HOUR_MS
from cwconsole.store.resources import Resource
from cwconsole.store.status import StatusRow

POINTS: Final = 240
HOURS: Final = 7 * 24
_SWEEP_FAILED: Final = """
    SELECT max(finished_ms) FROM polls WHERE id = (
        SELECT id FROM polls WHERE resource_id = ? AND kind = 'sweep' AND outcome = 'failed' ORDER BY id DESC LIMIT 1)
    """


class PollPoint(Struct, frozen=True, kw_only=True):
    """A poll, for the charts. window_from, server_time: whole seconds on the server's clock."""

    id: int
    kind: str
    outcome: str
    started_ms: int
    finished_ms: int | None
    window_from: int | None
    server_time: int | None
    records: int
    pages: int


class ResourceView(Struct, frozen=True, kw_only=True):
    """A resource in full.

    points: its last polls, oldest first, without sweeps. running: the one that is under way.
    highest_id: of the known records; 0 if none is known. set_aside: records that cannot be decoded.
    production: whether the instance is tagged so. sweep_failed_ms: when the last of its sweeps, if that failed, ended.
    """

    instance: Instance
    resource: Resource
    callback: Callback | None
    points: Sequence[PollPoint]
    highest_id: int
    set_aside: int
    production: bool = False
    sweep_failed_ms: int | None = None

    @property
    def running(self) -> PollPoint | None:
        """The poll that is under way."""
        last = self.points[-1] if self.points else None
        return last if last is not None and last.outcome == "running" else None


class InstanceView(Struct, frozen=True, kw_only=True):
    """An instance in full, its active resources by name. production: whether it is tagged so."""

    instance: Instance
    resources: Sequence[Resource]
    callback: Callback | None
    production: bool = False


class HourPoint(Struct, frozen=True, kw_only=True):
    """What an instance's resources did in one hour, together, for the charts. duration_ms: of all polls."""

    hour: int  # since the epoch, UTC
    polls: int = 0
    failed: int = 0
    records: int = 0
    duration_ms: int = 0


def resource(conn: sqlite3.Connection, instance: str, name: str) -> ResourceView:
    """One resource, also one that is left out of the configuration. Raises UsageError for what there is not."""
    target = operations.looked_at(conn, instance, name)
    row = target.resource
    assert row is not None
    return ResourceView(
        instance=target.instance,
        resource=row,
        callback=instances.callback_of(conn, target.instance),
        points=_points(conn, row.id),
        highest_id=_number(conn, "SELECT max(object_id) FROM objects WHERE resource_id = ?", row.id),
        set_aside=_number(conn, "SELECT count(*) FROM set_aside WHERE resource_id = ?", row.id),
        production=bool(production.tagged(conn, [target.instance.id])),
        sweep_failed_ms=_number(conn, _SWEEP_FAILED, row.id) if row.sweep_failures else None,
    )


def instance(conn: sqlite3.Connection, id_or_name: str) -> InstanceView:
    """One instance. Raises UsageError if there is none."""
    row = instances.load(conn, id_or_name)
    return InstanceView(
        instance=row,
        resources=resources.of_instance(conn, row.id),
        callback=instances.callback_of(conn, row),
        production=bool(production.tagged(conn, [row.id])),
    )


def status_of(
    conn: sqlite3.Connection, instance: str, name: str | None = None, *, now_ms: int, engine_runs: bool
) -> list[StatusRow]:
    """How an instance's resources do, or that one of them. Raises UsageError for what there is not."""
    place = operations.looked_at(conn, instance, name)
    if place.resource is None:
        found = conn.execute("SELECT id FROM resources WHERE instance_id = ?", (place.instance.id,)).fetchall()
        return status.fleet(conn, [row[0] for row in found], now_ms=now_ms, engine_runs=engine_runs)
    rows = status.fleet(conn, [place.resource.id], now_ms=now_ms, engine_runs=engine_runs)
    if not rows:
        operations.scope(conn, instance, name)  # it is left out, and none of its deliveries is left: this says so
    return rows


def hours(conn: sqlite3.Connection, instance_id: int, *, now_ms: int) -> list[HourPoint]:
    """The last `HOURS` hours from the first with a poll on, oldest first, this hour last; [] if there was no poll.

    Summed over all resources, those that are not read any more too. An hour is one a poll has ended in.
    """
    last = now_ms // HOUR_MS
    rows = conn.execute(
        """
        SELECT h.hour, sum(h.polls) AS polls, sum(h.failed) AS failed, sum(h.records) AS records,
            sum(h.duration_ms) AS duration_ms
        FROM resources r CROSS JOIN hours h ON h.resource_id = r.id AND h.hour > :after AND h.hour <= :last
        WHERE r.instance_id = :instance GROUP BY h.hour ORDER BY h.hour
        """,
        {"instance": instance_id, "after": last - HOURS, "last": last},
    ).fetchall()
    known = {row["hour"]: HourPoint(**{name: row[name] for name in row.keys()}) for row in rows}  # noqa: SIM118
    return [known.get(hour) or HourPoint(hour=hour) for hour in range(min(known, default=last + 1), last + 1)]


def _points(conn: sqlite3.Connection, resource_id: int) -> list[PollPoint]:
    rows = conn.execute(
        """
        SELECT id, kind, outcome, started_ms, finished_ms, window_from, server_time, records, pages
        FROM polls WHERE resource_id = ? AND kind <> 'sweep' ORDER BY id DESC LIMIT ?
        """,
        (resource_id, POINTS),
    ).fetchall()
    names = ("id", "kind", "outcome", "started_ms", "finished_ms", "window_from", "server_time", "records", "pages")
    return [PollPoint(**dict(zip(names, row, strict=True))) for row in reversed(rows)]


def _number(conn: sqlite3.Connection, sql: str, resource_id: int) -> int:
    return int(conn.execute(sql, (resource_id,)).fetchone()[0] or 0)
