"""`polls`, `events`, `deliveries`, `actions`: filters, pages and details through the command line."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from cwconsole.store import meta
from cwconsole.store.connection import writer
from tests.cli.conftest import Cli
from tests.store.rows import NOW, add_delivery, add_events, resource_id


@contextmanager
def database(cli: Cli) -> Iterator[sqlite3.Connection]:
    with closing(writer(cli.path)) as conn:
        yield conn


@pytest.fixture
def history(cli: Cli, acme: Any) -> None:
    with database(cli) as conn:
        meta.ensure_tag(conn, "abcd1234")
        contacts, tickets = resource_id(conn, 1, "contacts"), resource_id(conn, 1, "tickets")
        first = add_events(conn, contacts, [5], kind="CREATED", record='{"id":5,"name":"A","bad":"\\ud800"}')
        second = add_events(conn, contacts, [5], record='{"id":5,"name":"B\\u001b[31m"}', seen_ms=NOW + 3_600_000)
        third = add_events(conn, tickets, [7], kind="DELETED", seen_ms=NOW + 7_200_000)
        for event, state in zip((*first, *second, *third), ("delivered", "dead", "pending"), strict=True):
            add_delivery(conn, event, state=state)
        conn.execute(
            """
            INSERT INTO attempts (delivery_id, number, trigger, started_ms, duration_ms, url, status, error_code, error,
                body)
            VALUES (2, 1, 'first', 5, 7, 'http://x', 500, 'http_5xx', 'The receiver answered 500.',
                x'1b5b33316d6f6f7073')
            """
        )
        conn.executemany(
            """
            INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, outcome, error)
            VALUES (?, ?, 'schedule', 1, ?, ?, ?, ?)
            """,
            [
                (contacts, "baseline", NOW, NOW + 4000, "ok", None),
                (tickets, "window", NOW + 1000, NOW + 2000, "failed", "no route to host"),
            ],
        )


def ids(rows: Any) -> list[int]:
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], [3, 2, 1]),
        (["--limit", "2"], [3, 2]),
        (["--after", "3"], [2, 1]),
        (["--after", "abcd1234000000000003"], [2, 1]),
        (["--resource", "contacts"], [2, 1]),
        (["--type", "created,DELETED"], [3, 1]),
        (["--object", "5", "--type", "updated"], [2]),
        (["--since", "2026-09-21T15:00"], [3, 2]),
        (["--since", "21 Sep 2026 15:00", "--until", "2026-09-21T16:00Z"], [2]),
        (["instance:acme", "!type:deleted"], [2, 1]),
        (["name"], [2, 1]),
        (["--instance", "1", "--object", "9"], []),
    ],
)
def test_events_are_narrowed_by_options_and_words(
    cli: Cli, history: None, args: list[str], expected: list[int]
) -> None:
    assert ids(cli.good("events", "list", *args)) == expected


def test_people_read_types_as_they_filter_by_them_and_scripts_as_on_the_wire(cli: Cli, history: None) -> None:
    for command in (["events", "list"], ["events", "show", "2"], ["deliveries", "list"], ["deliveries", "show", "1"]):
        shown = cli(*command)
        assert shown.code == 0, shown.err
        below = shown.out.partition("\n")[2]  # a column is named CREATED
        assert any(word in below for word in ("created", "updated", "deleted"))
        assert not any(word in below for word in ("CREATED", "UPDATED", "DELETED"))
    assert {row["type"] for row in cli.good("events", "list")} == {"CREATED", "UPDATED", "DELETED"}


def test_an_empty_list_is_said_on_stderr_and_is_a_list_in_json(cli: Cli, history: None) -> None:
    assert cli.good("events", "list", "object:9") == []
    plain = cli("events", "list", "object:9")
    assert (plain.code, plain.out) == (0, "")
    assert plain.err == "No event fits what was asked for.\n"
    assert cli("actions", "list", "zzzz").err == "No action fits what was asked for.\n"


def test_events_are_exported_by_the_same_filter_as_they_are_shown(cli: Cli, history: None) -> None:
    file = cli.folder / "out.ndjson"
    told = cli.good("events", "export", file, "--type", "updated,deleted", "instance:acme")
    assert told == {"file": str(file), "format": "ndjson", "events": 2}
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    shown = [cli.good("events", "show", str(one["id"])) for one in lines]
    assert lines == [{name: one[name] for name in lines[0]} for one in shown]
    assert cli("events", "export", file).code == 2, "it is there already"
    assert cli("events", "export", cli.folder / "out").code == 2, "no format is said"
    assert cli("events", "export", cli.folder / "out", "--format", "json", "object:9").out.startswith("0 events are in")
    assert json.loads((cli.folder / "out").read_text()) == []
    assert cli("events", "export", cli.folder / "x.csv", "instance:nobody").code == 2
    assert not (cli.folder / "x.csv").exists()


def test_an_event_is_shown_by_its_number_and_its_public_id(cli: Cli, history: None) -> None:
    shown = cli.good("events", "show", "2")
    assert shown == cli.good("events", "show", "abcd1234000000000002")
    assert shown["record"] == {"id": 5, "name": "B\x1b[31m"}
    assert [one["path"] for one in shown["changes"]] == ["name", "bad"]
    assert shown["seen"] == "2026-09-21T15:13:20.000Z"
    assert shown["record_date"] == "2026-09-21T15:13:20Z"
    assert shown["deliveries"][0]["attempts"][0]["status"] == 500
    plain = cli("events", "show", "2")
    assert plain.code == 0
    assert "\x1b" not in plain.out
    assert "name: " in plain.out
    assert "The receiver answered 500." in plain.out


def test_half_characters_of_a_record_can_be_printed(cli: Cli, history: None) -> None:
    assert cli("events", "show", "1").code == 0
    assert cli.good("events", "show", "1")["record"]["bad"] == "\ud800"


@pytest.mark.parametrize("event", ["99", "zzzz1234000000000002", "x", "-1"])
def test_an_event_that_is_not_there_is_one_sentence(cli: Cli, history: None, event: str) -> None:
    result = cli("events", "show", "--", event)
    assert (result.code, result.err.count("\n")) == (2, 1)


def test_deliveries_are_narrowed_and_shown(cli: Cli, history: None) -> None:
    assert ids(cli.good("deliveries", "list", "--state", "dead,pending")) == [3, 2]
    assert ids(cli.good("deliveries", "list", "--resource", "contacts", "--state", "delivered")) == [1]
    assert ids(cli.good("deliveries", "list", "--object", "5")) == [2, 1]
    assert "oops" in cli("deliveries", "show", "2").out
    assert cli.good("deliveries", "show", "2")["delivery"]["state"] == "dead"


def test_what_waits_behind_a_hold_is_listed_as_held(cli: Cli, history: None) -> None:
    assert cli("pause", "acme", "tickets", "--delivery").code == 0
    assert [row["held"] for row in cli.good("deliveries", "list")] == [True, False, False]
    assert [(row["delivery"], row["held"]) for row in cli.good("events", "list")] == [
        ("pending", True),
        ("dead", False),
        ("delivered", False),
    ]
    for noun in ("events", "deliveries"):
        newest, dead, _ = cli(noun, "list").out.splitlines()[1:]
        assert "held" in newest
        assert "pending" not in newest
        assert "held" not in dead
    assert "pending, held" in cli("deliveries", "show", "3").out
    assert ids(cli.good("deliveries", "list", "--state", "held")) == [3]
    assert ids(cli.good("deliveries", "list", "!state:held")) == [2, 1]
    assert cli.good("deliveries", "list", "--state", "pending") == []
    assert ids(cli.good("events", "list", "state:held")) == [3]
    assert "held" in cli("deliveries", "list", "--help").out


def test_status_says_what_is_held_also_where_a_poll_has_failed(cli: Cli, history: None) -> None:
    with database(cli) as conn:
        conn.execute("UPDATE resources SET failures = 1, error = 'ConnectWise is away.' WHERE name = 'tickets'")
        conn.execute("UPDATE resources SET pending = 1 WHERE name = 'tickets'")
    assert cli("pause", "acme", "tickets", "--delivery").code == 0
    head, *rows = cli("status").out.splitlines()
    assert head.split()[-5:] == ["PENDING", "RETRY", "DEAD", "HELD", "WHY"]
    (tickets,) = [row for row in rows if " tickets " in row]
    assert "0        0      0     1     ConnectWise is away.; held: " in tickets


@pytest.mark.parametrize("noun", ["events", "deliveries", "polls", "actions"])
def test_a_question_that_nothing_can_answer_is_said_to_be_one(cli: Cli, history: None, noun: str) -> None:
    swapped = cli(noun, "list", "--since", "2026-09-21T16:00", "--until", "2026-09-21T15:00")
    assert swapped.code == 2
    assert swapped.err == (
        "since: 2026-09-21T16:00:00.000Z is not before until: 2026-09-21T15:00:00.000Z, "
        "so nothing can lie between; swap them.\n"
    )
    twice = cli(noun, "list", "--resource", "tickets", "--resource", "contacts")
    assert (twice.code, twice.err) == (2, "--resource is given twice; give it once.\n")
    zone = cli(noun, "list", "--since", "2026-09-21 15:00 PST")
    assert (zone.code, zone.out, zone.err.count("\n")) == (2, "", 1)
    assert "is no time" in zone.err
    assert cli.good(noun, "list")
    below = cli(noun, "list", "--after", "1")
    assert (below.code, "fits what was asked for" in below.err) == (0, True)


def test_retry_and_cancel_change_the_state_or_say_why_not(cli: Cli, history: None) -> None:
    assert cli.good("deliveries", "retry", "2")["count"] == 1
    assert cli.good("deliveries", "show", "2")["delivery"]["state"] == "pending"
    assert cli("deliveries", "cancel", "2", "3").code == 0
    again = cli("deliveries", "cancel", "2")
    assert again.code == 1
    assert again.err == "Delivery 2 is cancelled and cannot be cancelled; look at its state again.\n"
    assert cli("deliveries", "retry", "77").code == 2


def test_several_deliveries_are_retried_together_or_not_at_all(cli: Cli, history: None) -> None:
    assert cli("deliveries", "retry", "2", "1").code == 1
    assert cli.good("deliveries", "show", "2")["delivery"]["state"] == "dead"


def test_polls_are_narrowed_and_shown(cli: Cli, history: None) -> None:
    assert ids(cli.good("polls", "list", "--state", "failed")) == [2]
    assert ids(cli.good("polls", "list", "--type", "baseline")) == [1]
    assert ids(cli.good("polls", "list", "route")) == [2]
    assert cli.good("polls", "show", "2")["error"] == "no route to host"
    assert "no route to host" in cli("polls", "show", "2").out


def test_actions_are_the_audit_log(cli: Cli, history: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.7 5000 10.0.0.1 22")
    assert cli("pause", "acme", "contacts", "--reason", "maintenance window").code == 0
    audit = cli.good("actions", "list", "--limit", "1")[0]
    assert audit["origin"] == "ssh 10.0.0.7"
    assert audit["command"] == "cwconsole pause acme contacts --reason 'maintenance window'"
    assert (audit["kind"], audit["instance"], audit["resource"]) == ("pause", "acme", "contacts")
    assert ids(cli.good("actions", "list", "type:pause", "window")) == [audit["id"]]
    assert "maintenance window" in cli("actions", "show", audit["id"]).out


def test_a_queued_action_can_be_called_off(cli: Cli, acme: Any) -> None:
    assert cli("poll", "acme").code == 4
    (queued,) = cli.good("actions", "list", "--state", "queued")
    called_off = cli.good("actions", "cancel", queued["id"], "--reason", "asked for twice")
    assert called_off["state"] == "cancelled"
    assert called_off["outcome"].endswith(": asked for twice.")
    assert cli.good("actions", "show", queued["id"])["outcome"] == called_off["outcome"]
    assert cli("actions", "cancel", queued["id"]).code == 1


@pytest.mark.parametrize(
    ("noun", "args", "sentence"),
    [
        ("events", ["--state", "gone"], "have no state 'gone'"),
        ("polls", ["--callback", "x"], "callback: is no filter word of polls"),
        ("deliveries", ["--state", "gone"], "have no state 'gone'"),
        ("events", ["--since", "03/04/2026"], "is no time"),
        ("events", ["--limit", "0"], "not between 1 and 10000"),
        ("events", ["--after", "x"], "no event of this database"),
        ("polls", ["--after", "x"], "is no id"),
        ("actions", ["--instance", "nobody"], "no instance 'nobody'"),
        ("events", ["--resource", "invoices"], "there are contacts, tickets"),
    ],
)
def test_a_question_that_cannot_be_asked_says_what_would_be_right(
    cli: Cli, history: None, noun: str, args: list[str], sentence: str
) -> None:
    result = cli(noun, "list", *args, "--json")
    assert (result.code, result.out) == (2, "")
    assert sentence in json.loads(result.err)["message"]


@pytest.mark.parametrize("noun", ["events", "deliveries", "polls", "actions"])
def test_the_column_that_type_filters_is_headed_so(cli: Cli, history: None, noun: str) -> None:
    assert "--type" in cli(noun, "list", "--help").out
    assert " TYPE " in cli(noun, "list").out.splitlines()[0]


@pytest.mark.parametrize("noun", ["events", "deliveries", "polls", "actions"])
def test_an_export_holds_what_the_list_shows(cli: Cli, history: None, noun: str) -> None:
    file = cli.folder / "a.json"
    told = cli.good(noun, "export", file, "instance:acme")
    assert (told["file"], told["format"]) == (str(file), "json")
    rows = json.loads(file.read_text())
    assert len(rows) == told[noun]
    assert [{name: row[name] for name in row if name != "record"} for row in rows] == cli.good(noun, "list")
    cli.good(noun, "export", cli.folder / "a.csv")
    with (cli.folder / "a.csv").open(newline="") as written:
        head, *lines = csv.reader(written)
    assert head == list(rows[0])
    assert [line[0] for line in lines] == [str(row["id"]) for row in rows]
    assert f"{cli.folder / 'a.csv'} is there already" in cli(noun, "export", cli.folder / "a.csv").err
