"""`pause`, `resume`, `watermark` and `status`: what operators change without an engine, and what they see of it."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from cwconsole.cli.lock import engine_lock
from cwconsole.simulator.simulator import Running
from cwconsole.store import meta
from cwconsole.store.connection import writer
from cwconsole.store.meta import EngineProcess
from tests.cli.conftest import Cli
from tests.store.rows import add_delivery, add_events


def change(cli: Cli, sql: str, *values: object) -> None:
    with closing(writer(cli.path)) as conn:
        conn.execute(sql, values)


@pytest.fixture
def read_once(cli: Cli, acme: Any) -> int:
    """As after a first poll of both resources; returns the watermark."""
    now = int(time.time())
    change(
        cli,
        "UPDATE resources SET watermark = ?, baseline_done = 1, next_poll_ms = ?",
        now - 60,
        (now + 600) * 1000,
    )
    return now - 60


def states(cli: Cli) -> dict[str, str]:
    return {row["resource"]: row["state"] for row in cli.good("status")}


def test_status_says_how_every_resource_does(cli: Cli, read_once: int) -> None:
    rows = cli.good("status")
    assert [(row["instance"], row["resource"], row["state"]) for row in rows] == [
        ("acme", "contacts", "fresh"),
        ("acme", "tickets", "fresh"),
    ]
    row = rows[0]
    for name in ("watermark", "lag_seconds", "last_poll", "next_poll_at", "pending", "retrying", "dead", "held"):
        assert name in row
    assert row["held"] == 0
    assert row["last_error"] is None
    assert 60 <= row["lag_seconds"] < 90
    assert row["watermark"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(read_once))
    plain = cli("status").out
    assert "contacts" in plain
    assert "No engine runs" in plain


def test_status_says_which_engine_runs(cli: Cli, read_once: int) -> None:
    with closing(writer(cli.path)) as conn:
        meta.note_engine(conn, EngineProcess(pid=4711, host="box", started_ms=0))
    assert "No engine runs" in cli("status").out
    with engine_lock(cli.path):
        assert "runs on box, process 4711" in cli("status").out


def test_pausing_one_resource_and_an_instance(cli: Cli, read_once: int) -> None:
    assert cli.good("pause", "acme", "contacts")["action"] == "pause"
    assert states(cli) == {"contacts": "paused", "tickets": "fresh"}
    assert cli("pause", "acme").code == 0
    assert states(cli) == {"contacts": "paused", "tickets": "paused"}
    assert cli("resume", "acme").code == 0
    assert cli("resume", "1", "contacts").code == 0
    assert states(cli) == {"contacts": "fresh", "tickets": "fresh"}


def test_holding_deliveries_goes_on_polling(cli: Cli, read_once: int) -> None:
    assert cli("pause", "acme", "--delivery").code == 0
    rows = cli.good("status")
    why = "deliveries of the instance are held by an operator"
    assert [(row["state"], row["held"], row["held_why"]) for row in rows] == [("held", 0, why), ("held", 0, why)]
    assert cli("resume", "acme", "--delivery").code == 0
    assert states(cli) == {"contacts": "fresh", "tickets": "fresh"}


def test_a_watermark_is_shown_and_set_back(cli: Cli, read_once: int) -> None:
    assert cli.good("watermark", "acme", "contacts")["resource"] == "contacts"
    assert "behind ConnectWise's clock." in cli("watermark", "acme", "contacts").out
    assert cli("watermark", "acme", "contacts", "--set", "2026-01-01T00:00", "--yes").code == 0
    assert cli.good("watermark", "acme", "contacts")["watermark"] == "2026-01-01T00:00:00Z"
    assert cli.good("status")[0]["state"] == "late"
    was = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(read_once))
    (action,) = cli.good("actions", "list", "type:watermark")
    assert action["outcome"] == f"acme/contacts: the watermark was set to 2026-01-01 00:00:00 UTC; it was {was}."
    shown = cli("actions", "show", action["id"]).out
    assert f"from      {was.replace(' UTC', 'Z')}" in shown
    assert "to        2026-01-01 00:00:00Z" in shown


def test_another_clock_at_connectwise_is_said_wherever_a_watermark_stands(cli: Cli, read_once: int) -> None:
    assert "ConnectWise's clock" not in cli("status").out
    change(cli, "UPDATE resources SET skew_ms = 87200")
    said = (
        "acme: ConnectWise's clock is 87 s ahead of this machine's; "
        "WATERMARK is on that clock, LAST POLL on this machine's."
    )
    assert cli("status").out.count(said) == 1
    assert cli.good("status")[0]["server_ahead_seconds"] == 87
    shown = cli("watermark", "acme", "contacts").out
    assert shown.endswith("behind ConnectWise's clock, which is 87 s ahead of this machine's.\n")


def at(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(seconds))


def test_what_setting_a_watermark_does_is_shown_and_not_done(cli: Cli, played: Any) -> None:
    assert cli("run", "--once").code == 0
    change(cli, "UPDATE resources SET watermark = watermark - 600, crawl_kind = 'window' WHERE name = 'contacts'")
    before = int(datetime.fromisoformat(cli.good("watermark", "acme", "contacts")["watermark"]).timestamp())
    shown = cli("watermark", "acme", "contacts", "--set", at(before - 3600))
    assert shown.code == 3
    assert shown.out.splitlines() == [
        f"acme/contacts: from {at(before)} to {at(before - 3600)}, 1h00m back.",
        "The next poll reads again whatever changed since then, and 120 s before.",
        "Records that are the same as when they were last seen make no events.",
        "The poll under way is given up; the next begins at once.",
        "ConnectWise counts 0 records in the new window.",
    ]
    assert shown.err == "Nothing was changed; confirm it with --yes.\n"
    assert int(datetime.fromisoformat(cli.good("watermark", "acme", "contacts")["watermark"]).timestamp()) == before
    assert [one["kind"] for one in cli.good("actions", "list")] == ["add"]
    assert cli("watermark", "acme", "contacts", "--set", at(before - 3600), "--yes").code == 0
    assert cli.good("actions", "list")[0]["params"] == {"from": before, "to": before - 3600}


def test_a_watermark_that_skips_changes_is_shown_with_how_many(cli: Cli, played: Any, connectwise: Running) -> None:
    assert cli("run", "--once").code == 0
    change(cli, "UPDATE resources SET watermark = watermark - 86400 * 3650")
    shown = cli("watermark", "acme", "contacts", "--set", "now", "--json")
    assert shown.code == 3
    assert (shown.json["records"], shown.json["records_now"]) == (0, 20)
    assert shown.json["preview"][1].startswith("Changes within these 3650d")
    assert shown.json["preview"][-1] == (
        "ConnectWise counts 20 records changed since the present watermark, 0 since the new one."
    )
    assert json.loads(shown.err)["error"] == "refused"
    assert cli.good("watermark", "acme", "contacts")["watermark"] == shown.json["from"]


def test_a_watermark_is_set_though_connectwise_cannot_be_asked(cli: Cli, read_once: int) -> None:
    shown = cli("watermark", "acme", "contacts", "--set", "2h")
    assert shown.code == 3
    assert "It cannot be counted: " in shown.out.splitlines()[-1]
    assert cli.good("watermark", "acme", "contacts", "--set", "2h", "--yes")["action"] == "watermark"


def test_times_of_a_watermark_are_on_connectwises_clock(cli: Cli, read_once: int) -> None:
    change(cli, "UPDATE resources SET skew_ms = -3600000, watermark = watermark - 7200")
    assert cli("watermark", "acme", "contacts", "--set", "now", "--yes").code == 0, "it is now there, an hour ago here"
    assert cli.good("watermark", "acme", "contacts")["watermark"] <= at(int(time.time()) - 3600).replace(" ", "T")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["watermark", "acme", "contacts", "--set", "2999-01-01"], "has not come yet"),
        (["watermark", "acme", "contacts", "--set", "soon"], "is no time"),
        (["watermark", "acme", "invoices"], "has no resource 'invoices'"),
        (["pause", "acme", "ticket"], "did you mean tickets?"),
        (["resume", "nobody"], "no instance 'nobody'"),
    ],
)
def test_what_cannot_be_done_changes_nothing(cli: Cli, read_once: int, args: list[str], sentence: str) -> None:
    before = cli.good("actions", "list")
    result = cli(*args)
    assert result.code == 2
    assert sentence in result.err
    assert cli.good("actions", "list") == before


def test_a_watermark_before_the_first_poll(cli: Cli, acme: Any) -> None:
    assert "no watermark yet" in cli("watermark", "acme", "contacts").out
    assert cli("watermark", "acme", "contacts", "--set", "2h").code == 2


def test_a_database_that_somebody_else_is_writing_is_waited_for_and_then_named(
    cli: Cli, read_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cwconsole.store.connection.BUSY_SECONDS", 0.2)
    with closing(sqlite3.connect(cli.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        result = cli("pause", "acme")
        assert result.code == 1
        assert "was locked by another program" in result.err
        assert cli("status").code == 0


def test_a_database_of_a_newer_program_is_refused(cli: Cli, read_once: int) -> None:
    change(cli, "PRAGMA user_version = 999")
    for args in (["status"], ["pause", "acme"], ["run", "--once"]):
        result = cli(*args)
        assert result.code == 1
        assert "newer cwconsole" in result.err


def test_a_resource_that_an_edit_left_out_is_in_status_as_long_as_it_has_deliveries(cli: Cli, read_once: int) -> None:
    with closing(writer(cli.path)) as conn:
        dead, waiting = (
            add_delivery(conn, event, state=state)
            for event, state in zip(add_events(conn, 1, [1, 2]), ("dead", "retrying"), strict=True)
        )
    edit = ("instances", "edit", "acme", "--unset", "event.poller.configuration.contacts")
    assert cli(*edit, "--yes").code == 0
    row = cli.good("status", "acme", "contacts")[0]
    told = "1 delivery is still to be sent and 1 delivery is dead."
    assert (row["state"], row["left_out"], row["retrying"], row["dead"]) == ("off", True, 1, 1)
    assert (row["lag_seconds"], row["next_poll_at"]) == (None, None)
    assert row["last_error"] == f"Left out of the configuration, so it is not polled; {told}"
    assert states(cli) == {"contacts": "off", "tickets": "fresh"}
    assert told in cli("status").out
    for words in (
        ("poll", "acme", "contacts"),
        ("sweep", "acme", "contacts"),
        ("pause", "acme", "contacts"),
        ("resume", "acme", "contacts", "--delivery"),
        ("watermark", "acme", "contacts"),
    ):
        refused = cli(*words)
        assert refused.code == 2
        assert "acme/contacts is left out of the configuration of acme" in refused.err
    assert cli("deliveries", "cancel", waiting).code == 0
    assert cli("deliveries", "retry", dead).code == 0
    assert cli("deliveries", "cancel", dead).code == 0
    assert states(cli) == {"tickets": "fresh"}
    assert "acme/contacts is left out" in cli("status", "acme", "contacts").err
