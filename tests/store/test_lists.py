"""Lists: the same as going through every row, page by page, from indexes only."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cwconsole.core.delivery import DeliveryState
from cwconsole.core.errors import UsageError
from cwconsole.core.filters import STATES, TYPES, WORDS, Filter, Noun, Term, parse
from cwconsole.store import (
    action_list,
    actions,
    delivery_list,
    event_list,
    instances,
    listing,
    meta,
    open_deliveries,
    poll_list,
)
from cwconsole.store.actions import ActionKind
from cwconsole.store.connection import transaction
from cwconsole.store.database import prepared
from tests.store.rows import NOW, add, add_delivery, add_events, asked, config, resource_id

PAGES: dict[Noun, Callable[[sqlite3.Connection, Filter], listing.Listing[object]]] = {
    Noun.POLLS: poll_list.page,  # type: ignore[dict-item]
    Noun.EVENTS: event_list.page,  # type: ignore[dict-item]
    Noun.DELIVERIES: delivery_list.page,  # type: ignore[dict-item]
    Noun.ACTIONS: action_list.page,  # type: ignore[dict-item]
}
# As `fill` holds them: all of globex by its callback URL, and acme's tickets.
STANDING = """
    CASE WHEN d.state IN ('pending', 'retrying') AND (i.name = 'globex' OR r.name = 'tickets') THEN 'held'
        ELSE d.state END
    """
ALL = {
    Noun.POLLS: """
        SELECT p.id, i.name AS instance, r.name AS resource, p.kind AS type, p.outcome AS state, p.started_ms AS at,
            (SELECT json_group_array(e.object_id) FROM events e WHERE e.poll_id = p.id) AS objects,
            coalesce(p.error, '') AS text
        FROM polls p JOIN resources r ON r.id = p.resource_id JOIN instances i ON i.id = r.instance_id
        """,
    Noun.EVENTS: f"""
        SELECT e.id, i.name AS instance, r.name AS resource, lower(e.type) AS type, e.seen_ms AS at,
            (SELECT {STANDING} FROM deliveries d WHERE d.event_id = e.id ORDER BY d.id DESC LIMIT 1) AS state,
            json_array(e.object_id) AS objects, CAST(e.record AS TEXT) AS text
        FROM events e JOIN resources r ON r.id = e.resource_id JOIN instances i ON i.id = r.instance_id
        """,
    Noun.DELIVERIES: f"""
        SELECT d.id, i.name AS instance, r.name AS resource, lower(e.type) AS type, {STANDING} AS state,
            d.created_ms AS at, json_array(d.object_id) AS objects, '' AS text, c.url, d.error_code AS code, d.status
        FROM deliveries d JOIN callbacks c ON c.id = d.callback_id JOIN events e ON e.id = d.event_id
            JOIN resources r ON r.id = d.resource_id JOIN instances i ON i.id = r.instance_id
        """,
    Noun.ACTIONS: """
        SELECT a.id, coalesce(i.name, '') AS instance, coalesce(r.name, '') AS resource, a.kind AS type,
            a.state AS state, a.asked_ms AS at,
            (SELECT json_group_array(e.object_id) FROM events e LEFT JOIN deliveries d ON d.event_id = e.id
                WHERE (a.kind = 'replay' AND e.id = a.target_id)
                    OR (a.kind IN ('retry', 'cancel') AND d.id = a.target_id)) AS objects,
            a.command || ' ' || a.operator || ' ' || coalesce(a.outcome, '') || ' ' || coalesce(a.reason, '') AS text
        FROM actions a LEFT JOIN instances i ON i.id = a.instance_id LEFT JOIN resources r ON r.id = a.resource_id
        """,
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """Two instances with everything in some variety, times a minute apart."""
    conn = prepared(tmp_path_factory.mktemp("lists") / "cw.db")
    with transaction(conn):
        fill(conn)
    yield conn
    conn.close()


@pytest.fixture(scope="module")
def everything(filled: sqlite3.Connection) -> dict[Noun, list[sqlite3.Row]]:
    """What the model goes by: all rows of each list, newest first."""
    return {noun: filled.execute(f"{sql} ORDER BY 1 DESC").fetchall() for noun, sql in ALL.items()}


def fill(conn: sqlite3.Connection) -> None:
    hooks = {"acme": "http://127.0.0.1:9/hook", "globex": "http://127.0.0.1:9/hook/two"}
    ids = [add(conn, config(name, company=name, callback=hook)) for name, hook in hooks.items()]
    places = [resource_id(conn, instance, resource) for instance in ids for resource in ("contacts", "tickets")]
    meta.ensure_tag(conn, "abcd1234")
    for at in range(300):
        place, kind = places[at * 7 % 4], TYPES[Noun.EVENTS][at % 3].upper()
        record = json.dumps({"id": at % 9, "summary": "100% on Fire" if at % 5 == 0 else "all_quiet"})
        (event,) = add_events(conn, place, [at % 9], kind=kind, seen_ms=NOW + at * 60_000, record=record)
        if at % 8:
            add_delivery(conn, event, state=list(DeliveryState)[at % 6], created_ms=NOW + at * 60_000)
        conn.execute(
            """
            INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, outcome, error)
            VALUES (?, ?, 'schedule', 1, ?, ?, ?)
            """,
            (
                place,
                TYPES[Noun.POLLS][at % 5],
                NOW + at * 60_000 + (at * 7919 % 500_000),
                STATES[Noun.POLLS][at % 7],
                "no route to fire" if at % 7 == 2 else None,
            ),
        )
        conn.execute(
            """
            INSERT INTO actions (kind, operator, origin, command, instance_id, resource_id, state, asked_ms, reason)
            VALUES (?, 'ada', 'tty', 'cwconsole x', ?, ?, ?, ?, ?)
            """,
            (
                TYPES[Noun.ACTIONS][at % 15],
                (None, 1, 2)[at % 3],
                (None, 1, 3)[at % 3] if at % 2 else None,
                STATES[Noun.ACTIONS][at % 6],
                NOW + at * 60_000,
                "Fire drill" if at % 4 == 0 else None,
            ),
        )
    conn.execute("UPDATE deliveries SET status = 503, error_code = 'http_5xx' WHERE id % 3 = 0")
    conn.execute("UPDATE deliveries SET error_code = 'refused' WHERE id % 5 = 1")
    conn.execute("UPDATE callbacks SET held_ms = 5 WHERE url LIKE '%two'")
    conn.execute("UPDATE resources SET held_ms = 5 WHERE instance_id = 1 AND name = 'tickets'")
    open_deliveries.apply_hold(conn, 1)
    conn.execute("UPDATE events SET poll_id = id / 2 * 2")  # every second poll recorded two
    conn.execute("UPDATE actions SET target_id = id WHERE kind IN ('replay', 'retry', 'cancel', 'pause_job')")
    conn.execute("DELETE FROM events WHERE id <= 60")  # as if pruned
    conn.execute("DELETE FROM deliveries WHERE event_id <= 60")
    conn.execute("DELETE FROM actions WHERE kind = 'replay' AND target_id <= 60")
    conn.execute("DELETE FROM polls WHERE id BETWEEN 100 AND 200")


@st.composite
def questions(draw: st.DrawFn) -> tuple[Noun, Filter]:
    noun = draw(st.sampled_from(list(Noun)))

    def terms(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        return st.none() | st.builds(Term, values, st.booleans())

    def several(values: tuple[str, ...]) -> st.SearchStrategy[object]:
        return st.lists(st.sampled_from(values or ("x",)), min_size=1, max_size=3, unique=True).map(tuple)

    times = st.none() | st.integers(NOW - 60_000, NOW + 301 * 60_000)
    parts: dict[str, st.SearchStrategy[object]] = {
        "instance": terms(st.sampled_from(["acme", "globex", "2"])),
        "resource": terms(st.sampled_from(["contacts", "tickets"])),
        "type": terms(several(TYPES[noun])),
        "state": terms(several(STATES[noun])),
        "object": terms(st.integers(0, 10)),
        "since": times,
        "until": times,
        "callback": terms(st.sampled_from(["hook", "http://127.0.0.1:9/hook", "http://127.0.0.1:9/hook/two"])),
        "error": terms(st.sampled_from(["503", "http_5xx", "refused", "dns"])),
        "text": terms(st.sampled_from(["fire", "0% ON", "all_q", "xquiet", "Drill"])),
        "match": terms(st.sampled_from(["f.re", "^cwconsole poll", r"drill|\d0%", "quiet.?$", "."])),
    }
    names = {name: name + ("_ms" if name in {"since", "until"} else "") for name in WORDS[noun]}
    chosen = {names[name]: draw(st.none() | parts[name]) for name in names}
    return noun, Filter(**chosen, limit=draw(st.sampled_from([1, 7, 50, 1000])))  # type: ignore[arg-type]


def fits(row: sqlite3.Row, chosen: Filter) -> bool:
    """The filter as its words say, on one row."""
    name = {"2": "globex"}.get(chosen.instance.value, chosen.instance.value) if chosen.instance else ""
    tests = [
        (chosen.instance, row["instance"] == name),
        (chosen.resource, chosen.resource is not None and row["resource"] == chosen.resource.value),
        (chosen.type, chosen.type is not None and row["type"] in chosen.type.value),
        (chosen.state, chosen.state is not None and row["state"] in chosen.state.value),
        (chosen.object, chosen.object is not None and chosen.object.value in json.loads(row["objects"])),
        (chosen.callback, chosen.callback is not None and _goes_to(row["url"], chosen.callback.value)),
        (chosen.error, chosen.error is not None and chosen.error.value in {row["code"], str(row["status"])}),
        (chosen.text, chosen.text is not None and chosen.text.value.lower() in row["text"].lower()),
        (chosen.match, chosen.match is not None and re.search(chosen.match.value, row["text"], re.I) is not None),
    ]
    in_time = (chosen.since_ms is None or row["at"] >= chosen.since_ms) and (
        chosen.until_ms is None or row["at"] < chosen.until_ms
    )
    return in_time and all(term is None or term.inverted != holds for term, holds in tests)


def _goes_to(url: str, wanted: str) -> bool:
    return url == wanted or (wanted == "hook" and wanted in url)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(asked_for=questions())
def test_pages_together_are_every_row_that_fits_newest_first(
    filled: sqlite3.Connection, everything: dict[Noun, list[sqlite3.Row]], asked_for: tuple[Noun, Filter]
) -> None:
    noun, chosen = asked_for
    rows = everything[noun]
    unresourced = chosen.resource is not None and noun is Noun.ACTIONS
    expected = [row["id"] for row in rows if fits(row, chosen) and not (unresourced and row["resource"] == "")]
    assert every_id(filled, noun, chosen) == expected


@pytest.mark.parametrize("noun", [Noun.EVENTS, Noun.DELIVERIES])
@pytest.mark.parametrize("line", ["state:held", "state:pending", "!state:held", "state:held,dead", "!state:delivered"])
@pytest.mark.parametrize("place", ["", "instance:acme", "!instance:acme", "!resource:tickets"])
def test_what_waits_is_found_too_where_it_is_too_many_to_be_sorted(
    filled: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, noun: Noun, line: str, place: str
) -> None:
    chosen = parse(noun, f"{line} {place}", now_ms=NOW)
    found = every_id(filled, noun, chosen)
    assert found == [row["id"] for row in filled.execute(f"{ALL[noun]} ORDER BY 1 DESC") if fits(row, chosen)]
    monkeypatch.setattr(delivery_list, "SORTED_AT_MOST", 3)
    assert every_id(filled, noun, chosen) == found


def every_id(conn: sqlite3.Connection, noun: Noun, chosen: Filter) -> list[int]:
    found: list[int] = []
    while True:
        page = PAGES[noun](conn, chosen)
        assert len(page.rows) <= chosen.limit
        found += [row.action.id if isinstance(row, action_list.ActionRow) else row.id for row in page.rows]  # type: ignore[attr-defined]
        if page.next_after is None:
            return found
        chosen = replace(chosen, after=page.next_after)


def test_a_page_that_finds_little_stops_and_says_where_to_go_on(
    filled: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "EXAMINED", 50)
    monkeypatch.setattr(listing, "CHUNK", 20)
    chosen = parse(Noun.EVENTS, "on fire", now_ms=NOW)
    first = event_list.page(filled, chosen)
    assert len(first.rows) == 10
    assert first.next_after == 251
    assert len(every_id(filled, Noun.EVENTS, chosen)) == 48


@contextmanager
def traced(conn: sqlite3.Connection) -> Iterator[list[str]]:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    try:
        yield statements
    finally:
        conn.set_trace_callback(None)


HISTORY = ("polls", "events", "deliveries", "actions", "objects", "attempts")


def scans(conn: sqlite3.Connection, statements: list[str]) -> list[str]:
    """The steps of the statements' plans that go through a whole table of history, or sort it."""
    found = []
    for statement in statements:
        if not re.match(r"\s*(SELECT|WITH)", statement):
            continue
        steps = [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}")]
        bounded = " id < " in statement and "ORDER BY id DESC LIMIT" in statement
        for step in steps:
            is_scan = re.match(rf"SCAN ({'|'.join(HISTORY)}|[eda])\b", step) and "LIMIT 1" not in statement
            few = "deliveries_open" in statement or "event_id IN" in statement  # open ones, or those of one object
            open_ones = "USING INDEX deliveries_open" in step  # counted before they are gone through
            if (is_scan and not bounded and not open_ones) or ("TEMP B-TREE FOR ORDER BY" in step and not few):
                found.append(f"{step}: {statement}")
    return found


