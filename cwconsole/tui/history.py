"""Where the rows of a long history come from: pages by key, read on the store's threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.filters import Filter, Noun
from cwconsole.store import list_window
from cwconsole.store.database import Store
from cwconsole.store.list_window import Above, Extent
from cwconsole.store.listing import Listing
from cwconsole.store.once import Connection

R = TypeVar("R")
PAGE: Final = 200


class History(Protocol[R]):
    """A list, newest first, whose keys are whole numbers that fall from row to row."""

    def key(self, row: R) -> int:
        """What identifies a row."""
        ...

    @property
    def filtered(self) -> bool:
        """Whether anything is left out, so that the extent says nothing of the number of rows."""
        ...

    async def extent(self) -> Extent:
        """The keys of everything there is, whatever the filter."""
        ...

    async def below(self, key: int | None, limit: int = PAGE) -> Listing[R]:
        """The rows next below a key; None for the top of the list."""
        ...

    async def above(self, key: int) -> Above[R]:
        """The rows next above a key."""
        ...

    async def last(self) -> Above[R]:
        """The rows at the end of the list."""
        ...


class StoredHistory(Struct, Generic[R], frozen=True, kw_only=True):
    """A list of the store with a filter, one of `store/*_list.py`.

    chosen: the filter at this moment, asked for at each reading, so that a window of time that is said by how long ago
    it begins moves on with the clock.
    """

    store: Store
    noun: Noun
    page: Callable[[Connection, Filter], Listing[R]]
    key_of: Callable[[R], int]
    chosen: Callable[[], Filter]

    def key(self, row: R) -> int:
        return self.key_of(row)

    @property
    def filtered(self) -> bool:
        return replace(self.chosen(), limit=Filter().limit) != Filter()

    async def extent(self) -> Extent:
        return await self.store.read(list_window.extent, self.noun)

    async def below(self, key: int | None, limit: int = PAGE) -> Listing[R]:
        return await self.store.read(self.page, replace(self.chosen(), after=key, limit=limit))

    async def above(self, key: int) -> Above[R]:
        chosen = replace(self.chosen(), limit=PAGE)
        return await self.store.read(list_window.above, self.page, chosen, noun=self.noun, key_of=self.key_of, key=key)

    async def last(self) -> Above[R]:
        chosen = replace(self.chosen(), limit=PAGE)
        return await self.store.read(list_window.last, self.page, chosen, noun=self.noun, key_of=self.key_of)
