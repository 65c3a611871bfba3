"""Commands that need an engine: `run`, `poll`, `sweep`, `replay`, against a played ConnectWise and receiver."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cwconsole.cli.lock import engine_lock
from cwconsole.simulator.faults import Fault, FaultKind
from cwconsole.simulator.receiver import Listening
from cwconsole.simulator.simulator import Running
from cwconsole.store.once import write_once
from tests.cli.conftest import Cli, Stage, until

CONTACTS = "/company/contacts"
FULL_DISK = """
import resource, sys
from cwconsole.cli.main import invoke
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.exit(invoke(["run", "--once"]))
"""


@pytest.fixture
def baselined(cli: Cli, played: Any) -> None:
    assert cli("run", "--once").code == 0


def create(stage: Stage, connectwise: Running, name: str = "Ada") -> int:
    """A new contact; returns its id."""
    made = stage.call(lambda: connectwise.simulator.world().create(CONTACTS, {"firstName": name}))
    return int(made if isinstance(made, int) else made["id"])


def test_run_once_baselines_then_polls_then_delivers(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running, receiver: Listening
) -> None:
    assert [row["state"] for row in cli.good("status")] == ["fresh", "fresh"]
    assert cli.good("events", "list") == []
    contact = create(stage, connectwise)
    reports = cli.good("run", "--once")
    assert [(one["resource"], one["outcome"], one["events"]) for one in reports] == [
        ("contacts", "ok", 1),
        ("tickets", "ok", 0),
    ]
    (event,) = cli.good("events", "list")
    assert (event["type"], event["object_id"], event["delivery"]) == ("CREATED", contact, "delivered")
    assert len(receiver.receiver.seen) == 1


def test_run_once_ends_with_1_and_the_sentence_when_a_poll_fails(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running
) -> None:
    stage.call(lambda: connectwise.simulator.faults.add(Fault(kind=FaultKind.UNAUTHORIZED, path=CONTACTS)))
    result = cli("run", "--once")
    assert result.code == 1
    assert "acme/contacts: " in result.err
    assert result.err.endswith(
        "\nNo engine runs: nothing is tried again before one does. Start one with `cwconsole run`.\n"
    )
    assert "Traceback" not in result.err
    rows = {row["resource"]: row for row in cli.good("status")}
    assert rows["contacts"]["state"] == "parked"
    assert rows["contacts"]["last_error"]
    assert rows["tickets"]["state"] == "fresh"


def test_what_changed_before_a_resource_got_another_name_is_not_lost(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running
) -> None:
    contact = create(stage, connectwise)
    pollers = 'event.poller.configuration={"people":{"url":"contacts"},"tickets":{}}'
    edited = cli("instances", "edit", "acme", "--set", pollers)
    assert (edited.code, edited.out) == (0, "Edited acme (people: rename, formerly contacts).\n")
    assert cli("run", "--once").code == 0
    (event,) = cli.good("events", "list")
    assert (event["resource"], event["type"], event["object_id"]) == ("people", "CREATED", contact)


def test_the_configured_updated_date_is_the_notifications_and_tells_created_from_updated(
    cli: Cli, write_body: Callable[..., Path], connectwise: Running, receiver: Listening
) -> None:
    dates = {"updatedDateField": "timeStart", "createdDateField": "timeStart"}
    where = {"baseUrl": connectwise.base_url, "event.notification.callback.url": f"{receiver.url}/events"}
    ours = {"cwconsole.start": "everything", "cwconsole.classify": "dates"}
    pollers = {"time-entries": {"datesConfiguration": dates}}
    cli.good("instances", "add", write_body(**where, **ours, **{"event.poller.configuration": pollers}))
    assert cli("run", "--once").code == 0
    sent = [json.loads(last.body)["message"] for last in receiver.receiver.objects.values()]
    assert len(sent) == 20
    for message in sent:
        (event,), (record,) = message["events"], message["raw"]["time-entries"]
        assert (event["date"], event["eventType"]) == (record["timeStart"], "CREATED")
        assert record["timeStart"] != record["_info"]["lastUpdated"]


def test_two_resources_of_one_path_are_each_judged_by_their_own_dates(
    cli: Cli, write_body: Callable[..., Path], connectwise: Running, receiver: Listening
) -> None:
    where = {"baseUrl": connectwise.base_url, "event.notification.callback.url": f"{receiver.url}/events"}
    ours = {"cwconsole.start": "everything", "cwconsole.classify": "dates"}
    both = {"updatedDateField": "timeStart", "createdDateField": "timeStart"}
    pollers = {
        "entries": {"url": "/time/entries", "datesConfiguration": {"createdDateField": "timeStart"}},
        "worked": {"url": "/time/entries", "datesConfiguration": both},
    }
    cli.good("instances", "add", write_body(**where, **ours, **{"event.poller.configuration": pollers}))
    assert cli("run", "--once").code == 0
    told = {(event["resource"], event["type"]) for event in cli.good("events", "list")}
    assert told == {("entries", "UPDATED"), ("worked", "CREATED")}


def test_what_has_no_last_updated_says_how_it_is_read_in_full(
    cli: Cli, write_body: Callable[..., Path], connectwise: Running
) -> None:
    pollers = {"types": {"url": "/service/typeSubTypeItemAssociations"}}
    where = {"baseUrl": connectwise.base_url, "event.poller.configuration": pollers}
    cli.good("instances", "add", write_body(**where))
    one, two = cli("run", "--once"), cli("run", "--once")
    assert (one.code, two.code) == (0, 1), one.err + two.err
    (parked,) = cli.good("status")
    assert parked["state"] == "parked"
    assert "lastUpdated" in parked["last_error"]
    assert parked["last_error"].endswith("read in full if the resource says filterByUpdatedDate: false")
    key = "event.poller.configuration.types.filterByUpdatedDate=false"
    assert cli("instances", "edit", "acme", "--set", key).code == 0
    assert [cli("run", "--once").code for _ in range(2)] == [0, 0]
    (mended,) = cli.good("status")
    assert (mended["state"], mended["mode"]) == ("fresh", "full")


def test_a_resource_is_not_dropped_without_a_question(cli: Cli, baselined: None) -> None:
    refused = cli("instances", "edit", "acme", "--unset", "event.poller.configuration.contacts")
    assert refused.code == 3
    assert "contacts would not be polled any more, with 20 known records" in refused.err
    assert [row["resource"] for row in cli.good("status")] == ["contacts", "tickets"]


def test_a_record_that_cannot_be_decoded_is_no_green_run(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running
) -> None:
    contact = create(stage, connectwise)
    stage.call(lambda: connectwise.simulator.world().poison(CONTACTS, contact))
    result = cli("run", "--once")
    assert result.code == 1
    assert (
        "acme/contacts: polled, 0 records read, 0 events. 1 record could not be decoded and was set aside."
        in result.err
    )
    assert "records were set aside" in result.err, "it is in the log as well"
    rows = {row["resource"]: row for row in cli.good("status")}
    assert (rows["contacts"]["state"], rows["contacts"]["set_aside"]) == ("late", 1)
    assert f"Record {contact} cannot be decoded" in rows["contacts"]["last_error"]
    assert (rows["tickets"]["state"], rows["tickets"]["set_aside"]) == ("fresh", 0)
    assert f"Record {contact} cannot be decoded" in cli("status").out
    (poll,) = cli.good("polls", "list", "--resource", "contacts", "--limit", 1)
    assert (poll["outcome"], poll["set_aside"]) == ("ok", 1)
    assert "set aside" in cli("polls", "list").out
    assert "set aside" in cli("polls", "show", poll["id"]).out
    asked = cli("poll", "acme", "contacts", "--wait")
    assert (asked.code, "set aside" in asked.err) == (1, True)
    stage.call(lambda: connectwise.simulator.world().cure(CONTACTS, contact))
    assert cli("sweep", "acme", "contacts", "--wait").code == 0
    assert [row["state"] for row in cli.good("status")] == ["fresh", "fresh"]
    assert [event["object_id"] for event in cli.good("events", "list")] == [contact]


def test_status_of_one_instance_or_resource_says_the_same_of_less(
    cli: Cli, acme: Any, write_body: Callable[..., Path]
) -> None:
    cli.good("instances", "add", write_body("globex"))

    def places(*words: str) -> list[tuple[str, str]]:
        return [(row["instance"], row["resource"]) for row in cli.good("status", *words)]

    assert places("globex") == [("globex", "contacts"), ("globex", "tickets")]
    assert places("acme", "tickets") == [("acme", "tickets")]
    result = cli("status", "acme", "ticket")
    assert (result.code, result.out) == (2, "")
    assert "acme has no resource 'ticket'; did you mean tickets?" in result.err


def test_a_run_says_that_its_database_is_new_for_the_path_may_be_mistyped(cli: Cli) -> None:
    first, second = cli("run", "--once"), cli("run", "--once")
    assert f"{cli.path} is a new database, without instances" in first.err
    assert (second.code, "is a new database" in second.err) == (0, False)


def test_a_database_that_is_named_is_not_made_without_a_word(cli: Cli, write_body: Callable[..., Path]) -> None:
    nowhere, new = cli.folder / "no" / "such" / "cw.db", cli.folder / "new.db"
    for words in (("run", "--once"), ("instances", "add", write_body())):
        refused = cli(*words, "--db", nowhere)
        assert (refused.code, f"no folder {nowhere.parent}" in refused.err) == (1, True)
    assert not (cli.folder / "no").exists()
    assert f"{new} is a new database" in cli("instances", "add", write_body(), "--db", new).err


def test_the_users_own_database_is_made_without_a_word(
    cli: Cli, write_body: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CWCONSOLE_DB")
    added = cli("instances", "add", write_body())
    assert (added.code, added.err) == (0, "")


def test_an_instance_whose_secret_never_comes_is_said_and_holds_no_other_up(
    cli: Cli, played: Any, write_body: Callable[..., Path]
) -> None:
    os.mkfifo(cli.folder / "pipe")
    added = cli("instances", "add", write_body("stuck", **{"private.key": f"file:{cli.folder / 'pipe'}"}))
    assert (added.code, "no answer within 2 s" in added.err) == (0, True)
    result = cli("run", "--once", "--json")
    assert result.code == 1
    *polled, unusable = result.json
    assert [(one["instance"], one["outcome"]) for one in polled] == [("acme", "ok"), ("acme", "ok")]
    assert (unusable["instance"], unusable["resource"], unusable["outcome"]) == ("stuck", None, "unusable")
    assert unusable["error"].startswith("configuration.private.key: found file:")
    assert "stuck: configuration.private.key: found file:" in json.loads(result.err.splitlines()[-1])["message"]
    rows = {(row["instance"], row["resource"]): row for row in cli.good("status")}
    assert rows["stuck", "contacts"]["state"] == "parked"
    assert "dead network mount?" in rows["stuck", "contacts"]["last_error"]


def test_run_once_sees_through_what_was_queued_without_an_engine(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running
) -> None:
    stage.call(lambda: connectwise.simulator.world().delete(CONTACTS, 7))
    stage.call(
        lambda: connectwise.simulator.faults.add(Fault(kind=FaultKind.HANG, seconds=0.5, path=CONTACTS, times=3))
    )
    assert cli("sweep", "acme", "contacts").code == 4
    assert cli("run", "--once").code == 0
    assert cli.good("actions", "list", "type:sweep")[0]["state"] == "done"
    assert [row["object_id"] for row in cli.good("events", "list", "type:deleted")] == [7]


def test_a_sweep_says_how_many_ids_it_compared_and_whether_anything_was_missing(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running
) -> None:
    assert "acme/contacts: swept, 20 ids compared, nothing missing." in cli("sweep", "acme", "contacts", "--wait").out
    shown = cli("polls", "show", cli.good("polls", "list", "type:sweep")[0]["id"]).out
    assert "All ids were compared with what is known: nothing is missing." in shown
    assert "beginning" not in shown
    stage.call(lambda: connectwise.simulator.world().delete(CONTACTS, 7))
    told = cli("sweep", "acme", "contacts", "--wait").out
    assert "acme/contacts: swept, 19 ids compared, 1 event that no poll had recorded (1 DELETED)." in told


def test_run_for_a_while_ends_with_0(cli: Cli, played: Any) -> None:
    assert cli("run", "--for", "0.5").code == 0
    took = cli.good("run", "--for", "0.5")
    started, ended = datetime.fromisoformat(took["started"]), datetime.fromisoformat(took["ended"])
    assert 0.5 <= (ended - started).total_seconds() < 30


def test_a_full_disk_is_one_sentence_and_costs_nothing(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running, receiver: Listening
) -> None:
    for number in range(400):
        create(stage, connectwise, f"Ada {number}")
    full = cli.path.stat().st_size + 100_000
    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(full)], capture_output=True, text=True, timeout=50, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert str(cli.path) in ended.stderr.splitlines()[-1]
    assert "space" in ended.stderr.splitlines()[-1]
    assert cli("run", "--once").code == 0
    assert len(cli.good("events", "list", "--limit", "500")) == 400
    assert {row["state"] for row in cli.good("deliveries", "list", "--limit", "500")} == {"delivered"}
    assert len(receiver.receiver.seen) == 400


def test_history_is_kept_for_as_long_as_the_settings_say(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running
) -> None:
    contact = create(stage, connectwise)
    cli.good("run", "--once")
    stage.call(lambda: connectwise.simulator.world().update(CONTACTS, contact, {"firstName": "Bob"}))
    cli.good("run", "--once")
    for command in ("pause", "resume"):
        cli.good(command, "acme", "tickets")
    kept = {noun: cli.good(noun, "list") for noun in ("events", "polls", "actions")}
    age(cli.path, hours=30)
    assert cli("run", "--for", "1").code == 0
    assert {noun: len(cli.good(noun, "list", "until:12h")) for noun in kept} == {
        n: len(rows) for n, rows in kept.items()
    }
    folder = cli.folder / "xdg_config_home" / "cwconsole"
    folder.mkdir(exist_ok=True)
    (folder / "settings.toml").write_text("retention_days = 1\n")
    assert cli("run", "--for", "1").code == 0
    assert [event["id"] for event in cli.good("events", "list")] == [2], "the last version of the record"
    assert cli.good("actions", "list") == []
    assert cli.good("polls", "list", "until:12h") == []


def age(path: Path, *, hours: int) -> None:
    """Let everything in a file have happened earlier."""
    with closing(sqlite3.connect(path)) as conn, conn:
        for (table,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for column in [row[1] for row in conn.execute(f"PRAGMA table_info({table})")]:
                if column.endswith("_ms") and column not in {"duration_ms", "skew_ms"}:
                    conn.execute(f"UPDATE {table} SET {column} = {column} - ?", (hours * 3_600_000,))


def test_a_second_engine_is_refused(cli: Cli, played: Any) -> None:
    with engine_lock(cli.path):
        result = cli("run", "--for", "1")
    assert result.code == 1
    assert "Another engine runs" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_engine_that_is_told_to_end_drains_and_ends_with_the_signal(
    cli: Cli, baselined: None, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from cwconsole.cli.main import main; main()", "run"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "engine starts" in line
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "Traceback" not in err
    assert "engine stopped" in err
    if number is signal.SIGTERM:
        unit = Path(__file__).parents[2] / "docs" / "systemd.md"
        assert f"\nSuccessExitStatus={process.returncode}\n" in unit.read_text(), (
            "else systemd takes a stop for a failure"
        )


def test_without_an_engine_a_poll_is_queued_and_the_asker_is_told(cli: Cli, played: Any) -> None:
    result = cli("poll", "acme", "contacts", "--json")
    assert result.code == 4
    assert result.json == {"actions": [2], "state": "queued", "engine": False}
    assert "waits for one hour" in json.loads(result.err)["message"]


def test_with_an_engine_a_poll_is_queued_and_that_is_all(cli: Cli, played: Any) -> None:
    with engine_lock(cli.path):
        result = cli("poll", "acme")
    assert result.code == 0
    assert "picks it up at once" in result.out


def test_waiting_for_a_poll_hosts_an_engine_for_it_and_its_deliveries(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running, receiver: Listening
) -> None:
    create(stage, connectwise)
    (ended,) = cli.good("poll", "acme", "contacts", "--wait")
    assert ended["outcome"] == "acme/contacts: polled, 1 record read, 1 event."
    again = cli("poll", "acme", "contacts", "--wait")
    assert again.out == "acme/contacts: polled, 1 record read, nothing new.\n", "the overlap was read again"
    assert ended["state"] == "done"
    assert len(receiver.receiver.seen) == 1
    assert cli.good("polls", "list", "--limit", "1")[0]["trigger"] == "operator"


def test_waiting_works_while_an_engine_runs(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running, receiver: Listening
) -> None:
    create(stage, connectwise)
    process = subprocess.Popen(
        [sys.executable, "-c", "from cwconsole.cli.main import main; main()", "run"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert "engine starts" in process.stderr.readline()
        assert "polled" in cli("poll", "acme", "contacts", "--wait").out
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_who_waits_beside_an_engine_that_hangs_is_told(cli: Cli, baselined: None) -> None:
    with engine_lock(cli.path):
        process = subprocess.Popen(
            [sys.executable, "-m", "cwconsole", "poll", "acme", "contacts", "--wait"],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert "another process runs the engine, and has not begun with action" in process.stderr.readline()
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, ""), "once the engine has gone, who waits runs one"
    assert out.startswith("acme/contacts: polled")


def test_who_waits_is_told_what_hinders_the_engine_that_it_hosts(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running
) -> None:
    stage.call(lambda: connectwise.simulator.faults.add(Fault(kind=FaultKind.SLOW, path=CONTACTS, seconds=2)))
    process = subprocess.Popen(
        [sys.executable, "-m", "cwconsole", "poll", "acme", "contacts", "--wait"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    until(lambda: bool(cli.good("actions", "list", "state:running")))
    with closing(sqlite3.connect(cli.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = process.stderr.readline()
        other.execute("ROLLBACK")
    why = f"The database {cli.path} was locked by another program for 5 seconds; find out which one holds it and try"
    assert told == f"Still waiting: the engine of this command cannot write. {why} again.\n"
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.partition(why)[0]) == (1, "", ""), "then it is over, and why is said"


def test_an_engine_that_writes_nothing_is_no_engine_that_keeps_anything_fresh(cli: Cli, baselined: None) -> None:
    with engine_lock(cli.path):
        assert {row["state"] for row in cli.good("status")} == {"fresh"}
        passed = 4 * 60_000
        write_once(cli.path, age_all, passed)
        assert "has written nothing" not in cli("status").out, "its lock was taken just now: it may be about to"
        when = time.time() - passed / 1000
        os.utime(cli.path.with_name(f"{cli.path.name}.lock"), (when, when))
        shown, as_json = cli("status"), cli("status", "--json")
    assert "The engine has written nothing since " in shown.out
    assert "The engine has written nothing since " in json.loads(as_json.err)["note"]
    assert {row["state"] for row in as_json.json} == {"late"}, "polls are due, and nobody makes them"


def age_all(conn: sqlite3.Connection, ms: int) -> None:
    """As it would be had nobody written for so long. An interval is 15 minutes."""
    conn.execute("UPDATE meta SET value = value - ? WHERE key = 'clock_ms'", (ms,))
    conn.execute("UPDATE resources SET next_poll_ms = ?", (time.time_ns() // 1_000_000 - ms,))


def test_a_poll_that_fails_ends_with_1(cli: Cli, baselined: None, stage: Stage, connectwise: Running) -> None:
    stage.call(lambda: connectwise.simulator.faults.add(Fault(kind=FaultKind.HTML, path=CONTACTS)))
    result = cli("poll", "acme", "contacts", "--wait")
    assert result.code == 1
    said, advice = result.err.splitlines()
    assert said.startswith("acme/contacts: ")
    assert said.endswith("; it is tried again.")
    assert advice == "No engine runs: nothing is tried again before one does. Start one with `cwconsole run`."


def test_what_cannot_be_polled_at_all_is_not_said_to_need_an_engine(cli: Cli, baselined: None) -> None:
    with closing(sqlite3.connect(cli.path)) as conn, conn:
        conn.execute("UPDATE instances SET body = '{}'")  # a configuration that no engine can use
    result = cli("poll", "acme", "--wait")
    assert result.code == 1
    (said,) = result.err.splitlines()
    assert said.endswith("nothing there can be polled; `cwconsole status` says why")


def test_a_poll_that_nobody_picked_up_says_so(cli: Cli, baselined: None) -> None:
    assert cli("poll", "acme", "contacts").code == 4
    age(cli.path, hours=2)
    assert cli("run", "--once").code == 0
    (action,) = cli.good("actions", "list", "type:poll")
    assert (action["state"], action["outcome"]) == ("expired", "No engine picked it up within an hour; ask again.")


def test_a_suspicious_sweep_ends_with_3_and_goes_on_when_confirmed(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running
) -> None:
    def delete_all() -> None:
        world = connectwise.simulator.world()
        for number in range(1, 21):
            world.delete(CONTACTS, number)

    stage.call(delete_all)
    refused = cli("sweep", "acme", "contacts", "--wait")
    assert refused.code == 3
    assert "--confirm-deletes 20" in refused.err
    assert cli.good("status")[0]["state"] == "asking"
    assert cli("sweep", "acme", "contacts", "--confirm-deletes", "20", "--wait").code == 0
    assert len(cli.good("events", "list", "type:deleted")) == 20


def test_deletions_are_confirmed_for_one_resource_only(cli: Cli, played: Any) -> None:
    assert cli("sweep", "acme", "--confirm-deletes", "20").code == 2


def test_a_replay_sends_the_event_again_under_the_same_id(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running, receiver: Listening
) -> None:
    create(stage, connectwise)
    cli.good("run", "--once")
    (event,) = cli.good("events", "list")
    (ended,) = cli.good("replay", "--event", event["event_id"], "--wait")
    assert ended["state"] == "done"
    assert list(receiver.receiver.seen.values()) == [2]
    assert [row["replay"] for row in cli.good("deliveries", "list")] == [True, False]


@pytest.mark.parametrize("event", ["99", "zzzzzzzz000000000001"])
def test_a_replay_of_what_is_not_there_is_refused_before_it_is_queued(cli: Cli, baselined: None, event: str) -> None:
    assert cli("replay", "--event", event).code == 2
    assert cli.good("actions", "list", "type:replay") == []


def test_a_receiver_that_is_down_is_a_retry_and_no_error_of_the_command(
    cli: Cli, baselined: None, stage: Stage, connectwise: Running
) -> None:
    assert cli("instances", "edit", "acme", "--set", "event.notification.callback.url=http://127.0.0.1:9/x").code == 0
    create(stage, connectwise)
    began = time.monotonic()
    assert cli("run", "--once").code == 0
    assert time.monotonic() - began < 10
    (row,) = cli.good("deliveries", "list")
    assert (row["state"], row["error_code"], row["attempts"]) == ("retrying", "refused", 1)
    assert cli.good("status")[0]["retrying"] == 1


def test_nobody_at_the_address_is_one_sentence(cli: Cli, acme: Any) -> None:
    result = cli("run", "--once")
    assert result.code == 1
    assert "127.0.0.1:9" in result.err
    assert "Traceback" not in result.err


def test_once_and_for_exclude_each_other(cli: Cli, acme: Any) -> None:
    assert cli("run", "--once", "--for", "3").code == 2
