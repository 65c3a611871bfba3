"""A table whose rows are asked for before they are here: another list, or rows of this one that are far away.

Until they are here nothing is under the cursor, no sentence says that there is nothing, and keys wait: what is pressed
after other rows were asked for is meant for those.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from cwconsole.tui.action import Action
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.render.cells import Cell, Line
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.rows import Rows
from cwconsole.tui.widgets.table_lines import TableLines
from cwconsole.tui.work import start

if TYPE_CHECKING:
    from cwconsole.tui.render.row_text import Field

R = TypeVar("R")
_OF_A_ROW: Final = frozenset(
    {"table.mark", "table.mark_range", "table.open", "table.copy"}
)  # not done before the row is read


class TableScreen(Protocol):
    """The screen around a table. caught_up: what the operator has asked for has been read, or cannot be.

    in_turn: held by each key that waits for that.
    """

    in_turn: asyncio.Lock

    async def open_row(self, table: Any, row: Any) -> None:
        """A row was chosen with Enter or a second click."""

    def choose_copy(self, fields: Sequence[Field], line: str) -> None:
        """Ask what to copy of a row: what its columns say, or the line of all that are shown."""

    async def caught_up(self) -> None: ...

    def read_again(self) -> None:
        """Soon, and until it can be read."""

    def actions(self) -> Sequence[Action]:
        """What can be done there."""


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

    async def action_do(self, name: str) -> None:
        """Run one of the table's own actions, see `tui.actions`, once the rows are here that it is meant for."""
        if not self.is_here or (name in _OF_A_ROW and self.rows.total and self.rows.at(self._cursor) is None):
            start(self, self._do_when_here(name), what="Reading the list", group="operator")
        else:
            await self._do(name)

    async def _do_when_here(self, name: str) -> None:
        screen = cast("TableScreen", self.screen)
        async with screen.in_turn:
            await screen.caught_up()
            if self.is_here and self.has_focus:
                await self._do(name)

    async def _do(self, name: str) -> None:
        if name.startswith("table.mark") and BY_ID[name] not in cast("TableScreen", self.screen).actions():
            self.app.notify("Rows of this list cannot be marked: what is done is done to the one under the cursor.")
            return
        if inspect.isawaitable(outcome := getattr(self, "do_" + name.replace(".", "_"))()):
            await outcome
