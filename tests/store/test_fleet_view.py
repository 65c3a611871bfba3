"""What the fleet shows beside each resource's state."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cwconsole.store import fleet_view
from cwconsole.store.database import prepared
from tests.store.rows import NOW, add, resource_id


def test_the_last_poll_is_that_of_the_poller_whatever_a_sweep_did_since(tmp_path: Path) -> None:
    with closing(prepared(tmp_path / "cw.db")) as conn:
        add(conn)
        one = resource_id(conn, 1, "contacts")
        conn.executemany(
            """
            INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, outcome)
            VALUES (?, ?, 'schedule', 1, ?, ?, ?)
            """,
            [(one, "window", NOW, NOW + 1, "failed"), (one, "sweep", NOW + 2, NOW + 3, "ok")],
        )
        last = fleet_view.courses(conn, [one], now_ms=NOW)[one].last
        assert last is not None
        assert (last.outcome, last.started_ms) == ("failed", NOW)
