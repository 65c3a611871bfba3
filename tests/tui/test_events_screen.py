"""Events: any number of them, live until one moves, filtered in the file, one in full."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import RenderableType
from textual._compositor import Compositor

from cwconsole.tui.screens import listing
from cwconsole.tui.screens.event import EventScreen
from cwconsole.tui.screens.events import EventsScreen
from cwconsole.tui.terminal import Colours, Terminal
from cwconsole.tui.widgets import history_marks
from cwconsole.tui.widgets.prompt import Prompt
from tests.store.rows import NOW, add_delivery, add_events, resource_id
from tests.tui.rig import Rig, console, database, small_fleet
from tests.tui.test_keys_ahead import nothing_is_read

MANY = 5_000


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "cw.db"
    with database(path) as conn:
        small_fleet(conn)
        conn.execute("BEGIN")
        tickets = resource_id(conn, 1, "tickets")
        add_events(conn, tickets, range(1, MANY + 1), kind="CREATED", seen_ms=NOW - 30_000)
        conn.execute("COMMIT")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    file = tmp_path / "cw.db"
    file.write_bytes(template.read_bytes())
    return file


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        await rig.press("2")
        yield rig


async def new_events(rig: Rig, *objects: int) -> None:
    """The engine, in effect, records some more contacts."""
    await rig.store.write(lambda conn: add_events(conn, resource_id(conn, 1, "contacts"), objects, seen_ms=NOW))


def newest(rig: Rig) -> int:
    return int(rig.screen.table.rows.at(0).id)


async def test_the_newest_stands_first_and_everything_is_there(rig: Rig) -> None:
    table = rig.screen.table
    assert newest(rig) == MANY + 40
    assert table.rows.total == MANY + 40
    await rig.press("G")
    assert table.current.id == 1
    assert table.cursor == MANY + 39
    await rig.press("g", "g")
    assert (table.current.id, table.cursor) == (MANY + 40, 0)


async def test_paging_through_everything_shows_every_event_once(rig: Rig) -> None:
    table = rig.screen.table
    seen: list[int] = []
    while not seen or seen[-1] != 1:
        for index in table.in_view:
            while (row := table.rows.at(index)) is None:
                await rig.pilot.pause(0.01)
            if not seen or row.id < seen[-1]:
                seen.append(row.id)
        table.do_table_page_down()
        await rig.pilot.pause(0)
    assert seen == list(range(MANY + 40, 0, -1))


async def test_from_the_end_upwards_neighbours_are_neighbours(rig: Rig) -> None:
    table = rig.screen.table
    await rig.press("G")
    for _ in range(30):
        table.do_table_page_up()
        await rig.settle()
    shown = [table.rows.at(at).id for at in table.in_view]
    assert shown == list(range(shown[0], shown[0] - len(shown), -1))


async def test_a_leap_into_the_middle_reads_what_is_there(rig: Rig) -> None:
    table = rig.screen.table
    table.scroll_to(y=2500, animate=False, force=True)
    await rig.until(lambda: all(table.rows.at(at) is not None for at in table.in_view))
    shown = [table.rows.at(at).id for at in table.in_view]
    assert shown == list(range(shown[0], shown[0] - len(shown), -1))
    assert table.cursor == 0, "scrolling moves no cursor"


async def test_new_events_come_in_while_the_cursor_is_at_the_top(rig: Rig) -> None:
    await new_events(rig, 7, 8)
    await rig.until(lambda: newest(rig) == MANY + 42)
    assert rig.screen.table.cursor == 0
    assert "new" not in rig.lines()[1]


async def test_once_the_operator_has_moved_new_events_are_only_counted(rig: Rig) -> None:
    table = rig.screen.table
    await rig.press("j", "j")
    before = table.current
    await new_events(rig, 7, 8)
    await rig.until(lambda: "2 new, gg" in rig.lines()[1])
    assert table.current == before
    assert newest(rig) == MANY + 40
    await rig.press("g", "g")
    await rig.until(lambda: newest(rig) == MANY + 42 and "new" not in rig.lines()[1])


async def test_a_delivery_that_changes_its_state_changes_its_line(rig: Rig) -> None:
    await rig.press("slash", *"type:updated", "enter")
    await rig.until(lambda: "○ pending" in rig.text())
    await rig.write("UPDATE deliveries SET state = 'delivered', due_ms = NULL WHERE state = 'pending'")
    await rig.until(lambda: "○ pending" not in rig.text())


async def test_a_filter_is_asked_of_the_file_and_escape_takes_it_back(rig: Rig) -> None:
    await rig.press("slash", *"object:30 !resource:tickets", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1)
    assert rig.screen.table.current.object_id == 30
    assert rig.screen.title_of() == "events object:30 !resource:tickets"
    await rig.press("escape")
    await rig.until(lambda: rig.screen.table.rows.total == MANY + 40)


async def test_the_list_follows_while_the_filter_is_typed(rig: Rig) -> None:
    await rig.press("slash", *"type:updated")
    await rig.until(lambda: rig.screen.table.rows.total == 40)
    await rig.press("escape")
    await rig.until(lambda: rig.screen.table.rows.total == MANY + 40)
    assert rig.screen.spec.line == "events"


async def test_what_is_typed_without_a_rest_is_read_once(
    rig: Rig, logged: list[MutableMapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "TYPING_SECONDS", 1)  # longer than a busy machine lets pass between two letters
    await rig.press("slash", *"name")  # every beginning of which is a filter
    await rig.until(lambda: rig.screen.spec.line == "events name")

    def readings() -> int:
        return sum((entry.get("reason"), entry.get("view")) == ("other view", "Reading events") for entry in logged)

    await rig.until(lambda: readings() > 0)
    assert readings() == 1


async def test_words_and_names_of_a_filter_are_completed_while_it_is_typed(rig: Rig) -> None:
    prompt = rig.screen.query_one(Prompt)
    await rig.press("slash", *"ins", "tab")
    assert prompt.text == "instance:"
    await rig.press("a", "tab")
    assert prompt.text == "instance:acme"
    await rig.press(*" !res", "tab", "t", "tab")
    assert prompt.text == "instance:acme !resource:tickets"
    await rig.press(*" sta", "tab", *"dea", "tab", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1 and rig.screen.table.current.id == 38)


async def test_an_unknown_instance_is_said_in_a_sentence_and_the_list_stays(rig: Rig) -> None:
    await rig.press("slash", *"instance:nobody", "enter")
    await rig.until(lambda: any("'nobody'" in one.message for one in rig.app._notifications))
    await rig.until(lambda: rig.screen.spec.line == "events" and "STALE" not in rig.text())


async def test_marking_everything_counts_everything(rig: Rig) -> None:
    await rig.press("asterisk")
    await rig.until(lambda: rig.lines()[1].rstrip().endswith(" 5,040 marked"))
    await rig.press("space")
    await rig.until(lambda: rig.lines()[1].rstrip().endswith(" 5,039 marked"))
    await new_events(rig, 31)
    await rig.until(lambda: " about 5,039 marked" in rig.lines()[1])


async def test_of_very_many_it_is_said_that_there_are_more(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_marks, "LONGEST_PAGE", 1_000)
    await rig.press("asterisk")
    await rig.until(lambda: " 1,000+ marked" in rig.lines()[1])


async def test_a_range_is_marked_from_the_last_mark_to_the_cursor(rig: Rig) -> None:
    await rig.press("space", "j", "j", "v")
    assert "4 marked" in rig.lines()[1]


async def test_enter_shows_the_event_in_full_and_escape_leads_back_to_its_row(rig: Rig) -> None:
    await rig.press("slash", *"type:updated", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 40)
    await rig.press("j", "j", "enter")
    assert isinstance(rig.screen, EventScreen)
    assert '"Ada L."' in rig.text(), "what changed"
    assert "acme/contacts 8" in rig.text()
    await rig.press("tab")
    assert '"name"' in rig.text(), "the record"
    assert "delivery ✗ dead  nothing is tried any more; r sends it again" in rig.text()
    await rig.press("tab", "tab")
    assert "✗ dead" in rig.lines()[9], "its delivery"
    await rig.press("escape")
    assert isinstance(rig.screen, EventsScreen)
    assert rig.screen.table.cursor == 2
    assert rig.screen.spec.line == "events type:updated"


async def test_the_history_of_an_object_is_one_key_away_and_escape_leads_back(rig: Rig) -> None:
    await rig.press("slash", *"type:updated", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 40)
    await rig.press("enter", "b")
    await rig.until(lambda: isinstance(rig.screen, EventsScreen))
    await rig.until(lambda: "object:10" in rig.screen.spec.line)
    assert rig.screen.spec.line == "events instance:acme resource:contacts object:10"
    await rig.until(lambda: rig.screen.table.rows.total == 2)
    await rig.press("escape")
    assert isinstance(rig.screen, EventScreen)


async def test_where_there_is_room_the_detail_follows_the_cursor(path: Path) -> None:
    async with console(path, size=(140, 40)) as rig:
        await rig.press("2")
        await rig.press("slash", *"type:updated", "enter")
        await rig.until(lambda: "acme/contacts 10" in rig.text())
        await rig.press("j")
        await rig.until(lambda: "acme/contacts 9" in rig.text())


async def test_a_row_that_comes_in_under_the_cursor_is_drawn_together_with_what_stands_beside_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and once: else a live list is drawn in turns with what belongs to the row before."""
    async with console(path, size=(140, 40)) as rig:
        await rig.press("2")
        await rig.until(lambda: f"event    {MANY + 40} " in rig.text())
        frames, draw = list[tuple[int, str]](), Compositor.render_update

        def drawn(compositor: Compositor, **more: Any) -> RenderableType | None:
            frames.append((newest(rig), rig.screen.query_one("#detail").text))
            return draw(compositor, **more)

        monkeypatch.setattr(Compositor, "render_update", drawn)
        for one in range(1, 4):
            await new_events(rig, one)
            await rig.until(lambda: newest(rig) == MANY + 40 + one)  # noqa: B023 - awaited at once
        await rig.settle()
        assert {number for number, _ in frames} >= {MANY + 41, MANY + 42, MANY + 43}
        assert all(f"event    {number} " in text for number, text in frames)


