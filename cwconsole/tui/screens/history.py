"""A screen over one of the store's histories: give it columns and the list's function."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.widget import Widget

from cwconsole.core.errors import RefusedError, UsageError
from cwconsole.core.filters import Filter
from cwconsole.store.listing import Listing
from cwconsole.store.once import Connection
from cwconsole.tui.history import History, SortedHistory, StoredHistory
from cwconsole.tui.render.columns import Column
from cwconsole.tui.rows import Marks
from cwconsole.tui.screens.listing import ListScreen
from cwconsole.tui.viewspec import ViewSpec
from cwconsole.tui.widgets.history_table import Ahead, HistoryTable
from cwconsole.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from cwconsole.tui.app import ConsoleApp

REACTION_MS: Final = 700  # a key that comes sooner was meant for the row that stood there before

Page = Callable[[Connection, Filter], Listing[Any]]  # one of `store/*_list.page`


def row_id(row: Any) -> int:
    """What identifies a row of nearly every list."""
    return int(row.id)


def listed(console: ConsoleApp, wanted: ViewSpec, page: Page, key_of: Callable[[Any], int]) -> StoredHistory[Any]:
    """The rows of a view that lists a history."""
    noun = wanted.kind.noun
    assert noun is not None, "a history lists something"
    return StoredHistory(
        store=console.store,
        noun=noun,
        page=page,
        key_of=key_of,
        chosen=lambda: wanted.filter(now_ms=console.now_ms()),
    )


class HistoryScreen(ListScreen):
    """columns: all of them; the width decides which are shown. page: one of `store/*_list.page`. empty: no rows."""

    columns: ClassVar[Sequence[Column[Any]]]
    empty: ClassVar[str] = "Nothing here. Escape leads back; / changes the filter."
    _unfit: ViewSpec | None = None  # what was typed last and cannot be used
    _moved_ms = 0  # when a newer row last came in under the cursor

    @staticmethod
    @abstractmethod
    def page(conn: Connection, chosen: Filter) -> Listing[Any]:
        """One page of the list."""

    @staticmethod
    def order(conn: Connection, chosen: Filter, by: str, *, descending: bool) -> list[int]:
        """`order` of the same module, where the view has a `sort:`; and so for `some`."""
        raise NotImplementedError

    @staticmethod
    def some(conn: Connection, numbers: Sequence[int]) -> list[Any]:
        raise NotImplementedError

    @staticmethod
    def key_of(row: Any) -> int:
        """What identifies a row; its id unless it is elsewhere."""
        return row_id(row)

    def body(self) -> Iterable[Widget]:
        yield self.make_table()

    def make_table(self, *, ahead: Ahead[Any] | None = None) -> HistoryTable[Any]:
        """The table, for screens that put it beside something else."""
        return HistoryTable(
            self.columns,
            key=self.key_of,
            look=self.console.look(),
            id="list",
            empty=self.empty,
            is_wanted=self.is_listed,
            ahead=ahead,
        )

    @property
    def history(self) -> HistoryTable[Any]:
        """The list."""
        return self.query_one("#list", HistoryTable)

    async def load(self) -> None:
        if self.is_listed():
            newest = self.history.live_key
            await self.history.catch_up()
            if newest is not None and self.history.live_key not in {newest, None}:
                self._moved_ms = self.console.now_ms()
            self.update_frame()
            return
        wanted = self.spec
        try:
            await self._open(wanted)
        except RefusedError as error:
            if self.query_one(Prompt).is_open or self.spec != wanted:
                raise
            self.spec = wanted.sorted_by("", descending=False)  # the list as it was, if that is the same
            self.show_spec()
            self.update_frame()
            self.app.notify(error.message, severity="warning")
            return
        except UsageError as error:
            if self.query_one(Prompt).is_open_for("/") or self.spec != wanted:
                self._unfit = wanted  # half typed, which is no failure: what is shown stays until it can be used
                self.update_frame()
                return
            if self.query_one(Prompt).is_open or not self.previous_spec():
                raise
            self.app.notify(error.message, severity="error")  # and what was shown before is shown again
            return
        if isinstance(self.begins_at, int):
            await self.history.go_to_key(self.begins_at)
        self.begins_at = None
        self._listed = wanted
        self.update_frame()

    async def _open(self, wanted: ViewSpec) -> None:
        """Raises RefusedError if it is too much to sort; what is shown stays as it is then."""
        history: History[Any] = await self._history_of(wanted).read_anew()
        same_rows = self._listed is not None and self._listed.words == wanted.words
        self._listed = None  # whatever is asked for next, it is opened: with what cannot be read nothing can go on
        await self.history.open(history, self.history.marks if same_rows else Marks())
        self.history.set_sort(wanted.sort, wanted.descending)

    def _history_of(self, wanted: ViewSpec) -> History[Any]:
        newest_first = listed(self.console, wanted, self.page, self.key_of)
        if not wanted.sort:
            return newest_first
        order = partial(self.order, by=wanted.sort, descending=wanted.descending)
        return SortedHistory(listed=newest_first, order=order, some=self.some)

    def has_just_moved(self) -> bool:
        return 0 <= self.console.now_ms() - self._moved_ms < REACTION_MS

    def minute(self) -> None:
        super().minute()
        if self.ready and self.spec.slides:
            self.refresher.follow()

    def badge(self) -> str:
        if not (self.ready and self.is_listed()):
            return "not a filter yet" if self._unfit == self.spec else super().badge()
        new, rows = self.history.new_words(), self.history.rows
        about = "" if self.history.is_sure else "about "  # some that are not in view may have gone
        found = f"{about}{rows.total:,} found" if self.spec.words and rows.exact and rows.total else ""  # never a guess
        return "  ".join(part for part in (found, super().badge(), new) if part)
