"""The poller of one resource: waits until a poll is due or asked for, and makes it.

The schedule is in the database (`next_poll_ms`), so a restart goes on where the last engine stopped. A poll that an
operator asks for is the same function with another reason; whoever asks while one runs gets one more afterwards.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from cwconsole.core.errors import StaleError, UsageError
from cwconsole.core.polling import first_due
from cwconsole.engine.crawl import Crawl, PollReport, Target, Why
from cwconsole.engine.plan import interval_of
from cwconsole.engine.services import Services, wait_for
from cwconsole.log import log
from cwconsole.store import resources
from cwconsole.store.resources import Resource

AIM_TRIES = 20
AIM_SECONDS = 0.5  # the fleet follows within 0.25 s, or later if it connects many


@dataclass(slots=True)
class _Asked:
    why: Why
    answer: asyncio.Future[PollReport] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Poller:
    """One resource's polls, one at a time.

    lock: held for a whole poll, and by a sweep while it fetches and commits a batch, so that an older reading of a
    record is never written over a newer one.
    """

    def __init__(
        self,
        services: Services,
        resource_id: int,
        target: Target,
        *,
        scheduled: bool = True,
        lock: asyncio.Lock | None = None,
    ) -> None:
        """lock: the resource's, if a poller before this one may still be at work."""
        self.services = services
        self.scheduled = scheduled
        self.resource_id = resource_id
        self.target = target
        self.lock = lock or asyncio.Lock()
        self._asked: list[_Asked] = []
        self._wake = asyncio.Event()
        self._retargeted = asyncio.Event()
        self._retired = False

    @property
    def ended(self) -> bool:
        """Whether it begins no more polls: the engine stops, or the resource is not polled any more."""
        return self._retired or self.services.stopping.is_set()

    def retire(self) -> None:
        """Begin no more polls; one that runs goes on to its end."""
        self._retired = True
        self._retargeted.set()
        self.wake()

    def retarget(self, target: Target) -> None:
        """Use another configuration from the next poll on."""
        self.target = target
        self._retargeted.set()
        self.wake()

    def wake(self) -> None:
        """Look at the row again: it was paused, resumed, or made due."""
        self._wake.set()

    async def poll_now(self, why: Why) -> PollReport:
        """One poll that begins after this call, made by the running poller. Known faults are in the report."""
        asked = _Asked(why)
        self._asked.append(asked)
        self.wake()
        return await asked.answer

    async def run(self) -> None:
        """Poll whenever it is due, until the engine stops. Whoever still asks then is told why not."""
        try:
            await self._loop()
        finally:
            asked, self._asked = self._asked, []
            for one in asked:
                _refuse(one.answer, self._refusal())

    def _refusal(self) -> BaseException:
        if self.services.stopping.is_set():
            return asyncio.CancelledError()  # the next engine does what was asked
        if self._retired:
            return UsageError("It is not polled any more; `cwconsole status` shows what is.")
        return UsageError("Its poller broke down meanwhile; ask again. The log says more.")

    async def rest(self, seconds: float) -> None:
        """After a defect: wait, but not longer than until somebody asks, or the configuration changes."""
        self._wake.clear()
        if not self._asked and not self.ended:
            await wait_for(self._wake, seconds)

    async def _loop(self) -> None:
        services = self.services
        due_ms = await self._first_due()
        while not self.ended:
            wait = None if due_ms is None else max(due_ms - services.clock.now_ms(), 0) / 1000
            rests = wait is None or wait > 0 or self._wake.is_set()  # woken: look before polling, it may be paused now
            if not self._asked and rests and await wait_for(self._wake, wait):
                self._wake.clear()
                due_ms = await self._due()
                continue
            if self.ended:
                return
            due_ms = await self._one_round()

    async def _one_round(self) -> int | None:
        """Make the poll that is due or asked for, and answer all who asked before it began."""
        asked, self._asked = self._asked, []
        self._wake.clear()
        try:
            report = await self.poll(asked[-1].why if asked else Why())
        except BaseException as error:
            for one in asked:
                _refuse(one.answer, error)
            raise
        for one in asked:
            if not one.answer.done():
                one.answer.set_result(report)
        return report.next_poll_ms if self.scheduled and report.resource.runs else None

    async def poll(self, why: Why) -> PollReport:
        """Make one poll now."""
        async with self.lock, self.services.turns:
            resource, target = await self.aimed()
            report = await Crawl(self.services, target, resource, why).run()
        _log_turn(resource, report)
        return report

    async def aimed(self) -> tuple[Resource, Target]:
        """The row, and the configuration that it is the row of.

        Right after an edit the row is new and the target is not: what the old one's company answers must not be
        written as the new one's records. The fleet brings the new target at once.
        """
        for _ in range(AIM_TRIES):
            resource, target = await self._row(), self.target
            if target.fits(resource):
                return resource, target
            if self.ended:
                break
            self._retargeted.clear()
            await wait_for(self._retargeted, AIM_SECONDS)
        raise StaleError(f"{resource.label}: its configuration changed just now; ask again.")

    async def _row(self) -> Resource:
        resource = await self.services.store.read(resources.load, self.resource_id)
        if resource is None:
            raise UsageError(f"resource {self.resource_id} does not exist any more")
        return resource

    async def _first_due(self) -> int | None:
        resource = await self._row()
        if not self.scheduled or not resource.runs:
            return None
        return first_due(
            resource.next_poll_ms,
            interval=interval_of(self.target.config),
            now_ms=self.services.clock.now_ms(),
            chance=self.services.chance(),
        )

    async def _due(self) -> int | None:
        resource = await self._row()
        return (resource.next_poll_ms or 0) if self.scheduled and resource.runs else None

    async def wants_polls(self) -> bool:
        """Whether neither it nor its instance is paused or off."""
        return (await self._row()).runs


def _refuse(answer: asyncio.Future[PollReport], error: BaseException) -> None:
    if answer.done():
        return
    if isinstance(error, asyncio.CancelledError):
        answer.cancel()
    else:
        answer.set_exception(error)


def _log_turn(before: Resource, report: PollReport) -> None:
    """Log once when a resource breaks and once when it recovers; the history has the rest."""
    if report.fault is not None and before.failures == 0:
        log.warning("resource is failing", resource=before.label, code=report.fault.code, error=report.fault.message)
    elif report.outcome == "ok" and before.failures:
        log.info("resource has recovered", resource=before.label, failures=before.failures)
    log_set_aside(before, report.newly_aside)


def log_set_aside(resource: Resource, newly: int) -> None:
    """Log what a poll or a sweep could not decode and none before it had met."""
    if newly:
        why = "They cannot be decoded; what changes in them is not delivered."
        log.warning("records were set aside", resource=resource.label, records=newly, error=why)
