"""Deliveries: claims what is due, sends it, and records every attempt with what follows from it.

One lane per callback URL, with up to 16 requests in flight; 64 in all. Outcomes are recorded together: while one
commit runs, the next outcomes gather. A slot is free again as soon as its request is over, but an object's next
delivery becomes due only with the commit, which keeps the order. What a crash leaves in between is sent again.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import structlog

from cwconsole.core.attempts import Outcome, Parcel
from cwconsole.core.breaker import Breaker, BreakerState
from cwconsole.core.delivery import decide
from cwconsole.core.errors import StoreError
from cwconsole.core.event_id import public_id
from cwconsole.engine.fleet import Member
from cwconsole.engine.services import Services, wait_for
from cwconsole.store import deliveries
from cwconsole.store.deliveries import Claimed, Settlement

log = structlog.get_logger(__name__)

LANE_IN_FLIGHT = 16
IN_FLIGHT = 64
LOOK_AHEAD = 48  # claimed beyond what is in flight: a claim is a commit, and a slot must not wait for the disk
UNCONNECTED_MS = 60_000  # how long a delivery waits whose instance cannot be connected
UNRECORDED = 512  # outcomes that may wait for their commit before sending pauses


Recipients = Callable[[int], Member | None]


class Dispatcher:
    """All lanes, and the one place where outcomes are recorded."""

    def __init__(self, services: Services, recipients: Recipients, tag: str, *, all_due: bool = True) -> None:
        """tag: begins the events' public ids. all_due: send whatever is due, or only where something is added."""
        self.services = services
        self.all_due = all_due
        self.recipients = recipients
        self.tag = tag
        self.lanes: dict[int, Lane] = {}
        self.slots = asyncio.Semaphore(IN_FLIGHT)
        self._outcomes: list[Settlement] = []
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._flushing = asyncio.Lock()
        self._quiet = asyncio.Condition()
        self._new_lanes: deque[Lane] = deque()
        self._work = asyncio.Event()
        self._scanned = asyncio.Event()

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
        await self.services.write_patiently(deliveries.recover, self.services.clock.now_ms())
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

    async def report(self, settlement: Settlement) -> None:
        """Hand in an outcome; waits only if too many are unrecorded."""
        await self._room.wait()
        self._outcomes.append(settlement)
        if len(self._outcomes) >= UNRECORDED:
            self._room.clear()
        self._arrived.set()

    async def _record(self) -> None:
        with suppress(StoreError):  # only while the engine stops, and then `_flushed` tries once more
            while True:
                await self._arrived.wait()
                await self._flush()

    async def _flush(self) -> None:
        async with self._flushing:
            self._arrived.clear()
            batch = self._outcomes[:]
            if batch:
                now_ms = self.services.clock.now_ms()
                woken = await self.services.write_patiently(deliveries.settle, batch, now_ms)
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