@pytest.mark.parametrize(
    ("noun", "line", "index"),
    [
        (Noun.EVENTS, "", "PRIMARY KEY"),
        (Noun.EVENTS, "instance:acme", "events_resource"),
        (Noun.EVENTS, "resource:tickets type:deleted", "events_resource"),
        (Noun.EVENTS, "type:deleted since:3h", "events_resource"),
        (Noun.EVENTS, "instance:acme object:5", "PRIMARY KEY"),
        (Noun.EVENTS, "object:5 until:2h", "PRIMARY KEY"),
        (Noun.EVENTS, "instance:acme fire", "events_resource"),
        (Noun.EVENTS, "state:dead,pending", "PRIMARY KEY"),
        (Noun.EVENTS, "state:delivered instance:acme", "events_resource"),
        (Noun.DELIVERIES, "", "PRIMARY KEY"),
        (Noun.DELIVERIES, "instance:acme", "deliveries_resource"),
        (Noun.DELIVERIES, "state:dead", "deliveries_troubled"),
        (Noun.DELIVERIES, "state:dead,retrying instance:globex", "deliveries_troubled"),
        (Noun.DELIVERIES, "state:pending instance:globex", "deliveries_open"),
        (Noun.DELIVERIES, "state:pending,held", "deliveries_open"),
        (Noun.DELIVERIES, "state:held", "deliveries_open"),
        (Noun.DELIVERIES, "state:held,dead instance:globex", "deliveries_open"),
        (Noun.DELIVERIES, "!state:held", "PRIMARY KEY"),
        (Noun.EVENTS, "state:held", "PRIMARY KEY"),
        (Noun.DELIVERIES, "!state:delivered", "deliveries_open"),
        (Noun.DELIVERIES, "state:delivered instance:acme", "deliveries_resource"),
        (Noun.DELIVERIES, "object:5", "deliveries_event"),
        (Noun.DELIVERIES, "state:dead callback:hook error:503", "deliveries_troubled"),
        (Noun.POLLS, "instance:acme", "polls_resource"),
        (Noun.POLLS, "object:5 instance:acme", "PRIMARY KEY"),
        (Noun.ACTIONS, "object:5 instance:acme", "actions_instance"),
        (Noun.POLLS, "state:failed", "polls_troubled"),
        (Noun.ACTIONS, "instance:acme", "actions_instance"),
        (Noun.ACTIONS, "state:queued", "actions_open"),
    ],
)
def test_no_list_goes_through_a_whole_table(filled: sqlite3.Connection, noun: Noun, line: str, index: str) -> None:
    chosen = parse(noun, line, now_ms=NOW + 300 * 60_000)
    with traced(filled) as statements:
        PAGES[noun](filled, chosen)
    assert scans(filled, statements) == []
    pages = [text for text in statements if "AND id >= " in text and "ORDER BY id DESC" in text]
    assert pages
    for text in pages:
        plan = " ".join(row["detail"] for row in filled.execute(f"EXPLAIN QUERY PLAN {text}"))
        assert index in plan or ("deliveries_troubled" in plan and index == "deliveries_open")


