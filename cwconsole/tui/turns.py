"""What this console has seen turn worse or better while it was open, so that a glance tells who has been away.

Nothing of it is stored: a console knows only of what it has seen itself, and when it saw it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

from cwconsole.core.health import Health
from cwconsole.store.status import StatusRow
from cwconsole.tui.render.states import severity

TOLD_MS: Final = 3_600_000  # so long is a turn told of
_NO_MEASURE: Final = frozenset({Health.NEW, Health.PAUSED, Health.OFF})  # they say nothing of how well it does


class Way(Enum):
    """How a resource's health has turned. The value is the name of its sign in `Glyphs`."""

    WORSE = "down"
    BETTER = "up"
    OTHER = "to"  # paused, resumed, read anew: neither better nor worse


WAYS: Final[Mapping[Way, str]] = {
    Way.WORSE: "worse than before",
    Way.BETTER: "better than before",
    Way.OTHER: "paused or resumed, switched off or on, or read anew",
}  # what the signs mean


class Turn(Struct, frozen=True):
    """The last one of a resource. at_ms: when this console saw it."""

    way: Way
    at_ms: int

    def is_told(self, now_ms: int) -> bool:
        """Whether it is still news."""
        return now_ms - self.at_ms < TOLD_MS


def turns_after(
    turns: Mapping[int, Turn], before: Mapping[int, StatusRow], now: Mapping[int, StatusRow], *, now_ms: int
) -> Mapping[int, Turn]:
    """The turns to tell of after another reading of the fleet, all by resource; a resource that is new has none.

    A row that is the same object as before has not turned, which is nearly all of them nearly always.
    """
    seen = {
        one: Turn(_way(old.state, row.state), now_ms)
        for one, row in now.items()
        if (old := before.get(one)) is not row and old is not None and old.state is not row.state
    }
    return {one: turn for one, turn in {**turns, **seen}.items() if turn.is_told(now_ms)} if seen else turns


def _way(before: Health, after: Health) -> Way:
    if before in _NO_MEASURE or after in _NO_MEASURE:
        return Way.OTHER
    return Way.WORSE if severity(after) < severity(before) else Way.BETTER
