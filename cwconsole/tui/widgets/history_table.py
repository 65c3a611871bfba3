"""A table over a history of any size. What is in view and not here is read, one page after the other.

The list is live as long as the cursor stands on its first row and that is in view: new rows come in above, and the
cursor stays on the newest. Once the operator has moved, nothing moves by itself: new rows are counted (`new`) until
they are asked for with gg.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from cwconsole.tui.history import PAGE, History
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.rows import Marks, Shift, WindowRows
from cwconsole.tui.widgets.virtual_table import VirtualTable
from cwconsole.tui.work import start

R = TypeVar("R")
AHEAD: Final = 2  # views that are read in advance


class HistoryTable(VirtualTable[R]):
    """See the module. `open` gives it a list."""

    rows: WindowRows[R]

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        key: Callable[[R], int],
        look: Look,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        empty: str = "",
    ) -> None:
        super().__init__(WindowRows(key), columns, look=look, id=id, empty=empty)
        self.new = 0
        self.new_is_more = False
        self._history: History[R] | None = None
        self._generation = 0
        self._after: int | None = None
        self._filling = False

    @property
    def is_live(self) -> bool:
        """Whether new rows are shown as they come."""
        return self.rows.at_top and self.cursor == 0 and self.scroll_offset.y == 0

    async def open(self, history: History[R]) -> None:
        """Show another list, from its top."""
        self._history = history
        self._generation += 1
        self.marks = Marks()
        self.forget_cursor()
        await self._restart()

    async def catch_up(self) -> None:
        """Somebody has written: show what is new, or count it, and draw what has changed of what is in view."""
        history, generation = self._history, self._generation
        if history is None:
            return
        top = await history.below(None)
        if generation != self._generation:
            return
        newest = self.rows.newest
        fresh = [row for row in top.rows if newest is None or history.key(row) > newest]
        overlaps = len(fresh) < len(top.rows) or top.next_after is None
        if self.is_live or newest is None:
            await self._come_in(fresh, overlaps)
        elif self.rows.at_top and fresh:
            self.new, self.new_is_more = len(fresh), not overlaps
            self.post_message(self.Changed(self))
        await self._renew(history, generation)

    async def _come_in(self, fresh: Sequence[R], overlaps: bool) -> None:
        if not overlaps or self.rows.newest is None:
            await self._restart()
        elif fresh:
            self.rows.newer(fresh)
            self._after = None if self.rows.at_end else self.rows.oldest
            self.forget_cursor()
            self.show_changed()

    async def _renew(self, history: History[R], generation: int) -> None:
        """Read again what is in view and around it. What the filter does not let through any more goes."""
        view = self.in_view
        around = range(view.start - PAGE // 2, view.stop + PAGE // 2)
        shown = [row for at in around if (row := self.rows.at(at)) is not None]
        if not shown:
            return
        read = await history.below(history.key(shown[0]) + 1, len(shown))
        if generation != self._generation:
            return
        found = {history.key(row) for row in read.rows}
        low = 0 if read.next_after is None else read.next_after
        gone = [key for row in shown if (key := history.key(row)) >= low and key not in found]
        self.rows.remove(gone)
        if self.rows.update(read.rows) or gone:
            self.show_changed()

    async def _restart(self) -> None:
        history, generation = self._history, self._generation
        if history is None:
            return
        extent = await history.extent()
        top = await history.below(None)
        if generation != self._generation:
            return
        guess = 0 if history.filtered else extent.most
        self.rows.restart(top.rows, ended=top.next_after is None, guess=guess)
        self._after = top.next_after
        self.new, self.new_is_more = 0, False
        self._scroll_top(0)
        self.show_changed()
        self.move_to(0)
        self._want()

    # --- reading what is in view ------------------------------------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._want()

    def _want(self) -> None:
        """See to it that what is in view is read; one reading at a time."""
        if not self._filling and self._history is not None and self._missing() is not None:
            self._filling = True
            start(self, self._fill(), what="Reading the list", group="history")

    def _missing(self) -> str | None:
        """What should be read next, if anything is."""
        view, rows = self.in_view, self.rows
        if not rows.total or rows.newest is None:
            return None if rows.at_end else "below"
        if view.stop < rows.first - PAGE or view.start > rows.end + PAGE:
            return "elsewhere"
        if view.start < rows.first:
            return None if rows.at_top else "above"
        if view.stop > rows.end:
            return None if rows.at_end else "below"
        margin = AHEAD * len(view)
        if not rows.at_top and view.start - margin < rows.first:
            return "above"
        return "below" if not rows.at_end and view.stop + margin > rows.end else None

    async def _fill(self) -> None:
        try:
            while (missing := self._missing()) is not None and self._history is not None:
                await self._read(missing, self._history, self._generation)
        finally:
            self._filling = False

    async def _read(self, missing: str, history: History[R], generation: int) -> None:
        if missing == "above" and self.rows.newest is not None:
            page = await history.above(self.rows.newest)
            if generation == self._generation:
                shift = self.rows.prepend(page.rows, topped=page.topped or not page.complete)
                self._shifted(shift)
        elif missing == "below":
            listing = await history.below(self._after)
            if generation == self._generation:
                self.rows.append(listing.rows, ended=listing.next_after is None)
                self._after = listing.next_after
                self.show_changed()
        else:
            await self._leap(history, generation)

    async def _leap(self, history: History[R], generation: int) -> None:
        """Read around the view, where the key is guessed from the position."""
        target = max(self.in_view.start - PAGE // 2, 0)
        extent = await history.extent()
        key = extent.high - int((extent.high - extent.low) * target / max(self.rows.total, 1))
        listing = await history.below(key + 1)
        if generation == self._generation:
            self.rows.jump(target, listing.rows, ended=listing.next_after is None)
            self._after = listing.next_after
            self.show_changed()

    def _shifted(self, shift: Shift) -> None:
        self._after = None if self.rows.at_end else self.rows.oldest
        self.show_shifted(shift.by)

    def do_table_top(self) -> None:
        """The newest, what has come in meanwhile included."""
        if self.rows.at_top and not self.new:
            self.move_to(0)
        else:
            start(self, self._restart(), what="Reading the newest rows", group="history-jump", exclusive=True)

    def do_table_end(self) -> None:
        if self.rows.at_end:
            self.move_to(self.rows.total - 1)
        else:
            start(self, self._go_to_end(), what="Reading the oldest rows", group="history-jump", exclusive=True)

    async def _go_to_end(self) -> None:
        history, generation = self._history, self._generation
        if history is None:
            return
        page = await history.last()
        if generation == self._generation and page.complete:
            self.rows.jump(0, page.rows, ended=True)
            self._after = None
            self.show_changed()
            self.move_to(self.rows.total - 1)

    async def go_to_key(self, key: int) -> None:
        """The row of that key, wherever it is, or the next older one if it has gone."""
        history, generation = self._history, self._generation
        if history is None or self.move_to_key(key):
            return
        extent = await history.extent()
        listing = await history.below(key + 1)
        if generation != self._generation or not listing.rows:
            return
        share = (extent.high - key) / max(extent.high - extent.low, 1)
        self.rows.jump(int(self.rows.total * share), listing.rows, ended=listing.next_after is None)
        self._after = listing.next_after
        self.show_changed()
        self.move_to_key(history.key(listing.rows[0]))

    def move_to(self, index: int, *, center: bool = False) -> None:
        super().move_to(index, center=center)
        self._want()

    def notify_new(self) -> str:
        """`12 new`, `200+ new`, or nothing."""
        return f"{self.new}{'+' if self.new_is_more else ''} new" if self.new else ""


AnyHistoryTable = HistoryTable[Any]
