"""`since:10m` means the last ten minutes at every moment, not those before the list was opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tui.rig import Rig, console


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    """Of 40 events, 10 are a minute old."""
    async with console(path) as rig:
        yield rig


def seen_at(rig: Rig) -> list[int]:
    rows = rig.screen.table.rows
    return [row.seen_ms for at in range(rows.total) if (row := rows.at(at)) is not None]


async def test_a_window_of_the_last_minutes_moves_on_with_the_clock(rig: Rig) -> None:
    await rig.press("2", "slash", *"since:10m", "enter")
    await rig.until(lambda: len(seen_at(rig)) == 10)
    rig.clock.ms += 8 * 60_000
    await rig.press("ctrl+r")
    assert len(seen_at(rig)) == 10, "they are nine minutes old"
    rig.clock.ms += 2 * 60_000
    rig.app._minute_turned()
    await rig.until(lambda: rig.screen.table.rows.total == 0)


async def test_a_filtered_list_that_is_known_to_its_end_says_how_many_it_found(rig: Rig) -> None:
    await rig.press("2")
    assert "found" not in rig.lines()[1]
    await rig.press("slash", *"since:10m", "enter")
    await rig.until(lambda: "10 found" in rig.lines()[1])


async def test_what_leaves_the_window_leaves_the_cursor_on_its_row(rig: Rig) -> None:
    await rig.write("UPDATE events SET seen_ms = seen_ms + id * 1000 WHERE id > 30")
    await rig.press("2", "slash", *"since:10m", "enter", "j", "j", "j")
    on = rig.screen.table.current.id
    rig.clock.ms += 9 * 60_000 + 35_500
    await rig.press("ctrl+r")
    await rig.until(lambda: 0 < rig.screen.table.rows.total < 10)
    assert rig.screen.table.current.id == on


async def test_what_is_sent_again_is_fixed_when_it_is_asked_and_says_from_when(rig: Rig) -> None:
    await rig.press("2", "slash", *"since:10m", "enter", "asterisk", "r")
    await rig.until(lambda: "Which: since:2026-09-21T14:03:20.000Z" in " ".join(rig.text().split()))
