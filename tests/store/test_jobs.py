"""Jobs: what operators do to them, and what they are told."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.core.errors import StaleError, TooLateError
from cwconsole.store import jobs, replay_jobs
from cwconsole.store.actions import ActionKind
from tests.store.replaying import actions_of, chosen, forty_events, go, ordered, replayed, to_the_end
from tests.store.rows import NOW, asked


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    forty_events(conn)
    return conn


def test_a_paused_job_makes_no_further_step_and_goes_on_where_it_was(conn: sqlite3.Connection) -> None:
    job = go(conn, ordered(conn, chosen()).id)
    ahead = replay_jobs.ahead(conn, job, 7)
    assert jobs.pause(conn, job.id, asked=asked(ActionKind.PAUSE_JOB), now_ms=NOW) == (
        f"Job {job.id} is paused after 7 replays."
    )
    with pytest.raises(StaleError):
        replay_jobs.step(conn, job, ahead, NOW)
    assert replay_jobs.runnable(conn) == []
    assert "already" in jobs.pause(conn, job.id, asked=asked(ActionKind.PAUSE_JOB), now_ms=NOW)
    jobs.resume(conn, job.id, asked=asked(ActionKind.RESUME_JOB), now_ms=NOW)
    assert [one.id for one in replay_jobs.runnable(conn)] == [job.id]
    assert to_the_end(conn, job.id).done == 40
    assert replayed(conn) == list(range(1, 41))
    assert [row[:2] for row in actions_of(conn)[1:]] == [("pause_job", job.id), ("resume_job", job.id)]


def test_a_cancelled_job_counts_what_waits_behind_a_hold_too(conn: sqlite3.Connection) -> None:
    job = go(conn, ordered(conn, chosen()).id)
    conn.execute("UPDATE callbacks SET held_ms = 5")
    conn.execute("UPDATE deliveries SET state = 'delivered', due_ms = NULL WHERE job_id = ? AND id NOT IN"
                 " (SELECT max(id) FROM deliveries)", (job.id,))  # fmt: skip
    assert jobs.sent(conn, job.id) == {"delivered": 6, "held": 1}
    outcome = jobs.cancel(conn, job.id, asked=asked(ActionKind.CANCEL_JOB), now_ms=NOW + 5)
    assert outcome == f"Job {job.id} is cancelled after 7 replays. 1 of them waits and is still sent."


def test_a_cancelled_job_has_ended_and_says_what_is_still_sent(conn: sqlite3.Connection) -> None:
    job = go(conn, ordered(conn, chosen()).id)
    outcome = jobs.cancel(conn, job.id, asked=asked(ActionKind.CANCEL_JOB), now_ms=NOW + 5)
    assert outcome == f"Job {job.id} is cancelled after 7 replays. 7 of them wait and are still sent."
    job = jobs.load(conn, job.id)
    assert (job.state, job.finished_ms, job.open) == ("cancelled", NOW + 5, False)
    assert jobs.sent(conn, job.id) == {"pending": 7}
    for change in (jobs.pause, jobs.resume, jobs.cancel):
        with pytest.raises(TooLateError, match="is cancelled and cannot"):
            change(conn, job.id, asked=asked(ActionKind.CANCEL_JOB), now_ms=NOW)
    replay_jobs.fail(conn, job.id, "too late", NOW)
    assert jobs.load(conn, job.id).state == "cancelled"
