"""`]` goes again to where Escape came from, with filter, order and row, until the operator goes elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.core.filters import Noun, parse
from cwconsole.store import replay_jobs, replay_preview
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.selection import Selection
from cwconsole.tui.session import Place, Session
from tests.store.rows import NOW
from tests.tui.rig import Rig, console, database, small_fleet
from tests.tui.terminals import console as real_console

SIZES = [(80, 24), (120, 40)]
FORWARD = "right_square_bracket"
NOTHING = "There is nothing forward: ] goes again to where Escape came from, until you go elsewhere."


@pytest.fixture(params=SIZES, ids=str)
async def rig(path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with console(path, size=request.param) as rig:
        yield rig


def stack(rig: Rig) -> list[str]:
    return [screen.spec.line for screen in rig.app.console_screens()]


def said(rig: Rig) -> list[str]:
    return [one.message for one in rig.app._notifications]


async def test_a_screen_is_gone_to_again_with_its_filter_order_and_row(rig: Rig) -> None:
    await rig.press("2", "colon", *"fleet", "enter", "colon", *"events type:updated", "enter", "j", "j", "j")
    await rig.press("escape")
    assert stack(rig) == ["fleet"]
    await rig.press(FORWARD)
    assert stack(rig) == ["fleet", "events type:updated"]
    assert rig.screen.table.current.id == 37
    await rig.press("escape", "colon", *"dead sort:-error", "enter", "escape", FORWARD)
    assert stack(rig) == ["fleet", "dead sort:-error"], "another screen has taken the place of the one before"
    assert (rig.screen.table.sorted_by, rig.screen.table.descending) == ("error", True)


async def test_steps_are_gone_forward_one_by_one_as_they_were_gone_back(rig: Rig) -> None:
    await rig.press("3", "slash", *"state:delivered", "enter", "j", "j", "enter")
    deepest = stack(rig)
    assert deepest == ["deliveries state:delivered", "delivery id:35"]
    await rig.press("escape", "escape")
    assert stack(rig) == ["deliveries"]
    await rig.press(FORWARD)
    assert stack(rig) == deepest[:1]
    assert rig.screen.table.current.id == 35
    await rig.press(FORWARD)
    assert stack(rig) == deepest
    await rig.press(FORWARD)
    assert stack(rig) == deepest
    assert said(rig) == [NOTHING]
    await rig.press("escape", "escape")
    assert stack(rig) == ["deliveries"], "what was gone to again leads back as it did"


@pytest.mark.parametrize(
    ("area", "word", "key"),
    [("1", "instance:acme", ("acme", "contacts")), ("2", "object:1", 1), ("3", "instance:acme", 39),
     ("4", "instance:acme", 1), ("5", "type:add", 1)],
)  # fmt: skip
async def test_a_filter_is_there_again_with_the_row_in_every_list(
    path: Path, area: str, word: str, key: object
) -> None:
    async with console(path) as rig:
        await rig.write(
            "INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, outcome)"
            " VALUES (1, 'window', 'schedule', 1, 1, 2, 'ok'), (1, 'window', 'schedule', 2, 3, 4, 'ok')"
        )
        await rig.press(area, "slash", *word, "enter", "j")
        assert rig.screen.table.rows.key(rig.screen.table.current) == key
        await rig.press("escape", "k", FORWARD)
        assert rig.screen.spec.words == (word,)
        assert rig.screen.table.rows.key(rig.screen.table.current) == key


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (("I", "j"), (0, "acme", "contacts")),
        (("I", "tab", "tab", "j", "j"), (2, 38)),
        (("I", "shift+tab"), (4,)),
        (("G", "enter", "tab", "tab", "j"), (2, 39)),
        (("2", "j", "enter", "tab"), (1,)),
    ],
)
async def test_a_page_is_there_again_with_its_tab_and_row_and_so_it_is_at_the_next_start(
    path: Path, keys: tuple[str, ...], cursor: tuple[object, ...]
) -> None:
    async with console(path) as rig:
        await rig.press(*keys)
        left = rig.screen.place()
        assert left.cursor == cursor
        tab = next(line for line in rig.lines() if "[" in line)
        await rig.press("escape", FORWARD)
        assert rig.screen.place() == left
        assert tab in rig.lines()
        await rig.press("escape")
    async with console(path, session=Session(mode="fleet", above=(left,))) as rig:
        await rig.until(lambda: len(rig.app.console_screens()) == 2)
        await rig.settle()
        assert rig.screen.place() == left


async def test_a_tab_that_there_is_no_more_is_no_reason_to_end(path: Path) -> None:
    above = (Place(line="instance instance:acme", cursor=(9, 9)), Place(line="event id:40", cursor=(9, "x")))
    async with console(path, session=Session(mode="fleet", above=above)) as rig:
        await rig.until(lambda: len(rig.app.console_screens()) == 3)
        await rig.settle()
        assert "[Deliveries]" in rig.text()
        await rig.press("escape")
        assert "[Configuration]" in rig.text()


async def test_the_order_is_that_of_now_as_it_is_when_escape_leads_back(rig: Rig) -> None:
    await rig.press("slash", *"instance:acme", "enter", "escape", "o", FORWARD)
    assert rig.screen.spec.line == "fleet instance:acme sort:instance"


async def test_whoever_goes_elsewhere_is_led_nowhere(rig: Rig) -> None:
    await rig.press("enter", "escape", "slash", *"state:late", "enter", FORWARD)
    assert stack(rig) == ["fleet state:late"]
    assert said(rig) == [NOTHING]
    await rig.press("escape", "escape")
    await rig.press(FORWARD)
    assert stack(rig) == ["fleet state:late"], "and then to where the last step back came from"


async def test_each_area_has_its_own_way_and_marks_are_no_place(rig: Rig) -> None:
    await rig.press("enter", "escape", "2", "space", "escape", FORWARD)
    assert said(rig) == [NOTHING]
    assert stack(rig) == ["events"]
    await rig.press("1", FORWARD)
    assert stack(rig) == ["fleet", "resource instance:acme resource:tickets"]


async def test_it_is_offered_where_there_is_something_forward_and_is_a_word_and_a_key_of_the_help(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        assert "] forward" not in rig.lines()[-1]
        await rig.press("5", "slash", *"type:add", "enter", "escape")
        await rig.until(lambda: "] forward" in rig.lines()[-1])
        await rig.press("question_mark", "slash", "]")
        await rig.until(lambda: "Again to where Escape came from  :forward" in rig.text())
        await rig.press("escape", "escape", "colon", *"forward", "enter")
        assert stack(rig) == ["actions type:add"]
        await rig.until(lambda: "] forward" not in rig.lines()[-1])


@pytest.fixture
def filled(path: Path) -> Path:
    """With three jobs, and three groups of dead letters."""
    with database(path) as conn:
        conn.execute("UPDATE deliveries SET state = 'dead', status = 500 + id WHERE id < 4")
        asked = Asked(kind=ActionKind.REPLAY, operator="ada", origin="tty", command="cwconsole replay type:created")
        chosen = Selection(chosen=parse(Noun.EVENTS, "", now_ms=NOW))
        for _ in range(3):
            shown = replay_preview.preview(conn, chosen, asked_ms=NOW)
            replay_jobs.create(conn, shown, rate=10, asked=asked, now_ms=NOW)
    return path


@pytest.mark.parametrize("view", ["jobs", "dead"])
async def test_lists_that_are_here_as_a_whole_begin_on_the_row_they_were_left_on(filled: Path, view: str) -> None:
    async with console(filled) as rig:
        await rig.press("colon", *view, "enter", "j", "j")
        left = rig.screen.place()
        assert left.cursor is not None
        if view == "dead":
            await rig.press("escape", FORWARD)
            assert rig.screen.place() == left
    async with console(filled, session=Session(mode="fleet", above=(Place(line=view, cursor=left.cursor),))) as rig:
        await rig.until(lambda: len(rig.app.console_screens()) == 2)
        await rig.settle()
        assert rig.screen.place() == left


def test_its_key_and_that_of_the_copies_come_through_a_terminal(tmp_path: Path) -> None:
    with database(tmp_path / "cw.db") as conn:
        small_fleet(conn)
    with real_console(tmp_path / "cw.db", "--read-only") as terminal:
        resource = "acme/tickets"  # where its page is; the fleet has it in two columns
        terminal.until(lambda text: "tickets" in text)
        terminal.type("\r")
        terminal.until(lambda text: resource in text)
        terminal.type("\x1b")
        terminal.until(lambda text: resource not in text)
        terminal.type("]")
        terminal.until(lambda text: resource in text)
        terminal.type("1\x19")
        terminal.until(lambda text: "Copy what of acme/tickets?" in text)
