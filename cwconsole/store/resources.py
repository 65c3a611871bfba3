"""Resources: their row as a value, the schedule, and the crawl's compare-and-set.

`crawl_id` names the open crawl, or the next one if none is open. Whatever ends a crawl (its last page, a new watermark,
another company, URL or filter) raises it by one, so a page of an older crawl finds another id and writes nothing.
"""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from cwconsole.core.errors import StaleError
from cwconsole.core.page_size import PageSize
from cwconsole.core.polling import set_back, start_after, time_of_crawl


class Resource(Struct, frozen=True, kw_only=True):
    """A row of `resources`, columns as `store.schema` describes them, with what its instance says."""

    id: int
    instance_id: int
    name: str
    active: int
    source: str
    filter: str
    mode: str
    paused_ms: int | None
    held_ms: int | None
    watermark: int | None
    skew_ms: int | None
    start_at: int | None
    baseline_id: int | None
    baseline_done: int
    crawl_id: int
    crawl_kind: str | None
    crawl_from: int | None
    crawl_server_time: int | None
    crawl_last_id: int | None
    crawl_started_ms: int | None
    crawl_records: int
    page_size: int
    page_size_failed: int | None
    page_size_failed_ms: int | None
    interval_s: float
    sweep_interval_s: float
    next_poll_ms: int | None
    next_sweep_ms: int | None
    swept_ms: int | None
    sweep_vanished: int | None
    sweep_failures: int
    failures: int
    failing_since_ms: int | None
    parked: int
    error_code: str | None
    error: str | None
    last_poll_ms: int | None
    last_success_ms: int | None
    instance_name: str
    instance_enabled: int
    instance_paused_ms: int | None
    instance_held_ms: int | None
    instance_updated_ms: int
    callback_id: int | None

    @property
    def runs(self) -> bool:
        """Whether its poller should poll by itself."""
        return (
            bool(self.active and self.instance_enabled) and self.paused_ms is None and self.instance_paused_ms is None
        )

    @property
    def holds(self) -> bool:
        """Whether its deliveries are held by it or by its instance."""
        return self.held_ms is not None or self.instance_held_ms is not None

    @property
    def label(self) -> str:
        """How sentences name it: `acme/contacts`."""
        return f"{self.instance_name}/{self.name}"

    @property
    def size(self) -> PageSize:
        """The adaptive page size's state."""
        return PageSize(size=self.page_size, failed_size=self.page_size_failed, failed_at_ms=self.page_size_failed_ms)


_FROM_INSTANCE = {
    "instance_name": "i.name",
    "instance_enabled": "i.enabled",
    "instance_paused_ms": "i.paused_ms",
    "instance_held_ms": "i.held_ms",
    "instance_updated_ms": "i.updated_ms",
    "callback_id": "i.callback_id",
}
_COLUMNS = ", ".join(_FROM_INSTANCE.get(name, f"r.{name}") for name in Resource.__struct_fields__)
_SELECT = f"SELECT {_COLUMNS} FROM resources r JOIN instances i ON i.id = r.instance_id"
_NAMES = Resource.__struct_fields__


def _resource(row: tuple[object, ...]) -> Resource:
    return Resource(**dict(zip(_NAMES, row, strict=True)))  # type: ignore[arg-type]


def load(conn: sqlite3.Connection, resource_id: int) -> Resource | None:
    """One resource, or None if it is gone."""
    row = conn.execute(f"{_SELECT} WHERE r.id = ?", (resource_id,)).fetchone()
    return None if row is None else _resource(row)


def cared_for(conn: sqlite3.Connection) -> list[Resource]:
    """What engines poll or send something of, left out or not, in the order in which it was added."""
    cared = "(r.active = 1 OR r.pending + r.sending + r.retrying > 0)"
    rows = conn.execute(f"{_SELECT} WHERE {cared} AND i.removed_ms IS NULL ORDER BY r.id").fetchall()
    return [_resource(row) for row in rows]


def of_instance(conn: sqlite3.Connection, instance_id: int) -> list[Resource]:
    """An instance's active resources, by name."""
    rows = conn.execute(
        f"{_SELECT} WHERE r.instance_id = ? AND r.active = 1 ORDER BY r.name", (instance_id,)
    ).fetchall()
    return [_resource(row) for row in rows]


