"""The records of one endpoint of one company: by id, and by the time of their last change.

Built for half a million records that are read in pages and changed now and then. A record is kept as the bytes that go
over the wire; it is decoded only for conditions that look into it. Ids stand in a sorted list. The order by time is
made when first asked for and kept as (time, id) packed into one integer; entries of older versions stay in it and are
told by comparing with the record, until there are as many of them as records.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

_ID_BITS = 40
_STRIDE = 1024
_ID_MASK = (1 << _ID_BITS) - 1


class Row(NamedTuple):
    """One version of a record. updated: seconds since the epoch, None without a date. body: compact JSON."""

    updated: int | None
    body: bytes


class Collection:
    """The rows of one endpoint. Rows are never changed, only replaced."""

    def __init__(self, rows: Mapping[int, Row]) -> None:
        """rows: by id, ascending."""
        self.rows: dict[int, Row] = dict(rows)
        self._ids = list(rows)
        self._times: list[int] | None = None
        self._undated = sum(row.updated is None for row in rows.values())
        self.next_id = self._ids[-1] + 1 if self._ids else 1

    def __len__(self) -> int:
        return len(self._ids)

    def put(self, number: int, row: Row) -> None:
        """Add or replace a record."""
        old = self.rows.get(number)
        self.rows[number] = row
        if old is None:
            _insert(self._ids, number)
            self.next_id = max(self.next_id, number + 1)
        self._undated += (row.updated is None) - (old is not None and old.updated is None)
        if self._times is not None and row.updated is not None:
            _insert(self._times, row.updated << _ID_BITS | number)
            if len(self._times) > 2 * len(self._ids) + 1000:
                self._times = None

    def remove(self, number: int) -> None:
        """Take a record out. Raises KeyError."""
        row = self.rows.pop(number)
        self._undated -= row.updated is None
        del self._ids[bisect_left(self._ids, number)]

    def nth(self, position: int) -> int:
        """The id at this position of the id order."""
        return self._ids[position]

    def ids_after(self, number: int) -> Iterator[int]:
        """Ids above this one, ascending."""
        for start in range(bisect_right(self._ids, number), len(self._ids), _STRIDE):
            yield from self._ids[start : start + _STRIDE]

    def ids_down_to(self, number: int) -> Iterator[int]:
        """Ids above this one, descending."""
        return islice(reversed(self._ids), len(self._ids) - bisect_right(self._ids, number))

    def count_after(self, number: int) -> int:
        """How many ids are above this one."""
        return len(self._ids) - bisect_right(self._ids, number)

    def slice_after(self, number: int, skip: int, limit: int) -> list[int]:
        """`limit` ids above this one, leaving out the first `skip`."""
        start = bisect_right(self._ids, number) + skip
        return self._ids[start : start + limit]

    def most_since(self, epoch: int) -> int:
        """At most so many records were last changed at or after this time; cheap."""
        times = self._by_time()
        return len(times) - bisect_left(times, epoch << _ID_BITS)

    def all_since(self, epoch: int) -> bool:
        """True only if every record was last changed at or after this time; cheap, and false when in doubt."""
        return self._undated == 0 and self.most_since(epoch) == len(self._by_time())

    def ids_since(self, epoch: int) -> list[int]:
        """Ids of the records last changed at or after this time, ascending."""
        times, rows = self._by_time(), self.rows
        candidates = {packed & _ID_MASK for packed in times[bisect_left(times, epoch << _ID_BITS) :]}
        return sorted(number for number in candidates if number in rows and changed_since(rows[number], epoch))

    def _by_time(self) -> list[int]:
        if self._times is None:
            rows = self.rows.items()
            self._times = sorted(row.updated << _ID_BITS | number for number, row in rows if row.updated is not None)
        return self._times


def changed_since(row: Row, epoch: int) -> bool:
    """Whether a record was last changed at or after this time; one without a date was not."""
    return row.updated is not None and row.updated >= epoch


def _insert(numbers: list[int], number: int) -> None:
    if not numbers or number > numbers[-1]:
        numbers.append(number)
    else:
        insort(numbers, number)