def test_the_guard_against_scans_sees_one(filled: sqlite3.Connection) -> None:
    assert scans(filled, ["SELECT id FROM events e WHERE object_id = 5 AND seen_ms > 3"])


def test_a_page_of_a_great_many_events_reads_a_page_of_them(tmp_path: Path) -> None:
    conn = prepared(tmp_path / "cw.db")
    place = resource_id(conn, add(conn), "contacts")
    with transaction(conn):
        conn.execute(
            """
            WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 300000)
            INSERT INTO events (instance_id, resource_id, poll_id, object_id, type, seen_ms, digest, record)
            SELECT 1, :place, 1, v % 50000, 'UPDATED', :now + v, x'00', x'7b7d' FROM n
            """,
            {"place": place, "now": NOW},
        )
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    conn.set_progress_handler(count, 1000)
    chosen = parse(Noun.EVENTS, "instance:acme since:250s until:200s", now_ms=NOW + 300_000)
    page = event_list.page(conn, replace(chosen, after=99_000))
    conn.set_progress_handler(None, 0)
    assert [row.id for row in page.rows] == list(range(98_999, 98_949, -1))
    assert steps < 60  # thousands of SQLite's steps; a scan of the table takes 2,000
    conn.close()


def test_an_unknown_instance_or_resource_is_an_error_and_not_an_empty_list(filled: sqlite3.Connection) -> None:
    for line, sentence in (
        ("instance:acne", "did you mean acme"),
        ("resource:invoices", "there are contacts, tickets"),
        ("!instance:nobody", "no instance 'nobody'"),
    ):
        with pytest.raises(UsageError, match=sentence):
            event_list.page(filled, parse(Noun.EVENTS, line, now_ms=NOW))