def named(conn: sqlite3.Connection, instance_id: int, name: str) -> Resource | None:
    """An instance's resource of that name, active or not; None if it never had one."""
    row = conn.execute(f"{_SELECT} WHERE r.instance_id = ? AND r.name = ?", (instance_id, name)).fetchone()
    return None if row is None else _resource(row)


def advance_crawl(
    conn: sqlite3.Connection,
    resource: Resource,
    *,
    kind: str,
    window_from: int | None,
    server_time: int,
    last_id: int,
    records: int,
    now_ms: int,
) -> int:
    """Note how far the crawl has come. Raises StaleError if it is not ours any more.

    Where the server's clock was set back, what it dates from now on lies before the watermark: that and the crawl's own
    time go back with it, and the crawl, whose window begins too late, moves the watermark no further than that.
    Returns by how many seconds.
    """
    skew_ms = server_time * 1000 - now_ms
    rows = conn.execute(
        """
        SELECT skew_ms, watermark, crawl_server_time, start_at, baseline_done FROM resources
        WHERE id = ? AND crawl_id = ?
        """,
        (resource.id, resource.crawl_id),
    ).fetchall()
    _exactly_one(len(rows), resource)
    known_ms, watermark, crawl_time, start_at, baselined = rows[0]
    back = set_back(known_ms, skew_ms)
    crawl_time = time_of_crawl(crawl_time, server_time, back, begun=watermark or start_at)
    conn.execute(
        """
        UPDATE resources SET crawl_kind = :kind, crawl_from = :window_from, crawl_last_id = :last_id,
            crawl_server_time = :crawl_time, crawl_started_ms = coalesce(crawl_started_ms, :now_ms),
            crawl_records = crawl_records + :records, start_at = :start_at, watermark = watermark - :back,
            skew_ms = :skew_ms
        WHERE id = :id
        """,
        {
            "kind": kind,
            "window_from": window_from,
            "last_id": last_id,
            "crawl_time": crawl_time,
            "now_ms": now_ms,
            "records": records,
            "start_at": start_at if baselined else start_after(start_at, server_time, crawl_time),
            "back": back,
            "skew_ms": skew_ms,
            "id": resource.id,
        },
    )
    return back


def close_crawl(
    conn: sqlite3.Connection, resource: Resource, *, watermark: int, baselined: bool, next_poll_ms: int, now_ms: int
) -> None:
    """The last page is in: move the watermark forward, never back, and close the crawl.

    baselined: whether this crawl was the baseline. If it met records without a date, only a sweep learns what is in
    them, and is due at once. So is one that failed meanwhile: what parked the polls had parked it, too. Raises
    StaleError if the crawl is not ours any more.
    """
    changed = conn.execute(
        """
        UPDATE resources SET watermark = max(coalesce(watermark, :watermark), :watermark),
            baseline_done = max(baseline_done, :baselined), crawl_id = crawl_id + 1,
            crawl_kind = NULL, crawl_from = NULL, crawl_server_time = NULL, crawl_last_id = NULL,
            crawl_started_ms = NULL, crawl_records = 0,
            failures = 0, failing_since_ms = NULL, parked = 0, error_code = NULL, error = NULL,
            next_poll_ms = :next_poll_ms, last_poll_ms = :now_ms, last_success_ms = :now_ms,
            next_sweep_ms = CASE WHEN parked = 1 AND sweep_failures > 0 THEN min(next_sweep_ms, :now_ms)
                WHEN :baselined AND mode = 'window' AND EXISTS (
                    SELECT 1 FROM objects o WHERE o.resource_id = :id AND o.updated IS NULL AND o.digest IS NULL
                ) THEN :now_ms
                ELSE coalesce(next_sweep_ms, :now_ms + CAST(sweep_interval_s * 1000 AS INTEGER)) END,
            baselined_ms = CASE WHEN :baselined THEN coalesce(baselined_ms, :now_ms) ELSE baselined_ms END
        WHERE id = :id AND crawl_id = :crawl_id
        """,
        {
            "watermark": watermark,
            "baselined": int(baselined),
            "next_poll_ms": next_poll_ms,
            "now_ms": now_ms,
            "id": resource.id,
            "crawl_id": resource.crawl_id,
        },
    ).rowcount
    _exactly_one(changed, resource)


