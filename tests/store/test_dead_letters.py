"""Dead letters in groups, callback URLs in trouble, and what an operator has chosen."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.core.errors import RefusedError
from cwconsole.core.filters import Noun, parse
from cwconsole.store import callback_list, chosen_deliveries, dead_letters, operations
from cwconsole.store.actions import ActionKind
from tests.store.rows import NOW, add, add_delivery, add_events, asked, config, resource_id

HERE, THERE = "http://127.0.0.1:9/hook", "http://127.0.0.1:9/other"


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    """acme and east deliver to one URL, globex to another; 12 dead letters, 2 retrying, 1 pending, 1 delivered."""
    for name, url in (("acme", HERE), ("east", HERE), ("globex", THERE)):
        add(conn, config(name, company=name, callback=url))
    for instance, count, status, code in (
        (1, 4, 503, "http_5xx"),
        (2, 3, 503, "http_5xx"),
        (1, 2, None, "refused"),
        (3, 3, 404, "http_4xx"),
    ):
        for event in add_events(conn, resource_id(conn, instance, "contacts"), range(count)):
            number = add_delivery(conn, event, state="dead")
            conn.execute(
                "UPDATE deliveries SET status = ?, error_code = ?, settled_ms = ? WHERE id = ?",
                (status, code, NOW + number, number),
            )
    places = resource_id(conn, 1, "tickets")
    for event, state in zip(
        add_events(conn, places, range(4)), ("retrying", "retrying", "pending", "delivered"), strict=True
    ):
        add_delivery(conn, event, state=state)
    return conn


def found(conn: sqlite3.Connection, line: str, *, most: int = dead_letters.MOST) -> list[tuple[str, str | None, int]]:
    letters = dead_letters.groups(conn, parse(Noun.DELIVERIES, line, now_ms=NOW), most=most)
    return [(group.url, group.error, group.count) for group in letters.groups]


def test_dead_letters_are_counted_by_url_and_error_the_most_first(conn: sqlite3.Connection) -> None:
    assert found(conn, "") == [(HERE, "503", 7), (THERE, "404", 3), (HERE, "refused", 2)]
    first = dead_letters.groups(conn, parse(Noun.DELIVERIES, "", now_ms=NOW)).groups[0]
    assert (first.instance, first.instances, first.first_ms, first.last_ms) == ("acme", 2, NOW + 1, NOW + 7)


def test_an_instance_has_its_own(conn: sqlite3.Connection) -> None:
    assert found(conn, "instance:acme") == [(HERE, "503", 4), (HERE, "refused", 2)]
    assert found(conn, "instance:acme resource:tickets") == []


def test_only_so_many_are_counted_and_the_total_says_that_there_are_more(conn: sqlite3.Connection) -> None:
    letters = dead_letters.groups(conn, parse(Noun.DELIVERIES, "", now_ms=NOW), most=4)
    assert (letters.counted, letters.total) == (4, 12)


def test_the_words_of_a_group_find_exactly_its_deliveries(conn: sqlite3.Connection) -> None:
    for url, error, count in found(conn, ""):
        chosen = parse(Noun.DELIVERIES, f"state:dead callback:{url} error:{error}", now_ms=NOW)
        assert len(chosen_deliveries.ids(conn, chosen)) == count


def test_the_groups_are_read_by_the_index(conn: sqlite3.Connection) -> None:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    found(conn, "instance:acme")
    conn.set_trace_callback(None)
    (query,) = [one for one in statements if "deliveries_troubled" in one]
    plan = [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert any("SEARCH deliveries USING INDEX deliveries_troubled" in step for step in plan), plan
    assert not any(step.startswith("SCAN deliveries") for step in plan), plan


def test_a_callback_url_in_trouble_says_why_and_what_waits(conn: sqlite3.Connection) -> None:
    assert callback_list.troubled(conn) == []
    conn.execute("UPDATE callbacks SET breaker_until_ms = ? WHERE url = ?", (NOW + 30_000, THERE))
    conn.execute("UPDATE callbacks SET held_ms = ?, held_reason = 'it answered 410' WHERE url = ?", (NOW, HERE))
    held, broken = callback_list.troubled(conn)
    assert (held.url, held.held_reason, held.instances, held.waiting) == (HERE, "it answered 410", 2, 3)
    assert (broken.url, broken.breaker_until_ms, broken.waiting) == (THERE, NOW + 30_000, 0)


def test_what_holds_a_delivery_is_told_apart(conn: sqlite3.Connection) -> None:
    for kind, resource in ((ActionKind.HOLD, None), (ActionKind.RELEASE, None), (ActionKind.HOLD, "tickets")):
        operation = operations.hold if kind is ActionKind.HOLD else operations.release
        operation(conn, operations.scope(conn, "acme", resource), asked=asked(kind), now_ms=NOW)
    holds = callback_list.holds(conn, 1, "tickets", HERE)
    assert (holds.instance, holds.resource, holds.callback) == (False, True, None)
    conn.execute("UPDATE callbacks SET held_ms = 1")
    held = callback_list.holds(conn, 1, "contacts", HERE)
    assert (held.instance, held.resource, held.callback and held.callback.url) == (False, False, HERE)


def test_the_chosen_are_counted_by_state(conn: sqlite3.Connection) -> None:
    numbers = chosen_deliveries.ids(conn, parse(Noun.DELIVERIES, "instance:acme", now_ms=NOW), without={2})
    counted = chosen_deliveries.preview(conn, numbers, ("dead",))
    assert counted.states == (("dead", 5), ("delivered", 1), ("pending", 1), ("retrying", 2))
    assert (counted.among({"dead", "retrying"}), counted.urls, counted.held) == (7, (HERE,), ())
    states = dict(conn.execute("SELECT id, state FROM deliveries").fetchall())
    assert [states[one.id] for one in counted.named] == ["dead"] * 3


def test_too_many_at_once_are_refused(conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_deliveries, "MOST", 5)
    with pytest.raises(RefusedError, match="more than 5 deliveries"):
        chosen_deliveries.ids(conn, parse(Noun.DELIVERIES, "", now_ms=NOW))