def test_an_event_shows_what_changed_and_how_it_was_delivered(tmp_path: Path) -> None:
    conn = prepared(tmp_path / "cw.db")
    place = resource_id(conn, add(conn), "contacts")
    meta.ensure_tag(conn, "abcd1234")
    (first,) = add_events(conn, place, [5], record='{"id":5,"name":"A"}')
    (second,) = add_events(conn, place, [5], record='{"id":5,"name":"B"}')
    delivery = add_delivery(conn, second, state="dead")
    conn.execute(
        """
        INSERT INTO attempts (delivery_id, number, trigger, started_ms, duration_ms, url, peer, status, error_code,
            headers, body)
        VALUES (?, 1, 'first', 5, 7, 'http://x', '127.0.0.1:9', 500, 'http_5xx', '[["a","b"]]', x'00ff')
        """,
        (delivery,),
    )
    detail = event_list.show(conn, second)
    assert detail.event.event_id == "abcd1234000000000002"
    assert (detail.event.previous_id, detail.event.delivery) == (first, "dead")
    assert detail.changes is not None
    assert [(one.path, one.before, one.after) for one in detail.changes] == [("name", '"A"', '"B"')]
    (attempt,) = detail.deliveries[0].attempts
    assert (attempt.status, attempt.headers, attempt.body) == (500, (("a", "b"),), b"\x00\xff")
    assert event_list.show(conn, first).changes is None
    conn.execute("DELETE FROM events WHERE id = ?", (first,))
    assert event_list.show(conn, second).changes is None
    with pytest.raises(UsageError, match="no event 99"):
        event_list.show(conn, 99)
    conn.close()


