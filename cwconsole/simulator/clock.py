"""The simulated server's clock: this machine's, or a test's, with a skew that can be changed while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ServerClock:
    """source: seconds since the epoch, UTC. skew: seconds that the server is ahead of it."""

    def __init__(self, source: Callable[[], float] = time.time, skew: float = 0.0) -> None:
        self._source = source
        self.skew = skew
        self._dated = (-1, "")

    def now(self) -> int:
        """Whole seconds since the epoch, as ConnectWise writes its times."""
        return int(self._source() + self.skew)

    def http_date(self) -> str:
        """The `Date` header of this second."""
        now = self.now()
        if self._dated[0] != now:
            self._dated = (now, _http_date(now))
        return self._dated[1]


def iso(epoch: int) -> str:
    """ConnectWise's way of writing a time: `2026-06-09T21:59:47Z`."""
    day, second = divmod(epoch, 86_400)
    return f"{_day(day)}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


@lru_cache(maxsize=4096)
def _day(day: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(day * 86_400))


def _http_date(epoch: int) -> str:
    year, month, day, hour, minute, second, weekday = time.gmtime(epoch)[:7]
    return f"{_DAYS[weekday]}, {day:02d} {_MONTHS[month - 1]} {year} {hour:02d}:{minute:02d}:{second:02d} GMT"
