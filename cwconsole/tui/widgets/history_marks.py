"""What a table knows of its history as a whole: how sure it is of its rows, which are marked, and how many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cwconsole.core.filters import LONGEST_PAGE
from cwconsole.tui.history import History
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.rows import Marks, WindowRows
from cwconsole.tui.widgets.checked import Checked, Counted
from cwconsole.tui.widgets.virtual_table import VirtualTable
from cwconsole.tui.work import start

R = TypeVar("R")


class HistoryMarks(VirtualTable[R]):
    """Part of `HistoryTable`, which reads the rows."""

    rows: WindowRows[R]

    def __init__(
        self,
        key: Callable[[R], int],
        columns: Sequence[Column[R]],
        *,
        look: Look,
        id: str | None,  # noqa: A002 - Textual's name for it
        empty: str,
        is_wanted: Callable[[], bool],
    ) -> None:
        super().__init__(WindowRows(key), columns, look=look, id=id, empty=empty, is_wanted=is_wanted)
        self._history: History[R] | None = None  # None until the first rows of one are here
        self._generation = 0
        self._changes = 0  # how often somebody is known to have written
        self._checked: Checked | None = None  # what has been read since; None: everything that is here
        self._counted: Counted | None = None  # all rows, since everything was marked

    @property
    def is_sure(self) -> bool:
        """Whether all rows are here, and none of them may be an old one."""
        rows = self.rows
        if not rows.exact or self._checked is None or rows.newest is None or rows.oldest is None:
            return rows.exact
        return self._checked.covers(Checked(high=rows.newest, low=rows.oldest))

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
        """The keys of the marked rows, in the order of the list, wherever they are; at most so many."""
        if not self.marks.everything:
            return sorted((int(str(key)) for key in self.marks.keys), key=self.rows.place, reverse=True)[:most]
        found: list[int] = []
        after: int | None = None
        while self._history is not None and len(found) < most:
            listing = await self._history.below(after)
            found += [key for row in listing.rows if (key := self.rows.key(row)) in self.marks]
            after = listing.next_after
            if after is None:
                break
        return found[:most]
