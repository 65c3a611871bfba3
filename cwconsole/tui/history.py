"""Where the rows of a long history come from: pages by key, read on the store's threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Generic, Protocol, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from cwconsole.core.filters import Filter, Noun
from cwconsole.store import list_window
from cwconsole.store.database import Store
from cwconsole.store.list_window import Above, Extent, Top
from cwconsole.store.listing import Listing
from cwconsole.store.once import Connection

R = TypeVar("R")
PAGE: Final = 200


class History(Protocol[R]):
    """A list whose keys are whole numbers. Each row has a place, a number that falls from row to row."""

    def place(self, key: int) -> int:
        """Where a row stands, or would; 0 if that is nowhere."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether what is new stands at its top."""
        ...

    @property
    def filtered(self) -> bool:
        """Whether anything is left out, so that the extent says nothing of the number of rows."""
        ...

    async def read_anew(self) -> History[R]:
        """The list as it is now, if this one stands still. Raises RefusedError for more than can be sorted."""
        ...

    async def extent(self) -> Extent:
        """The places of everything there is, whatever the filter."""
        ...

    async def top(self, limit: int = PAGE) -> Top[R]:
        """The first rows, and the extent."""
        ...

    async def below(self, place: int | None, limit: int = PAGE) -> Listing[R]:
        """The rows next below a place; None for the top of the list."""
        ...

    async def above(self, place: int) -> Above[R]:
        """The rows next above a place."""
        ...

    async def last(self) -> Above[R]:
        """The rows at the end of the list."""
        ...

    async def fresh(self, newest: int, high: int) -> tuple[int, bool]:
        """How many rows have come in, and whether there may be more. newest: the highest place that is shown.

        high: the highest one there is now, whatever the filter.
        """
        ...


class StoredHistory(Struct, Generic[R], frozen=True, kw_only=True):
    """A list of the store with a filter, one of `store/*_list.py`, newest first: a row's place is its key.

    chosen: the filter at this moment, asked for at each reading, so that a window of time that is said by how long ago
    it begins moves on with the clock.
    """

    store: Store
    noun: Noun
    page: Callable[[Connection, Filter], Listing[R]]
    key_of: Callable[[R], int]
    chosen: Callable[[], Filter]

    is_live = True

    def place(self, key: int) -> int:
        return key

    @property
    def filtered(self) -> bool:
        return replace(self.chosen(), limit=Filter().limit) != Filter()

    async def read_anew(self) -> StoredHistory[R]:
        return self

    async def extent(self) -> Extent:
        return await self.store.read(list_window.extent, self.noun)

    async def top(self, limit: int = PAGE) -> Top[R]:
        return await self.store.read(list_window.top, self.page, replace(self.chosen(), limit=limit), noun=self.noun)

    async def below(self, place: int | None, limit: int = PAGE) -> Listing[R]:
        return await self.store.read(self.page, replace(self.chosen(), after=place, limit=limit))

    async def above(self, place: int) -> Above[R]:
        chosen = replace(self.chosen(), limit=PAGE)
        return await self.store.read(
            list_window.above, self.page, chosen, noun=self.noun, key_of=self.key_of, key=place
        )

    async def last(self) -> Above[R]:
        chosen = replace(self.chosen(), limit=PAGE)
        return await self.store.read(list_window.last, self.page, chosen, noun=self.noun, key_of=self.key_of)

    async def fresh(self, newest: int, high: int) -> tuple[int, bool]:
        if high == newest:
            return 0, False
        top = await self.below(None, min(high - newest, PAGE))
        number = sum(self.key_of(row) > newest for row in top.rows)
        return number, number == len(top.rows) == PAGE


class SortedHistory(Struct, Generic[R], frozen=True, kw_only=True):
    """All that a list found at one moment, in another order. It stands still: an order that moved could not be read.

    order, some: of the same list: its ids in that order, and its rows by id. ids: as they were read, the last one at
    place 1; none before `read_anew`.
    """

    listed: StoredHistory[R]
    order: Callable[[Connection, Filter], list[int]]
    some: Callable[[Connection, Sequence[int]], list[R]]
    ids: Sequence[int] = ()
    places: Mapping[int, int] = field(default_factory=dict)

    is_live = False
    filtered = False  # it is known how many there are

    def place(self, key: int) -> int:
        return self.places.get(key, 0)

    async def read_anew(self) -> SortedHistory[R]:
        ids, places = await self.listed.store.read(self._read, self.listed.chosen())
        return replace(self, ids=ids, places=places)

    def _read(self, conn: Connection, chosen: Filter) -> tuple[list[int], dict[int, int]]:
        """On a reading thread, places too: they take a while, in which keys have their turn."""
        ids = self.order(conn, chosen)
        return ids, {key: len(ids) - at for at, key in enumerate(ids)}

    async def extent(self) -> Extent:
        return Extent(low=1, high=len(self.ids))

    async def top(self, limit: int = PAGE) -> Top[R]:
        return Top(extent=await self.extent(), listing=await self.below(None, limit))

    async def below(self, place: int | None, limit: int = PAGE) -> Listing[R]:
        first = 0 if place is None else max(len(self.ids) - place + 1, 0)
        end = first + limit
        rows = await self._some(first, end)
        return Listing(rows=rows, next_after=len(self.ids) - end + 1 if end < len(self.ids) else None)

    async def above(self, place: int) -> Above[R]:
        end = len(self.ids) - place
        return Above(rows=await self._some(max(end - PAGE, 0), end), topped=end <= PAGE, complete=True)

    async def last(self) -> Above[R]:
        end = len(self.ids)
        return Above(rows=await self._some(max(end - PAGE, 0), end), topped=end <= PAGE, complete=True)

    async def fresh(self, newest: int, high: int) -> tuple[int, bool]:
        """Among the newest: what was there before and fits the filter only now has come in too.

        Such a row may stand anywhere, so with a filter by what becomes of rows there may be more of them further down.
        """
        chosen = self.listed.chosen()
        top = await self.listed.below(None)
        number = sum(self.listed.key_of(row) not in self.places for row in top.rows)
        turning = any(one is not None for one in (chosen.state, chosen.error, chosen.text, chosen.match))
        return number, top.next_after is not None and (number == PAGE or (number > 0 and turning))

    async def _some(self, first: int, end: int) -> list[R]:
        """Those that are still there."""
        return await self.listed.store.read(self.some, self.ids[first:end])