async def test_what_came_in_and_is_left_and_come_back_to_stands_beside_the_list_again(path: Path) -> None:
    async with console(path, size=(140, 40)) as rig:
        await rig.press("2")
        await new_events(rig, 1)
        await rig.until(lambda: f"event    {MANY + 41} " in rig.text())
        await rig.press("j")
        await rig.until(lambda: f"event    {MANY + 40} " in rig.text())
        await rig.press("k")
        await rig.until(lambda: f"event    {MANY + 41} " in rig.text())


async def test_beside_a_row_that_is_not_read_or_not_there_stands_nothing_of_another(path: Path) -> None:
    async with console(path, size=(140, 40)) as rig:
        await rig.press("2", "k")
        detail = rig.screen.query_one("#detail")
        await rig.until(lambda: f"event    {MANY + 40} " in detail.text)
        async with nothing_is_read(rig):
            for _ in range(30):
                rig.send("pagedown")
            await rig.until(lambda: rig.screen.table.current is None and detail.text == "")
        await rig.until(lambda: rig.screen.table.current and f"event    {rig.screen.table.current.id} " in detail.text)
        await rig.press("slash", *"object:999999", "enter")
        await rig.until(lambda: not rig.screen.table.rows.total and detail.text == "")


async def test_coming_back_catches_up(rig: Rig) -> None:
    await rig.press("1")
    await new_events(rig, 9)
    await rig.pilot.pause(0.6)
    await rig.press("2")
    await rig.until(lambda: newest(rig) == MANY + 41)


