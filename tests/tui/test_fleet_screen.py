"""The fleet: what it shows, what its keys do, and the action rows they write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import OptionList

from cwconsole.store import status
from cwconsole.store.database import Store
from cwconsole.tui.engine_state import EngineState
from cwconsole.tui.screens.events import EventsScreen
from cwconsole.tui.screens.fleet import FleetScreen
from cwconsole.tui.screens.instance import InstanceScreen
from cwconsole.tui.screens.palette import Palette
from cwconsole.tui.session import Place, Session
from cwconsole.tui.widgets.confirm import Confirm
from tests.fair_clock import fair_clock
from tests.store.rows import NOW, add, config
from tests.tui.rig import Rig, console, console_on, database


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        yield rig


ACTIONS = "SELECT kind, operator, origin, command, state FROM actions WHERE kind NOT IN ('add') ORDER BY id"


def shown(rig: Rig) -> list[tuple[str, str]]:
    return [(row.instance, row.resource) for row in rig.screen.table.rows.rows]


async def test_the_worst_comes_first_and_the_header_counts(rig: Rig) -> None:
    assert shown(rig) == [("acme", "tickets"), ("globex", "companies"), ("globex", "projects"), ("acme", "contacts")]
    header = rig.lines()[0]
    for words in ("cwconsole", "engine here", "1 failing", "1 late", "1 dead", "14:13 UTC"):
        assert words in header
    row = next(line for line in rig.lines() if "contacts" in line)
    assert "● fresh" in row
    assert "40" in row, "events of 24 hours"
    assert "1 dead…" in row, "and others wait as well"


async def test_a_fleet_that_was_read_before_is_the_first_screen_and_is_followed_from_there(path: Path) -> None:
    async with Store.open(path, migrate=False) as store:
        reading = await store.read(status.reread, None, now_ms=NOW, engine_runs=True)
        async with console_on(store, reading=reading) as rig:
            assert all(rig.app.fleet[one] is row for one, row in reading.rows.items()), "none was read again"
            assert "✗ failing" in rig.text()
            assert "loading" not in rig.text()
            assert rig.app.painted.is_set(), "what else there is to load is loaded"
            await rig.write("UPDATE resources SET dead = 77 WHERE name = 'tickets'")
            await rig.until(lambda: "78 dead" in rig.lines()[0])


async def test_a_list_that_outgrows_the_screen_has_its_scrollbar_at_once(rig: Rig) -> None:
    table = rig.screen.table
    assert not table.show_vertical_scrollbar
    table.set_lines(1000)
    assert table.show_vertical_scrollbar, "else Textual draws once without the rows"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20), (200, 60)])
async def test_every_size_shows_health_resource_and_help(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        assert all(len(line) == size[0] for line in rig.lines())
        assert "✗ failing" in rig.text()
        assert "tickets" in rig.text()
        assert "? help" in rig.lines()[-1]


async def test_a_terminal_that_is_too_small_says_so(path: Path) -> None:
    async with console(path, size=(60, 20)) as rig:
        assert "too small" not in rig.text()
        await rig.pilot.resize_terminal(40, 10)
        await rig.until(lambda: rig.lines()[0].startswith(" 40x10 is too small: 60x20"))
        await rig.pilot.resize_terminal(80, 24)
        await rig.until(lambda: "engine here" in rig.lines()[0])


async def test_keys_of_vi_and_arrows_move(rig: Rig) -> None:
    table = rig.screen.table
    await rig.press("j", "down")
    assert table.cursor == 2
    await rig.press("k", "up")
    assert table.cursor == 0
    await rig.press("G")
    assert table.cursor == 3
    await rig.press("g", "g")
    assert table.cursor == 0


@pytest.mark.parametrize(
    ("row", "key", "written"),
    [
        (0, "p", ("poll", "cwconsole poll acme tickets", "queued")),
        (1, "w", ("sweep", "cwconsole sweep globex companies", "queued")),
        (2, "R", ("resume", "cwconsole resume globex projects", "done")),
    ],
)
async def test_a_key_writes_the_action_with_its_author_and_command(
    rig: Rig, row: int, key: str, written: tuple[str, str, str]
) -> None:
    kind, command, state = written
    rig.screen.table.move_to(row)
    await rig.press(key)
    assert await rig.rows(ACTIONS) == [(kind, "ada", "ssh 10.0.0.7", command, state)]


async def test_a_paused_resource_says_so_without_being_asked_to(rig: Rig) -> None:
    await rig.press("x", "y")
    await rig.until(lambda: "‖ paused  → acme" in rig.text())
    assert rig.screen.table.current.resource == "tickets", "the cursor stays on its row, wherever that has gone"


async def test_a_key_that_does_nothing_here_says_why(rig: Rig) -> None:
    await rig.press("R")
    assert "acme/tickets is not paused." in rig.text()
    assert await rig.rows(ACTIONS) == []


async def test_a_read_only_console_refuses_every_change_with_a_word(path: Path) -> None:
    async with console(path, read_only=True) as rig:
        assert "READ-ONLY" in rig.lines()[0]
        for key in ("p", "w", "x", "d"):
            await rig.press(key)
        assert "read-only" in rig.text()
        assert await rig.rows(ACTIONS) == []


async def test_without_an_engine_a_poll_is_said_to_wait(path: Path) -> None:
    async with console(path, engine=EngineState()) as rig:
        assert "no engine" in rig.lines()[0]
        await rig.press("p")
        assert any("none runs now" in one.message for one in rig.app._notifications)


@pytest.mark.parametrize("word", ["retrying", "dead", "pending"])
async def test_a_word_is_looked_for_in_what_waits_as_well(rig: Rig, word: str) -> None:
    """`Nothing matches` beside a row that says `1 retrying` would be read as: nothing is."""
    await rig.press("slash", *word, "enter")
    assert shown(rig) == [("acme", "contacts")]


async def test_a_word_is_looked_for_in_the_health_as_well(rig: Rig) -> None:
    await rig.press("slash", *"paused", "enter")
    assert shown(rig) == [("globex", "projects")]


async def test_a_filter_narrows_and_escape_takes_it_back(rig: Rig) -> None:
    await rig.press("slash", *"!state:fresh", "enter")
    assert ("acme", "contacts") not in shown(rig)
    assert rig.screen.spec.line == "fleet !state:fresh"
    await rig.press("escape")
    assert len(shown(rig)) == 4


async def test_a_filter_takes_a_regular_expression_and_says_what_is_wrong_with_one(rig: Rig) -> None:
    await rig.press("slash", *"match:conn.*again", "enter")
    assert shown(rig) == [("acme", "tickets")]
    await rig.press("escape", "slash", *"!match:^acme", "enter")
    assert {instance for instance, _ in shown(rig)} == {"globex"}
    await rig.press("escape", "slash", *"match:(a", "enter")
    await rig.until(lambda: "match: '(a' is no regular expression of RE2: missing )" in rig.text())
    await rig.press("escape")
    assert len(shown(rig)) == 4


async def test_a_filter_that_is_not_right_says_what_would_be(rig: Rig) -> None:
    await rig.press("slash", *"colour:red", "enter")
    assert "colour: is no word of fleet" in rig.text()
    assert len(shown(rig)) == 4


async def test_tab_completes_the_filter(rig: Rig) -> None:
    await rig.press("slash", *"state:fa", "tab", "enter")
    assert shown(rig) == [("acme", "tickets")]


async def test_sorting_goes_through_the_columns_and_round(rig: Rig) -> None:
    await rig.press("o")
    assert rig.screen.spec.line == "fleet sort:instance"
    assert [row[0] for row in shown(rig)] == ["acme", "acme", "globex", "globex"]
    await rig.press("O")
    assert [row[0] for row in shown(rig)] == ["globex", "globex", "acme", "acme"]
    assert "Instance↓" in rig.text()


async def test_folding_shows_instances_and_enter_opens_one(rig: Rig) -> None:
    await rig.press("f")
    assert shown(rig) == [("acme", ""), ("globex", "")]
    await rig.press("enter")
    assert shown(rig) == [("acme", ""), ("acme", "tickets"), ("acme", "contacts"), ("globex", "")]
    await rig.press("p")
    assert (await rig.rows(ACTIONS))[0][3] == "cwconsole poll acme", "an instance is polled as a whole"
    await rig.press("f")
    assert len(shown(rig)) == 4


async def test_marks_are_counted_and_escape_drops_them(rig: Rig) -> None:
    await rig.press("space", "space")
    assert "2 marked" in rig.lines()[1]
    await rig.press("i")
    assert "2 marked" in rig.lines()[1]
    await rig.press("escape")
    assert "marked" not in rig.lines()[1]


async def test_e_shows_the_events_of_the_resource_and_escape_leads_back(rig: Rig) -> None:
    await rig.press("G", "e")
    assert isinstance(rig.screen, EventsScreen)
    assert rig.screen.spec.line == "events instance:acme resource:contacts"
    assert "fleet ›" in rig.lines()[1]  # noqa: RUF001
    await rig.press("escape")
    assert isinstance(rig.screen, FleetScreen)
    assert rig.screen.table.cursor == 3


async def test_a_change_by_somebody_else_is_shown_within_a_second(rig: Rig) -> None:
    await rig.write("UPDATE resources SET failures = 0, error = NULL WHERE name = 'tickets'")
    await rig.until(lambda: "failing" not in rig.text(), seconds=1.5)


async def test_lateness_comes_with_time_alone(rig: Rig) -> None:
    rig.clock.ms += 3 * 3_600_000
    rig.app._minute_turned()
    await rig.until(lambda: "17:13 UTC" in rig.lines()[0] and "2 late" in rig.lines()[0])


async def test_the_numbers_lead_to_the_areas_and_keep_them(rig: Rig) -> None:
    await rig.press("j", "2")
    assert isinstance(rig.screen, EventsScreen)
    await rig.press("1")
    assert isinstance(rig.screen, FleetScreen)
    assert rig.screen.table.cursor == 1


async def test_help_lists_the_live_keys_with_reasons(rig: Rig) -> None:
    await rig.press("question_mark")
    assert "Keys of fleet" in rig.text()
    assert "acme/tickets is not paused." in rig.text()
    await rig.press("escape")
    assert isinstance(rig.screen, FleetScreen)


async def test_a_command_leads_to_a_view(rig: Rig) -> None:
    await rig.press("colon", *"events type:created", "enter")
    assert isinstance(rig.screen, EventsScreen)
    assert rig.screen.spec.line == "events type:created"


async def test_a_command_that_is_none_says_so(rig: Rig) -> None:
    await rig.press("colon", *"melt", "enter")
    await rig.until(lambda: "There is no command 'melt' here" in rig.text())


async def test_the_palette_finds_an_action_by_a_part_of_its_name(rig: Rig) -> None:
    await rig.press("ctrl+p", *"pausepol", "enter")
    await rig.until(lambda: isinstance(rig.app.screen, Confirm))
    await rig.press("y")
    assert [row[0] for row in await rig.rows(ACTIONS)] == ["pause"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("mark everything", "Mark everything that the filter shows"),
        ("send again", "This is done to events, in their list or on an event's page."),
        ("call off", "This is done among actions."),
    ],
)
async def test_the_palette_knows_every_action_and_says_where_it_is_done(rig: Rig, typed: str, found: str) -> None:
    await rig.press("ctrl+p", *typed)
    await rig.until(lambda: found in " ".join(rig.text().replace("│", "").split()))
    await rig.press("enter")
    await rig.until(lambda: isinstance(rig.screen, FleetScreen))
    assert await rig.rows(ACTIONS) == []
    if "This is done" in found:
        assert any(found in one.message for one in rig.app._notifications)
    else:
        assert rig.screen.table.marks.everything


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("replay", "Send again"),
        ("resend", "Send again"),
        ("retry", "Try again now"),
        ("sweep", "Prove that nothing is missing (sweep)"),
        ("verify", "Prove that nothing is missing (sweep)"),
        ("missing", "Prove that nothing is missing (sweep)"),
        ("export", "Write the instance to a file"),
        ("save", "Save the list, or what is marked, to a file"),
        ("pause", "Pause polling"),
        ("resume", "Resume polling"),
        ("hold", "Hold deliveries"),
        ("release", "Let held deliveries go"),
        ("copy", "Copy "),
        ("abandon", "Give up"),
    ],
)
async def test_the_palette_finds_what_is_done_by_its_usual_word(rig: Rig, typed: str, first: str) -> None:
    await rig.press("ctrl+p", *typed)
    found = rig.screen.query_one("#found", OptionList)
    await rig.until(lambda: first in str(found.get_option_at_index(0).prompt))


async def test_the_palette_says_that_it_found_nothing_and_enter_keeps_it_open(rig: Rig) -> None:
    await rig.press("ctrl+p", *"xyzzy")
    await rig.until(lambda: "Nothing here is called xyzzy." in rig.text())
    await rig.press("enter")
    assert isinstance(rig.screen, Palette)


async def test_a_wide_screen_counts_each_kind_of_open_delivery(path: Path) -> None:
    async with console(path, size=(200, 60)) as rig:
        titles, row = (next(line for line in rig.lines() if word in line) for word in ("Pend", "contacts"))
        for title in ("Pend", "Retry", "Dead"):
            assert row[: titles.index(title) + len(title)].rstrip().endswith(" 1"), title
        assert row[titles.index("Held") :][:4].strip() == ""


async def test_leaving_says_what_stops_and_enter_is_no_yes(rig: Rig) -> None:
    await rig.press("q")
    assert "The engine runs in this console." in rig.text()
    assert "Another console that is open on this database" in rig.text()
    await rig.press("enter")
    assert "The engine runs in this console." in rig.text()
    await rig.press("escape")
    assert isinstance(rig.screen, FleetScreen)
    await rig.press("q")
    rig.send("y")
    await rig.until(lambda: rig.app._exit)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    with database(tmp_path / "cw.db"):
        return tmp_path / "cw.db"


async def test_an_empty_fleet_says_what_to_do_and_which_file_it_is(empty: Path) -> None:
    async with console(empty, size=(240, 24)) as rig:
        assert "cwconsole instances add FILE" in rig.text()
        assert f"The database is {empty}" in rig.text()


async def test_a_filter_without_a_match_says_so_and_how_to_clear_it(rig: Rig) -> None:
    await rig.press("slash", *"state:parked", "enter")
    assert "Nothing matches the filter. Escape clears it." in rig.text()
    assert "instances add" not in rig.text()
    await rig.press("escape")
    assert len(shown(rig)) == 4


async def test_escape_clears_a_filter_that_the_console_began_with(path: Path) -> None:
    session = Session(mode="fleet", bases={"fleet": Place(line="fleet state:parked")})
    async with console(path, session=session) as rig:
        assert "Escape clears it." in rig.text()
        await rig.press("escape")
        assert len(shown(rig)) == 4


@pytest.fixture
def with_bare(path: Path) -> Path:
    """One more instance, which has no resources."""
    with database(path) as conn:
        add(conn, replace(config("Empty Co"), resources=()))
    return path


async def test_an_instance_without_resources_can_be_found_opened_and_removed(with_bare: Path) -> None:
    async with console(with_bare) as rig:
        await rig.until(lambda: ("Empty Co", "") in shown(rig))
        row = next(line for line in rig.lines() if "Empty Co" in line)
        assert "no resources" in row
        assert "E adds one" in row
        await rig.press("f")
        assert shown(rig) == [("acme", ""), ("globex", ""), ("Empty Co", "")]
        assert "Empty Co" in rig.app.known.instances
        await rig.press("G", "enter")
        await rig.until(lambda: isinstance(rig.screen, InstanceScreen) and "it has no resources" in rig.text())
        await rig.press("escape", "D")
        await rig.until(lambda: isinstance(rig.screen, Confirm) and "Empty Co" in rig.text())
        await rig.press(*"Empty Co", "enter")
        await rig.until(lambda: isinstance(rig.screen, FleetScreen) and ("Empty Co", "") not in shown(rig))


async def test_one_that_is_added_meanwhile_comes_and_goes(rig: Rig) -> None:
    await rig.write("UPDATE resources SET active = 0 WHERE instance_id = 2")
    await rig.until(lambda: ("globex", "") in shown(rig))
    await rig.write("UPDATE resources SET active = 1 WHERE name = 'companies'")
    await rig.until(lambda: ("globex", "companies") in shown(rig) and ("globex", "") not in shown(rig))


HOSTILE = ("[/]", "[b ", "日本語", "🚀")


@pytest.fixture
def hostile(path: Path) -> Path:
    with database(path) as conn:
        conn.executemany("UPDATE resources SET name = ? WHERE id = ?", [(n, at) for at, n in enumerate(HOSTILE, 1)])
        conn.execute("UPDATE instances SET name = ? WHERE id = 1", ("\x1b[2J\0",))
    return path


async def test_hostile_names_are_shown_literally(hostile: Path) -> None:
    async with console(hostile) as rig:
        for name in (*HOSTILE, "\\x1b[2J\\x00"):
            assert name in rig.text()
        await rig.press("question_mark", "escape", "ctrl+p", "escape", "x")


async def test_a_change_shows_within_a_second_while_the_file_is_written_all_the_time(rig: Rig) -> None:
    other = resource_id_of(rig, "companies")

    async def write_on() -> None:
        while True:
            await rig.write("UPDATE resources SET last_poll_ms = coalesce(last_poll_ms, 0) + 1 WHERE id = ?", other)
            await asyncio.sleep(0.02)

    writing = asyncio.create_task(write_on())
    try:
        for failures, word in ((3, "✗ failing"), (0, "● fresh"), (3, "✗ failing")):
            await rig.write("UPDATE resources SET failures = ?, error = NULL WHERE name = 'contacts'", failures)
            began = fair_clock()
            await rig.until(partial(stands, rig, "contacts", word))
            assert fair_clock() - began < 1
    finally:
        writing.cancel()


def stands(rig: Rig, *words: str) -> bool:
    """Whether a line of the screen has all these words."""
    return any(all(word in line for word in words) for line in rig.lines())


def resource_id_of(rig: Rig, name: str) -> int:
    return next(one for one, row in rig.app.fleet.items() if row.resource == name)


async def test_a_look_that_began_before_the_fleet_was_known_does_not_empty_the_list(path: Path) -> None:
    async with console(path) as rig:
        known, rig.app._reading, rig.app.verdict = (rig.app._reading, rig.app.verdict), None, None
        look = asyncio.create_task(rig.screen.load())
        await asyncio.sleep(0)
        rig.app._reading, rig.app.verdict = known
        await look
        assert rig.screen.table.rows.total == 4


async def test_escape_leads_back_from_what_was_named_to_where_it_was_named(rig: Rig) -> None:
    await rig.press("j", "enter")
    await rig.until(lambda: rig.screen.spec.line == "resource instance:globex resource:companies")
    await rig.press("colon", *"events instance:acme", "enter")
    await rig.until(lambda: rig.screen.spec.line == "events instance:acme")
    await rig.press("escape")
    assert rig.screen.spec.line == "resource instance:globex resource:companies"
    await rig.press("2", "ctrl+p", *"instance globex", "enter")
    await rig.until(lambda: rig.screen.spec.line == "instance instance:globex")
    await rig.press("escape")
    assert rig.screen.spec.line == "events"


async def test_the_order_that_was_chosen_in_a_filter_stays_when_escape_leads_out_of_it(rig: Rig) -> None:
    await rig.press("slash", *"state:failing", "enter", "o", "escape")
    await rig.until(lambda: rig.screen.spec.line == "fleet sort:instance")


async def test_an_instance_is_chosen_by_its_name_in_the_palette(rig: Rig) -> None:
    await rig.press("ctrl+p", *"instance glob")
    await rig.until(lambda: "Instance globex" in rig.text())
    await rig.press("enter")
    await rig.until(lambda: rig.screen.spec.line == "instance instance:globex")


async def test_a_receiver_that_does_not_answer_shows_in_the_row_and_moves_it_up(rig: Rig) -> None:
    assert [row.resource for row in rig.screen._rows.rows] == ["tickets", "companies", "projects", "contacts"]
    await rig.write("UPDATE callbacks SET breaker_until_ms = ?", NOW + 30_000)
    await rig.until(lambda: "⊘ unsent" in rig.text())
    assert [row.resource for row in rig.screen._rows.rows] == ["tickets", "contacts", "companies", "projects"]
    await rig.press("slash", *"state:unsent", "enter", "enter")
    await rig.until(
        lambda: "The receiver does not answer as it should: 2 deliveries wait" in " ".join(rig.text().split())
    )
