"""Columns: always inside the table's width, and everything that matters at 80."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.tui.render.action_rows import ACTION_COLUMNS
from cwconsole.tui.render.cells import Cell
from cwconsole.tui.render.columns import Column, Look, column_at, draw_row, draw_titles, place
from cwconsole.tui.render.dead_rows import DEAD_COLUMNS
from cwconsole.tui.render.delivery_rows import DELIVERY_COLUMNS
from cwconsole.tui.render.event_rows import EVENT_COLUMNS
from cwconsole.tui.render.fleet_columns import FLEET_COLUMNS
from cwconsole.tui.render.glyphs import UNICODE
from cwconsole.tui.render.job_rows import JOB_COLUMNS
from cwconsole.tui.render.log_lines import LOG_COLUMNS
from cwconsole.tui.render.plain import Align, plain, width
from cwconsole.tui.render.poll_rows import POLL_COLUMNS

LEAST_CELLS: Final = 57  # of a table on a terminal of 60 columns


def column(name: str, cells: int, *, grows: int = 0, from_width: int = 0, align: Align = Align.LEFT) -> Column[str]:
    return Column(
        id=name,
        title=name.title(),
        cells=cells,
        draw=lambda row, _: Cell(plain(row)),
        grows=grows,
        from_width=from_width,
        align=align,
    )


COLUMNS = [column("name", 10, grows=2), column("state", 8), column("why", 10, grows=1, from_width=60)]


def test_what_is_left_over_goes_to_the_columns_that_grow() -> None:
    assert [one.cells for one in place(COLUMNS, 60)] == [10 + 20, 8, 10 + 10]
    assert [one.column.id for one in place(COLUMNS, 59)] == ["name", "state"]


def test_what_is_lacking_is_taken_from_them_and_then_from_the_last_columns() -> None:
    narrow = [column("state", 8), column("name", 14, grows=1), column("place", 10, grows=3), column("count", 4)]
    assert [one.cells for one in place(narrow, 39)] == [8, 14, 10, 4]
    assert [one.cells for one in place(narrow, 34)] == [8, 9, 10, 4]
    assert [one.cells for one in place(narrow, 31)] == [8, 8, 8, 4]
    assert [one.cells for one in place(narrow, 30)] == [8, 10, 10]
    assert [one.cells for one in place(narrow, 7)] == [8], "one column there always is"


@pytest.mark.parametrize(
    "columns",
    [
        EVENT_COLUMNS,
        DELIVERY_COLUMNS,
        POLL_COLUMNS,
        ACTION_COLUMNS,
        JOB_COLUMNS,
        DEAD_COLUMNS,
        FLEET_COLUMNS,
        *LOG_COLUMNS,
    ],
)
def test_no_list_is_cut_at_the_edge(columns: Sequence[Column[Any]]) -> None:
    for cells in range(LEAST_CELLS, 160):
        placed = place(columns, cells)
        assert sum(one.cells for one in placed) + len(placed) - 1 <= cells, cells


@given(st.text(st.characters(), max_size=60), st.integers(19, 200))
def test_a_row_is_exactly_as_wide_as_the_table(text: str, cells: int) -> None:
    placed = place(COLUMNS, cells)
    assert sum(width(cell.text) for cell in draw_row(text, placed, Look())) == cells
    assert sum(width(cell.text) for cell in draw_titles(placed, "name", True, UNICODE)) == cells


def test_the_head_says_what_it_is_sorted_by() -> None:
    head = draw_titles(place([column("state", 4)], 20), "state", True, UNICODE)
    assert head[0].text == "Sta↓"


def test_a_click_finds_its_column() -> None:
    placed = place(COLUMNS, 40)
    found = [column_at(placed, at) for at in (0, 30, 31, 32, 39)]
    assert [one.id if one else None for one in found] == ["name", "name", None, "state", "state"]
