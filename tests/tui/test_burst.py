"""Keys that come in one burst: each is for what the one before has brought to the front, never for the list below."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.events import Key, Paste
from textual.widgets import Input

from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.screens.palette import Palette
from cwconsole.tui.widgets.confirm import Confirm
from tests.tui.rig import Rig, console, database, small_fleet
from tests.tui.terminals import console as real_console
from tests.tui.test_keys_ahead import nothing_is_read, toasts

NAMES = {":": "colon", "/": "slash", " ": "space", "\r": "enter", "\x1b": "escape", "\t": "tab", "?": "question_mark"}


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        yield rig


def burst(rig: Rig, keys: str) -> None:
    """As one read from a terminal brings them: no key is waited for."""
    for key in keys:
        rig.app.post_message(Key(NAMES.get(key, key), key))


def shown(rig: Rig) -> str:
    """The view in front; nothing while that is a dialog."""
    screen = rig.app.screen
    return screen.spec.line if isinstance(screen, ConsoleScreen) else ""


async def actions(rig: Rig) -> list[tuple[object, ...]]:
    """What was asked for, but for the instances that were there at first."""
    return await rig.rows("SELECT kind FROM actions WHERE kind <> 'add'")


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (":events state:dead\r", "events state:dead"),
        ("2/state:dead\r", "events state:dead"),
        ("3/dxcpw\x1b", "deliveries"),
        (":polls\r/state:failed\r", "polls state:failed"),
        ("3/state:dead\r\x1b", "deliveries"),
        ("2:deliveries\r/state:dead\r:events\r", "events"),
        (":ev\t state:dead\r", "events state:dead"),
        (":evnts\r\x1b4", "polls"),
    ],
)
async def test_what_is_typed_after_a_sign_is_all_in_the_prompt(rig: Rig, keys: str, line: str) -> None:
    burst(rig, keys)
    await rig.until(lambda: shown(rig) == line)
    await rig.settle()
    assert rig.screen.spec.line == line, "and what was typed on the way does not come after it"
    assert await actions(rig) == []


async def test_what_stands_in_the_prompt_is_what_was_typed(rig: Rig) -> None:
    burst(rig, "3/dxcpw r")
    await rig.until(lambda: rig.screen.query_one(Input).value == "dxcpw r")
    assert await actions(rig) == []


async def test_what_is_pasted_behind_a_sign_stands_in_its_place(rig: Rig) -> None:
    burst(rig, ":ev")
    rig.app.post_message(Paste("ents state:dead"))
    burst(rig, "\r")
    await rig.until(lambda: rig.screen.spec.line == "events state:dead")


async def test_the_key_after_a_command_is_for_what_the_command_has_brought(rig: Rig) -> None:
    await rig.press("3")
    burst(rig, ":fleet\rjj")
    await rig.until(lambda: shown(rig) == "fleet" and rig.screen.table.cursor == 2)


async def test_a_palette_takes_every_letter(rig: Rig) -> None:
    rig.send("ctrl+p")
    burst(rig, "globex/comp\r")
    await rig.until(lambda: shown(rig) == "resource instance:globex resource:companies")
    assert await actions(rig) == []


@pytest.mark.parametrize("keys", ["xy", "xxy", "2ry", "2*r40\r", "3cy", "1Dacme\r", "qy"])
async def test_no_question_is_answered_by_keys_that_were_pressed_before_it_stood_there(rig: Rig, keys: str) -> None:
    before = await actions(rig)
    burst(rig, keys)
    await rig.until(lambda: isinstance(rig.app.screen, Confirm))
    await rig.settle()
    assert isinstance(rig.app.screen, Confirm), "it is still asked"
    assert len([one for one in rig.app.screen_stack if isinstance(one, Confirm)]) == 1, "and once"
    assert await actions(rig) == before
    await rig.press("escape")
    assert rig.app.is_running


@pytest.mark.parametrize("key", ["a", "2", "s", "ctrl+p", "ctrl+g", "?", "q", "escape"])
async def test_what_is_typed_after_the_decision_to_leave_does_nothing(rig: Rig, key: str) -> None:
    await rig.press("q")
    burst(rig, "y")
    rig.send(key)
    await rig.until(lambda: not rig.app.is_running)
    assert (rig.app.crashed, rig.app.return_code) == (None, 0)


@pytest.mark.parametrize("key", ["question_mark", "q", "ctrl+p", "s", "ctrl+y", "x"])
async def test_ctrl_c_leads_out_of_help_and_dialogs(rig: Rig, key: str) -> None:
    await rig.press(key)
    await rig.until(lambda: not isinstance(rig.app.screen, ConsoleScreen))
    await rig.press("ctrl+c")
    assert isinstance(rig.app.screen, ConsoleScreen)
    await rig.press("ctrl+c")
    assert isinstance(rig.app.screen, Confirm), "there it asks to leave"


async def test_what_follows_a_dangerous_key_does_nothing_to_the_list_while_the_question_is_prepared(rig: Rig) -> None:
    async with nothing_is_read(rig):
        burst(rig, "xpwdj")
        await rig.until(lambda: not rig.app.message_queue_size)
        assert rig.screen.table.cursor == 0
    await rig.until(lambda: isinstance(rig.app.screen, Confirm))
    await rig.settle()
    await rig.press("y")
    await rig.until(lambda: bool(toasts(rig)))
    assert await actions(rig) == [("pause",)]


async def test_escape_calls_a_question_off_that_is_long_in_coming(rig: Rig) -> None:
    async with nothing_is_read(rig):
        burst(rig, "x\x1bj")
        await rig.until(lambda: not rig.app.message_queue_size)
        await rig.until(lambda: not any(worker.group == "question" for worker in rig.app.workers))
        burst(rig, "j")
        await rig.until(lambda: rig.screen.table.cursor > 0)
    await rig.settle()
    assert not isinstance(rig.app.screen, Confirm)
    assert await actions(rig) == []


async def test_a_palette_that_has_to_be_read_first_keeps_its_letters_from_the_list(path: Path, tmp_path: Path) -> None:
    views = tmp_path / "views.toml"
    views.write_text('dead = "deliveries state:dead"\n')
    async with console(path, views_file=views) as rig:
        burst(rig, "Vpwx")
        await rig.until(lambda: isinstance(rig.app.screen, Palette))
        assert await actions(rig) == []


def test_a_command_written_to_a_terminal_at_once_is_a_command(tmp_path: Path) -> None:
    with database(tmp_path / "cw.db") as conn:
        small_fleet(conn, now_ms=time.time_ns() // 1_000_000)
        conn.execute("UPDATE instances SET enabled = 0")
    with real_console(tmp_path / "cw.db", "--read-only") as terminal:
        terminal.until(lambda text: "contacts" in text and "? help" in text)
        terminal.type(":events state:dead\r")
        terminal.until(lambda text: "events state:dead" in text.splitlines()[1])


@pytest.mark.parametrize("before", ["", ":polls\r"], ids=["on the first screen", "on another"])
async def test_enter_pressed_twice_takes_from_the_palette_once(rig: Rig, before: str) -> None:
    burst(rig, before)
    await rig.settle()
    rig.send("ctrl+p")
    await rig.until(lambda: isinstance(rig.app.screen, Palette))
    await rig.settle()
    burst(rig, "actions\r\r")
    await rig.until(lambda: shown(rig) == "actions")
    await rig.settle()
    assert (shown(rig), rig.app.is_running, len(rig.app.screen_stack)) == ("actions", True, 1)


async def test_a_signals_code_counts_although_the_console_ends_by_itself_at_that_moment(rig: Rig) -> None:
    """As when a line drops: reading from the terminal fails as well, which makes Textual end."""
    rig.app.panic()
    rig.app.exit(return_code=129)
    await rig.until(lambda: not rig.app.is_running)
    assert rig.app.return_code == 129
