"""Another order of a list is one of all that the filter finds, or is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from cwconsole.core.errors import RefusedError, UsageError
from cwconsole.core.filters import LONGEST_PAGE, Filter, Noun, parse
from cwconsole.store import delivery_list, listing, poll_list
from cwconsole.store.connection import transaction
from cwconsole.store.database import prepared
from cwconsole.store.delivery_list import DeliveryRow
from cwconsole.store.listing import Listing
from cwconsole.store.poll_list import PollRow
from tests.store.rows import NOW, add, add_delivery, add_events, config, resource, resource_id

COUNT = 2_400  # more than one chunk
OUTCOMES = ("ok", "ok", "ok", "failed", "stopped", "running")
STATES = ("delivered", "pending", "dead", "retrying", "sending", "delivered", "cancelled")


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """Two instances with many equal values, and some without any; what waits of globex is held."""
    connection = prepared(tmp_path_factory.mktemp("orders") / Path("cw.db"))
    with transaction(connection):
        add(connection, config("acme", resource("contacts"), resource("tickets")))
        add(connection, config("globex", resource("contacts"), company="g"), now_ms=NOW + 1)
        connection.execute("UPDATE instances SET held_ms = 5 WHERE name = 'globex'")
        places = [resource_id(connection, 1, "contacts"), resource_id(connection, 1, "tickets")]
        places.append(resource_id(connection, 2, "contacts"))
        for n in range(COUNT):
            add_poll(connection, places[n % 3], n)
        for at, place in enumerate(places):
            for n, event in enumerate(add_events(connection, place, range(200))):
                number = add_delivery(connection, event, state=STATES[n % len(STATES)])
                connection.execute(
                    "UPDATE deliveries SET attempts = ?, held = ?, due_ms = due_ms + ? WHERE id = ?",
                    (n * 7 % 5, at == 2, n * 31 % 11, number),
                )
    yield connection
    connection.close()


def add_poll(conn: sqlite3.Connection, place: int, n: int) -> None:
    outcome, began = OUTCOMES[n * 5 % len(OUTCOMES)], NOW - (COUNT - n) * 60_000
    conn.execute(
        """
        INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, pages, records, created,
            updated, deleted, outcome, error)
        VALUES (?, 'window', 'schedule', 1, ?, ?, 1, ?, ?, ?, ?, ?, ?)
        """,
        (
            place, began, None if outcome == "running" else began + n * 37 % 50 * 100, n * 13 % 40, n % 3, n % 4, n % 2,
            outcome, "no route" if n == 7 else None,
        ),
    )  # fmt: skip


def took(row: PollRow) -> int | None:
    return None if row.finished_ms is None else row.finished_ms - row.started_ms


def next_try(row: DeliveryRow) -> int | None:
    """As the column shows it."""
    return row.due_ms if row.standing in {"pending", "retrying"} else None


VALUES: dict[tuple[Noun, str], Callable[..., int | None]] = {
    (Noun.POLLS, "records"): lambda row: row.records,
    (Noun.POLLS, "changes"): lambda row: row.created + row.updated + row.deleted,
    (Noun.POLLS, "duration"): took,
    (Noun.DELIVERIES, "attempts"): lambda row: row.attempts,
    (Noun.DELIVERIES, "next"): next_try,
}
PAGES: dict[Noun, Callable[[sqlite3.Connection, Filter], Listing[object]]] = {
    Noun.POLLS: poll_list.page,  # type: ignore[dict-item]
    Noun.DELIVERIES: delivery_list.page,  # type: ignore[dict-item]
}
ORDER = {Noun.POLLS: poll_list.order, Noun.DELIVERIES: delivery_list.order}


def test_every_order_is_tried_here() -> None:
    assert {by for noun, by in VALUES if noun is Noun.POLLS} == set(poll_list.ORDERS)
    assert {by for noun, by in VALUES if noun is Noun.DELIVERIES} == set(delivery_list.ORDERS)


@pytest.mark.parametrize("line", ["", "instance:acme", "state:failed,stopped", "!instance:acme", "since:5h"])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("noun", "by"), VALUES)
def test_an_order_holds_all_that_is_found_equals_newest_first_and_what_has_no_value_last(
    conn: sqlite3.Connection, noun: Noun, by: str, descending: bool, line: str
) -> None:
    line = line.replace("failed,stopped", "dead,retrying,pending") if noun is Noun.DELIVERIES else line
    chosen = replace(parse(noun, line, now_ms=NOW), limit=LONGEST_PAGE)
    rows: list[tuple[int | None, int]] = [
        (VALUES[noun, by](row), row.id)  # type: ignore[attr-defined]
        for row in PAGES[noun](conn, chosen).rows
    ]
    assert len(rows) > 100, "the filter finds something"
    sign = -1 if descending else 1
    with_value = sorted((sign * value, -row_id) for value, row_id in rows if value is not None)
    without = sorted(-row_id for value, row_id in rows if value is None)
    expected = [-negated for negated in (*(negated for _, negated in with_value), *without)]
    assert ORDER[noun](conn, chosen, by, descending=descending) == expected


def test_more_than_a_page_may_look_at_is_refused_with_what_would_do(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "EXAMINED", COUNT)
    with pytest.raises(RefusedError, match=r"Not sorted: 2,400 polls or more .* with since: or instance: for example"):
        poll_list.order(conn, Filter(), "duration", descending=True)
    narrower = poll_list.order(conn, parse(Noun.POLLS, "instance:acme", now_ms=NOW), "duration", descending=True)
    assert len(narrower) == COUNT * 2 // 3


def test_what_is_looked_through_counts_and_not_what_is_found(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = parse(Noun.POLLS, "route", now_ms=NOW)
    assert len(poll_list.order(conn, wanted, "records", descending=False)) == 1
    monkeypatch.setattr(listing, "EXAMINED", COUNT - 1)
    with pytest.raises(RefusedError, match="would have to be looked through"):
        poll_list.order(conn, wanted, "records", descending=False)


def test_a_place_that_there_is_not_is_refused_as_in_the_list(conn: sqlite3.Connection) -> None:
    with pytest.raises(UsageError, match="nobody"):
        poll_list.order(conn, parse(Noun.POLLS, "instance:nobody", now_ms=NOW), "records", descending=False)
