"""Replays of many events: what a preview shows, what its token binds, and that no step is made twice."""

from __future__ import annotations

import json
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cwconsole.core.errors import RefusedError, StaleError, TooLateError, UsageError
from cwconsole.core.filters import Filter, Noun, Term, parse
from cwconsole.store import instances, replay_jobs, replay_preview, selection
from cwconsole.store.actions import ActionKind
from cwconsole.store.connection import transaction
from cwconsole.store.replay_jobs import Job
from cwconsole.store.selection import Selection
from tests.store.rows import NOW, add, add_delivery, add_events, asked, config, resource_id

HOUR = 3_600_000


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    """acme with 30 contacts seen an hour ago, the first ten of them again now; of those two deliveries are dead."""
    add(conn)
    contacts = resource_id(conn, 1, "contacts")
    made = add_events(conn, contacts, range(1, 31), seen_ms=NOW - HOUR)
    made += add_events(conn, contacts, range(1, 11), seen_ms=NOW)
    for event in made:
        add_delivery(conn, event, state="dead" if event in {5, 35} else "delivered")
    return conn


def chosen(line: str = "") -> Selection:
    return Selection(chosen=parse(Noun.EVENTS, line, now_ms=NOW))


def ordered(conn: sqlite3.Connection, wanted: Selection, *, rate: float = 10.0) -> Job:
    shown = replay_preview.preview(conn, wanted, asked_ms=NOW)
    order = replace(asked(ActionKind.REPLAY), reason="receiver lost them")
    return replay_jobs.load(conn, replay_jobs.create(conn, shown, rate=rate, asked=order, now_ms=NOW))


def go(conn: sqlite3.Connection, job_id: int, *, limit: int = 7) -> Job:
    """One step."""
    job = replay_jobs.load(conn, job_id)
    with transaction(conn):
        replay_jobs.step(conn, job, replay_jobs.ahead(conn, job, limit), NOW)
    return replay_jobs.load(conn, job_id)


def to_the_end(conn: sqlite3.Connection, job_id: int) -> Job:
    while (job := replay_jobs.load(conn, job_id)).open:
        job = go(conn, job_id)
    return job


def replayed(conn: sqlite3.Connection) -> list[int]:
    return [row[0] for row in conn.execute("SELECT event_id FROM deliveries WHERE replay = 1 ORDER BY id")]


def actions_of(conn: sqlite3.Connection) -> list[tuple[object, ...]]:
    rows = conn.execute("SELECT kind, target_id, state, outcome, reason FROM actions WHERE kind <> 'add' ORDER BY id")
    return [tuple(row) for row in rows]


def test_a_preview_counts_shows_some_and_says_how_many_are_old(conn: sqlite3.Connection) -> None:
    shown = replay_preview.preview(conn, chosen("instance:acme"), asked_ms=NOW)
    assert (shown.total, shown.exact, shown.not_newest, shown.judged) == (40, True, 10, 40)
    assert [row.id for row in shown.sample] == [1, 2, 3, 4, 5]
    assert shown.sentence == "40 events would be sent again; 10 not the newest of their object."
    assert not actions_of(conn)


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


def test_a_token_holds_as_long_as_the_numbers_do(conn: sqlite3.Connection) -> None:
    wanted = chosen("state:dead")
    token = replay_preview.preview(conn, wanted, asked_ms=NOW).token
    add_events(conn, resource_id(conn, 1, "tickets"), range(1, 5))
    assert replay_preview.confirmed(conn, wanted, token).token == token, "what comes later is not meant"
    conn.execute("UPDATE deliveries SET state = 'delivered' WHERE event_id = 5")
    with pytest.raises(RefusedError, match="1 event would be sent again") as refused:
        replay_preview.confirmed(conn, wanted, token)
    fresh = refused.value.message.rsplit(" ", 1)[1].rstrip(".")
    assert replay_preview.confirmed(conn, wanted, fresh).total == 1


def test_a_token_is_of_one_question_alone(conn: sqlite3.Connection) -> None:
    token = replay_preview.preview(conn, chosen("state:dead"), asked_ms=NOW).token
    with pytest.raises(RefusedError, match="40 events"):
        replay_preview.confirmed(conn, chosen(), token)
    for nonsense in ("", "yes", "1-2-3-4", "x-y-z"):
        with pytest.raises(UsageError, match="is no token"):
            replay_preview.confirmed(conn, chosen(), nonsense)


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
    assert (replayed(conn), replay_jobs.load(conn, job.id).cursor) == ([], 0)
    assert to_the_end(conn, job.id).done == 40
    assert replayed(conn) == list(range(1, 41))


