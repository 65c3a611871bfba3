"""The schedule of sweeps: looks which are due and makes them, a few at a time."""

from __future__ import annotations

import asyncio
import traceback

from cwconsole.core.errors import CwconsoleError
from cwconsole.engine.crawl import Why
from cwconsole.engine.fleet import Fleet
from cwconsole.engine.services import Services
from cwconsole.engine.sweep import Sweep
from cwconsole.log import log
from cwconsole.store import sweeps

LOOK_SECONDS = 10.0
AT_ONCE = 4


class Sweeps:
    """Makes the sweeps that are due."""

    def __init__(self, services: Services, fleet: Fleet) -> None:
        self.services = services
        self.fleet = fleet
        self._running: set[int] = set()

    async def run(self) -> None:
        """Sweep whatever is due, until the engine stops."""
        async with asyncio.TaskGroup() as group:
            while not self.services.stopping.is_set():
                begun = frozenset(self._running)  # one of these may end while it is still read as due
                due = await self.services.store.read(sweeps.due_sweeps, self.services.clock.now_ms())
                for resource_id in due:
                    if len(self._running) < AT_ONCE and resource_id not in begun:
                        self._running.add(resource_id)
                        group.create_task(self._sweep(resource_id))
                await self.services.pause(LOOK_SECONDS)

    async def _sweep(self, resource_id: int) -> None:
        try:
            poller = self.fleet.pollers.get(resource_id)
            if poller is not None:
                resource, _ = await poller.aimed()
                report = await Sweep(poller, resource, Why()).run()
                if report.outcome in ("failed", "refused"):
                    log.warning("sweep did not end well", resource=resource.label, sentence=report.sentence)
        except CwconsoleError as error:
            log.warning("sweep could not be made", resource=resource_id, error=error.message)
        except Exception:  # noqa: BLE001 - one resource's defect must not end the others' sweeps
            log.error("sweep broke", resource=resource_id, traceback=traceback.format_exc())
        finally:
            self._running.discard(resource_id)