def drop_crawl(conn: sqlite3.Connection, resource_id: int) -> None:
    """Forget the open crawl, if there is one; a page of it that is on its way will write nothing."""
    conn.execute(
        """
        UPDATE resources SET crawl_id = crawl_id + 1, crawl_kind = NULL, crawl_from = NULL, crawl_server_time = NULL,
            crawl_last_id = NULL, crawl_started_ms = NULL, crawl_records = 0
        WHERE id = ?
        """,
        (resource_id,),
    )


def fix_start(
    conn: sqlite3.Connection, resource: Resource, *, start_at: int, highest_id: int, skew_ms: int
) -> Resource:
    """Keep where events begin, before the first page of all. Raises StaleError if the crawl is not ours.

    Returns the row as it is now.
    """
    changed = conn.execute(
        """
        UPDATE resources SET start_at = ?, baseline_id = ?, skew_ms = ?
        WHERE id = ? AND crawl_id = ? AND start_at IS NULL
        """,
        (start_at, highest_id, skew_ms, resource.id, resource.crawl_id),
    ).rowcount
    _exactly_one(changed, resource)
    return load(conn, resource.id) or resource


def note_failure(
    conn: sqlite3.Connection, resource_id: int, *, code: str, error: str, parked: bool, next_poll_ms: int, now_ms: int
) -> None:
    """A poll failed: nothing moves but the schedule."""
    conn.execute(
        """
        UPDATE resources SET failures = failures + 1, failing_since_ms = coalesce(failing_since_ms, :now_ms),
            parked = :parked, error_code = :code, error = :error, next_poll_ms = :next_poll_ms, last_poll_ms = :now_ms
        WHERE id = :id
        """,
        {
            "id": resource_id,
            "code": code,
            "error": error,
            "parked": int(parked),
            "next_poll_ms": next_poll_ms,
            "now_ms": now_ms,
        },
    )


def note_usable(conn: sqlite3.Connection, resource_id: int, now_ms: int) -> None:
    """Its instance can be used again, and whatever else is the matter its next poll will find out."""
    conn.execute(
        """
        UPDATE resources SET failures = 0, failing_since_ms = NULL, parked = 0, error_code = NULL, error = NULL,
            next_poll_ms = ? WHERE id = ?
        """,
        (now_ms, resource_id),
    )


def keep_page_size(conn: sqlite3.Connection, resource_id: int, size: PageSize) -> None:
    """Store the adaptive page size's state."""
    conn.execute(
        "UPDATE resources SET page_size = ?, page_size_failed = ?, page_size_failed_ms = ? WHERE id = ?",
        (size.size, size.failed_size, size.failed_at_ms, resource_id),
    )


def note_heavy(conn: sqlite3.Connection, resource_id: int, size: PageSize) -> None:
    """A sweep found a size that is too much: polls keep away from it, and go on with theirs if it is smaller."""
    conn.execute(
        """
        UPDATE resources SET page_size = min(page_size, ?), page_size_failed = ?, page_size_failed_ms = ? WHERE id = ?
        """,
        (size.size, size.failed_size, size.failed_at_ms, resource_id),
    )


def hasten(conn: sqlite3.Connection, resource_id: int, now_ms: int) -> bool:
    """ConnectWise answers the resource's requests again: a poll that waits out a fault is due now, and is the judge.

    Returns whether one waited.
    """
    changed = conn.execute(
        "UPDATE resources SET next_poll_ms = :now_ms WHERE id = :id AND failures > 0 AND next_poll_ms > :now_ms",
        {"id": resource_id, "now_ms": now_ms},
    ).rowcount
    return changed > 0


def require_unchanged(conn: sqlite3.Connection, resource: Resource) -> None:
    """Raises StaleError if the resource now belongs to another company, path or filter."""
    row = conn.execute("SELECT source, filter FROM resources WHERE id = ?", (resource.id,)).fetchone()
    if row is None or (row[0], row[1]) != (resource.source, resource.filter):
        raise StaleError(f"{resource.label}: its configuration changed meanwhile; nothing of this was written")


def _exactly_one(changed: int, resource: Resource) -> None:
    if changed != 1:
        raise StaleError(f"{resource.label}: the crawl was dropped meanwhile; nothing of this page was written")
