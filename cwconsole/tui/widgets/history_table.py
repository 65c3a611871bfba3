"""A table over a history of any size. What is in view and not here is read, one page after the other.

The list is live as long as the cursor stands on its first row and that is in view: new rows come in above, and the
cursor stays on the newest. Once the operator has moved, nothing moves by itself: new rows are counted (`new`) until
they are asked for with gg.

A list in another order (`SortedHistory`) is never live: what comes in is counted, and gg reads the order again.

When somebody has written, only what is in view is read again. The rest of the rows that are here may be old from then
on; it is read again as it comes into view.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias, TypeVar, cast

from cwconsole.core.errors import CwconsoleError, RefusedError
from cwconsole.tui.history import PAGE, History
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.rows import Marks
from cwconsole.tui.widgets.awaited_lines import TableScreen
from cwconsole.tui.widgets.checked import NOTHING, Checked
from cwconsole.tui.widgets.history_marks import HistoryMarks
from cwconsole.tui.work import start

R = TypeVar("R")
Ahead: TypeAlias = Callable[[R], Awaitable[None]]
AHEAD: Final = 2  # views that are read in advance
ABOVE_ALL: Final = 2**63 - 1  # higher than any key


class HistoryTable(HistoryMarks[R]):
    """See the module. `open` gives it a list.

    ahead: awaited with another first row of a live list before that comes to stand under the cursor.
    """

    first_descending = True  # the longest and the most are looked for

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        key: Callable[[R], int],
        look: Look,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        empty: str = "",
        is_wanted: Callable[[], bool] = lambda: True,
        ahead: Ahead[R] | None = None,
    ) -> None:
        super().__init__(key, columns, look=look, id=id, empty=empty, is_wanted=is_wanted)
        self._ahead = ahead
        self.new = 0
        self.new_is_more = False
        self._after: int | None = None
        self._high = 0  # the highest id there was when the top of the list was read last
        self._filled = asyncio.Event()
        self._filled.set()

    @property
    def is_live(self) -> bool:
        """Whether new rows are shown as they come."""
        return self._can_be_live and self.rows.at_top and self.cursor == 0 and self.scroll_offset.y == 0

    @property
    def live_key(self) -> int | None:
        """The key of the row under the cursor, if the list is live and has one."""
        return self.rows.newest if self.is_live else None

    @property
    def _can_be_live(self) -> bool:
        return self._history is not None and self._history.is_live

    async def open(self, history: History[R], marks: Marks | None = None) -> None:
        """Show another list, from its top. marks: of the same rows in another order."""
        self._history = None  # what is here is not of it, and none of it is here
        self._generation += 1
        self.marks = marks or Marks()
        self.forget_cursor()
        await self._restart(history)

    async def catch_up(self) -> None:
        """Somebody has written: show what is new, or count it, and draw what has changed of what is in view.

        What is not in view is read again when it comes into view (`_missing`).
        """
        history, generation = self._history, self._generation
        if history is None:
            return
        self._changes += 1
        if self._comes_in:
            await self._come_in(history, generation)
            return
        high = (await history.extent()).high
        if generation != self._generation:
            return
        if self.rows.at_top or not history.is_live:
            # Also without a higher id: what was there already may fit the filter only now.
            await self._count_new(history, generation, high)
        await self._renew(history, generation)
        self._want()  # also what could not be read before

    @property
    def _comes_in(self) -> bool:
        """Whether what is new is shown, rather than counted: also where there is no row yet that could be left."""
        return self.is_live or (self._can_be_live and self.rows.newest is None)

    async def _come_in(self, history: History[R], generation: int) -> None:
        """Show the top of the list as it is now."""
        read = await history.top(self._page)
        top = read.listing
        if self._ahead is not None and top.rows and top.rows[0] != self.rows.at(0):
            await self._ahead(top.rows[0])
        if generation != self._generation:
            return
        if not self._comes_in:  # the operator has moved meanwhile
            await self.catch_up()
            return
        low = 0 if top.next_after is None else top.next_after
        if low > self._high + 1 or not self.rows.at_top:  # something may lie between what was read and what is here
            await self._restart(history)
            return
        self._high = read.extent.high
        self._checked = Checked(high=ABOVE_ALL, low=low)
        if self.rows.renew(top.rows, high=ABOVE_ALL, low=low):
            self._end_moved()
            self.forget_cursor()
            self.show_changed()

    async def _count_new(self, history: History[R], generation: int, high: int) -> None:
        new, is_more = await history.fresh(self.rows.newest or 0, high)
        if generation == self._generation:
            self.new, self.new_is_more = new, is_more
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
        places = [self.rows.place(self.rows.key(row)) for row in (rows[0], rows[-1])] if rows else []
        return Checked(high=places[0], low=places[1]) if places else None

    async def _restart(self, history: History[R]) -> None:
        """Show a list from its top. It is the one that is shown as soon as its rows are here."""
        generation, changes = self._generation, self._changes
        read = await history.top()
        if generation != self._generation:
            return
        extent, top = read.extent, read.listing
        guess = 0 if history.filtered else extent.most
        self._history = history
        self.rows.restart(top.rows, ended=top.next_after is None, guess=guess, place=history.place)
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
        """Read around the view, where the place is guessed from the position."""
        changes = self._changes
        target = max(self.in_view.start - PAGE // 2, 0)
        extent = await history.extent()
        place = extent.high - extent.most * target // max(self.rows.total, 1)
        listing = await history.below(place + 1)
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
        if self.rows.at_top and not self.new and self._can_be_live:
            self.move_to(0)
        else:
            self.set_out(self._begin_again, what="Reading the first rows")

    async def _begin_again(self) -> None:
        if self._history is None:
            return
        try:
            history = await self._history.read_anew()
        except RefusedError as error:  # there are too many by now; what was read stays
            self.app.notify(error.message, severity="warning")
        else:
            await self._restart(history)

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
        """The row of that key, wherever it is, or the next older one if it has gone; sorted it may be nowhere."""
        history, generation = self._history, self._generation
        if history is None or self.move_to_key(key) or not (place := history.place(key)):
            return
        extent = await history.extent()
        listing = await history.below(place + 1)
        if generation != self._generation or not listing.rows:
            return
        index = max(
            self.rows.total * (extent.high - place) // max(extent.most, 1), 1
        )  # the first row is here already, and this is another one
        self.rows.jump(index, listing.rows, ended=listing.next_after is None)
        self._after = listing.next_after
        self.show_changed()
        self.move_to_key(self.rows.key(listing.rows[0]))

    def move_to(self, index: int) -> None:
        super().move_to(index)
        self._want()

    def new_words(self) -> str:
        """`12 new, gg`, `200+ new, gg`, or nothing; sorted, `not live, gg` and `not live: 12 new, gg`."""
        new = f"{self.new}{'+' if self.new_is_more else ''} new, gg" if self.new else ""
        if self._history is None or self._history.is_live:
            return new
        return f"not live: {new}" if new else "not live, gg"

    def orders(self) -> list[str]:
        """Behind the last column the newest come first again."""
        return [*columns, ""] if (columns := super().orders()) else []
