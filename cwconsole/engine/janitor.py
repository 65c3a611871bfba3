"""Housekeeping in small steps: quiet polls are thinned, old events pruned, forgotten actions expired."""

from __future__ import annotations

from cwconsole.engine.services import Services
from cwconsole.store import actions, polls, retention

LOOK_SECONDS = 60.0
STEP = 500


class Janitor:
    """Keeps the file from growing for ever."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def run(self) -> None:
        """Tidy every minute, until the engine stops."""
        while not self.services.stopping.is_set():
            await self.tidy()
            await self.services.pause(LOOK_SECONDS)

    async def tidy(self) -> None:
        """One round: each kind of work in steps of at most 500 rows, so that other writes get their turn."""
        store, now_ms = self.services.store, self.services.clock.now_ms()
        await store.write(actions.expire, now_ms)
        for prune in (polls.thin, retention.prune_polls, retention.prune_events, retention.prune_removed):
            while not self.services.stopping.is_set() and await store.write(prune, now_ms, STEP) >= STEP:
                pass
