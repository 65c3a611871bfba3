"""When a view reads again, and what it says of itself meanwhile.

1. One reading at a time. Whatever asks meanwhile is answered by one more reading afterwards.
2. What the operator asks for is read at once. What others write is read when the last reading began a while ago
   (`PERIOD_SECONDS`): however much is written, a console does little, and two of them show the same within a second.
   A slow reading is followed by a longer rest, but by no more than a second.
3. What was shown stays, with its age, when a reading fails. Loading, stale and unavailable are three different looks.
4. After a failed reading it tries again by itself, after a second and then ever more slowly up to half a minute
   (`retry_seconds`); whatever asks meanwhile is still answered as fast as before.
5. A view that is not in front remembers that it was asked, and reads when it comes to the front.
6. A frozen one reads what the operator asks for, again if that fails, and nothing else until it goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from textual.dom import DOMNode
from textual.timer import Timer

from cwconsole.core.errors import CwconsoleError
from cwconsole.log import log
from cwconsole.tui.freshness import Freshness
from cwconsole.tui.work import start

PERIOD_SECONDS: Final = 0.75
REST_FACTOR: Final = 9.0  # a reading takes at most a tenth of the time
MOST_REST_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 1.0
MOST_RETRY_SECONDS: Final = 30.0


def retry_seconds(failures: int) -> float:
    """How long to wait after so many failures in a row, at least one, before trying again unasked."""
    return float(min(RETRY_SECONDS * 2 ** min(failures - 1, 10), MOST_RETRY_SECONDS))


class Refresher:
    """Reads for one view.

    load: reads and shows; it must look again, after each await, whether what it read is still wanted.
    active: whether the view is in front. frozen: whether what others write waits. changed: called when the freshness
    has changed.
    """

    def __init__(
        self,
        node: DOMNode,
        load: Callable[[], Awaitable[None]],
        *,
        what: str,
        now_ms: Callable[[], int],
        active: Callable[[], bool] = lambda: True,
        frozen: Callable[[], bool] = lambda: False,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.freshness = Freshness()
        self.wanted = False
        self._node, self._load, self._what = node, load, what
        self._now_ms, self._active, self._frozen, self._changed = now_ms, active, frozen, changed
        self._running = False
        self._reading = False
        self._hurry = asyncio.Event()
        self._read_once = asyncio.Event()
        self._failures = 0  # in a row
        self._retry: Timer | None = None

    def ask(self, reason: str) -> None:
        """Read again at once, for a reason that goes to the log."""
        log.debug("view is read again", view=self._what, reason=reason)
        self.wanted = True
        self._hurry.set()
        self.wake()

    def follow(self) -> None:
        """Somebody has written: read again, after the rest that is due."""
        self.wanted = True
        self.wake()

    def wake(self) -> None:
        """Read if somebody asked meanwhile: the view has come to the front."""
        if not self._running and self._may():
            self._running = True
            start(self._node, self._run(), what=self._what, group="refresh")

    def _may(self) -> bool:
        asked = self._hurry.is_set() or self._failures > 0
        return self.wanted and self._active() and (asked or not self._frozen())

    @property
    def busy(self) -> bool:
        """Whether it is being read, or is about to be because the operator asked."""
        return self._reading or (self.wanted and self._hurry.is_set() and self._active())

    async def caught_up(self) -> None:
        """Wait until what the operator has asked for has been read, or cannot be."""
        while self.busy:
            self._read_once.clear()
            await self._read_once.wait()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while self._may():
                self.wanted = False
                self._hurry.clear()
                began = clock()
                await self._read()
                await self._rest(clock() - began)
        finally:
            self._running = False

    async def _rest(self, took: float) -> None:
        """Until the next reading may begin; an operator who asks cuts it short."""
        seconds = min(max(PERIOD_SECONDS - took, took * REST_FACTOR), MOST_REST_SECONDS)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)

    async def _read(self) -> None:
        self._reading = True
        try:
            await self._load()
        except CwconsoleError as error:
            self._failed(error.message)
            if self._failures == 1:
                log.warning("view cannot be read", view=self._what, why=error.message)
        except Exception:
            self._failed("something is wrong in the console itself; the log says what")
            if self._failures == 1:  # the log and the operator are told once
                raise
        else:
            if self._failures:
                log.info("view can be read again", view=self._what, failures=self._failures)
            self._failures = 0
            self._stop_retry()
            self._set(self.freshness.succeeded(self._now_ms()))
        finally:
            self._reading = False
            self._read_once.set()

    def _failed(self, sentence: str) -> None:
        self._failures += 1
        self._stop_retry()
        self._retry = self._node.set_timer(retry_seconds(self._failures), self._try_again)
        self._set(self.freshness.failed(sentence))

    def _try_again(self) -> None:
        self.wanted = True
        self.wake()

    def _stop_retry(self) -> None:
        if self._retry is not None:
            self._retry.stop()
            self._retry = None

    def _set(self, freshness: Freshness) -> None:
        before, self.freshness = self.freshness, freshness
        if (before.phase, before.error) != (freshness.phase, freshness.error):
            self._changed()
