"""Events on the pages of an instance and of a resource: sent again from there, one or many, and copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwconsole.tui.screens.instance import InstanceScreen
from cwconsole.tui.screens.resource import ResourceScreen
from cwconsole.tui.widgets.confirm import Confirm
from tests.tui.rig import Rig, console

ACTIONS = "SELECT target_id, command, state FROM actions WHERE kind = 'replay'"
SIZES = [(80, 24), (120, 40)]
PAGES = ["instance instance:acme", "resource instance:acme resource:contacts"]


async def events_of(rig: Rig, page: str) -> None:
    """Open a page, and its events."""
    await rig.press("colon", *page, "enter")
    await rig.until(lambda: isinstance(rig.screen, InstanceScreen | ResourceScreen) and rig.screen.ready)
    await rig.press("tab", "tab")
    await rig.until(lambda: rig.screen.subject().event == 40)


@pytest.mark.parametrize(("page", "size"), [*zip(PAGES, SIZES, strict=True)])
async def test_the_event_under_the_cursor_is_sent_again(path: Path, page: str, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await events_of(rig, page)
        await rig.until(lambda: "r replay" in rig.lines()[-1])
        await rig.press("j", "r")
        await rig.until(lambda: "Send this event again?" in rig.text())
        await rig.press("r", "enter")
        assert isinstance(rig.app.screen, Confirm), "neither the key that asked nor Enter confirms"
        await rig.press("y")
        await rig.until(lambda: "Event 39 is sent again" in rig.text())
        assert await rig.rows(ACTIONS) == [(39, "cwconsole replay --event 39", "queued")]


@pytest.mark.parametrize("page", PAGES)
async def test_the_marked_ones_or_all_of_the_page_become_a_job(path: Path, page: str) -> None:
    async with console(path) as rig:
        await events_of(rig, page)
        await rig.press("space", "space")
        assert "2 marked" in rig.lines()[1]
        await rig.press("r")
        await rig.until(lambda: "Send 2 events again?" in rig.text())
        await rig.press("escape", "escape")
        assert "marked" not in rig.lines()[1]
        await rig.press("asterisk", "space", "r")
        await rig.until(lambda: "Send 39 events again?" in rig.text())
        await rig.press("y")
        await rig.until(lambda: "Job 1 sends 39 events again" in rig.text())
        assert "marked" not in rig.lines()[1], "what was marked has been dealt with"


@pytest.mark.parametrize("page", PAGES)
async def test_on_the_other_panes_the_key_says_why_it_does_nothing(path: Path, page: str) -> None:
    async with console(path) as rig:
        await events_of(rig, page)
        await rig.press("shift+tab")
        for key, what in (("r", "no event"), ("y", "nothing"), ("u", "no event")):
            await rig.press(key)
            assert [one.message for one in rig.app._notifications] == [f"There is {what} under the cursor."], key
            rig.app.clear_notifications()
        assert "r replay" not in rig.lines()[-1]
        assert await rig.rows(ACTIONS) == []


async def test_an_event_is_copied_from_there_as_anywhere(path: Path) -> None:
    async with console(path) as rig:
        await events_of(rig, PAGES[1])
        await rig.press("Y")
        await rig.until(lambda: rig.app.clipboard == "cwconsole events show 40")


async def test_a_read_only_console_sends_nothing_from_there(path: Path) -> None:
    async with console(path, read_only=True) as rig:
        await events_of(rig, PAGES[0])
        await rig.press("r")
        assert [one.message for one in rig.app._notifications] == ["Send again: this console is read-only."]
        assert not isinstance(rig.app.screen, Confirm)