@pytest.mark.parametrize("hold", ["UPDATE callbacks SET held_ms = 5", "UPDATE deliveries SET held = 1"])
@pytest.mark.parametrize("state", DeliveryState)
def test_only_what_waits_behind_a_hold_is_held_in_every_list(tmp_path: Path, hold: str, state: str) -> None:
    conn = prepared(tmp_path / "cw.db")
    place = resource_id(conn, add(conn), "contacts")
    (event,) = add_events(conn, place, [5])
    add_delivery(conn, event, state="pending")
    delivery = add_delivery(conn, event, state=state)

    def standings() -> list[str | None]:
        listed = delivery_list.page(conn, Filter()).rows[0], event_list.page(conn, Filter()).rows[0]
        detail = event_list.show(conn, event)
        return [one.standing for one in (*listed, detail.event, detail.deliveries[-1].delivery)]

    assert standings() == [state] * 4
    conn.execute(hold)
    waits = state in {"pending", "retrying"}
    assert standings() == ["held" if waits else state] * 4
    shown = delivery_list.show(conn, delivery).delivery
    assert (shown.state, shown.held) == (state, waits), "the state itself is another matter"
    conn.close()


def test_what_is_not_there_is_said(filled: sqlite3.Connection) -> None:
    for show in (delivery_list.show, poll_list.show, action_list.show):
        with pytest.raises(UsageError, match="There is no"):
            show(filled, 99_999)


def test_an_action_is_shown_with_the_names_of_what_it_was_about(tmp_path: Path) -> None:
    conn = prepared(tmp_path / "cw.db")
    instance = add(conn)
    place = resource_id(conn, instance, "contacts")
    queued = actions.queue(conn, replace(asked(ActionKind.POLL), instance_id=instance, resource_id=place), now_ms=NOW)
    row = action_list.show(conn, queued)
    assert (row.instance, row.resource, row.action.kind) == ("acme", "contacts", ActionKind.POLL)
    instances.remove(conn, instance, asked=asked(ActionKind.REMOVE), now_ms=NOW)
    assert action_list.show(conn, queued).instance == "acme"
    conn.close()
