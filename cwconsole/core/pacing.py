"""How fast a job may go: credit grows with time, is spent by what is done, and does not pile up.

1. Credit grows by the rate, and never beyond what one second brings (or one, for slower rates): after a pause or a slow
   disk a job goes on at its rate, without a burst.
2. It is spent in batches of a quarter of a second's worth, so that a fast job does not commit each one alone.
3. A job begins without credit, so restarting it again and again makes it no faster.
"""

from __future__ import annotations

from typing import Final, Self

from msgspec import Struct
from msgspec.structs import replace

BATCH_SECONDS: Final = 0.25


class Pace(Struct, frozen=True, kw_only=True):
    """rate: a second. credit: how many may be done, at `at_ms` (milliseconds since the epoch)."""

    rate: float
    at_ms: int
    credit: float = 0.0

    @property
    def batch(self) -> int:
        """How many are done at once, at least."""
        return max(1, int(self.rate * BATCH_SECONDS))

    @property
    def ready(self) -> int:
        """How many may be done now; none until there is a batch of them."""
        return int(self.credit) if self.credit >= self.batch else 0

    @property
    def wait_seconds(self) -> float:
        """How long until there is a batch, if nothing is spent meanwhile."""
        return max(self.batch - self.credit, 0.0) / self.rate

    def later(self, now_ms: int) -> Self:
        """The same at another time. A clock that was set back gives no credit, and takes none."""
        grown = self.credit + max(now_ms - self.at_ms, 0) / 1000 * self.rate
        return replace(self, at_ms=now_ms, credit=min(grown, max(self.rate, 1.0)))

    def spent(self, count: int) -> Self:
        """The same after so many were done."""
        return replace(self, credit=max(self.credit - count, 0.0))