async def test_rows_far_away_are_read_again_when_they_come_into_view(rig: Rig) -> None:
    """A bulk change while they were here but out of sight: what comes into view is as the file says."""
    table = rig.screen.table
    for _ in range(25):
        await rig.press("pagedown")
    far = table.current.id
    await rig.press("g", "g")
    assert table.rows.index(far) is not None, "it is still here"
    assert table.current.id == MANY + 40
    await rig.store.write(lambda conn: [add_delivery(conn, one, state="dead") for one in range(far - 40, far + 40)])
    await rig.until(lambda: table._checked is not None)
    table.move_to_key(far)
    await rig.until(lambda: all(table.rows.at(at).delivery == "dead" for at in table.in_view if table.rows.at(at)))
    await rig.until(lambda: sum("dead" in line for line in rig.lines()) >= len(table.in_view) - 1)


async def test_a_row_that_the_filter_lets_through_now_comes_in_where_it_belongs(rig: Rig) -> None:
    await rig.press("slash", *"state:dead", "enter")
    table = rig.screen.table
    await rig.until(lambda: table.rows.total == 1)
    above = table.current.id + 1
    await rig.write("UPDATE deliveries SET state = 'dead', due_ms = NULL WHERE event_id = ?", above)
    await rig.until(lambda: table.rows.total == 2)
    assert [table.rows.at(at).id for at in range(2)] == [above, above - 1]


