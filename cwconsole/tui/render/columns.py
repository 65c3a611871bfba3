"""Columns of a table: fixed widths, and which of them are shown at which width of the table.

Widths never depend on what the rows hold: they are known before the first row is, and a new row moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Generic, TypeVar

from msgspec import Struct

from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.glyphs import UNICODE, Glyphs
from cwconsole.tui.render.plain import Align, fit, shorten, width

R = TypeVar("R")
GAP = 1
LEAST = 8  # cells of a column that grows


class Look(Struct, frozen=True, kw_only=True):
    """What a row looks like depends on: the glyphs, what time it is (milliseconds since the epoch, UTC), and whether an
    engine runs: without one nothing goes on.
    """

    glyphs: Glyphs = UNICODE
    now_ms: int = 0
    engine_runs: bool = True


class Column(Struct, Generic[R], frozen=True, kw_only=True):
    """One column.

    id: the word for `sort:`. cells: its width. grows: how large a part of the room that is left over it takes.
    from_width, to_width: shown when the table is at least and at most so wide. sort: whether the list can be ordered by
    it.
    """

    id: str
    title: str
    cells: int
    draw: Callable[[R, Look], Cell]
    align: Align = Align.LEFT
    grows: int = 0
    from_width: int = 0
    to_width: float = inf
    sort: bool = False


class Placed(Struct, Generic[R], frozen=True):
    """A column at its final width."""

    column: Column[R]
    cells: int


def place(columns: Sequence[Column[R]], cells: int) -> tuple[Placed[R], ...]:
    """The columns that a table of this width shows, at their widths; what is left over goes to those that grow.

    On a narrow terminal the widest of these give what is lacking, as far as they can be read then; if that is not
    enough there is no room for the last columns. So nothing is cut at the edge, where no sign would say so.
    """
    shown = [column for column in columns if column.from_width <= cells <= column.to_width]
    while len(shown) > 1 and _needed([_least(column) for column in shown]) > cells:
        shown.pop()
    widths = [column.cells for column in shown]
    while _needed(widths) > cells and (giving := [at for at, one in enumerate(shown) if widths[at] > _least(one)]):
        widths[max(giving, key=widths.__getitem__)] -= 1
    spare, parts = max(cells - _needed(widths), 0), sum(column.grows for column in shown)
    placed = []
    for column, own in zip(shown, widths, strict=True):
        extra = spare * column.grows // parts if parts else 0
        spare, parts = spare - extra, parts - column.grows
        placed.append(Placed(column, own + extra))
    return tuple(placed)


def _needed(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _least(column: Column[R]) -> int:
    return min(column.cells, LEAST) if column.grows else column.cells


def draw_row(row: R, placed: Sequence[Placed[R]], look: Look) -> Line:
    """A row as cells of exactly their columns' widths, gaps between them included."""
    cells: list[Cell] = []
    for at, one in enumerate(placed):
        cell = one.column.draw(row, look)
        text = fit(cell.text, one.cells, cut=look.glyphs.cut, align=one.column.align)
        cells.append(Cell(text if at == 0 else " " * GAP + text, cell.tone))
    return tuple(cells)


def draw_titles(placed: Sequence[Placed[R]], sorted_by: str, descending: bool, glyphs: Glyphs) -> Line:
    """The head of the table; the column it is sorted by says which way."""
    cells: list[Cell] = []
    for at, one in enumerate(placed):
        text, tone = one.column.title, Tone.MUTED
        if one.column.id == sorted_by:
            sign = glyphs.down if descending else glyphs.up
            text, tone = shorten(text, max(one.cells - width(sign), 0), cut="") + sign, Tone.STRONG
        text = fit(text, one.cells, cut=glyphs.cut, align=one.column.align)
        cells.append(Cell(text if at == 0 else " " * GAP + text, tone))
    return tuple(cells)


def column_at(placed: Sequence[Placed[R]], cell: int) -> Column[R] | None:
    """The column under a cell of a line, for clicks on the head."""
    left = 0
    for one in placed:
        if left <= cell < left + one.cells:
            return one.column
        left += one.cells + GAP
    return None
