"""The page of a resource: why it is as it is, its watermark, the poll under way, charts, polls, events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.tui.engine_state import EngineState
from cwconsole.tui.screens.events import EventsScreen
from cwconsole.tui.screens.fleet import FleetScreen
from cwconsole.tui.screens.instance import InstanceScreen
from cwconsole.tui.screens.resource import ResourceScreen
from cwconsole.tui.terminal import Colours, Terminal
from tests.store.rows import NOW, add_delivery, add_events, resource_id
from tests.tui.instance_rows import add_polls, add_stored
from tests.tui.rig import Rig, console, database

ACTIONS = "SELECT kind, command FROM actions WHERE kind <> 'add' ORDER BY id"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with database(tmp_path / "cw.db") as conn:
        add_stored(conn)
        contacts, tickets = (resource_id(conn, 1, name) for name in ("contacts", "tickets"))
        add_polls(conn, contacts, 100, failed=frozenset({90}))
        conn.execute(
            "UPDATE resources SET failures = 3, failing_since_ms = ?, error_code = 'refused', error = ? WHERE id = ?",
            (NOW - 600_000, "ConnectWise [/] refused \x1b[2J the connection; it is tried again.", tickets),
        )
        made = add_events(conn, contacts, range(1, 11), record='{"name": "[b Ada"}')
        add_delivery(conn, made[-1], state="dead")
    return tmp_path / "cw.db"


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        yield rig


async def opened(rig: Rig, resource: str) -> Rig:
    await rig.press("colon", *f"resource instance:acme resource:{resource}", "enter")
    await rig.until(lambda: isinstance(rig.screen, ResourceScreen) and "watermark" in rig.text())
    return rig


def facts(rig: Rig) -> str:
    return " ".join(rig.screen.query_one("#facts").text.split())


def now(rig: Rig) -> str:
    return str(rig.screen.query_one("#text").text)


async def test_enter_on_the_fleet_opens_the_page_and_escape_leads_back(rig: Rig) -> None:
    await rig.press("enter")
    assert isinstance(rig.screen, ResourceScreen)
    assert rig.screen.title_of() == "acme/tickets"
    await rig.press("escape")
    assert isinstance(rig.screen, FleetScreen)


async def test_an_area_comes_back_as_it_was_left_and_asked_for_again_from_its_beginning(rig: Rig) -> None:
    await rig.press("enter", "2", "1")
    assert isinstance(rig.screen, ResourceScreen)
    await rig.press("1")
    assert isinstance(rig.screen, FleetScreen)
    assert rig.screen.table.current.resource == "tickets"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_a_failing_resource_says_why_and_what_to_do_and_hostile_text_does_nothing(
    path: Path, size: tuple[int, int]
) -> None:
    async with console(path, size=size) as rig:
        await opened(rig, "tickets")
        assert "✗ failing acme/tickets" in facts(rig)
        assert "ConnectWise [/] refused \\x1b[2J the connection" in facts(rig)
        assert "3 polls in a row have failed, for 10m now, the last with this; p tries at once." in facts(rig)
        assert all(len(line) == size[0] for line in rig.lines())
        assert "\x1b" not in rig.text()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE resources SET parked = 1 WHERE name = 'tickets'", "E edits the instance; it is asked every 15m"),
        ("UPDATE resources SET failures = 1 WHERE name = 'tickets'", "1 poll has failed"),
        ("UPDATE resources SET paused_ms = 5 WHERE name = 'tickets'", "nothing is read. R resumes it."),
        ("UPDATE instances SET paused_ms = 5", "Its instance is paused"),
        ("UPDATE instances SET enabled = 0", "Its instance is switched off: nothing is read. n switches it on."),
        ("UPDATE resources SET paused_ms = 5, error_code = 'config'", "Nor is anything sent: ConnectWise [/] refused"),
        ("UPDATE resources SET failures = 0, error = NULL, held_ms = 5", "nothing is sent: deliveries of the resource"),
        ("UPDATE resources SET failures = 0, error = NULL, watermark = NULL", "its first poll comes by itself"),
        ("UPDATE resources SET failures = 0, error = NULL, watermark = 1", "polls are missing. p polls now"),
        ("UPDATE resources SET failures = 0, error = NULL, sweep_vanished = 77", "none is deleted before K confirms"),
        ("UPDATE resources SET failures = 0, error = NULL", "Everything up to the watermark is recorded."),
    ],
)
async def test_every_state_has_its_sentence(rig: Rig, sql: str, said: str) -> None:
    await opened(rig, "tickets")
    await rig.write(sql)
    await rig.until(lambda: said in facts(rig))


async def test_late_without_an_engine_names_the_cure(path: Path) -> None:
    async with console(path, engine=EngineState()) as rig:
        await opened(rig, "tickets")
        await rig.write("UPDATE resources SET failures = 0, error = NULL, watermark = watermark - 9000")
        await rig.until(lambda: "it is late because no engine runs. Start one: `cwconsole run`" in facts(rig))


async def test_late_for_its_sweeps_says_whose_fault_it_is_and_how_old(rig: Rig) -> None:
    await opened(rig, "tickets")
    await rig.write(
        "INSERT INTO polls (resource_id, kind, trigger, crawl_id, outcome, started_ms, finished_ms)"
        " SELECT id, 'sweep', 'schedule', 1, 'failed', ?, ? FROM resources WHERE name = 'tickets'",
        NOW - 721_000, NOW - 720_000,
    )  # fmt: skip
    await rig.write(
        "UPDATE resources SET failures = 0, error = NULL, baseline_done = 1, sweep_failures = 3,"
        " sweep_error = 'The keys may not read this (403)' WHERE name = 'tickets'"
    )
    await rig.until(lambda: "The last sweep failed: The keys may not read this (403)." in facts(rig))
    await rig.until(lambda: "That sweep was 12m ago; w sweeps now." in facts(rig))


async def test_dead_deliveries_are_named_even_where_polling_is_well(rig: Rig) -> None:
    await opened(rig, "contacts")
    assert "But 1 delivery is dead: e shows the events" in facts(rig)
    assert "✗ 1 dead" in now(rig)
    await rig.press("e")
    assert isinstance(rig.screen, EventsScreen)
    assert rig.screen.spec.line == "events instance:acme resource:contacts"


async def test_the_watermark_stands_in_utc_and_in_the_zone_of_the_instance(rig: Rig) -> None:
    await opened(rig, "contacts")
    assert "2026-09-21 14:11:50 UTC  2026-09-21 08:11:50 MDT  1m 30s behind" in now(rig)
    assert "no poll under way" in now(rig)


@pytest.mark.parametrize(
    ("skew_ms", "said"),
    [(87_400, "ConnectWise's clock is 87 s ahead of this machine's"), (-61_000, "61 s behind this machine's")],
)
async def test_another_clock_at_connectwise_is_said_beside_the_watermark(rig: Rig, skew_ms: int, said: str) -> None:
    await opened(rig, "contacts")
    assert "ConnectWise's clock" not in now(rig)
    await rig.write(f"UPDATE resources SET skew_ms = {skew_ms}, last_poll_ms = last_poll_ms + 1")
    await rig.until(lambda: said in now(rig))


async def test_a_parked_resource_says_for_how_long_it_fails_and_that_the_error_is_only_the_last(rig: Rig) -> None:
    await opened(rig, "tickets")
    await rig.write("UPDATE resources SET parked = 1 WHERE name = 'tickets'")
    await rig.until(lambda: "Failing for 10m, last with this. E edits" in facts(rig))
    await rig.write("UPDATE resources SET failures = 1 WHERE name = 'tickets'")
    await rig.until(lambda: "Failing for 10m. E edits" in facts(rig))


async def test_a_poll_under_way_shows_its_window_and_progress_as_it_comes(rig: Rig) -> None:
    await opened(rig, "contacts")
    await rig.write(
        "UPDATE resources SET crawl_kind = 'window', crawl_from = watermark - 120, crawl_server_time = ?,"
        " crawl_last_id = 4, crawl_records = 1234, crawl_started_ms = ? WHERE name = 'contacts'",
        NOW // 1000,
        NOW - 130_000,
    )
    await rig.until(lambda: "about 40%" in now(rig))
    assert "2026-09-21 14:09:50 UTC → 2026-09-21 14:13:20 UTC: what has changed" in now(rig)
    assert "1,234 records in 2m, up to id 4" in now(rig)


async def test_the_baseline_is_measured_by_the_highest_id_there_was(rig: Rig) -> None:
    await opened(rig, "contacts")
    await rig.write(
        "UPDATE resources SET crawl_kind = 'baseline', baseline_id = 1000, crawl_last_id = 250 WHERE name = 'contacts'"
    )
    await rig.until(lambda: "about 25%" in now(rig))
    assert "the baseline, without events" in now(rig)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_charts_show_lag_records_and_duration_poll_by_poll(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await opened(rig, "contacts")
        shown = rig.text()
        for words in ("Lag at the poll  now 5m, usually 5m", "Records  now 100", "Duration  now 10s, usually"):
            assert words in shown
        assert "✗" in now(rig).split("Records")[1], "the poll that failed is marked"
        assert "? help" in rig.lines()[-1]


async def test_charts_are_ascii_where_the_terminal_is(path: Path) -> None:
    terminal = Terminal(colours=Colours.ALL, unicode=False, remote=False)
    async with console(path, terminal=terminal) as rig:
        await opened(rig, "contacts")
        assert "Duration" in rig.text()
        assert rig.text().isascii()


async def test_tabs_lead_to_polls_and_events_and_enter_opens_one(rig: Rig) -> None:
    await opened(rig, "contacts")
    await rig.press("tab")
    table = rig.screen.query_one("#polls")
    await rig.until(lambda: table.rows.total == 100)
    assert table.rows.at(0).records == 100
    await rig.press("enter")
    assert rig.screen.spec.line == "poll id:100"
    await rig.press("escape", "tab")
    events = rig.screen.query_one("#events")
    await rig.until(lambda: events.rows.total == 10)
    assert events.rows.at(0).object_id == 10
    await rig.press("enter")
    assert rig.screen.spec.line == "event id:10"
    await rig.press("escape", "shift+tab")
    assert table.display


async def test_new_polls_come_in_while_they_are_looked_at(rig: Rig) -> None:
    await opened(rig, "contacts")
    await rig.press("tab")
    table = rig.screen.query_one("#polls")
    await rig.until(lambda: table.rows.total == 100)
    await rig.store.write(lambda conn: add_polls(conn, resource_id(conn, 1, "contacts"), 1))
    await rig.until(lambda: table.rows.total == 101)


async def test_the_configuration_masks_secrets_and_shows_what_holds(rig: Rig) -> None:
    await opened(rig, "contacts")
    await rig.press("shift+tab")
    text = rig.screen.query_one("#configuration").text
    assert "pageSize = 250" in text
    assert "/company/contacts" in text
    assert "120 s are read again" in text
    assert "TOPSECRET" not in text


async def test_the_keys_of_places_work_here(rig: Rig) -> None:
    await opened(rig, "contacts")
    await rig.press("p", "x", "y")
    await rig.until(lambda: "‖ paused" in facts(rig))
    await rig.press("R", "I")
    assert isinstance(rig.screen, InstanceScreen)
    assert await rig.rows(ACTIONS) == [
        ("poll", "cwconsole poll acme contacts"),
        ("pause", "cwconsole pause acme contacts"),
        ("resume", "cwconsole resume acme contacts"),
    ]


async def test_a_resource_that_is_gone_says_so(rig: Rig) -> None:
    await rig.press("colon", *"resource instance:acme resource:boards", "enter")
    await rig.until(lambda: "UNAVAILABLE" in rig.lines()[1])
    await rig.until(lambda: "✗ This cannot be shown: acme has no resource" in rig.text())


async def test_what_waits_behind_a_hold_is_held_and_neither_pending_nor_retrying(rig: Rig) -> None:
    await rig.write(
        "UPDATE resources SET pending = 2, retrying = 3, sending = 0, held_ms = ? WHERE name = 'contacts'", NOW
    )
    await opened(rig, "contacts")
    await rig.until(lambda: "◇ 5 held: deliveries of the resource are held by an operator" in now(rig))
    assert "retrying" not in now(rig)
    assert "pending" not in now(rig)


@pytest.mark.parametrize("on_events", [False, True], ids=["page", "its events"])
async def test_upper_h_lets_go_what_a_receiver_has_had_held(rig: Rig, on_events: bool) -> None:
    await rig.write("UPDATE callbacks SET held_ms = ?, held_reason = 'The receiver answered 410.'", NOW - 60_000)
    await opened(rig, "contacts")
    await rig.until(lambda: "◇ held: The receiver answered 410." in now(rig))
    if on_events:
        await rig.press("e")
        await rig.until(lambda: rig.screen.table.rows.total == 10)
    await rig.press("H")
    await rig.until(lambda: "1 instance delivers there; 0 deliveries wait." in rig.text())
    await rig.press("y")
    await rig.until(lambda: "is not held any more" in " ".join(one.message for one in rig.app._notifications))
    assert await rig.rows("SELECT held_ms FROM callbacks") == [(None,)]


async def test_what_is_to_be_done_is_seen_however_long_the_reason_is(rig: Rig) -> None:
    await opened(rig, "tickets")
    await rig.write(
        "UPDATE resources SET parked = 1, error = ? WHERE name = 'tickets'",
        f"exampleco /service/tickets: this address does not exist (404): {'because ' * 30}check the resource's url.",
    )
    await rig.until(lambda: "check the resource's url." in rig.text() and "or by p." in rig.text())
