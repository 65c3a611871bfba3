"""`replay` with a filter and `jobs`: shown first, confirmed by token, done at a rate, paused, cancelled, resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from typing import Any

import pytest

from cwconsole.cli.lock import engine_lock, engine_runs
from cwconsole.simulator.faults import Fault, FaultKind
from cwconsole.simulator.receiver import Listening
from cwconsole.store import meta
from cwconsole.store.connection import writer
from tests.cli.conftest import Cli, Stage, until
from tests.store.rows import NOW, add_delivery, add_events, resource_id

HOUR = 3_600_000


def fill(cli: Cli) -> None:
    """30 contacts, delivered, and again ten of them; two deliveries are dead."""
    with closing(writer(cli.path)) as conn:
        meta.ensure_tag(conn, "abcd1234")
        conn.execute("UPDATE resources SET baseline_done = 1, next_poll_ms = 9e15, next_sweep_ms = 9e15")
        contacts = resource_id(conn, 1, "contacts")
        made = add_events(conn, contacts, range(1, 31), seen_ms=NOW - HOUR)
        made += add_events(conn, contacts, range(1, 11), seen_ms=NOW)
        for event in made:
            add_delivery(conn, event, state="dead" if event in {5, 35} else "delivered")


@pytest.fixture
def history(cli: Cli, acme: Any) -> None:
    fill(cli)


@pytest.fixture
def sendable(cli: Cli, played: Any) -> None:
    fill(cli)


def shown(cli: Cli, *args: str) -> Any:
    """The preview of a replay, which is refused until it is confirmed."""
    result = cli("replay", *args, "--json")
    assert result.code == 3, result.err
    document = json.loads(result.out)
    assert document["token"] in json.loads(result.err)["message"]
    return document


def test_what_a_filter_finds_is_shown_first_and_nothing_is_done(cli: Cli, history: None) -> None:
    document = shown(cli, "--instance", "acme", "type:updated")
    assert (document["total"], document["exact"], document["not_newest"]) == (40, True, 10)
    assert [row["id"] for row in document["sample"]] == [1, 2, 3, 4, 5]
    plain = cli("replay", "--state", "dead")
    assert plain.code == 3
    assert "2 events would be sent again; 1 not the newest of their object." in plain.err
    assert "--confirm " in plain.err
    assert "contacts" in plain.out
    assert cli.good("jobs", "list") == []
    assert cli.good("actions", "list", "type:replay") == []


def test_an_event_that_is_named_twice_is_sent_again_once(cli: Cli, history: None) -> None:
    assert cli("replay", "--event", "5", "--event", "5").code == 4, "no engine runs"
    assert len(cli.good("actions", "list", "type:replay")) == 1


def test_the_token_orders_exactly_what_was_shown(cli: Cli, history: None) -> None:
    token = shown(cli, "--since", "3650d", "state:dead")["token"]
    ordered = cli("replay", "--since", "3650d", "state:dead", "--confirm", token, "--reason", "lost", "--json")
    assert ordered.code == 4, "no engine runs"
    (job,) = cli.good("jobs", "list")
    assert (job["state"], job["total"], job["rate"], job["reason"]) == ("queued", 2, 10.0, "lost")
    (action,) = cli.good("actions", "list", "type:replay")
    assert (action["state"], action["reason"], action["instance"]) == ("done", "lost", None)
    assert f"--confirm {token}" in action["command"]


def test_other_numbers_or_another_question_need_another_token(cli: Cli, history: None) -> None:
    token = shown(cli, "state:dead")["token"]
    with closing(writer(cli.path)) as conn:
        conn.execute("UPDATE deliveries SET state = 'delivered' WHERE event_id = 5")
    for args in (["state:dead"], ["type:updated"]):
        result = cli("replay", *args, "--confirm", token)
        assert result.code == 3
        assert "is not what was shown any more" in result.err
    assert cli.good("jobs", "list") == []


def test_with_an_engine_the_order_says_how_to_follow_it(cli: Cli, history: None) -> None:
    with engine_lock(cli.path):
        result = cli("replay", "type:updated", "--yes", "--rate", "50")
        assert result.code == 0
        assert "Job 1 sends 40 events again; `cwconsole jobs show 1`" in result.out
        assert cli.good("replay", "type:updated", "--yes") == {"job": 2, "state": "queued", "total": 40, "engine": True}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ([], "Say which events"),
        (["--event", "1", "type:updated"], "Say which events"),
        (["--object", "77"], "There is no such event"),
        (["--instance", "nobody"], "no instance 'nobody'"),
        (["--state", "lost"], "have no state 'lost'"),
        (["state:dead", "--confirm", "yes"], "is no token"),
        (["state:dead", "--yes", "--rate", "0"], "--rate: found 0.0, expected a number from 0.01 to 1000"),
        (["state:dead", "--yes", "--rate", "5000"], "from 0.01 to 1000"),
        (["state:dead", "--rate", "nan"], "--rate: found 'nan', expected a number"),
    ],
)
def test_what_cannot_be_ordered_says_why(cli: Cli, history: None, args: list[str], sentence: str) -> None:
    result = cli("replay", *args)
    assert result.code == 2
    assert sentence in result.err
    assert cli.good("jobs", "list") == []


def test_waiting_hosts_an_engine_until_everything_has_arrived(cli: Cli, sendable: None, receiver: Listening) -> None:
    result = cli("replay", "state:dead", "--yes", "--rate", "100", "--wait")
    assert result.code == 0, result.err
    assert "Job 1 is done: 2 of 2 sent again, 2 delivered." in result.out
    assert sorted(receiver.receiver.seen.values()) == [1, 1]
    assert cli.good("events", "list", "state:dead") == [], "the dead ones are settled by it"
    document = cli.good("jobs", "show", "1")
    assert (document["state"], document["done"], document["deliveries"]) == ("done", 2, {"delivered": 2})
    assert "2 of 2 at 100 a second" in cli("jobs", "show", "1").out


def test_waiting_for_what_does_not_arrive_ends_with_1(cli: Cli, sendable: None) -> None:
    """A job and an action are done once the replays are made; whoever waits does so for the events."""
    where = "event.notification.callback.url=http://127.0.0.1:9/nobody"
    assert cli("instances", "edit", "acme", "--set", where).code == 0
    one = cli("replay", "--event", "3", "--event", "4", "--wait", "--json")
    assert one.code == 1
    assert [(row["state"], row["delivery"]["state"]) for row in one.json] == [("done", "dead")] * 2
    assert "Event 3 did not arrive: refused (delivery 41 is dead)." in json.loads(one.err)["message"]
    many = cli("replay", "state:delivered", "--yes", "--rate", "100", "--wait")
    assert many.code == 1
    assert "Job 1 is done: 36 of 36 sent again, 10 dead, 26 pending. No engine runs" in many.err, "the breaker is open"
    cli("pause", "acme", "--delivery")
    held = cli("replay", "--event", "5", "--wait")
    assert held.code == 1
    assert "Event 5 is not sent yet: delivery 79 is held until it is let go." in held.err


def test_waiting_beside_an_engine_waits_until_it_has_sent(
    cli: Cli, sendable: None, stage: Stage, receiver: Listening
) -> None:
    stage.call(lambda: receiver.receiver.faults.add(Fault(kind=FaultKind.SLOW, seconds=0.5)))
    process = subprocess.Popen([sys.executable, "-m", "cwconsole", "run"], env={**os.environ},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        until(lambda: engine_runs(cli.path))
        ended = cli("replay", "--event", "3", "--event", "33", "--wait", "--json")
        assert ended.code == 0, ended.err
        assert [row["delivery"]["state"] for row in ended.json] == ["delivered"] * 2, "one object's, in turn"
        job = cli("replay", "state:dead", "--yes", "--rate", "100", "--wait", "--json")
        assert (job.code, job.json["deliveries"]) == (0, {"delivered": 2})
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def test_run_once_sees_a_running_job_through_and_leaves_a_paused_one(
    cli: Cli, sendable: None, receiver: Listening
) -> None:
    cli("replay", "state:dead", "--yes", "--rate", "2")
    cli("replay", "--object", "3", "--yes")
    cli("jobs", "pause", "2")
    cli("pause", "acme")  # its polls, not its deliveries
    assert cli("run", "--once").code == 0
    assert [(job["id"], job["state"], job["done"]) for job in cli.good("jobs", "list")] == [
        (2, "paused", 0),
        (1, "done", 2),
    ]
    assert len(receiver.receiver.seen) == 2


def test_events_by_number_with_a_rate_become_a_job_too(cli: Cli, sendable: None, receiver: Listening) -> None:
    result = cli("replay", "--event", "3", "--event", "33", "--rate", "100", "--yes", "--wait", "--json")
    assert result.code == 0, result.err
    assert result.json["done"] == 2
    assert len(receiver.receiver.seen) == 2


def test_what_cannot_be_sent_again_is_counted_and_said(cli: Cli, sendable: None) -> None:
    with closing(writer(cli.path)) as conn:
        conn.execute("UPDATE instances SET callback_id = NULL")
    result = cli("replay", "state:dead", "--yes", "--rate", "100", "--wait", "--json")
    assert result.code == 1
    assert result.json["failed"] == 2
    assert "no callback URL" in json.loads(result.err)["message"]


def test_a_job_is_paused_resumed_and_cancelled(cli: Cli, history: None) -> None:
    cli("replay", "type:updated", "--yes")
    assert cli.good("jobs", "pause", "1") == {"job": 1, "outcome": "Job 1 is paused after 0 replays."}
    assert cli.good("jobs", "list")[0]["state"] == "paused"
    assert "goes on" in cli("jobs", "resume", "1", "--reason", "all clear").out
    assert "Job 1 is cancelled" in cli("jobs", "cancel", "1").out
    refused = cli("jobs", "resume", "1")
    assert (refused.code, "is cancelled and cannot" in refused.err) == (1, True)
    assert cli("jobs", "show", "9").code == 2
    assert "CANCELLED" in cli("jobs", "list").out.upper()
    kinds = [row["kind"] for row in cli.good("actions", "list", "--limit", "3")]
    assert kinds == ["cancel_job", "resume_job", "pause_job"]


def test_after_kill_9_the_next_engine_goes_on_and_sends_nothing_twice(
    cli: Cli, sendable: None, receiver: Listening
) -> None:
    cli("replay", "type:updated", "--yes", "--rate", "20")
    process = subprocess.Popen([sys.executable, "-m", "cwconsole", "run"], env={**os.environ},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while cli.good("jobs", "show", "1")["done"] < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    job = cli.good("jobs", "show", "1")
    assert (job["state"], 5 <= job["done"] < 40) == ("running", True)
    for listed in (cli("jobs", "list"), cli("jobs", "show", "1"), cli("actions", "list"), cli("deliveries", "list")):
        stands = "running" in listed.out or "sending" in listed.out
        assert ("No engine runs: what is running or sending here stands still." in listed.err) is stands
    assert cli("jobs", "list").out.splitlines()[1].split()[-4:-1] == ["-", "20/s", "-"], "no time is left to it"
    cli("pause", "acme")  # its polls, which would bring events of their own
    result = cli("run", "--once")
    assert result.code == 0, result.err
    job = cli.good("jobs", "show", "1")
    assert (job["state"], job["done"], job["deliveries"]) == ("done", 40, {"delivered": 40})
    replays = cli.good("deliveries", "list", "--limit", "500")
    assert sorted(row["event"] for row in replays if row["replay"]) == list(range(1, 41))
