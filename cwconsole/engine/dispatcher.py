"""Deliveries: claims what is due, sends it, and records every attempt with what follows from it.

One lane per callback URL, with up to 16 requests in flight; 64 in all. Outcomes are recorded together: while one
commit runs, the next outcomes gather. A slot is free again as soon as its request is over, but an object's next
delivery becomes due only with the commit, which keeps the order. What a crash leaves in between is sent again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from cwconsole.core.errors import StoreError
from cwconsole.engine.lane import Lane, Recipients
from cwconsole.engine.services import Services, wait_for
from cwconsole.engine.slots import Slots
from cwconsole.log import log
from cwconsole.store import deliveries, settlements
from cwconsole.store.deliveries import Claimed
from cwconsole.store.settlements import Settlement

IN_FLIGHT = 64
UNRECORDED = 512  # outcomes that may wait for their commit before sending pauses
GATHER_SECONDS = 0.05  # at most, for outcomes to be committed together


class Dispatcher:
    """All lanes, and the one place where outcomes are recorded."""

    def __init__(self, services: Services, recipients: Recipients, tag: str, *, all_due: bool = True) -> None:
        """tag: begins the events' public ids. all_due: send whatever is due, or only where something is added."""
        self.services = services
        self.all_due = all_due
        self.recipients = recipients
        self.tag = tag
        self.lanes: dict[int, Lane] = {}
        self.slots = Slots(IN_FLIGHT)
        self._outcomes: list[Settlement] = []
        self._arrived = asyncio.Event()
        self._hurry = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._flushing = asyncio.Lock()
        self._quiet = asyncio.Condition()
        self._new_lanes: deque[Lane] = deque()
        self._work = asyncio.Event()
        self._scanned = asyncio.Event()

    @property
    def sending(self) -> int:
        """How many deliveries are being sent."""
        return sum(lane.in_flight for lane in self.lanes.values())

    def nudge(self, callback_id: int) -> None:
        """Deliveries to this callback may have become due."""
        lane = self.lanes.get(callback_id)
        if lane is None:
            lane = self.lanes[callback_id] = Lane(self, callback_id)
            self._new_lanes.append(lane)
            self._work.set()
        lane.wake()

    async def rescan(self) -> None:
        """Look at every callback again: somebody outside held, resumed, retried, or edited something."""
        for lane in self.lanes.values():
            lane.review()
        if not self.all_due:
            return
        for callback_id in await self.services.store.read(deliveries.waiting_callbacks):
            self.nudge(callback_id)

    async def run(self) -> None:
        """Send until the engine stops; then finish what is in flight, record it, and give back the rest."""
        await self.services.write_patiently(settlements.recover, self.services.clock.now_ms())
        await self.rescan()
        self._scanned.set()
        async with asyncio.TaskGroup() as recording:
            recorder = recording.create_task(self._record())
            async with asyncio.TaskGroup() as group:
                while not self.services.stopping.is_set():
                    await self._work.wait()
                    self._work.clear()
                    while self._new_lanes:
                        group.create_task(self._new_lanes.popleft().run())
            await self._flushed()
            recorder.cancel()
        if self._outcomes:
            log.error(
                "outcomes could not be written; these are sent again at the next start", count=len(self._outcomes)
            )

    def stop(self) -> None:
        """Let every wait look at `services.stopping`."""
        self._work.set()
        for lane in self.lanes.values():
            lane.wake()

    async def drained(self) -> None:
        """Wait until nothing is in flight and nothing that may be sent now is due."""
        await self._scanned.wait()
        async with self._quiet:
            await self._quiet.wait_for(
                lambda: not self._outcomes and not self._new_lanes and all(lane.idle for lane in self.lanes.values())
            )

    async def turned_quiet(self) -> None:
        """A lane or the recorder has nothing to do: let `drained` look."""
        async with self._quiet:
            self._quiet.notify_all()

    def let_go(self, callback_id: int) -> bool:
        """Forget a lane that has nothing to do, so that the next nudge begins another. Returns whether it may end.

        Not while outcomes are unrecorded: the other one would not know of them, and a hold must find this one. And not
        where lanes are all that `rescan` looks at.
        """
        if self._outcomes or not self.all_due:
            return False
        del self.lanes[callback_id]
        return True

    async def report(self, settlement: Settlement) -> None:
        """Hand in an outcome; waits only if too many are unrecorded."""
        await self._room.wait()
        self._outcomes.append(settlement)
        if len(self._outcomes) >= UNRECORDED:
            self._room.clear()
        self._arrived.set()

    def hurry(self) -> None:
        """Record what was handed in now: somebody waits for it, or a commit is due anyway."""
        if self._outcomes:
            self._hurry.set()

    async def _record(self) -> None:
        with suppress(StoreError):  # only while the engine stops, and then `_flushed` tries once more
            while True:
                await self._arrived.wait()
                await wait_for(self._hurry, GATHER_SECONDS)
                await self._flush()

    async def _flush(self) -> None:
        async with self._flushing:
            self._arrived.clear()
            self._hurry.clear()
            batch = self._outcomes[:]
            if batch:
                now_ms = self.services.clock.now_ms()
                woken = await self.services.write_patiently(settlements.settle, batch, now_ms)
                del self._outcomes[: len(batch)]
                self._room.set()
                for one in batch:
                    if one.decision.hold is not None:
                        self.lanes[one.claimed.callback_id].holds()
                self._nudge_all(woken)
        await self.turned_quiet()

    async def give_back(self, rows: list[Claimed], due_ms: int) -> None:
        """Return what was claimed and will not be sent now; no attempt is spent. It may go elsewhere by now."""
        with suppress(StoreError):  # only while the engine stops: the next start finds them
            self._nudge_all(await self.services.write_patiently(deliveries.release, rows, due_ms))

    def _nudge_all(self, callback_ids: list[int]) -> None:
        for callback_id in callback_ids:
            self.nudge(callback_id)

    async def _flushed(self) -> None:
        with suppress(StoreError):
            while self._outcomes:
                await self._flush()
