"""What stands above a key is exactly that, whatever the filter leaves out in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cwconsole.core.filters import Filter, Noun, Term
from cwconsole.store import event_list
from cwconsole.store.database import prepared
from cwconsole.store.event_list import EventRow
from cwconsole.store.list_window import Above, above, extent, last, top
from tests.store.rows import add, add_events, config, resource, resource_id

LIMIT = 20


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    connection = prepared(tmp_path_factory.mktemp("db") / Path("cw.db"))
    add(connection, config("acme", resource("contacts"), resource("tickets")))
    contacts, tickets = (resource_id(connection, 1, name) for name in ("contacts", "tickets"))
    for block in range(10):
        add_events(connection, contacts, range(block * 100, block * 100 + 97))
        add_events(connection, tickets, range(block * 3, block * 3 + 3))
    connection.execute("DELETE FROM events WHERE id % 7 = 0")  # as pruning does
    yield connection
    connection.close()


def ids(conn: sqlite3.Connection, where: str) -> list[int]:
    return [row[0] for row in conn.execute(f"SELECT id FROM events WHERE {where} ORDER BY id DESC")]


def look_above(conn: sqlite3.Connection, key: int, chosen: Filter) -> Above[EventRow]:
    return above(conn, event_list.page, chosen, noun=Noun.EVENTS, key_of=lambda row: row.id, key=key)


@pytest.mark.parametrize("key", [0, 1, 500, 970, 990, 1000, 2000])
@pytest.mark.parametrize("name", [None, "contacts", "tickets"])
def test_the_rows_above_a_key_are_the_next_ones(conn: sqlite3.Connection, key: int, name: str | None) -> None:
    chosen = Filter(limit=LIMIT, resource=None if name is None else Term(name))
    where = "1" if name is None else f"resource_id = {resource_id(conn, 1, name)}"
    everything = ids(conn, f"{where} AND id > {key}")
    found = look_above(conn, key, chosen)
    assert [row.id for row in found.rows] == everything[-LIMIT:]
    assert found.topped == (len(everything) <= LIMIT)
    assert found.complete


def test_the_end_of_a_list(conn: sqlite3.Connection) -> None:
    found = last(conn, event_list.page, Filter(limit=LIMIT), noun=Noun.EVENTS, key_of=lambda row: row.id)
    assert [row.id for row in found.rows] == ids(conn, "1")[-LIMIT:]
    assert not found.topped


def test_the_extent_is_that_of_the_table(conn: sqlite3.Connection) -> None:
    everything = ids(conn, "1")
    whole = extent(conn, Noun.EVENTS)
    assert (whole.low, whole.high) == (everything[-1], everything[0])
    assert whole.most >= len(everything)
    assert extent(conn, Noun.POLLS).most == 0


def test_a_filter_that_finds_nothing_is_given_up(conn: sqlite3.Connection) -> None:
    found = look_above(conn, 0, Filter(limit=1, text=Term("no such text")))
    assert found.rows == []


def test_the_top_of_a_list_comes_with_the_extent_of_everything(conn: sqlite3.Connection) -> None:
    chosen = Filter(limit=LIMIT, resource=Term("tickets"))
    found = top(conn, event_list.page, chosen, noun=Noun.EVENTS)
    assert [row.id for row in found.listing.rows] == ids(conn, f"resource_id = {resource_id(conn, 1, 'tickets')}")[
        :LIMIT
    ]
    assert found.extent == extent(conn, Noun.EVENTS)
