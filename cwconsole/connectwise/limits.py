"""How much one ConnectWise company is asked at once, whatever number of instances and resources ask it (design 5).

At most four requests in flight; a budget of requests a minute, spread over the seconds; and one pause for all when
ConnectWise answers 429. Whether ConnectWise counts by company, by client or by address is not known
(reference/connectwise-api.md 11), so that company and host are what we count by.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from aiolimiter import AsyncLimiter

from cwconsole.core.errors import RateLimitedFault

IN_FLIGHT = 4
# Up to here a request waits for the pause to end; a longer one is told to the poller, who plans for it.
LONGEST_WAIT = 60.0


class CompanyLimits:
    """Shared by all that ask one company. now: a monotonic clock, seconds."""

    def __init__(
        self,
        company: str,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._company = company
        self._now = now
        self._sleep = sleep
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)
        # One second's worth of requests a second; a request at 900 a minute takes a fifteenth of it. Instances of one
        # company with different budgets thereby share it fairly.
        self._seconds = AsyncLimiter(1, 1)
        self._paused_until = 0.0

    @asynccontextmanager
    async def turn(self, requests_per_minute: int) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for the length of one request. requests_per_minute: 0 for no limit.

        Raises `RateLimitedFault` at once if the company is paused for longer than `LONGEST_WAIT`.
        """
        self._refuse_long_pause()
        async with self._in_flight:
            await self._spend(60 / requests_per_minute if requests_per_minute else 0.0)
            while (left := self._refuse_long_pause()) > 0:
                await self._sleep(left)
            yield

    def pause(self, seconds: float) -> None:
        """ConnectWise asked to wait so long."""
        self._paused_until = max(self._paused_until, self._now() + seconds)

    def _refuse_long_pause(self) -> float:
        """Seconds until the pause is over, at most `LONGEST_WAIT`."""
        left = self._paused_until - self._now()
        if left > LONGEST_WAIT:
            message = f"{self._company}: ConnectWise asked to wait, {left:.0f} s are left; nothing is asked until then"
            raise RateLimitedFault(message, retry_after=left)
        return left

    async def _spend(self, seconds: float) -> None:
        """Take so many seconds' worth; the limiter gives at most one at a time."""
        while seconds > 0:
            await self._seconds.acquire(min(seconds, 1))
            seconds -= 1


class LimitsRegistry:
    """Finds a company's limits; forgets them when the last client that uses them is gone."""

    def __init__(self) -> None:
        self._limits: WeakValueDictionary[tuple[str, str], CompanyLimits] = WeakValueDictionary()

    def of(self, base_url: str, company: str) -> CompanyLimits:
        """The limits of a company at the base URL's host; both in any case."""
        key = (urlsplit(base_url).netloc.lower(), company.lower())
        limits = self._limits.get(key)
        if limits is None:
            limits = self._limits[key] = CompanyLimits(company)
        return limits

    def __len__(self) -> int:
        return len(self._limits)
