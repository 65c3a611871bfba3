"""What is known of a long list of which only a part is looked at again."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Checked(Struct, frozen=True, kw_only=True):
    """Keys from the highest to the lowest, both included."""

    high: int
    low: int

    def covers(self, other: Checked) -> bool:
        return self.high >= other.high and other.low >= self.low


class Counted(Struct, frozen=True, kw_only=True):
    """How many rows there were. more: and more that were not counted. changes: how many had been told of by then."""

    number: int
    more: bool
    changes: int


NOTHING: Final = Checked(high=-1, low=-1)
