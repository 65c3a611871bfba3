"""Counting a whole database, and making what waits due."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.store import connection, redelivery
from cwconsole.store.totals import DeliveryTotals, EventTotals, Totals, totals
from tests.store import rows
from tests.store.rows import NOW

SECOND = 1000


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    """A fresh database with one instance."""
    with connection.transaction(conn):
        rows.add(conn)
    return conn


def test_an_empty_database_counts_nothing(conn: sqlite3.Connection) -> None:
    found = totals(conn)
    assert found.events.total == 0
    assert found.deliveries.open == 0
    assert found.attempts == 0


def test_events_and_deliveries_are_counted_by_type_and_state(conn: sqlite3.Connection) -> None:
    contacts, tickets = (rows.resource_id(conn, 1, name) for name in ("contacts", "tickets"))
    created = rows.add_events(conn, contacts, [1, 2], kind="CREATED")
    updated = rows.add_events(conn, tickets, [1, 2, 3])
    deleted = rows.add_events(conn, tickets, [4], kind="DELETED")
    states = ("delivered", "delivered", "pending", "retrying", "dead", "cancelled")
    for event, state in zip([*created, *updated, *deleted], states, strict=True):
        rows.add_delivery(conn, event, state=state)
    assert totals(conn) == Totals(
        events=EventTotals(created=2, updated=3, deleted=1),
        deliveries=DeliveryTotals(pending=1, sending=0, retrying=1, delivered=2, dead=1, cancelled=1),
        attempts=0,
    )
    assert (totals(conn).events.total, totals(conn).deliveries.open) == (6, 2)


def test_hurry_makes_waiting_retries_due_and_nothing_else(conn: sqlite3.Connection) -> None:
    contacts = rows.resource_id(conn, 1, "contacts")
    waiting, second_of_object, overdue, pending, settled = rows.add_events(conn, contacts, [1, 1, 2, 3, 4])
    due = {
        rows.add_delivery(conn, waiting, state="retrying"): NOW + 90 * SECOND,
        rows.add_delivery(conn, second_of_object, state="pending"): None,
        rows.add_delivery(conn, overdue, state="retrying"): NOW - SECOND,
        rows.add_delivery(conn, pending, state="pending"): NOW + SECOND,
        rows.add_delivery(conn, settled, state="dead"): None,
    }
    conn.executemany("UPDATE deliveries SET due_ms = ? WHERE id = ?", [(at, number) for number, at in due.items()])
    assert redelivery.hurry(conn, NOW) == 1
    assert redelivery.hurry(conn, NOW) == 0
    found = {row[0]: row[1] for row in conn.execute("SELECT id, due_ms FROM deliveries")}
    assert found == {**due, min(due): NOW}


def test_hurry_keeps_the_count_of_attempts(conn: sqlite3.Connection) -> None:
    [event] = rows.add_events(conn, rows.resource_id(conn, 1, "contacts"), [1])
    delivery = rows.add_delivery(conn, event, state="retrying")
    conn.execute("UPDATE deliveries SET attempts = 3, armed = 1, due_ms = ? WHERE id = ?", (NOW + SECOND, delivery))
    redelivery.hurry(conn, NOW)
    assert tuple(conn.execute("SELECT attempts, armed, state FROM deliveries").fetchone()) == (3, 1, "retrying")