def test_a_paused_job_makes_no_further_step_and_goes_on_where_it_was(conn: sqlite3.Connection) -> None:
    job = go(conn, ordered(conn, chosen()).id)
    ahead = replay_jobs.ahead(conn, job, 7)
    assert replay_jobs.pause(conn, job.id, asked=asked(ActionKind.PAUSE_JOB), now_ms=NOW) == (
        f"Job {job.id} is paused after 7 replays."
    )
    with pytest.raises(StaleError):
        replay_jobs.step(conn, job, ahead, NOW)
    assert replay_jobs.runnable(conn) == []
    assert "already" in replay_jobs.pause(conn, job.id, asked=asked(ActionKind.PAUSE_JOB), now_ms=NOW)
    replay_jobs.resume(conn, job.id, asked=asked(ActionKind.RESUME_JOB), now_ms=NOW)
    assert [one.id for one in replay_jobs.runnable(conn)] == [job.id]
    assert to_the_end(conn, job.id).done == 40
    assert replayed(conn) == list(range(1, 41))
    assert [row[:2] for row in actions_of(conn)[1:]] == [("pause_job", job.id), ("resume_job", job.id)]


def test_a_cancelled_job_counts_what_waits_behind_a_hold_too(conn: sqlite3.Connection) -> None:
    job = go(conn, ordered(conn, chosen()).id)
    conn.execute("UPDATE callbacks SET held_ms = 5")
    conn.execute("UPDATE deliveries SET state = 'delivered', due_ms = NULL WHERE job_id = ? AND id NOT IN"
                 " (SELECT max(id) FROM deliveries)", (job.id,))  # fmt: skip
    assert replay_jobs.sent(conn, job.id) == {"delivered": 6, "held": 1}
    outcome = replay_jobs.cancel(conn, job.id, asked=asked(ActionKind.CANCEL_JOB), now_ms=NOW + 5)
    assert outcome == f"Job {job.id} is cancelled after 7 replays. 1 of them waits and is still sent."


def test_a_cancelled_job_has_ended_and_says_what_is_still_sent(conn: sqlite3.Connection) -> None:
    job = go(conn, ordered(conn, chosen()).id)
    outcome = replay_jobs.cancel(conn, job.id, asked=asked(ActionKind.CANCEL_JOB), now_ms=NOW + 5)
    assert outcome == f"Job {job.id} is cancelled after 7 replays. 7 of them wait and are still sent."
    job = replay_jobs.load(conn, job.id)
    assert (job.state, job.finished_ms, job.open) == ("cancelled", NOW + 5, False)
    assert replay_jobs.sent(conn, job.id) == {"pending": 7}
    for change in (replay_jobs.pause, replay_jobs.resume, replay_jobs.cancel):
        with pytest.raises(TooLateError, match="is cancelled and cannot"):
            change(conn, job.id, asked=asked(ActionKind.CANCEL_JOB), now_ms=NOW)
    replay_jobs.fail(conn, job.id, "too late", NOW)
    assert replay_jobs.load(conn, job.id).state == "cancelled"


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
    job = replay_jobs.load(conn, job.id)
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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_the_steps_nothing_is_left_out_or_sent_twice(conn: sqlite3.Connection, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(["", "instance:acme", "type:updated", "!object:3", "!type:created", "state:dead"]))
    everything = selection.upwards(conn, chosen(line), after=0, upper=40, limit=1000).numbers
    assert everything == sorted(set(everything))
    seen: list[int] = []
    after, ended = 0, False
    while not ended:
        limit, examined = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
        found = selection.upwards(conn, chosen(line), after=after, upper=40, limit=limit, examined=examined)
        seen += found.numbers
        after, ended = found.reached, found.ended
    assert seen == everything


def test_open_jobs_are_found_by_their_index_and_counts_are_read_from_one(conn: sqlite3.Connection) -> None:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    replay_jobs.runnable(conn)
    selection.count(conn, chosen(), upper=40)
    replay_jobs.sent(conn, 1)
    conn.set_trace_callback(None)
    plans = [
        " ".join(row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {one}"))
        for one in statements
        if "FROM jobs" in one or "count(*)" in one
    ]
    assert len(plans) > 3
    for plan in plans:
        assert any(index in plan for index in ("jobs_open", "COVERING INDEX events_resource", "deliveries_job")), plan


def test_a_selection_is_stored_and_read_back() -> None:
    for one in (chosen("state:dead '!text:a b' since:2h"), Selection(numbers=(1, 2)), Selection(but=(3, 4))):
        assert selection.from_text(selection.to_text(one)) == one
    assert json.loads(selection.to_text(Selection(numbers=(2, 1, 2))))["numbers"] == [1, 2]