class Lane:
    """One callback URL: its queue, its requests in flight, its breaker."""

    def __init__(self, dispatcher: Dispatcher, callback_id: int) -> None:
        self.dispatcher = dispatcher
        self.callback_id = callback_id
        self.breaker = Breaker()
        self.ready: deque[Claimed] = deque()
        self.in_flight = 0
        self.last_success_ms = 0
        self.idle = False
        self._review = False
        self._holding = False  # a hold was decided, and is being written
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Claim again soon."""
        self.idle = False
        self._wake.set()

    def review(self) -> None:
        """Ask again for what is claimed and not yet being sent: it may be held by now, or go elsewhere."""
        self._review = True
        self.wake()

    def holds(self) -> None:
        """The hold that was decided here is written, so that claiming respects it."""
        self._holding = False
        self.review()

    async def run(self) -> None:
        """Claim and send until the engine stops."""
        services = self.dispatcher.services
        self.last_success_ms = await services.store.read(deliveries.last_success, self.callback_id)
        async with asyncio.TaskGroup() as group:
            with suppress(StoreError):  # only while the engine stops
                while not services.stopping.is_set():
                    self._wake.clear()
                    next_due_ms = await self._fill(group)
                    if services.stopping.is_set():
                        break
                    await self._rest(next_due_ms)
            await self._give_back()

    async def _rest(self, next_due_ms: int | None) -> None:
        """Wait for a wake-up or the next due time; with nothing in hand, say so."""
        now_ms = self.dispatcher.services.clock.now_ms()
        seconds = None if next_due_ms is None else max(next_due_ms - now_ms, 0) / 1000
        if not self.in_flight and not self.ready and not self._wake.is_set():
            self.idle = seconds is None or seconds > 0
            await self.dispatcher.turned_quiet()
        if seconds != 0:
            await wait_for(self._wake, seconds)
        self.idle = False

    async def _fill(self, group: asyncio.TaskGroup) -> int | None:
        """Claim what fits and start senders. Returns when to look again, None for when woken."""
        services = self.dispatcher.services
        now_ms = services.clock.now_ms()
        state = self.breaker.state(now_ms)
        if self._review or self._holding:
            self._review = False
            await self._give_back()
        if self._holding:
            return None  # its being written wakes us
        if state is BreakerState.OPEN:
            await self._give_back()
            return self.breaker.open_until_ms
        space = LANE_IN_FLIGHT + LOOK_AHEAD - len(self.ready) - self.in_flight
        if state is BreakerState.HALF_OPEN:
            space = 1 - len(self.ready) - self.in_flight
        next_due_ms = None  # a sender that ends wakes us
        if space > 0:
            claim = await services.write_patiently(deliveries.claim, self.callback_id, now_ms=now_ms, limit=space)
            self.ready.extend(claim.rows)
            next_due_ms = None if len(claim.rows) == space else claim.next_due_ms
        for _ in range(min(LANE_IN_FLIGHT - self.in_flight, len(self.ready))):
            self.in_flight += 1
            group.create_task(self._send_all())
        return next_due_ms

    async def _send_all(self) -> None:
        """Send what is ready, one after the other, until the queue is empty or sending has to pause."""
        services = self.dispatcher.services
        try:
            while self.ready and not services.stopping.is_set():
                async with self.dispatcher.slots:
                    if not self.ready or self._holding or not self.breaker.allow(services.clock.now_ms()):
                        break
                    await self._send(self.ready.popleft())
                if len(self.ready) < LOOK_AHEAD // 2:
                    self._wake.set()
        finally:
            self.in_flight -= 1
            self._wake.set()

    async def _send(self, claimed: Claimed) -> None:
        recipient = self.dispatcher.recipients(claimed.instance_id)
        if recipient is None:  # its instance cannot be connected just now, or is gone
            self.breaker.withdraw()
            later_ms = self.dispatcher.services.clock.now_ms() + UNCONNECTED_MS
            await self.dispatcher.give_back([claimed], later_ms)
            return
        try:
            outcome = await self._attempt(claimed, recipient)
        except BaseException:
            self.breaker.withdraw()
            raise
        await self._judge(claimed, outcome, recipient.schedule)

    async def _attempt(self, claimed: Claimed, recipient: Member) -> Outcome:
        """One request. A defect on the way to it is a failed attempt: the other deliveries must go on."""
        started_ms = self.dispatcher.services.clock.now_ms()
        try:
            parcel = Parcel(
                delivery_id=claimed.delivery_id,
                attempt=claimed.attempt,
                facts=recipient.facts(claimed, public_id(self.dispatcher.tag, claimed.event_id)),
                replay=claimed.delivery_id if claimed.replay else None,
            )
            return await recipient.sender.send(parcel)
        except Exception as defect:  # noqa: BLE001
            log.error("sending broke", delivery=claimed.delivery_id, traceback=traceback.format_exc())
            return Outcome(
                started_ms=started_ms,
                duration_ms=self.dispatcher.services.clock.now_ms() - started_ms,
                url="",
                error_code="defect",
                error=f"An unexpected error stopped this attempt ({type(defect).__name__}); see the log.",
            )

    async def _judge(self, claimed: Claimed, outcome: Outcome, schedule: tuple[float, ...]) -> None:
        services = self.dispatcher.services
        now_ms = services.clock.now_ms()
        before = self.breaker.open_until_ms
        self.breaker.record(now_ms, ok=outcome.delivered)
        decision = decide(
            outcome,
            tries=claimed.attempt - claimed.armed,
            replay=bool(claimed.replay),
            schedule=schedule,
            url_took_since_first=self.last_success_ms >= claimed.first_attempt_ms,
            chance=services.chance(),
        )
        if outcome.delivered:
            self.last_success_ms = now_ms
        due_ms = None if decision.wait is None else now_ms + int(decision.wait * 1000)
        if decision.hold is not None:
            log.warning("callback is held", callback=self.callback_id, reason=decision.hold)
            self._holding = True
        await self.dispatcher.report(Settlement(claimed=claimed, outcome=outcome, decision=decision, due_ms=due_ms))
        if before != self.breaker.open_until_ms:  # after the outcome, which must not be lost if this cannot be written
            await self._show_breaker()

    async def _show_breaker(self) -> None:
        until_ms = self.breaker.open_until_ms
        log.warning("breaker turned", callback=self.callback_id, open=until_ms is not None)
        with suppress(StoreError):  # it is shown at its next turn
            await self.dispatcher.services.store.write(deliveries.note_breaker, self.callback_id, until_ms)

    async def _give_back(self) -> None:
        """Return what was claimed and will not be sent now."""
        if self.ready:
            rows = list(self.ready)
            self.ready.clear()
            await self.dispatcher.give_back(rows, self.dispatcher.services.clock.now_ms())
