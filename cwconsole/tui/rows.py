"""The rows of a table by their position, however many there are.

`MemoryRows` holds all of them. `WindowRows` holds one run of neighbours out of a history of any size: the run grows at
both ends as the operator moves, lets go of what is far away, and is replaced when the operator jumps. The positions in
a run are estimates until one of the list's ends has been seen; then they are shifted to be right.
Neighbours are always true neighbours: only the number of rows before the run can be wrong, never what is shown.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from msgspec import Struct

R = TypeVar("R")

KEPT: Final = 3000  # rows of a history that are held at once


class Rows(Protocol[R]):
    """What a table draws. A position without a row is one that has not been read yet."""

    @property
    def total(self) -> int:
        """How many rows there are, or are thought to be."""
        ...

    @property
    def exact(self) -> bool:
        """Whether the total is known, and not an estimate."""
        ...

    def at(self, index: int) -> R | None:
        """The row at a position, None if it has not been read or there is none."""
        ...

    def key(self, row: R) -> Hashable:
        """What identifies a row, whatever else of it changes."""
        ...

    def index(self, key: Hashable) -> int | None:
        """Where a row is, None if it is not here."""
        ...

    def lacks(self, key: Hashable) -> bool:
        """Whether the list is known to have no such row."""
        ...


class MemoryRows(Generic[R]):
    """All rows of a short list."""

    exact = True

    def __init__(self, key: Callable[[R], Hashable]) -> None:
        self._key = key
        self._rows: list[R] = []
        self._places: dict[Hashable, int] = {}

    @property
    def total(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> Sequence[R]:
        """All of them, in their order."""
        return self._rows

    def at(self, index: int) -> R | None:
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def key(self, row: R) -> Hashable:
        return self._key(row)

    def index(self, key: Hashable) -> int | None:
        return self._places.get(key)

    def lacks(self, key: Hashable) -> bool:
        return key not in self._places

    def update(self, rows: Iterable[R]) -> None:
        """Newer versions of rows, each where it stands; rows that are not here are ignored."""
        for row in rows:
            index = self.index(self._key(row))
            if index is not None:
                self._rows[index] = row

    def replace(self, rows: Sequence[R]) -> None:
        """Show these instead."""
        self._rows = list(rows)
        self._places = {self._key(row): at for at, row in enumerate(self._rows)}


class WindowRows(Generic[R]):
    """A run of neighbours of a history whose keys are whole numbers.

    Each row has a place, a number that falls from row to row: its key where the newest come first.
    """

    def __init__(self, key: Callable[[R], int]) -> None:
        self._key = key
        self.place: Callable[[int], int] = int  # by key
        self._rows: list[R] = []
        self._base = 0
        self._total = 0
        self._top_known = False
        self._end_known = False
        self._places: dict[Hashable, int] | None = None

    @property
    def total(self) -> int:
        return self._total

    @property
    def exact(self) -> bool:
        return self._top_known and self._end_known

    @property
    def first(self) -> int:
        """The position of the run's first row."""
        return self._base

    @property
    def end(self) -> int:
        """The position after the run's last row."""
        return self._base + len(self._rows)

    @property
    def at_top(self) -> bool:
        """Whether the run begins with the list's first row, as far as is known."""
        return self._top_known

    @property
    def at_end(self) -> bool:
        """Whether the run ends with the list's last row."""
        return self._end_known

    @property
    def newest(self) -> int | None:
        """The place of the run's first row."""
        return self.place(self._key(self._rows[0])) if self._rows else None

    @property
    def oldest(self) -> int | None:
        """The place of the run's last row."""
        return self.place(self._key(self._rows[-1])) if self._rows else None

    def at(self, index: int) -> R | None:
        return self._rows[index - self._base] if self._base <= index < self.end else None

    def key(self, row: R) -> int:
        return self._key(row)

    def index(self, key: Hashable) -> int | None:
        if self._places is None:
            self._places = {self._key(row): at for at, row in enumerate(self._rows)}
        place = self._places.get(key)
        return None if place is None else self._base + place

    def lacks(self, key: Hashable) -> bool:
        """Never: it may be outside of the run."""
        return False

    def restart(self, rows: Sequence[R], *, ended: bool, guess: int, place: Callable[[int], int] = int) -> None:
        """Begin anew with the top of a list. ended: that is all there is. guess: how many rows there might be."""
        self.place = place
        self._set(rows, base=0, top=True, ended=ended)
        self._total = len(self._rows) if ended else max(guess, len(self._rows) + 1)

    def jump(self, index: int, rows: Sequence[R], *, ended: bool) -> None:
        """Begin anew somewhere else, at a position that is an estimate. With `ended`, the rows are the list's last.

        Last rows are not known to be the first ones too: how many were thought to be there may be too few.
        """
        base = max(self._total - len(rows), 0) if ended else index
        self._set(rows, base=base, top=index == 0 and not ended, ended=ended)
        self._total = self.end if ended else max(self._total, self.end + 1)

    def append(self, rows: Sequence[R], *, ended: bool) -> None:
        """What follows the run. ended: nothing follows that."""
        self._rows += rows
        self._end_known = ended
        self._total = self.end if ended else max(self._total, self.end + 1)
        self._forget_places()
        if (spare := len(self._rows) - KEPT) > 0:
            del self._rows[:spare]
            self._base += spare
            self._top_known = False

    def prepend(self, rows: Sequence[R], *, topped: bool) -> int:
        """What comes before the run. topped: nothing comes before that. Returns what to add to every position."""
        base = self._base - len(rows)
        right = 0 if topped else max(base, 1)
        self._rows[:0] = rows
        self._top_known = topped
        self._base = right
        self._total = max(self._total + right - base, self.end)
        self._forget_places()
        self._let_go_of_the_end()
        return right - base

    def renew(self, rows: Sequence[R], *, high: int, low: int) -> bool:
        """What stands in the list now between two places, both included: what is not among it is gone.

        Only for places of the run, or above a run that begins at the top. Returns whether anything differs.
        """
        start = bisect_left(self._rows, -high, key=lambda row: -self.place(self._key(row)))
        stop = bisect_right(self._rows, -low, key=lambda row: -self.place(self._key(row)))
        before = self._rows[start:stop]
        if before == list(rows):
            return False
        self._rows[start:stop] = rows
        self._total += len(rows) - len(before)
        self._forget_places()
        self._let_go_of_the_end()
        return True

    def _let_go_of_the_end(self) -> None:
        if (spare := len(self._rows) - KEPT) > 0:
            del self._rows[-spare:]
            self._end_known = False

    def _set(self, rows: Sequence[R], *, base: int, top: bool, ended: bool) -> None:
        self._rows = list(rows)
        self._base, self._top_known, self._end_known = base, top, ended
        self._forget_places()

    def _forget_places(self) -> None:
        self._places = None


