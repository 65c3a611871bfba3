"""A table whose rows are asked for before they are here: another list, or rows of this one that are far away.

Until they are here nothing is under the cursor, no sentence says that there is nothing, and keys wait: what is pressed
after other rows were asked for is meant for those.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from cwconsole.tui.render.cells import Cell, Line
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.rows import Rows
from cwconsole.tui.widgets.table_lines import TableLines
from cwconsole.tui.work import start

R = TypeVar("R")


class AwaitedLines(TableLines[R]):
    """is_wanted: whether the list that is shown is still the one that the operator asks for."""

    def __init__(
        self,
        rows: Rows[R],
        columns: Sequence[Column[R]],
        *,
        look: Look,
        id: str | None,  # noqa: A002 - Textual's name for it
        empty: str,
        is_wanted: Callable[[], bool],
    ) -> None:
        super().__init__(rows, columns, look=look, id=id, empty=empty)
        self.is_wanted = is_wanted
        self._way: object | None = None  # the jump to rows that are not here, while they are read
        self._arrived = asyncio.Event()
        self._arrived.set()

    @property
    def is_here(self) -> bool:
        """Whether the operator has what was asked for: this list, and the rows that the cursor was sent to."""
        return self.is_wanted() and self._way is None

    async def arrived(self) -> None:
        """Wait until the cursor is where it was sent to."""
        await self._arrived.wait()

    def set_out(self, way: Callable[[], Coroutine[Any, Any, None]], *, what: str) -> None:
        """Send the cursor to rows that have to be read first."""
        self._way = mine = object()
        self._arrived.clear()

        async def go() -> None:
            try:
                await way()
            finally:
                if self._way is mine:  # and no other one has begun since
                    self._way = None
                    self._arrived.set()

        start(self, go(), what=what, group="history-jump", exclusive=True)

    def _without_row(self, index: int) -> Line:
        is_known = index < self.rows.total or self.is_wanted()
        return super()._without_row(index) if is_known else (Cell(""),)
