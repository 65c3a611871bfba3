"""Housekeeping in small steps: quiet polls are thinned, old history is pruned, forgotten actions expire."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cwconsole.engine.services import Services
from cwconsole.log import log
from cwconsole.store import actions, polls, retention, wall_clock

LOOK_SECONDS = 60.0
STEP = 500


Prune = Callable[..., int]

OLD: tuple[Prune, ...] = (
    retention.prune_polls,
    retention.prune_hours,
    retention.prune_events,
    retention.prune_jobs,
    retention.prune_actions,  # after the jobs that they ordered
)


class Janitor:
    """Keeps the file from growing for ever. keep_ms: the retention."""

    def __init__(self, services: Services, *, keep_ms: int = retention.KEEP_MS) -> None:
        self.services = services
        self.keep_ms = keep_ms
        self._waits = False

    async def run(self) -> None:
        """Tidy every minute, until the engine stops."""
        while not self.services.stopping.is_set():
            await self.tidy()
            await self.services.pause(LOOK_SECONDS)

    async def tidy(self) -> None:
        """One round. History goes by the time that is sure (`wall_clock`), and what was asked for by this clock."""
        store, now_ms = self.services.store, self.services.clock.now_ms()
        await store.write(actions.expire, now_ms)
        history_ms = min(await store.read(wall_clock.history_ms), now_ms)
        self._tell(now_ms - history_ms)
        old: list[Prune] = [polls.thin, *(partial(prune, keep_ms=self.keep_ms) for prune in OLD)]
        for prune in old:
            await self._in_steps(prune, history_ms)
        await self._in_steps(retention.prune_removed, now_ms)

    async def _in_steps(self, prune: Prune, now_ms: int) -> None:
        """At most 500 rows at once, so that other writes get their turn."""
        while not self.services.stopping.is_set() and await self.services.store.write(prune, now_ms, STEP) >= STEP:
            pass

    def _tell(self, ahead_ms: int) -> None:
        """Once when this machine's clock is far ahead of the time that is sure, and once when it is not any more."""
        waits = ahead_ms > retention.DAY_MS
        if waits and not self._waits:
            log.info(
                "this machine's clock is far ahead of an engine's last look; history waits for ConnectWise's clock",
                hours=ahead_ms // retention.HOUR_MS,
            )
        elif self._waits and not waits:
            log.info("this machine's clock is confirmed; history is pruned by it again")
        self._waits = waits
