"""Replays of many events as a job: what is ordered, and that no step is made twice."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.core.errors import StaleError, UsageError
from cwconsole.core.filters import Filter, Term
from cwconsole.store import instances, jobs, replay_jobs, replay_preview, selection
from cwconsole.store.actions import ActionKind
from cwconsole.store.connection import transaction
from cwconsole.store.selection import Selection
from tests.store.replaying import actions_of, chosen, forty_events, ordered, replayed, to_the_end
from tests.store.rows import NOW, add, asked, config


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    forty_events(conn)
    return conn


@pytest.mark.parametrize(
    ("wanted", "events"),
    [
        (chosen("state:dead"), [5, 35]),
        (chosen("since:30m"), list(range(31, 41))),
        (chosen("until:30m object:3"), [3]),
        (Selection(numbers=(35, 2, 2, 99)), [2, 35]),
        (Selection(chosen=Filter(object=Term(3)), but=(3,)), [33]),
    ],
)
def test_what_was_shown_is_sent_from_the_oldest_up(
    conn: sqlite3.Connection, wanted: Selection, events: list[int]
) -> None:
    job = ordered(conn, wanted)
    assert job.total == len(events)
    job = to_the_end(conn, job.id)
    assert (job.state, job.done, job.failed, job.total, job.share) == ("done", len(events), 0, len(events), 1.0)
    assert replayed(conn) == events


def test_an_order_says_who_and_why_and_how_many(conn: sqlite3.Connection) -> None:
    job = ordered(conn, chosen("instance:acme state:dead"))
    assert actions_of(conn) == [
        ("replay", None, "done", "A job sends 2 events again, 10 a second.", "receiver lost them")
    ]
    assert (job.operator, job.reason, job.state, job.about) == (
        "ada",
        "receiver lost them",
        "queued",
        "instance:acme state:dead",
    )


def test_nothing_and_impossible_rates_are_not_ordered(conn: sqlite3.Connection) -> None:
    with pytest.raises(UsageError, match="no such event"):
        ordered(conn, chosen("type:deleted"))
    for rate in (0, -1, 1001):
        with pytest.raises(UsageError, match="rate"):
            ordered(conn, chosen(), rate=rate)
    with pytest.raises(UsageError, match="no instance 'nobody'"):
        ordered(conn, chosen("instance:nobody"))


def test_an_instance_that_gets_another_name_is_still_meant(conn: sqlite3.Connection) -> None:
    job = ordered(conn, chosen("instance:acme"))
    conn.execute("UPDATE instances SET name = 'other'")
    add(conn, config("acme", company="b"), now_ms=NOW + 1)
    assert to_the_end(conn, job.id).done == 40


def test_a_step_is_made_once(conn: sqlite3.Connection) -> None:
    job = ordered(conn, chosen())
    found = replay_jobs.ahead(conn, job, 7)
    replay_jobs.step(conn, job, found, NOW)
    with pytest.raises(StaleError):
        replay_jobs.step(conn, job, found, NOW)
    assert replayed(conn) == found.numbers


def test_a_step_that_was_cut_off_leaves_nothing(conn: sqlite3.Connection) -> None:
    job = ordered(conn, chosen())
    with pytest.raises(ArithmeticError), transaction(conn):
        replay_jobs.step(conn, job, replay_jobs.ahead(conn, job, 7), NOW)
        raise ArithmeticError
    assert (replayed(conn), jobs.load(conn, job.id).cursor) == ([], 0)
    assert to_the_end(conn, job.id).done == 40
    assert replayed(conn) == list(range(1, 41))


def test_events_that_cannot_be_sent_are_counted_and_the_last_reason_kept(conn: sqlite3.Connection) -> None:
    job = ordered(conn, Selection(numbers=(1, 2, 3)))
    conn.execute("UPDATE instances SET callback_id = NULL")
    job = to_the_end(conn, job.id)
    assert (job.state, job.done, job.failed) == ("done", 0, 3)
    assert "no callback URL" in (job.error or "")


def test_what_was_ordered_and_does_not_fit_any_more_is_counted(conn: sqlite3.Connection) -> None:
    job = ordered(conn, chosen("state:dead"))
    conn.execute("UPDATE deliveries SET state = 'delivered' WHERE event_id = 5")
    job = to_the_end(conn, job.id)
    assert (job.state, job.total, job.done, job.passed_over) == ("done", 2, 1, 1)
    conn.execute("UPDATE deliveries SET state = 'dead' WHERE event_id = 8")
    job = ordered(conn, chosen("state:dead"))
    conn.execute("UPDATE deliveries SET state = 'dead' WHERE event_id = 9")
    job = to_the_end(conn, job.id)
    assert (job.total, job.done, job.passed_over) == (2, 2, 0), "more than were counted"


def test_a_job_whose_instance_is_gone_cannot_go_on(conn: sqlite3.Connection) -> None:
    job = ordered(conn, chosen("instance:acme"))
    instances.remove(conn, 1, asked=asked(ActionKind.REMOVE), now_ms=NOW)
    with pytest.raises(UsageError):
        replay_jobs.ahead(conn, job, 7)
    replay_jobs.fail(conn, job.id, "It is gone.", NOW)
    job = jobs.load(conn, job.id)
    assert (job.state, job.error, job.finished_ms) == ("failed", "It is gone.", NOW)


def test_a_selection_that_finds_little_is_gone_through_in_pieces(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = chosen("id")
    found = selection.upwards(conn, wanted, after=0, upper=40, limit=100, examined=15)
    assert (found.numbers, found.reached, found.ended) == (list(range(1, 16)), 15, False)
    monkeypatch.setattr(selection, "EXAMINED", 15)
    shown = replay_preview.preview(conn, wanted, asked_ms=NOW)
    assert (shown.total, shown.exact) == (15, False)
    assert shown.sentence.startswith("At least 15 events")
    counted = replay_preview.preview(conn, chosen("type:updated"), asked_ms=NOW)
    assert (counted.total, counted.exact) == (40, True), "an index counts what is not gone through"
    job = to_the_end(conn, ordered(conn, wanted).id)
    assert (job.done, job.total, job.exact) == (40, 40, True), "the total is known in the end"


def test_open_jobs_are_found_by_their_index_and_counts_are_read_from_one(conn: sqlite3.Connection) -> None:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    replay_jobs.runnable(conn)
    selection.count(conn, chosen(), upper=40)
    jobs.sent(conn, 1)
    conn.set_trace_callback(None)
    plans = [
        " ".join(row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {one}"))
        for one in statements
        if "FROM jobs" in one or "count(*)" in one
    ]
    assert len(plans) > 3
    for plan in plans:
        assert any(index in plan for index in ("jobs_open", "COVERING INDEX events_resource", "deliveries_job")), plan