async def test_a_row_that_was_drawn_beside_a_scrollbar_fills_its_line_without_one_too(rig: Rig) -> None:
    """A line that is too short is not drawn at all."""
    table = rig.screen.table
    assert table.show_vertical_scrollbar
    assert table.render_line(2).cell_length == table.outer_size.width - 1
    table.show_vertical_scrollbar = False  # what stood there is not drawn anew before the next resize
    assert table.render_line(2).cell_length == table.outer_size.width


async def test_escape_out_of_a_filter_leads_back_to_the_row(rig: Rig) -> None:
    await rig.press(*["j"] * 15)
    row = rig.screen.table.current.id
    await rig.press("slash", *"type:updated", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 40)
    await rig.press("j", "j", "j")
    within = rig.screen.table.current.id
    await rig.press("colon", *"events state:dead", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1)
    for line, key in (("events type:updated", within), ("events", row)):
        await rig.press("escape")
        await rig.until(lambda line=line, key=key: (rig.screen.spec.line, rig.screen.table.current.id) == (line, key))  # type: ignore[misc]


async def test_a_filter_that_is_given_up_leaves_the_cursor(rig: Rig) -> None:
    await rig.press(*["j"] * 15)
    row = rig.screen.table.current.id
    await rig.press("slash", *"type:updated")
    await rig.until(lambda: rig.screen.table.rows.total == 40)
    await rig.press("escape")
    await rig.until(lambda: rig.screen.table.rows.total == MANY + 40 and rig.screen.table.current.id == row)


async def test_behind_a_dialog_the_list_stands_still_and_catches_up_afterwards(rig: Rig) -> None:
    table = rig.screen.table
    await rig.press("r")
    await rig.until(lambda: "Send this event again?" in rig.text())
    version = rig.app.version
    await new_events(rig, 31)
    await rig.until(lambda: rig.app.version > version)
    await rig.settle()
    assert int(table.rows.at(0).id) == MANY + 40
    await rig.press("escape")
    await rig.until(lambda: newest(rig) == MANY + 41)


async def test_on_a_narrow_screen_t_puts_the_event_below_the_list_and_it_follows_the_cursor(rig: Rig) -> None:
    assert "What changed" not in rig.text()
    await rig.press("t")
    await rig.until(lambda: "object   acme/tickets 5000  created" in rig.text())
    await rig.press("j")
    await rig.until(lambda: "object   acme/tickets 4999  created" in rig.text())
    lines = rig.lines()
    above = next(number for number, line in enumerate(lines) if line.startswith("───"))
    assert sum("acme" in line for line in lines[:above]) >= 8, "the list keeps half of it"
    await rig.press("tab", "G")
    assert "Record" in rig.text(), "Tab gives it the keys"
    await rig.press("shift+tab", "t")
    assert "What changed" not in rig.text()


async def test_on_a_wide_screen_t_gives_the_list_all_of_it(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        await rig.press("2")
        await rig.until(lambda: "What changed" in rig.text())
        await rig.press("t")
        assert "What changed" not in rig.text()
        assert rig.screen.table.size.width > 110
        await rig.press("t")
        await rig.until(lambda: "What changed" in rig.text())


@pytest.mark.parametrize(("size", "border"), [((80, 24), "-" * 80), ((120, 40), "|")])
async def test_in_ascii_the_event_is_parted_from_the_list_by_ascii(
    path: Path, size: tuple[int, int], border: str
) -> None:
    ascii_only = Terminal(colours=Colours.ALL, unicode=False, remote=False)
    async with console(path, size=size, terminal=ascii_only) as rig:
        await rig.press("2", *(["t"] if size[0] < 120 else []))
        await rig.until(lambda: "object   acme/tickets" in rig.text())
        assert border in rig.text()
        assert rig.text().isascii()
