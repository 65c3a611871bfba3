"""Requests in flight over all lanes, shared so that no lane can keep the others from sending.

A lane begins with one. It may take no more slots than it leaves free, and ends one when it holds more than that: four
busy lanes hold thirteen each of 64, and if all of them begin to hang, twelve are left for whoever comes. Lanes in
doubt, whose receiver did not answer last time, hold half of the slots together at most, however many they are: the
others' half stays quick.
"""

from __future__ import annotations

from collections.abc import Callable


class Slots:
    """How many requests may still begin. Each lane says how many it holds itself, and whether it is in doubt."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.free = total
        self.in_doubt = 0  # held by lanes in doubt
        self._short: dict[Callable[[], None], None] = {}

    def take(self, held: int, wake: Callable[[], None], *, doubtful: bool = False) -> bool:
        """Take one more, or be woken when some become free. held: how many the lane has."""
        if held >= self.free or (doubtful and self.in_doubt >= self.total // 2):
            self._short[wake] = None
            return False
        self.free -= 1
        self.in_doubt += doubtful
        return True

    def crowded(self, held: int) -> bool:
        """Whether the lane should end one, so that others come to their share."""
        return held > self.free + 1

    def give(self, *, doubtful: bool = False) -> None:
        """Give one back."""
        self.free += 1
        self.in_doubt -= doubtful
        self._wake_the_short()

    def doubt(self, held: int) -> None:
        """A lane's receiver did not answer: what it holds counts as in doubt from now on."""
        self.in_doubt += held

    def trust(self, held: int) -> None:
        """A lane in doubt got an answer."""
        self.in_doubt -= held
        self._wake_the_short()

    def _wake_the_short(self) -> None:
        """In the order in which they came away empty-handed."""
        short, self._short = self._short, {}
        for wake in short:
            wake()
