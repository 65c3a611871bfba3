"""A table over a history of any size. What is in view and not here is read, one page after the other.

The list is live as long as the cursor stands on its first row and that is in view: new rows come in above, and the
cursor stays on the newest. Once the operator has moved, nothing moves by itself: new rows are counted (`new`) until
they are asked for with gg.

When somebody has written, only what is in view is read again. The rest of the rows that are here may be old from then
on; it is read again as it comes into view.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar, cast

from cwconsole.core.errors import CwconsoleError
from cwconsole.core.filters import LONGEST_PAGE
from cwconsole.tui.history import PAGE, History
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.rows import Marks, WindowRows
from cwconsole.tui.widgets.awaited_lines import TableScreen
from cwconsole.tui.widgets.checked import NOTHING, Checked, Counted
from cwconsole.tui.widgets.virtual_table import VirtualTable
from cwconsole.tui.work import start

R = TypeVar("R")
AHEAD: Final = 2  # views that are read in advance
ABOVE_ALL: Final = 2**63 - 1  # higher than any key


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
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(WindowRows(key), columns, look=look, id=id, empty=empty, is_wanted=is_wanted)
        self.new = 0
        self.new_is_more = False
        self._history: History[R] | None = None
        self._generation = 0
        self._after: int | None = None
        self._high = 0  # the highest id there was when the top of the list was read last
        self._changes = 0  # how often somebody is known to have written
        self._checked: Checked | None = None  # what has been read since; None: everything that is here
        self._filled = asyncio.Event()
        self._filled.set()
        self._counted: Counted | None = None  # all rows, since everything was marked

    @property
    def is_live(self) -> bool:
        """Whether new rows are shown as they come."""
        return self.rows.at_top and self.cursor == 0 and self.scroll_offset.y == 0

    @property
    def live_key(self) -> int | None:
        """The key of the row under the cursor, if the list is live and has one."""
        return self.rows.newest if self.is_live else None

    @property
    def is_sure(self) -> bool:
        """Whether all rows are here, and none of them may be an old one."""
        rows = self.rows
        if not rows.exact or self._checked is None or rows.newest is None or rows.oldest is None:
            return rows.exact
        return self._checked.covers(Checked(high=rows.newest, low=rows.oldest))

    async def open(self, history: History[R]) -> None:
        """Show another list, from its top."""
        self._history = history
        self._generation += 1
        self.marks = Marks()
        self.forget_cursor()
        await self._restart()

    async def catch_up(self) -> None:
        """Somebody has written: show what is new, or count it, and draw what has changed of what is in view.

        What is not in view is read again when it comes into view (`_missing`).
        """
        history, generation = self._history, self._generation
        if history is None:
            return
        self._changes += 1
        high = (await history.extent()).high
        if generation != self._generation:
            return
        if self.is_live or self.rows.newest is None:
            await self._come_in(history, generation, high)
            return
        if self.rows.at_top:  # also without a higher id: what was there already may fit the filter only now
            await self._count_new(history, generation, high)
        await self._renew(history, generation)
        self._want()  # also what could not be read before

    async def _come_in(self, history: History[R], generation: int, high: int) -> None:
        """Show the top of the list as it is now. high: the highest id there is, whatever the filter."""
        top = await history.below(None, self._page)
        if generation != self._generation:
            return
        if not (self.is_live or self.rows.newest is None):  # the operator has moved meanwhile
            await self.catch_up()
            return
        low = 0 if top.next_after is None else top.next_after
        if low > self._high + 1 or not self.rows.at_top:  # something may lie between what was read and what is here
            await self._restart()
            return
        self._high = high
        self._checked = Checked(high=ABOVE_ALL, low=low)
        if self.rows.renew(top.rows, high=ABOVE_ALL, low=low):
            self._end_moved()
            self.forget_cursor()
            self.show_changed()

    async def _count_new(self, history: History[R], generation: int, high: int) -> None:
        newest = self.rows.newest or 0
        if high == newest:
            self.new, self.new_is_more = 0, False
            return
        top = await history.below(None, min(high - newest, PAGE))
        if generation == self._generation:
            fresh = sum(history.key(row) > newest for row in top.rows)
            self.new, self.new_is_more = fresh, fresh == len(top.rows) == PAGE
            self._high = high
            self.post_message(self.Changed(self))

    async def _renew(self, history: History[R], generation: int) -> None:
        """Read again what is in view. What the filter does not let through any more goes, what it does now comes."""
        view = self._keys_in_view()
        if view is None:
            return
        read = await history.below(view.high + 1, len(self.in_view) + 1)  # what may have come in below it included
        if generation != self._generation:
            return
        low = 0 if read.next_after is None else read.next_after
        self._checked = Checked(high=view.high, low=min(low, view.low))
        if self.rows.renew(read.rows, high=view.high, low=low):
            self._end_moved()
            self.show_changed()

    def _keys_in_view(self) -> Checked | None:
        rows = [row for at in self.in_view if (row := self.rows.at(at)) is not None]
        return Checked(high=self.rows.key(rows[0]), low=self.rows.key(rows[-1])) if rows else None

    async def _restart(self) -> None:
        history, generation, changes = self._history, self._generation, self._changes
        if history is None:
            return
        extent = await history.extent()
        top = await history.below(None)
        if generation != self._generation:
            return
        guess = 0 if history.filtered else extent.most
        self.rows.restart(top.rows, ended=top.next_after is None, guess=guess)
        self._after, self._high = top.next_after, extent.high
        self._all_read(changes)
        self.new, self.new_is_more = 0, False
        self._scroll_top(0)
        self.show_changed()
        self.move_to(0)
        self._want()

    def _all_read(self, changes: int) -> None:
        """All that is here was read just now. changes: how many there had been before it was read."""
        self._checked = None if changes == self._changes else NOTHING

    # --- which are marked, and how many -------------------------------------------------------------------------------

    def set_marks(self, marks: Marks) -> None:
        begins = marks.everything and not self.marks.everything
        super().set_marks(marks)
        if begins and not self.is_sure and self._history is not None:
            self._counted = None
            start(self, self._count(self._history, self._generation), what="Counting the list", group="history-count",
                  exclusive=True)  # fmt: skip

    async def _count(self, history: History[R], generation: int) -> None:
        changes = self._changes
        read = await history.below(None, LONGEST_PAGE)
        if generation == self._generation:
            self._counted = Counted(number=len(read.rows), more=read.next_after is not None, changes=changes)
            self.post_message(self.Changed(self))

    def marked_words(self) -> str:
        counted = self._counted
        if counted is None or not self.marks.everything or self.is_sure:
            return self.marks.words(self.rows.total, exact=self.is_sure)
        about = "" if counted.changes == self._changes else "about "
        return f"{about}{self.marks.count(counted.number):,}{'+' if counted.more else ''} marked"

    async def marked_keys(self, most: int) -> list[int]:
        """The keys of the marked rows, newest first, wherever they are; at most so many."""
        if not self.marks.everything:
            return sorted((int(str(key)) for key in self.marks.keys), reverse=True)[:most]
        found: list[int] = []
        after: int | None = None
        while self._history is not None and len(found) < most:
            listing = await self._history.below(after)
            found += [key for row in listing.rows if (key := self.rows.key(row)) in self.marks]
            after = listing.next_after
            if after is None:
                break
        return found[:most]

    # --- reading what is in view ------------------------------------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._want()

    def _want(self) -> None:
        """See to it that what is in view is read; one reading at a time."""
        if self._filled.is_set() and self._history is not None and self._missing() is not None:
            self._filled.clear()
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
        if self._checked is not None and (keys := self._keys_in_view()) is not None and not self._checked.covers(keys):
            return "again"
        return self._missing_around(view)

    def _missing_around(self, view: range) -> str | None:
        margin, rows = AHEAD * len(view), self.rows
        if not rows.at_top and view.start - margin < rows.first:
            return "above"
        return "below" if not rows.at_end and view.stop + margin > rows.end else None

    async def _fill(self) -> None:
        try:
            while (missing := self._missing()) is not None and self._history is not None:
                await self._read(missing, self._history, self._generation)
        except CwconsoleError:
            cast("TableScreen", self.screen).read_again()  # which says that it cannot be read, and comes back here
            raise
        finally:
            self._filled.set()

    async def arrived(self) -> None:
        """What is in view has been read too."""
        await super().arrived()
        await self._filled.wait()

    async def _read(self, missing: str, history: History[R], generation: int) -> None:
        if missing == "again":
            await self._renew(history, generation)
        elif missing == "above" and self.rows.newest is not None:
            page = await history.above(self.rows.newest)
            if generation == self._generation:
                by = self.rows.prepend(page.rows, topped=page.topped or not page.complete)
                self._end_moved()
                self.show_shifted(by)
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
        changes = self._changes
        target = max(self.in_view.start - PAGE // 2, 0)
        extent = await history.extent()
        key = extent.high - int((extent.high - extent.low) * target / max(self.rows.total, 1))
        listing = await history.below(key + 1)
        if generation == self._generation:
            self.rows.jump(target, listing.rows, ended=listing.next_after is None)
            self._after = listing.next_after
            self._all_read(changes)
            self.show_changed()

    def _end_moved(self) -> None:
        """The run may have let go of its last rows."""
        self._after = None if self.rows.at_end else self.rows.oldest

    def do_table_top(self) -> None:
        """The newest, what has come in meanwhile included."""
        if self.rows.at_top and not self.new:
            self.move_to(0)
        else:
            self.set_out(self._restart, what="Reading the newest rows")

    def do_table_end(self) -> None:
        if self.rows.at_end:
            self.move_to(self.rows.total - 1)
        else:
            self.set_out(self._go_to_end, what="Reading the oldest rows")

    async def _go_to_end(self) -> None:
        history, generation, changes = self._history, self._generation, self._changes
        if history is None:
            return
        page = await history.last()
        if generation == self._generation and page.complete:
            self.rows.jump(0, page.rows, ended=True)
            self._all_read(changes)
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
        index = max(int(self.rows.total * share), 1)  # the first row is here already, and this is another one
        self.rows.jump(index, listing.rows, ended=listing.next_after is None)
        self._after = listing.next_after
        self.show_changed()
        self.move_to_key(history.key(listing.rows[0]))

    def move_to(self, index: int) -> None:
        super().move_to(index)
        self._want()

    def notify_new(self) -> str:
        """`12 new`, `200+ new`, or nothing."""
        return f"{self.new}{'+' if self.new_is_more else ''} new" if self.new else ""
