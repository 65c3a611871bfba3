"""Lists read from the middle: what stands above a key, and where a list begins and ends.

Lists are read downwards only (`store.listing`). What stands above a key is found by starting a little higher and
reading down to it; how much higher is tried out, four times as far each time.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.filters import Filter, Noun
from cwconsole.store.listing import Listing

R = TypeVar("R")
Page = Callable[[sqlite3.Connection, Filter], Listing[R]]
WIDER = 4
MOST_PAGES = 60  # read for one answer; a filter that finds almost nothing is not followed further


class Extent(Struct, frozen=True, kw_only=True):
    """The lowest and the highest id of a table; both 0 if it is empty."""

    low: int
    high: int

    @property
    def most(self) -> int:
        """How many rows there are at most: ids may be missing in between."""
        return self.high - self.low + 1 if self.high else 0


class Top(Struct, Generic[R], frozen=True, kw_only=True):
    """The first rows of a list, and where everything begins and ends, whatever the filter: at the same moment."""

    extent: Extent
    listing: Listing[R]


class Above(Struct, Generic[R], frozen=True, kw_only=True):
    """Rows next above a key, newest first. topped: nothing is above them. complete: they really are the next ones."""

    rows: list[R]
    topped: bool
    complete: bool


def extent(conn: sqlite3.Connection, noun: Noun) -> Extent:
    """Where the list of everything begins and ends. Two look-ups."""
    row = conn.execute(
        f"SELECT (SELECT id FROM {noun} ORDER BY id LIMIT 1), (SELECT id FROM {noun} ORDER BY id DESC LIMIT 1)"
    ).fetchone()
    return Extent(low=row[0] or 0, high=row[1] or 0)


def top(conn: sqlite3.Connection, page: Page[R], chosen: Filter, *, noun: Noun) -> Top[R]:
    """The rows at the top of the list, as many as the filter's limit."""
    return Top(extent=extent(conn, noun), listing=page(conn, chosen))


def above(
    conn: sqlite3.Connection, page: Page[R], chosen: Filter, *, noun: Noun, key_of: Callable[[R], int], key: int
) -> Above[R]:
    """The rows next above a key, as many as the filter's limit."""
    highest = extent(conn, noun).high
    distance, pages = chosen.limit, 0
    while True:
        start = key + distance + 1
        found: deque[R] = deque(maxlen=chosen.limit)
        count = 0
        after: int | None = start
        while after is not None and after > key + 1:
            if pages >= MOST_PAGES:
                return Above(rows=[], topped=False, complete=False)
            pages += 1
            listing = page(conn, replace(chosen, after=after))
            rows = [row for row in listing.rows if key_of(row) > key]
            found.extend(rows)
            count += len(rows)
            after = listing.next_after
            if len(rows) < len(listing.rows):
                break
        if count >= chosen.limit or start > highest:
            topped = start > highest and count <= chosen.limit
            return Above(rows=list(found), topped=topped, complete=True)
        distance *= WIDER


def last(
    conn: sqlite3.Connection, page: Page[R], chosen: Filter, *, noun: Noun, key_of: Callable[[R], int]
) -> Above[R]:
    """The rows at the end of the list."""
    low = extent(conn, noun).low
    return above(conn, page, chosen, noun=noun, key_of=key_of, key=low - 1)
