"""What is marked, what is counted and what is done are the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.rig import Rig, console


def said(rig: Rig) -> list[str]:
    return [str(one.message) for one in rig.app._notifications]


@pytest.mark.parametrize("keys", [("f",), ("slash", *"projects", "enter")], ids=["folded", "filtered"])
async def test_a_mark_ends_with_the_row_and_says_so(path: Path, keys: tuple[str, ...]) -> None:
    async with console(path) as rig:
        await rig.press("g", "g", "space", "space")
        assert "2 marked" in rig.lines()[1]
        await rig.press(*keys)
        assert "marked" not in rig.lines()[1]
        assert rig.screen.table.marks.none
        assert said(rig) == ["2 marked rows are not in this list any more, and not marked any more."]


async def test_an_instance_that_was_marked_folded_is_not_marked_unfolded(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("g", "g", "f", "space")
        assert "1 marked" in rig.lines()[1]
        await rig.press("f")
        assert "marked" not in rig.lines()[1]


async def test_marks_stay_in_another_order_and_when_rows_change(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("g", "g", "space", "space", "o")
        assert "2 marked" in rig.lines()[1]
        assert len(rig.screen.chosen_places()) == rig.screen.subject().marked == 2


async def test_rows_that_nothing_is_done_to_as_marked_ones_cannot_be_marked(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("g", "g", "I", "space", "asterisk")
        assert rig.screen.query_one("#resources").marks.none
        assert said(rig) == ["Rows of this list cannot be marked: what is done is done to the one under the cursor."]
