"""The fleet: what a row says, and that it is read from maintained rows alone."""

from __future__ import annotations

import shlex
import sqlite3

import pytest

from cwconsole.core.errors import UsageError
from cwconsole.core.health import Health
from cwconsole.store import instances, operations, resource_view, status, sweeps
from cwconsole.store.actions import ActionKind
from cwconsole.store.pages import SetAside, put_aside
from cwconsole.store.polls import Tally
from cwconsole.store.status import StatusRow
from tests.store.rows import NOW, add, asked, config, resource, resource_id

HOUR = NOW // 3_600_000


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    add(conn, config("acme", resource("contacts")))
    conn.execute(
        "UPDATE resources SET watermark = ?, baseline_done = 1, next_poll_ms = ?", (NOW // 1000 - 90, NOW + 60_000)
    )
    return conn


def only(conn: sqlite3.Connection, *, engine_runs: bool = True) -> StatusRow:
    (row,) = status.fleet(conn, now_ms=NOW, engine_runs=engine_runs)
    return row


def test_a_resource_that_is_up_to_date_is_fresh_with_its_lag(conn: sqlite3.Connection) -> None:
    row = only(conn)
    assert (row.instance, row.resource, row.state, row.lag_seconds, row.held) == (
        "acme",
        "contacts",
        Health.FRESH,
        90,
        False,
    )
    assert row.last_error is None


def test_the_events_of_the_last_24_hours_are_summed_and_older_ones_are_not(conn: sqlite3.Connection) -> None:
    place = resource_id(conn, 1, "contacts")
    conn.executemany(
        "INSERT INTO hours (resource_id, hour, created, updated, deleted) VALUES (?, ?, ?, ?, 1)",
        [(place, HOUR, 1, 10), (place, HOUR - 23, 2, 20), (place, HOUR - 24, 100, 100)],
    )
    row = only(conn)
    assert (row.created, row.updated, row.deleted) == (3, 30, 2)


@pytest.mark.parametrize(
    ("change", "state", "held"),
    [
        ("UPDATE instances SET enabled = 0", Health.OFF, False),
        ("UPDATE instances SET paused_ms = 5", Health.PAUSED, False),
        ("UPDATE resources SET paused_ms = 5", Health.PAUSED, False),
        ("UPDATE resources SET parked = 1, failures = 1", Health.PARKED, False),
        ("UPDATE resources SET failures = 2", Health.FAILING, False),
        ("UPDATE resources SET watermark = NULL", Health.NEW, False),
        ("UPDATE resources SET watermark = watermark - 5000", Health.LATE, False),
        ("UPDATE resources SET held_ms = 5", Health.HELD, True),
        ("UPDATE instances SET held_ms = 5", Health.HELD, True),
        ("UPDATE callbacks SET held_ms = 5", Health.HELD, True),
    ],
)
def test_the_state_follows_from_every_row_that_has_a_say(
    conn: sqlite3.Connection, change: str, state: Health, held: bool
) -> None:
    conn.execute(change)
    row = only(conn)
    assert (row.state, row.held) == (state, held)
    assert (row.next_poll_ms is None) == (state in {Health.OFF, Health.PAUSED}), "what stands still has no next poll"


def test_a_held_callback_says_why(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE callbacks SET held_ms = 5, held_reason = 'The receiver answered 410 Gone.'")
    assert only(conn).held_why == "The receiver answered 410 Gone."


def test_a_sweep_that_waits_for_confirmation_says_how_to_confirm_it(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE resources SET sweep_vanished = 41")
    row = only(conn)
    assert row.state is Health.ASKING
    assert row.last_error is not None
    assert "sweep acme contacts --confirm-deletes 41" in row.last_error


def test_the_command_that_confirms_a_sweep_can_be_pasted_whatever_the_names(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE resources SET sweep_vanished = 34, name = 'time entries'")
    conn.execute("UPDATE instances SET name = 'Example Co'")
    command = str(only(conn).last_error).partition("confirm it: ")[2]
    assert shlex.split(command) == ["cwconsole", "sweep", "Example Co", "time entries", "--confirm-deletes", "34"]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ("failures = 2, error = 'It hangs.'", Health.FAILING),
        ("failures = 1, parked = 1, error = 'It hangs.'", Health.PARKED),
        ("watermark = watermark - 9000", Health.LATE),
        ("paused_ms = 5", Health.PAUSED),
    ],
)
def test_no_other_trouble_hides_that_a_sweep_asks(conn: sqlite3.Connection, change: str, state: Health) -> None:
    conn.execute(f"UPDATE resources SET sweep_vanished = 41, {change}")
    row = only(conn)
    assert (row.state, row.asking) == (state, 41)
    assert "--confirm-deletes 41" in str(row.last_error)
    assert ("It hangs." in str(row.last_error)) == ("It hangs." in change)


def test_sweeps_that_keep_failing_make_it_late_and_say_why(conn: sqlite3.Connection) -> None:
    place = resource_id(conn, 1, "contacts")
    conn.execute("UPDATE resources SET baselined_ms = ?", (NOW - 3_600_000,))
    for _ in range(2):
        sweeps.note_failed_sweep(conn, place, next_sweep_ms=NOW + 60_000, error="The server answered 500.")
    assert (only(conn).state, only(conn).last_error) == (Health.FRESH, None)
    sweeps.note_failed_sweep(conn, place, next_sweep_ms=NOW + 60_000, error="The server answered 500.")
    row = only(conn)
    assert row.state is Health.LATE
    assert row.last_error == (
        "No sweep has completed since 2026-09-21 13:13 UTC: deletes may be missing. "
        "The last sweep failed: The server answered 500. To try at once: cwconsole sweep acme contacts"
    )
    sweeps.note_complete_sweep(conn, place, next_sweep_ms=NOW + 86_400_000, now_ms=NOW)
    assert (only(conn).state, only(conn).last_error, only(conn).listed_ms) == (Health.FRESH, None, NOW)


def test_without_a_complete_sweep_for_two_intervals_it_is_late(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE resources SET baselined_ms = ?", (NOW - 3 * 86_400_000,))
    row = only(conn)
    assert row.state is Health.LATE
    assert "cut short, or not begun" in (row.last_error or "")
    conn.execute("UPDATE resources SET swept_ms = ?", (NOW - 86_400_000,))
    assert only(conn).state is Health.FRESH


def _put_aside(conn: sqlite3.Connection, *ids: int) -> None:
    asides = [SetAside(object_id=number, error="It is no JSON.") for number in ids]
    put_aside(conn, resource_id(conn, 1, "contacts"), asides, Tally(), NOW)


def test_a_record_that_is_set_aside_makes_it_late_and_says_what_to_do(conn: sqlite3.Connection) -> None:
    _put_aside(conn, 7)
    row = only(conn)
    assert (row.state, row.set_aside) == (Health.LATE, 1)
    assert row.last_error == (
        "Record 7 cannot be decoded: what changes in it is not delivered. Mend it at ConnectWise; each sweep tries "
        "again. To try at once: cwconsole sweep acme contacts"
    )


def test_records_that_are_set_aside_hide_no_fault_and_no_question(conn: sqlite3.Connection) -> None:
    _put_aside(conn, 7, 9)
    conn.execute("UPDATE resources SET failures = 1, error = 'It hangs.', sweep_vanished = 41")
    told = str(only(conn).last_error)
    assert "It hangs. 2 records (the first is 7) cannot be decoded" in told
    assert "--confirm-deletes 41" in told


def test_overdue_without_an_engine_is_late(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE resources SET next_poll_ms = ?", (NOW - 120_000,))
    assert only(conn).state is Health.FRESH
    assert only(conn, engine_runs=False).state is Health.LATE


def test_removed_instances_and_resources_that_are_not_configured_are_left_out(conn: sqlite3.Connection) -> None:
    add(conn, config("globex", resource("a"), resource("b")))
    conn.execute("UPDATE resources SET active = 0 WHERE name = 'a'")
    assert [row.resource for row in status.fleet(conn, now_ms=NOW, engine_runs=True)] == ["contacts", "b"]
    instances.remove(conn, 2, asked=asked(ActionKind.REMOVE), now_ms=NOW)
    assert [row.resource for row in status.fleet(conn, now_ms=NOW, engine_runs=True)] == ["contacts"]


LEFT_OUT = "UPDATE resources SET active = 0, failures = 3, error = 'It hangs.', sweep_vanished = 9, paused_ms = 5"


@pytest.mark.parametrize(
    ("left", "told"),
    [
        ("pending = 2, retrying = 1", "3 deliveries are still to be sent"),
        ("sending = 1", "1 delivery is still to be sent"),
        ("dead = 2", "2 deliveries are dead"),
        ("pending = 1, dead = 1", "1 delivery is still to be sent and 1 delivery is dead"),
    ],
)
def test_a_resource_that_is_left_out_keeps_a_row_for_its_deliveries_alone(
    conn: sqlite3.Connection, left: str, told: str
) -> None:
    conn.execute(f"{LEFT_OUT}, {left}")
    row = only(conn, engine_runs=False)
    assert (row.state, row.left_out, row.last_error) == (
        Health.OFF,
        True,
        f"Left out of the configuration, so it is not polled; {told}.",
    )
    assert (row.lag_seconds, row.next_poll_ms, row.failing_since_ms, row.asking) == (None, None, None, None)
    assert status.reread(conn, None, now_ms=NOW, engine_runs=True).bare == ()
    conn.execute("UPDATE resources SET pending = 0, sending = 0, retrying = 0, dead = 0, delivered = 5, cancelled = 1")
    assert status.fleet(conn, now_ms=NOW, engine_runs=True) == []
    assert [one.name for one in status.reread(conn, None, now_ms=NOW, engine_runs=True).bare] == ["acme"]


def test_deliveries_of_a_resource_that_is_left_out_show_what_holds_them(conn: sqlite3.Connection) -> None:
    conn.execute(f"{LEFT_OUT}, pending = 2, retrying = 1")
    conn.execute("UPDATE instances SET held_ms = 5")
    row = only(conn)
    assert (row.held, row.waiting.held, row.held_why) == (True, 3, "deliveries of the instance are held by an operator")


def test_what_is_left_out_is_refused_whatever_steers_it_and_can_be_looked_at(conn: sqlite3.Connection) -> None:
    conn.execute(f"{LEFT_OUT}, dead = 1")
    with pytest.raises(UsageError, match="acme/contacts is left out of the configuration of acme"):
        operations.scope(conn, "acme", "contacts")
    (row,) = resource_view.status_of(conn, "acme", "contacts", now_ms=NOW, engine_runs=True)
    assert row.dead == 1
    assert resource_view.status_of(conn, "acme", now_ms=NOW, engine_runs=True) == [row]
    assert resource_view.resource(conn, "acme", "contacts").resource.name == "contacts"
    conn.execute("UPDATE resources SET dead = 0")
    with pytest.raises(UsageError, match="acme/contacts is left out"):
        resource_view.status_of(conn, "acme", "contacts", now_ms=NOW, engine_runs=True)


def test_it_reads_no_history(conn: sqlite3.Connection) -> None:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    status.fleet(conn, now_ms=NOW, engine_runs=True)
    conn.set_trace_callback(None)
    statement, tags = statements
    steps = [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}")]
    for one in (statement, tags):
        assert not any(table in one for table in ("events", "deliveries", "attempts", "polls", "objects"))
    assert any("SEARCH h USING PRIMARY KEY" in step for step in steps)


CHANGES = [
    "UPDATE resources SET pending = pending + 1",
    "UPDATE resources SET failures = 1, error_code = 'refused', error = 'It is refused.', last_poll_ms = 9",
    "UPDATE resources SET paused_ms = 5",
    "UPDATE resources SET watermark = watermark + 60, last_poll_ms = 8",
    "UPDATE resources SET sweep_vanished = 30",
    "UPDATE instances SET held_ms = 5",
    "UPDATE instances SET enabled = 0, updated_ms = 9",
    "UPDATE instances SET name = 'zeta', updated_ms = 9 WHERE name = 'acme'",
    "UPDATE callbacks SET breaker_until_ms = 5",
    "UPDATE callbacks SET held_ms = 5, held_reason = 'It answered 410.'",
    "UPDATE resources SET active = 0 WHERE name = 'contacts'",
    "UPDATE resources SET active = 0, dead = 1 WHERE name = 'contacts'",
    "INSERT INTO set_aside (resource_id, object_id, first_ms, last_ms, error) VALUES (1, 7, 1, 1, 'It is no JSON.')",
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_read_again_is_what_a_first_reading_would_give(conn: sqlite3.Connection, change: str) -> None:
    add(conn, config("beta", resource("contacts"), resource("tickets"), company="beta_c"), now_ms=NOW + 1)
    before = status.reread(conn, None, now_ms=NOW, engine_runs=True)
    assert status.reread(conn, before, now_ms=NOW, engine_runs=True) is before
    conn.execute(change)
    after = status.reread(conn, before, now_ms=NOW, engine_runs=True)
    assert after is not before
    assert list(after.rows.values()) == status.fleet(conn, now_ms=NOW, engine_runs=True)


def test_only_what_has_changed_is_made_anew_until_the_minute_turns(conn: sqlite3.Connection) -> None:
    add(conn, config("beta", resource("contacts"), company="beta_c"), now_ms=NOW + 1)
    before = status.reread(conn, None, now_ms=NOW, engine_runs=True)
    first, second = before.rows
    conn.execute("UPDATE resources SET dead = 1 WHERE id = ?", (first,))
    after = status.reread(conn, before, now_ms=NOW, engine_runs=True)
    assert after.rows[second] is before.rows[second]
    assert after.rows[first].dead == 1
    later = status.reread(conn, after, now_ms=NOW + 60_000, engine_runs=True)
    assert later.rows[second].next_poll_ms == after.rows[second].next_poll_ms
    assert list(later.rows.values()) == status.fleet(conn, now_ms=NOW + 60_000, engine_runs=True)


def test_it_is_not_fresh_while_its_receiver_does_not_answer_and_something_waits(conn: sqlite3.Connection) -> None:
    def one() -> StatusRow:
        return status.fleet(conn, now_ms=NOW, engine_runs=True)[0]

    conn.execute("UPDATE resources SET watermark = ?, baseline_done = 1", (NOW // 1000,))
    conn.execute("UPDATE callbacks SET breaker_until_ms = ?", (NOW + 30_000,))
    assert one().state is Health.FRESH, "nothing waits"
    conn.execute("UPDATE resources SET retrying = 2")
    assert one().state is Health.UNSENT
    assert "The receiver does not answer as it should: 2 deliveries wait" in (one().last_error or "")
    conn.execute("UPDATE resources SET held_ms = 5")
    assert (one().state, one().last_error) == (Health.HELD, None)
