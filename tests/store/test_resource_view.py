"""What an instance's page shows beside the fleet: its resources' hours, together."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.store.polls import HOUR_MS
from cwconsole.store.resource_view import HOURS, HourPoint, hours
from tests.store.rows import NOW, add, config, resource_id

HOUR = NOW // HOUR_MS


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    add(conn)
    add(conn, config("globex", company="globex_c"), now_ms=NOW + 1)
    return conn


def put(conn: sqlite3.Connection, instance: int, resource: str, hour: int, polls: int = 1) -> None:
    conn.execute(
        "INSERT INTO hours (resource_id, hour, polls, failed, records, duration_ms) VALUES (?, ?, ?, 1, 10, 500)",
        (resource_id(conn, instance, resource), hour, polls),
    )


def test_hours_are_those_of_all_resources_of_one_instance_together_without_a_gap(conn: sqlite3.Connection) -> None:
    put(conn, 1, "contacts", HOUR - 2, polls=12)
    put(conn, 1, "tickets", HOUR - 2, polls=3)
    put(conn, 1, "contacts", HOUR)
    put(conn, 2, "contacts", HOUR - 1)
    assert hours(conn, 1, now_ms=NOW) == [
        HourPoint(hour=HOUR - 2, polls=15, failed=2, records=20, duration_ms=1000),
        HourPoint(hour=HOUR - 1),
        HourPoint(hour=HOUR, polls=1, failed=1, records=10, duration_ms=500),
    ]


def test_what_is_not_read_any_more_was_read_then(conn: sqlite3.Connection) -> None:
    put(conn, 1, "tickets", HOUR)
    conn.execute("UPDATE resources SET active = 0 WHERE name = 'tickets'")
    assert [one.polls for one in hours(conn, 1, now_ms=NOW)] == [1]


def test_only_the_last_hours_count_and_none_that_a_clock_set_back_left_ahead(conn: sqlite3.Connection) -> None:
    put(conn, 1, "contacts", HOUR - HOURS)
    put(conn, 1, "contacts", HOUR + 1)
    assert hours(conn, 1, now_ms=NOW) == []
    put(conn, 1, "contacts", HOUR - HOURS + 1)
    assert len(hours(conn, 1, now_ms=NOW)) == HOURS


def test_it_is_read_from_indexes(conn: sqlite3.Connection) -> None:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    hours(conn, 1, now_ms=NOW)
    conn.set_trace_callback(None)
    (statement,) = statements
    plan = " ".join(row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}"))
    assert "SEARCH r USING COVERING INDEX" in plan
    assert "SEARCH h USING PRIMARY KEY (resource_id=? AND hour>? AND hour<?)" in plan
    assert "SCAN" not in plan
