"""The breaker of one callback URL: leave a receiver alone that mostly fails, and ask now and then.

1. It opens when, at a failure, the last five minutes hold at least ten results of which at least 70 % are failures.
   Only a failure is judged: it would be odd to turn away from a receiver that has just taken something.
2. Open, it lets nothing through for 30 s. Then one request goes as a probe, and no other until its result is in.
3. A probe that succeeds closes it, and the past is forgotten; one that fails opens it for another 30 s.
4. Waiting for the breaker is not an attempt and has no outcome.

Results are counted by whole seconds, so that memory stays at 300 pairs of numbers however much is sent.
Time is `now_ms`, milliseconds of any clock. When that clock is set back, time stands still for the breaker, then goes
on from there: what is open stays open no longer than it would have.

Source: design 7.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import Final

WINDOW_SECONDS: Final = 300
LEAST_RESULTS: Final = 10
FAILING_SHARE: Final = (7, 10)  # as a fraction, since 0.7 has no exact float
OPEN_MS: Final = 30_000


class BreakerState(StrEnum):
    """Whether requests may go."""

    CLOSED = "closed"  # all may
    OPEN = "open"  # none may, until the time is up
    HALF_OPEN = "half_open"  # the time is up: one may, and its result decides


class Breaker:
    """Ask `allow` before each request; report each one allowed by `record`, or by `withdraw` if it was not made."""

    __slots__ = ("_failures", "_latest", "_open_until", "_probing", "_results", "_seconds", "_shift")

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque()  # [second, results, failures], ascending
        self._results = 0
        self._failures = 0
        self._open_until: int | None = None
        self._probing = False
        self._latest: int | None = None
        self._shift = 0  # what the clock was set back by, in all

    def state(self, now_ms: int) -> BreakerState:
        """How it stands now."""
        now = self._tick(now_ms)
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self._open_until else BreakerState.HALF_OPEN

    @property
    def open_until_ms(self) -> int | None:
        """When the next probe may go, on the caller's clock; None when closed."""
        return None if self._open_until is None else self._open_until - self._shift

    def allow(self, now_ms: int) -> bool:
        """Whether one request may go now. In half-open state a yes is the probe, and the only one."""
        state = self.state(now_ms)
        if state is BreakerState.HALF_OPEN and not self._probing:
            self._probing = True
            return True
        return state is BreakerState.CLOSED

    def record(self, now_ms: int, *, ok: bool) -> None:
        """The result of a request that was allowed."""
        now = self._tick(now_ms)
        if self._probing:
            self._probing = False
            self._open_until = None if ok else now + OPEN_MS
        elif self._open_until is None:
            self._count(now // 1000, failed=not ok)
            if not ok and self._mostly_failing():
                self._open_until = now + OPEN_MS
                self._forget()
        # Else it was sent before the breaker opened, and the breaker knows enough already.

    def withdraw(self) -> None:
        """The request that was allowed has not been made after all; if it was the probe, another may go."""
        self._probing = False

    def _tick(self, now_ms: int) -> int:
        now = now_ms + self._shift
        if self._latest is not None and now < self._latest:
            self._shift += self._latest - now
            now = self._latest
        self._latest = now
        return now

    def _count(self, second: int, *, failed: bool) -> None:
        while self._seconds and self._seconds[0][0] <= second - WINDOW_SECONDS:
            _, results, failures = self._seconds.popleft()
            self._results -= results
            self._failures -= failures
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
        self._seconds[-1][1] += 1
        self._seconds[-1][2] += failed
        self._results += 1
        self._failures += failed

    def _mostly_failing(self) -> bool:
        part, whole = FAILING_SHARE
        return self._results >= LEAST_RESULTS and self._failures * whole >= self._results * part

    def _forget(self) -> None:
        self._seconds.clear()
        self._results = self._failures = 0
