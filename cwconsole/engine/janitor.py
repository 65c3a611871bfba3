"""Housekeeping in small steps: quiet polls are thinned, old history is pruned, forgotten actions expire."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cwconsole.engine.services import Services
from cwconsole.store import actions, polls, retention

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

    async def run(self) -> None:
        """Tidy every minute, until the engine stops."""
        while not self.services.stopping.is_set():
            await self.tidy()
            await self.services.pause(LOOK_SECONDS)

    async def tidy(self) -> None:
        """One round: each kind of work in steps of at most 500 rows, so that other writes get their turn."""
        store, now_ms = self.services.store, self.services.clock.now_ms()
        await store.write(actions.expire, now_ms)
        steps: list[Prune] = [polls.thin, *(partial(prune, keep_ms=self.keep_ms) for prune in OLD)]
        for prune in (*steps, retention.prune_removed):
            while not self.services.stopping.is_set() and await store.write(prune, now_ms, STEP) >= STEP:
                pass
