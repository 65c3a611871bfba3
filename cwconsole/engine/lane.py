"""One callback URL's lane: its queue, its requests in flight, its breaker.

It claims what is due, sends it, and says what follows from each answer. A slot is free again as soon as its request is
over, but an object's next delivery becomes due only with the commit, which keeps the order.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit

from cwconsole.core.attempts import Outcome, Parcel
from cwconsole.core.breaker import WINDOW_SECONDS, Breaker, BreakerState
from cwconsole.core.delivery import decide
from cwconsole.core.errors import StoreError
from cwconsole.core.event_id import public_id
from cwconsole.engine.fleet import Member
from cwconsole.engine.services import Services, wait_for
from cwconsole.engine.slots import Slots
from cwconsole.log import log
from cwconsole.store import deliveries, settlements
from cwconsole.store.deliveries import Claimed
from cwconsole.store.settlements import Settlement

FIRST_IN_FLIGHT, LANE_IN_FLIGHT = 1, 16  # one more for each answer, half for each request that got none
# Claimed beyond what is in flight: a claim is a commit, and a slot must not wait for the disk. As much as is sent in so
# many milliseconds by what the receiver took for the last one, since what is claimed is out of the operators' reach.
AHEAD_MS = 150
LEAST_AHEAD, MOST_AHEAD = 16, 256
UNCONNECTED_MS = 60_000  # how long a delivery waits whose instance cannot be connected
IDLE_SECONDS = WINDOW_SECONDS  # without anything to do, until the lane ends: its breaker has nothing to forget by then

Recipients = Callable[[int], Member | None]


class Dispatch(Protocol):
    """What a lane needs of the dispatcher that it belongs to.

    recipients: who gets the deliveries of an instance, by its id. tag: begins the events' public ids.
    slots: requests in flight over all lanes.
    """

    services: Services
    recipients: Recipients
    tag: str
    slots: Slots

    async def report(self, settlement: Settlement) -> None:
        """Hand in an outcome to be recorded."""
        ...

    def hurry(self) -> None:
        """Record what was handed in now: somebody waits for it, or a commit is due anyway."""
        ...

    async def give_back(self, rows: list[Claimed], due_ms: int) -> None:
        """Return what was claimed and will not be sent now."""
        ...

    async def turned_quiet(self) -> None:
        """Say that the lane has nothing to do."""
        ...

    def let_go(self, callback_id: int) -> bool:
        """Whether the lane may end. If so, it is forgotten: what comes for its callback begins another."""
        ...


class Lane:
    """One callback URL: its queue, its requests in flight, its breaker."""

    def __init__(self, dispatcher: Dispatch, callback_id: int) -> None:
        self.dispatcher = dispatcher
        self.callback_id = callback_id
        self.breaker = Breaker()
        self.ready: deque[Claimed] = deque()
        self.in_flight = 0
        self.window = FIRST_IN_FLIGHT
        self.doubtful = False  # the last request got no answer
        self.ahead = LEAST_AHEAD
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
        """Claim and send until the engine stops, or there has been nothing to do for long."""
        services = self.dispatcher.services
        async with asyncio.TaskGroup() as group:
            with suppress(StoreError):  # only while the engine stops
                # A unit, as these are tried again; a reading that failed would end the engine.
                self.last_success_ms = await services.write_patiently(deliveries.last_success, self.callback_id)
                while not services.stopping.is_set():
                    self._wake.clear()
                    next_due_ms = await self._fill(group)
                    if services.stopping.is_set() or await self._rest(next_due_ms):
                        break
            await self._give_back()
            if self.breaker.open_until_ms is not None:
                await self._show_breaker(None)  # what comes after this lane knows nothing of it

    async def _rest(self, next_due_ms: int | None) -> bool:
        """Wait for a wake-up or the next due time; with nothing in hand, say so.

        Returns whether the lane is over. Nothing may be awaited between the look at the wake-up and the dispatcher's
        forgetting the lane: who nudged it in between would wait for ever.
        """
        now_ms = self.dispatcher.services.clock.now_ms()
        seconds = None if next_due_ms is None else max(next_due_ms - now_ms, 0) / 1000
        if not self.in_flight and not self.ready and not self._wake.is_set():
            self.idle = seconds is None or seconds > 0
            await self.dispatcher.turned_quiet()
        waits_for_nothing = self.idle and next_due_ms is None
        woken = seconds == 0 or await wait_for(self._wake, IDLE_SECONDS if waits_for_nothing else seconds)
        self.idle = False
        return waits_for_nothing and not woken and self.dispatcher.let_go(self.callback_id)

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
        space = self.window + self.ahead - len(self.ready) - self.in_flight
        if state is BreakerState.HALF_OPEN:
            space = 1 - len(self.ready) - self.in_flight
        next_due_ms = None  # a sender that ends wakes us
        if space > 0 and not self._well_stocked:
            self.dispatcher.hurry()
            claim = await services.write_patiently(deliveries.claim, self.callback_id, now_ms=now_ms, limit=space)
            self.ready.extend(claim.rows)
            next_due_ms = None if len(claim.rows) == space else claim.next_due_ms
        for _ in range(min(self.window - self.in_flight, len(self.ready))):
            if not self.dispatcher.slots.take(self.in_flight, self.wake, doubtful=self.doubtful):
                break
            self.in_flight += 1
            group.create_task(self._send_all())
        return next_due_ms

    @property
    def _well_stocked(self) -> bool:
        return len(self.ready) > self.ahead // 2

    async def _send_all(self) -> None:
        """Send what is ready, one after the other, until the queue is empty, or its slot is not the lane's any more."""
        services, slots = self.dispatcher.services, self.dispatcher.slots
        try:
            while self.ready and not services.stopping.is_set():
                if self._holding or not self.breaker.allow(services.clock.now_ms()):
                    break
                await self._send(self.ready.popleft())
                if self.doubtful or self.in_flight > self.window or slots.crowded(self.in_flight):
                    break  # in doubt: whoever waits comes first
                if not self._well_stocked:
                    self._wake.set()
        finally:
            self.in_flight -= 1
            slots.give(doubtful=self.doubtful)
            self._wake.set()
            if not self.in_flight:
                self.dispatcher.hurry()

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
        await self._judge(claimed, outcome, recipient)

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

    async def _judge(self, claimed: Claimed, outcome: Outcome, recipient: Member) -> None:
        services = self.dispatcher.services
        now_ms = services.clock.now_ms()
        before = self.breaker.open_until_ms
        if outcome.interrupted:
            self.breaker.withdraw()
        else:
            self.breaker.record(now_ms, ok=outcome.delivered)
            self._adapt(outcome)
        decision = decide(
            outcome,
            tries=claimed.tries,
            replay=bool(claimed.replay),
            schedule=recipient.schedule,
            url_took_since_first=self.last_success_ms >= claimed.first_attempt_ms,
            chance=services.chance(),
        )
        if outcome.delivered:
            self.last_success_ms = now_ms
        due_ms = None if decision.wait is None else now_ms + int(decision.wait * 1000)
        if decision.hold is not None:
            log.warning("callback is held", callback=_host(recipient), reason=decision.hold)
            self._holding = True
        await self.dispatcher.report(Settlement(claimed=claimed, outcome=outcome, decision=decision, due_ms=due_ms))
        if before != self.breaker.open_until_ms:  # after the outcome, which must not be lost if this cannot be written
            await self._breaker_turned(recipient, was_open=before is not None)

    def _adapt(self, outcome: Outcome) -> None:
        """Learn from an attempt how much the receiver can be given at once. One that hangs must not hold many slots."""
        self._doubt(outcome.status is None)
        if self.doubtful:
            self.window = max(self.window // 2, 1)
        elif self.window < LANE_IN_FLIGHT:
            self.window += 1
            self._wake.set()
        if outcome.delivered:
            pace = LANE_IN_FLIGHT * AHEAD_MS // max(outcome.duration_ms, 1)
            self.ahead = min(max(pace, LEAST_AHEAD), MOST_AHEAD)

    def _doubt(self, doubtful: bool) -> None:
        """What is in flight counts as the last answer says."""
        if doubtful != self.doubtful:
            self.doubtful = doubtful
            slots = self.dispatcher.slots
            (slots.doubt if doubtful else slots.trust)(self.in_flight)

    async def _breaker_turned(self, recipient: Member, *, was_open: bool) -> None:
        until_ms = self.breaker.open_until_ms
        turned = "breaker closed" if until_ms is None else "breaker stays open" if was_open else "breaker opened"
        log.warning(turned, callback=_host(recipient))
        await self._show_breaker(until_ms)

    async def _show_breaker(self, until_ms: int | None) -> None:
        with suppress(StoreError):  # it is shown at its next turn
            await self.dispatcher.services.store.write(settlements.note_breaker, self.callback_id, until_ms)

    async def _give_back(self) -> None:
        """Return what was claimed and will not be sent now."""
        if self.ready:
            rows = list(self.ready)
            self.ready.clear()
            await self.dispatcher.give_back(rows, self.dispatcher.services.clock.now_ms())


def _host(recipient: Member) -> str:
    """For the log: the rest of a callback URL may hold secrets."""
    callback = recipient.config.callback
    return "" if callback is None else (urlsplit(callback.url).hostname or "")
