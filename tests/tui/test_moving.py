"""Moving through lists and texts by pages and half pages: with the keys of vi, and with those that say it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.store.rows import NOW, add_events, resource_id
from tests.tui.rig import Rig, console, database

FIELDS = 60


def in_view(rig: Rig) -> list[int]:
    """The events on the screen, from the first line to the last."""
    return [rig.screen.table.rows.at(index).id for index in rig.screen.table.in_view]


@pytest.mark.parametrize(("down", "up"), [("pagedown", "pageup"), ("ctrl+f", "ctrl+b")])
async def test_a_page_down_goes_on_where_the_one_before_ended(path: Path, down: str, up: str) -> None:
    async with console(path) as rig:
        await rig.press("2")
        first = in_view(rig)
        assert first[0] == 40
        await rig.press("j", down)
        second = in_view(rig)
        assert (len(second), second[0]) == (len(first), first[-1] - 1)
        assert rig.screen.table.current.id == second[1], "the cursor stays on its line"
        await rig.press(down, down)
        assert (in_view(rig)[-1], rig.screen.table.current.id) == (1, 1), "the end is the end"
        await rig.press(up)
        assert rig.screen.table.current.id == 1 + len(first)
        await rig.press(up)
        assert (in_view(rig), rig.screen.table.current.id) == (first, 40)


async def test_half_a_page_is_half_of_what_is_in_view(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("2")
        first = in_view(rig)
        half = len(first) // 2
        await rig.press("ctrl+d")
        assert in_view(rig) == [number - half for number in first]
        assert rig.screen.table.current.id == 40 - half
        await rig.press("ctrl+d", "ctrl+u", "ctrl+u")
        assert (in_view(rig), rig.screen.table.current.id) == (first, 40)


@pytest.fixture
def long_event(path: Path) -> int:
    """An event whose record does not fit the screen."""
    record = json.dumps({f"field{number:02}": number for number in range(FIELDS)})
    with database(path) as conn:
        (event,) = add_events(conn, resource_id(conn, 1, "contacts"), [1], seen_ms=NOW, record=record)
    return event


async def test_a_long_text_is_read_by_pages_and_half_pages(path: Path, long_event: int) -> None:
    async with console(path) as rig:
        await rig.press("colon", *f"event id:{long_event}", "enter", "tab")
        await rig.until(lambda: "field00" in rig.text())
        text = rig.screen.query_one("#text")
        page = text.size.height
        places = {
            ("ctrl+f",): page,
            ("ctrl+b",): 0,
            ("pagedown", "ctrl+d"): page + page // 2,
            ("ctrl+u", "pageup"): 0,
            ("G",): FIELDS + 2 - page,  # with its two brackets
            ("g",): 0,
        }
        for keys, top in places.items():
            await rig.press(*keys)
            await rig.until(lambda top=top: text.scroll_offset.y == top)  # type: ignore[misc]
            shown = [line for line in rig.lines() if '"field' in line]
            assert len(shown) in {page, page - 1}
            assert f'"field{max(top - 1, 0):02}"' in shown[0]
