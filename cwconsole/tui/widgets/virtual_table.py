"""A table over rows that need not all be here: a cursor, marks, keys and mouse. `table_lines` draws it.

Textual's own table measures and keeps every row: 100,000 of them take 13 seconds to open. Here only what is in view
is drawn. The cursor is a row, not a line: when rows come in above it, it stays on its row, and so does the view.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from textual import events
from textual.binding import BindingType
from textual.message import Message

from cwconsole.core.counted import counted
from cwconsole.core.later import Later
from cwconsole.tui.action import Scope
from cwconsole.tui.actions import bindings
from cwconsole.tui.render.columns import Column, Look, column_at
from cwconsole.tui.rows import Marks, Rows
from cwconsole.tui.widgets.awaited_lines import AwaitedLines, TableScreen
from cwconsole.tui.widgets.table_lines import HEAD, SIGNS

if TYPE_CHECKING:
    from cwconsole.tui.render import row_text
else:
    row_text = Later("cwconsole.tui.render.row_text")

R = TypeVar("R")

TWICE_SECONDS: Final = 1.0  # within which `g` and `g` are `gg`


class VirtualTable(AwaitedLines[R], can_focus=True):
    """See the module. Subclasses decide where rows come from; `rows` says what is there now."""

    first_descending: ClassVar[bool] = False  # which way a column is sorted at first
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Scope.TABLE)]
    DEFAULT_CSS = """
    VirtualTable {
        width: 1fr;
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """

    class CursorMoved(Message):
        """The cursor stands on another row, or on another version of it; None if there are no rows."""

        def __init__(self, table: VirtualTable[Any], row: Any) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> VirtualTable[Any]:
            return self.table

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, VirtualTable.CursorMoved)

    class Changed(Message):
        """How many are marked, how many there are, or how many are new has changed."""

        def __init__(self, table: VirtualTable[Any]) -> None:
            super().__init__()
            self.table = table

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, VirtualTable.Changed)

    class SortAsked(Message):
        """The operator wants another order: a column's id, and whether from high to low."""

        def __init__(self, column: str, descending: bool) -> None:
            super().__init__()
            self.column = column
            self.descending = descending

    def __init__(
        self,
        rows: Rows[R],
        columns: Sequence[Column[R]],
        *,
        look: Look,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        empty: str = "",
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(rows, columns, look=look, id=id, empty=empty, is_wanted=is_wanted)
        self._cursor_key: Hashable | None = None
        self._anchor: Hashable | None = None
        self._told_row: R | None = None
        self._told_counts: tuple[int, bool] | None = None
        self._g_pressed = 0.0

    # --- what is under the cursor -----------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """The position of the cursor."""
        return self._cursor

    @property
    def current(self) -> R | None:
        """The row under the cursor; None if there is none, it has not been read yet, or others are asked for."""
        return self.rows.at(self._cursor) if self.is_here else None

    def move_to(self, index: int) -> None:
        """Put the cursor on a position, and bring it into view."""
        index = max(min(index, self.rows.total - 1), 0)
        before, self._cursor = self._cursor, index
        row = self.rows.at(index)
        key = None if row is None else self.rows.key(row)
        moved, self._cursor_key = (before != index or key != self._cursor_key), key
        if before != index:
            self._refresh_rows((before, index))
        self._show_cursor()
        if moved:
            self._tell_cursor(row)

    def forget_cursor(self) -> None:
        """The cursor stays on its line, whichever row comes to stand there."""
        self._cursor_key = None

    def move_to_key(self, key: Hashable) -> bool:
        """Put the cursor on a row, if it is here."""
        index = self.rows.index(key)
        if index is not None:
            self.move_to(index)
        return index is not None

    def _show_cursor(self) -> None:
        top, page = self.scroll_offset.y, self._page
        if not top <= self._cursor < top + page:
            self._scroll_top(self._cursor if self._cursor < top else self._cursor - page + 1)

    def _scroll_top(self, top: int) -> None:
        self.scroll_to(y=max(top, 0), animate=False, force=True)

    # --- what changes -----------------------------------------------------------------------------------------------

    def show_changed(self) -> None:
        """Rows have changed, come or gone: draw again the lines in view that read differently now."""
        self._known = True
        self._drop_lost_marks()
        self._resize_content()
        self._follow_cursor()
        self._redraw()
        counts = self.rows.total, self.rows.exact
        if counts != self._told_counts:
            self._told_counts = counts
            self.post_message(self.Changed(self))

    def _drop_lost_marks(self) -> None:
        """A mark belongs to a row that the list shows: else what is counted and what is done would differ."""
        lost = {key for key in self.marks.keys if self.rows.lacks(key)}
        if lost:
            self.marks = Marks(self.marks.keys - lost, self.marks.everything)
            self.post_message(self.Changed(self))
            if not self.marks.everything:
                what = counted(len(lost), "marked row is", "marked rows are")
                self.app.notify(f"{what} not in this list any more, and not marked any more.")

    def show_shifted(self, by: int) -> None:
        """Positions have become different ones; the same rows stay in view."""
        self._resize_content()
        if by:
            self._cursor += by
            self._scroll_top(self.scroll_offset.y + by)
        self.show_changed()

    def set_marks(self, marks: Marks) -> None:
        """Choose rows."""
        before, self.marks = self.marks, marks
        differ = [at for at in self.in_view if self._marked(at, before) != self._marked(at, marks)]
        self._refresh_rows(differ)
        self.post_message(self.Changed(self))

    def marked_words(self) -> str:
        """How many rows are chosen, for the crumbs; nothing without any."""
        return self.marks.words(self.rows.total, exact=self.rows.exact)

    def _marked(self, index: int, marks: Marks) -> bool:
        row = self.rows.at(index)
        return row is not None and self.rows.key(row) in marks

    def _follow_cursor(self) -> None:
        """The cursor belongs to a row: find it again; where it has gone, stay on the line."""
        index = None if self._cursor_key is None else self.rows.index(self._cursor_key)
        if index is not None and index != self._cursor:
            line = self._cursor - self.scroll_offset.y
            self._refresh_rows((self._cursor, index))
            self._cursor = index
            if 0 <= line < self._page:
                self._scroll_top(index - line)
        self._cursor = max(min(self._cursor, self.rows.total - 1), 0)
        row = self.rows.at(self._cursor)
        if row is not None or not self.rows.total:
            key = None if row is None else self.rows.key(row)
            moved, self._cursor_key = key != self._cursor_key, key
            if moved or row != self._told_row:
                self._tell_cursor(row)

    def _tell_cursor(self, row: R | None) -> None:
        self._told_row = row
        self.post_message(self.CursorMoved(self, row))

    def _resize_content(self) -> None:
        self.set_lines(max(self.rows.total, 1) + HEAD)

    def on_resize(self) -> None:
        """Another width shows other columns."""
        self._place_columns()
        self._resize_content()
        self._show_cursor()

    # --- keys and mouse ---------------------------------------------------------------------------------------------

    def do_table_down(self) -> None:
        self.move_to(self._cursor + 1)

    def do_table_up(self) -> None:
        self.move_to(self._cursor - 1)

    def do_table_page_down(self) -> None:
        self._turn(self._page)

    def do_table_page_up(self) -> None:
        self._turn(-self._page)

    def do_table_half_down(self) -> None:
        self._turn(max(self._page // 2, 1))

    def do_table_half_up(self) -> None:
        self._turn(-max(self._page // 2, 1))

    def do_table_top(self) -> None:
        self.move_to(0)

    def do_table_end(self) -> None:
        self.move_to(self.rows.total - 1)

    def do_table_g(self) -> None:
        """The first of two."""
        now = monotonic()
        if now - self._g_pressed < TWICE_SECONDS:
            self._g_pressed = 0.0
            self.do_table_top()
        else:
            self._g_pressed = now

    async def do_table_open(self) -> None:
        """Awaited, and no message: the next key is for what has come to the front."""
        if (row := self.current) is not None:
            await cast("TableScreen", self.screen).open_row(self, row)

    def do_table_copy(self) -> None:
        """Any column can be copied; the row is as wide as it is shown."""
        if (row := self.current) is not None:
            line = row_text.tab_separated(row, [one.column for one in self._placed], self.look)
            cast("TableScreen", self.screen).choose_copy(row_text.fields(row, self._columns, self.look), line)

    def do_table_mark(self) -> None:
        if self._cursor_key is not None:
            self._anchor = self._cursor_key
            self.set_marks(self.marks.toggle(self._cursor_key))
            self.do_table_down()

    def do_table_mark_range(self) -> None:
        """From the row that was marked last up to the cursor."""
        start = None if self._anchor is None else self.rows.index(self._anchor)
        if start is None:
            far = "The row that was marked last has gone, or is too far from here. "
            self.app.notify(f"{far if self._anchor else ''}Mark the first row with space, then go to the last one.")
            return
        low, high = sorted((start, self._cursor))
        rows = [row for at in range(low, high + 1) if (row := self.rows.at(at)) is not None]
        if len(rows) <= high - low:
            self.app.notify("Not all rows up to here have been read yet; none of them was marked.")
            return
        self.set_marks(self.marks.add([self.rows.key(row) for row in rows]))

    def do_table_mark_invert(self) -> None:
        if self._has_rows():
            self.set_marks(self.marks.inverted())

    def do_table_mark_all(self) -> None:
        if self._has_rows():
            self.set_marks(Marks() if self.marks == Marks(everything=True) else Marks(everything=True))

    def _has_rows(self) -> bool:
        """Whether there is something to mark; else all that comes later would be."""
        if not self.rows.total:
            self.app.notify("There is nothing to mark here.")
        return self.rows.total > 0

    def do_table_sort(self) -> None:
        """Sort by the next column that one can sort by."""
        orders = self.orders()
        if not orders:
            self.app.notify("This list has one order only; filter it with / instead.")
            return
        at = (orders.index(self.sorted_by) + 1) % len(orders) if self.sorted_by in orders else 0
        self.post_message(self.SortAsked(orders[at], self.descending if self.sorted_by else self.first_descending))

    def orders(self) -> list[str]:
        """What the rows can be sorted by, by the ids of the columns that are shown; empty for the list's own order."""
        return [one.column.id for one in self._placed if one.column.sort]

    def do_table_sort_reverse(self) -> None:
        if self.sorted_by:
            self.post_message(self.SortAsked(self.sorted_by, not self.descending))
        elif self.orders():
            self.app.notify("The newest come first. o sorts by a column; G leads to the oldest.")

    def _turn(self, by: int) -> None:
        """Move cursor and view together, as a pager does."""
        top = max(min(self.scroll_offset.y + by, self.rows.total - self._page), 0)
        target = max(min(self._cursor + by, self.rows.total - 1), 0)
        self._scroll_top(top)
        self.move_to(target)

    async def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; one on the cursor opens; one on the head sorts."""
        line = event.get_content_offset(self)
        if line is None:
            return
        if line.y < HEAD:
            column = column_at(self._placed, line.x - SIGNS)
            if column is not None and column.sort:
                again = self.sorted_by == column.id
                self.post_message(self.SortAsked(column.id, not self.descending if again else self.first_descending))
            return
        index = self.scroll_offset.y + line.y - HEAD
        if index == self._cursor:
            await self.do_table_open()
        elif index < self.rows.total:
            self.move_to(index)
