"""Columns of a table: fixed widths, and which of them are shown at which width of the table.

Widths never depend on what the rows hold: they are known before the first row is, and a new row moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.glyphs import UNICODE, Glyphs
from cwconsole.tui.render.plain import Align, fit, shorten, width

R = TypeVar("R")
GAP = 1


class Look(Struct, frozen=True, kw_only=True):
    """What a row looks like depends on: the glyphs, and what time it is (milliseconds since the epoch, UTC)."""

    glyphs: Glyphs = UNICODE
    now_ms: int = 0


class Column(Struct, Generic[R], frozen=True, kw_only=True):
    """One column.

    id: the word for `sort:`. cells: its width. grows: how large a part of the room that is left over it takes.
    from_width: shown when the table is at least so wide. sort: whether the list can be ordered by it.
    """

    id: str
    title: str
    cells: int
    draw: Callable[[R, Look], Cell]
    align: Align = Align.LEFT
    grows: int = 0
    from_width: int = 0
    sort: bool = False


class Placed(Struct, Generic[R], frozen=True):
    """A column at its final width."""

    column: Column[R]
    cells: int


def place(columns: Sequence[Column[R]], cells: int) -> tuple[Placed[R], ...]:
    """The columns that a table of this width shows, at their widths; what is left over goes to those that grow."""
    shown = [column for column in columns if column.from_width <= cells]
    spare = cells - sum(column.cells + GAP for column in shown) + GAP
    parts = sum(column.grows for column in shown)
    placed = []
    for column in shown:
        extra = max(spare, 0) * column.grows // parts if parts else 0
        spare, parts = spare - extra, parts - column.grows
        placed.append(Placed(column, column.cells + extra))
    return tuple(placed)


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
