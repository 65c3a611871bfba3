"""Requests in flight over all lanes, shared so that no lane can keep the others from sending.

A lane may take no more slots than it leaves free, and ends one when it holds more than that: four busy lanes hold
thirteen each of 64, and if all of them begin to hang, twelve are left for whoever comes.
"""

from __future__ import annotations

from collections.abc import Callable


class Slots:
    """How many requests may still begin. Each lane says how many it holds itself."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.free = total
        self._short: dict[Callable[[], None], None] = {}

    @property
    def unused(self) -> bool:
        """Whether nothing is in flight."""
        return self.free == self.total

    def take(self, held: int, wake: Callable[[], None]) -> bool:
        """Take one more, or be woken when some become free. held: how many the lane has."""
        if held >= self.free:
            self._short[wake] = None
            return False
        self.free -= 1
        return True

    def crowded(self, held: int) -> bool:
        """Whether the lane should end one, so that others come to their share."""
        return held > self.free + 1

    def give(self) -> None:
        """Give one back."""
        self.free += 1
        short, self._short = self._short, {}
        for wake in short:
            wake()
