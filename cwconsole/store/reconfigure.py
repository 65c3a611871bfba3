"""Carrying a configuration over to the rows of its resources; what each step means is in `core.reconfiguration`."""

from __future__ import annotations

import sqlite3

from cwconsole.core.config import InstanceConfig
from cwconsole.core.reconfiguration import Change, Step, Stored, Wanted, changes, wanted
from cwconsole.store import open_deliveries, resources


def changes_of(conn: sqlite3.Connection, instance_id: int, config: InstanceConfig) -> list[Change]:
    """What the configuration would change."""
    return changes(_stored(conn, instance_id), wanted(config))


def known_objects(conn: sqlite3.Connection, resource_id: int) -> int:
    """How many records of a resource are known."""
    return int(conn.execute("SELECT count(*) FROM objects WHERE resource_id = ?", (resource_id,)).fetchone()[0])


def apply(conn: sqlite3.Connection, instance_id: int, change: Change, now_ms: int) -> None:
    """Do one step."""
    row, one = change.stored, change.wanted
    if row is None and one is not None:
        _add(conn, instance_id, one)
        return
    if row is None:
        return
    if one is None:
        # It cannot be steered by its own name any more, so nobody could let go what it holds.
        conn.execute("UPDATE resources SET active = 0, held_ms = NULL WHERE id = ?", (row.id,))
        open_deliveries.apply_hold(conn, instance_id)
        return
    _take_up(conn, row.id, one, now_ms)
    if (row.source, row.filter, row.mode) != (one.source, one.filter, one.mode):
        resources.drop_crawl(conn, row.id)  # also if nothing is known yet: its first question may be on its way
    if change.step in (Step.RESTART, Step.REBASELINE):
        conn.execute("UPDATE resources SET baseline_done = 0, next_poll_ms = ? WHERE id = ?", (now_ms, row.id))
    if row.source != one.source:
        _forget(conn, row.id)


def _stored(conn: sqlite3.Connection, instance_id: int) -> list[Stored]:
    rows = conn.execute(
        """
        SELECT id, name, source, filter, mode, active,
            watermark IS NOT NULL OR crawl_kind IS NOT NULL
                OR EXISTS (SELECT 1 FROM objects WHERE resource_id = resources.id) AS begun
        FROM resources WHERE instance_id = ? ORDER BY id
        """,
        (instance_id,),
    ).fetchall()
    return [
        Stored(
            id=row[0], name=row[1], source=row[2], filter=row[3], mode=row[4], active=bool(row[5]), begun=bool(row[6])
        )
        for row in rows
    ]


def _add(conn: sqlite3.Connection, instance_id: int, one: Wanted) -> None:
    conn.execute(
        """
        INSERT INTO resources (instance_id, name, source, filter, mode, interval_s, sweep_interval_s)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (instance_id, one.name, one.source, one.filter, one.mode.value, one.interval, one.sweep_interval),
    )


def _take_up(conn: sqlite3.Connection, resource_id: int, one: Wanted, now_ms: int) -> None:
    """Shorter intervals count at once. What was failing is tried at once: it may just have been mended."""
    conn.execute(
        """
        UPDATE resources SET name = :name, source = :source, filter = :filter, mode = :mode, parked = 0,
            next_poll_ms = CASE WHEN failures > 0 OR active = 0 THEN :now
                WHEN next_poll_ms > :now + :interval_ms THEN :now + :interval_ms ELSE next_poll_ms END,
            next_sweep_ms = CASE WHEN next_sweep_ms > :now + :sweep_ms THEN :now + :sweep_ms ELSE next_sweep_ms END,
            interval_s = :interval, sweep_interval_s = :sweep_interval, active = 1
        WHERE id = :id
        """,
        {
            "id": resource_id,
            "name": one.name,
            "source": one.source,
            "filter": one.filter,
            "mode": one.mode.value,
            "interval": one.interval,
            "interval_ms": int(one.interval * 1000),
            "sweep_interval": one.sweep_interval,
            "sweep_ms": int(one.sweep_interval * 1000),
            "now": now_ms,
        },
    )


def _forget(conn: sqlite3.Connection, resource_id: int) -> None:
    """Another company or path: what is known of the old one's records says nothing of the new one's."""
    conn.execute("DELETE FROM objects WHERE resource_id = ?", (resource_id,))
    conn.execute("DELETE FROM set_aside WHERE resource_id = ?", (resource_id,))
    conn.execute(
        """
        UPDATE resources SET watermark = NULL, start_at = NULL, baseline_id = NULL, page_size = 250,
            page_size_failed = NULL, page_size_failed_ms = NULL, next_sweep_ms = NULL, swept_ms = NULL,
            sweep_vanished = NULL, failures = 0, failing_since_ms = NULL, error_code = NULL, error = NULL,
            skew_ms = NULL, baselined_ms = NULL, sweep_failures = 0, sweep_error = NULL
        WHERE id = ?
        """,
        (resource_id,),
    )