class Marks(Struct, frozen=True):
    """Which rows are chosen: some keys, or everything the list shows but some keys."""

    keys: frozenset[Hashable] = frozenset()
    everything: bool = False

    def __contains__(self, key: Hashable) -> bool:
        return (key in self.keys) != self.everything

    def count(self, total: int) -> int:
        """How many rows are chosen out of so many."""
        return max(total - len(self.keys), 0) if self.everything else len(self.keys)

    def words(self, total: int, *, exact: bool) -> str:
        """`3 marked`, nothing without any. exact: whether the total is known; a number that is not is no help."""
        if self.none:
            return ""
        if self.everything and not exact:
            return f"all marked but {len(self.keys):,}" if self.keys else "all marked"
        return f"{self.count(total):,} marked"

    @property
    def none(self) -> bool:
        """Whether nothing is chosen."""
        return not self.everything and not self.keys

    def toggle(self, key: Hashable) -> Marks:
        """The same with one row the other way."""
        return Marks(self.keys ^ {key}, self.everything)

    def add(self, keys: Sequence[Hashable]) -> Marks:
        """The same with these rows chosen."""
        return Marks(self.keys - set(keys) if self.everything else self.keys | set(keys), self.everything)

    def inverted(self) -> Marks:
        """Exactly the others."""
        return Marks(self.keys, not self.everything)
