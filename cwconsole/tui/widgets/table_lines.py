"""The lines of a table: drawn only where one can see them, and sent again only where they read differently.

Textual compares no frames, it sends every region that was called dirty. So here

1. a row's cells, and the strip they make, are kept as long as the row is the same, wherever it comes to stand;
2. a kept strip is given to the screen as it is, and brings its codes for the terminal with it;
3. what a line read when it was drawn last is remembered, and only the cells that differ are called dirty;
4. widths of columns are fixed, so a new row moves nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import ClassVar, Final, Generic, TypeVar

from msgspec import Struct, field
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from cwconsole.tui.render.cells import Cell, Line, differing
from cwconsole.tui.render.columns import Column, Look, Placed, draw_row, draw_titles, place
from cwconsole.tui.rows import Marks, Rows
from cwconsole.tui.widgets.line_scroll import KEPT_LINES, LineScroll

R = TypeVar("R")

HEAD: Final = 1  # lines of the head, which stay while the rows scroll
SIGNS: Final = 2  # cells before the first column: the sign of a mark


class _Drawn(Struct, Generic[R], frozen=True):
    """A row's cells, and what they were drawn from.

    strips: by whether it has the cursor, whether it is marked, and their width, which is less beside a scrollbar.
    """

    row: R
    look: Look
    line: Line
    strips: dict[tuple[bool, bool, int], Strip] = field(default_factory=dict)


class _Shown(Struct, frozen=True):
    """What stands on a line of the screen."""

    line: Line
    has_cursor: bool = False
    marked: bool = False


class TableLines(LineScroll, Generic[R]):
    """See the module. rows: what there is; cursor and marks: of which rows the lines look different."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--head", "table--cursor", "table--mark", "table--waiting"}

    def __init__(self, rows: Rows[R], columns: Sequence[Column[R]], *, look: Look, id: str | None, empty: str) -> None:  # noqa: A002 - Textual's name for it
        """empty: what to say where there are no rows, in one line or several."""
        super().__init__(id=id)
        self.rows = rows
        self.marks = Marks()
        self.look = look
        self.empty = empty
        self.sorted_by, self.descending = "", False
        self._cursor = 0
        self._known = False  # whether it has been read: before, nobody can say that there is nothing
        self._columns = columns
        self._placed: tuple[Placed[R], ...] = ()
        self._drawn: dict[Hashable, _Drawn[R]] = {}
        self._shown: dict[int, _Shown] = {}

    @property
    def in_view(self) -> range:
        """The positions that are in view."""
        top = self.scroll_offset.y
        return range(top, min(top + self._page, self.rows.total))

    @property
    def _page(self) -> int:
        return max(self.scrollable_content_region.height - HEAD, 1)

    # --- what is sent again -----------------------------------------------------------------------------------------

    def tick(self, look: Look) -> None:
        """Time has passed: draw again what reads differently now."""
        self.look = look
        self._redraw()

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        """Show other columns."""
        self._columns = columns
        self._place_columns()
        self.refresh()

    def set_sort(self, column: str, descending: bool) -> None:
        """Say in the head what the rows are sorted by; whoever sorts them calls it."""
        if (column, descending) != (self.sorted_by, self.descending):
            self.sorted_by, self.descending = column, descending
            self.refresh(self._line_region(0))

    def notify_style_update(self) -> None:
        """Another theme, or another state of the widget: no strip is right any more."""
        super().notify_style_update()
        self._drawn.clear()

    def _redraw(self) -> None:
        top = self.scroll_offset.y
        dirty = [part for y in range(HEAD, HEAD + self._page) for part in self._dirty(y, self._line(top + y - HEAD))]
        if dirty:
            self.refresh(*dirty)

    def _dirty(self, y: int, now: _Shown) -> list[Region]:
        """The parts of a line that read differently from what was drawn there last."""
        before = self._shown.get(y)
        if before == now:
            return []
        if before is None or (before.has_cursor, before.marked) != (now.has_cursor, now.marked):
            return [self._line_region(y)]
        parts = differing(before.line, now.line)
        if parts is None:
            return [self._line_region(y)]
        return [Region(SIGNS + start, y, cells, 1) for start, cells in parts]

    def _refresh_rows(self, indexes: Iterable[int]) -> None:
        top, page = self.scroll_offset.y, self._page
        for index in indexes:
            if top <= index < top + page:
                self.refresh(self._line_region(index - top + HEAD))

    def _line_region(self, y: int) -> Region:
        return Region(0, y, self.size.width, 1)

    def _place_columns(self) -> None:
        self._placed = place(self._columns, max(self.scrollable_content_region.width - SIGNS, 1))
        self._drawn.clear()

    # --- drawing ----------------------------------------------------------------------------------------------------

    def strips(self, lines: Sequence[int]) -> list[Strip]:
        """Lines of the view: the head, and rows."""
        cells = self._cells
        return [self._strip_at(y, cells) for y in lines]

    def _strip_at(self, y: int, cells: int) -> Strip:
        if y < HEAD:
            titles = draw_titles(self._placed, self.sorted_by, self.descending, self.look.glyphs)
            return self.finished((Cell("  "), *titles), self.component("table--head"), cells, tones=False)
        index = self.scroll_offset.y + y - HEAD
        shown = self._shown[y] = self._line(index)
        row = self.rows.at(index)
        if row is None:
            return self.finished(shown.line, self.component("table--waiting"), cells)
        strips, kind = self._drawn_row(row).strips, (shown.has_cursor, shown.marked, cells)
        if kind not in strips:
            strips[kind] = self._row_strip(shown, cells)
        return strips[kind]

    def _line(self, index: int) -> _Shown:
        row = self.rows.at(index)
        if row is None:
            return _Shown(self._without_row(index))
        return _Shown(self._drawn_row(row).line, index == self._cursor, self.rows.key(row) in self.marks)

    def _drawn_row(self, row: R) -> _Drawn[R]:
        key = self.rows.key(row)
        drawn = self._drawn.get(key)
        if drawn is None or drawn.look is not self.look or (drawn.row is not row and drawn.row != row):
            if len(self._drawn) >= KEPT_LINES:
                self._drawn.clear()
            drawn = self._drawn[key] = _Drawn(row, self.look, draw_row(row, self._placed, self.look))
        return drawn

    def _without_row(self, index: int) -> Line:
        """What stands where no row is: nothing, a word that there are none, or a sign that it is being read."""
        if index < self.rows.total:
            return (Cell(f"  {self.look.glyphs.off}"),)
        told = self.empty.splitlines() if self._known and not self.rows.total else []
        return (Cell(f"  {told[index]}" if index < len(told) else ""),)

    def _row_strip(self, shown: _Shown, cells: int) -> Strip:
        sign = Cell(f"{self.look.glyphs.mark} " if shown.marked else "  ")
        style = self.component("table--mark") if shown.marked else Style.null()
        if shown.has_cursor:
            style = self.component("table--cursor")
        return self.finished((sign, *shown.line), self.own_style + style, cells, tones=not shown.has_cursor)

    @property
    def _cells(self) -> int:
        """The width of a line: from edge to edge, without the place of a scrollbar that is there."""
        return self.outer_size.width - (self.scrollbar_size_vertical if self.show_vertical_scrollbar else 0)
