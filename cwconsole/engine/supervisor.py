"""The engine: pollers, sweeps, deliveries and actions of one database, side by side in one task group.

All state is in the database; the engine only follows it. It notices what other processes wrote by `data_version`, four
times a second, and then looks for queued actions and changed configuration. Stopping takes no new work, lets what
runs finish within a limit, and can be asked for twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cwconsole.core.polling import PARKED_INTERVAL
from cwconsole.engine.actions import Actions
from cwconsole.engine.crawl import PollReport, Why
from cwconsole.engine.dispatcher import Dispatcher
from cwconsole.engine.fleet import Fleet
from cwconsole.engine.janitor import Janitor
from cwconsole.engine.jobs import Jobs
from cwconsole.engine.ports import Clock, Connect
from cwconsole.engine.services import Services
from cwconsole.engine.sweeps import Sweeps
from cwconsole.log import log
from cwconsole.store import actions, meta, polls, wall_clock
from cwconsole.store.database import Store
from cwconsole.store.retention import KEEP_MS

LOOK_SECONDS = 0.25
CLOCK_SECONDS = 60.0
STOP_SECONDS = 10.0
NONE = 0  # no row has this id


class Engine:
    """The running pollers and deliverers. At most one per database: the caller holds the engine's lock.

    scheduled: poll and sweep by the schedule; False for an engine that serves one command.
    only: the one queued action to carry out, with the deliveries that result; None for all.
    job: the one job to do, with the deliveries that result; None for all.
    keep_ms: for how long history is kept.
    """

    def __init__(
        self,
        store: Store,
        connect: Connect,
        clock: Clock,
        chance: Callable[[], float],
        *,
        tag: str,
        scheduled: bool = True,
        only: int | None = None,
        job: int | None = None,
        keep_ms: int = KEEP_MS,
    ) -> None:
        self.services = Services(store=store, clock=clock, chance=chance, nudge=self._nudge)
        self.fleet = Fleet(self.services, connect, scheduled=scheduled)
        self.dispatcher = Dispatcher(self.services, self.fleet.recipient, tag, all_due=only is None and job is None)
        self.actions = Actions(self.services, self.fleet, only=only if job is None else NONE)
        self.jobs = Jobs(self.services, only=job if only is None else NONE)
        self.sweeps = Sweeps(self.services, self.fleet)
        self.janitor = Janitor(self.services, keep_ms=keep_ms)
        self.scheduled = scheduled
        self.ready = asyncio.Event()
        self._tried_ms = clock.now_ms()
        self._followed = 0  # the version of the configuration that the engine works by
        self._limit: asyncio.Timeout | None = None  # of what runs, once the engine stops

    def _nudge(self, callback_id: int) -> None:
        self.dispatcher.nudge(callback_id)

    @property
    def hindrance(self) -> str | None:
        """Why it can write nothing now, as a sentence; None if it can. It tries on, at the least once a minute."""
        return self.services.store.hindrance

    def stop(self) -> None:
        """Take no new work. `run` returns when what runs is over, at the latest after 10 s."""
        self.services.stopping.set()
        self.fleet.wake()
        self.jobs.wake()
        self.dispatcher.stop()

    def cut_off(self) -> None:
        """While it stops: wait no longer for what runs. It is left as the limit would leave it, and a crash."""
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> None:
        """Work until `stop` is called."""
        now_ms = self.services.clock.now_ms()
        await self._note_clock()
        interrupted = await self.services.store.write(polls.interrupt_running, now_ms)
        await self.services.store.write(actions.requeue_running)
        log.info("engine starts", interrupted_polls=interrupted)
        try:
            async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as group:
                config = await self.services.store.read(meta.config_version)  # before what it is the version of
                await self.fleet.refresh(group)
                group.create_task(self.dispatcher.run())  # after: it asks the fleet whom deliveries are for
                self._followed = config
                group.create_task(self.services.steadily("following", lambda: self._follow(group)))
                group.create_task(self.services.steadily("clock", self._watch_clock))
                group.create_task(self.services.steadily("jobs", self.jobs.run))
                if self.scheduled:
                    group.create_task(self.services.steadily("sweeps", self.sweeps.run))
                    group.create_task(self.services.steadily("housekeeping", self.janitor.run))
                self.ready.set()
                await self.services.stopping.wait()
                limit.reschedule(asyncio.get_running_loop().time() + STOP_SECONDS)
                self._limit = limit
        except TimeoutError:
            log.warning("engine stopped hard; what was cut off is resumed by the next one")
        self._limit = None
        log.info("engine stopped")

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        """Notice what other processes wrote."""
        store, seen = self.services.store, None
        while not self.services.stopping.is_set():
            mended = self._broken_may_be_mended()
            if (version := await store.data_version()) != seen or mended:
                seen = version
                self.jobs.wake()
                if (now := await store.read(meta.config_version)) != self._followed or mended:
                    await self.fleet.refresh(group)
                    await self.dispatcher.rescan()
                    self._followed = now  # only now: what breaks off is done again
                await self.actions.pick_up(group)  # after: an action may be about what was just added
            await self.services.pause(LOOK_SECONDS)

    async def _watch_clock(self) -> None:
        """Notice that this machine's clock was set back, and let nothing wait for it."""
        while not self.services.stopping.is_set():
            await self.services.pause(CLOCK_SECONDS)
            if await self._note_clock():
                self.fleet.wake()
                await self.dispatcher.rescan()

    async def _note_clock(self) -> bool:
        back_ms = await self.services.store.write(wall_clock.note, self.services.clock.now_ms())
        if back_ms:
            log.warning("the clock was set back; what waits is due as much earlier", seconds=back_ms // 1000)
        return bool(back_ms)

    def _broken_may_be_mended(self) -> bool:
        """Whether it is time to try instances again whose secrets could not be had: a file may be there by now."""
        now_ms = self.services.clock.now_ms()
        if not self.fleet.broken or now_ms < self._tried_ms + PARKED_INTERVAL * 1000:
            return False
        self._tried_ms = now_ms
        return True

    async def poll_all(self, why: Why, only: set[int] | None = None) -> list[PollReport]:
        """Poll every active resource that is not paused once, interrupted crawls going on where they stopped.

        only: the ids of the resources to poll; None for all.
        """
        chosen = [poller for key, poller in self.fleet.pollers.items() if only is None or key in only]
        pollers = [poller for poller in chosen if await poller.wants_polls()]
        return list(await asyncio.gather(*(poller.poll_now(why) for poller in pollers)))

    async def drained(self) -> None:
        """Wait until nothing that may be sent now is due."""
        await self.services.underway.over()
        await self.dispatcher.drained()


@asynccontextmanager
async def running(engine: Engine) -> AsyncIterator[Engine]:
    """Run an engine around a block. However the block ends, what runs is finished within the limit."""
    async with asyncio.TaskGroup() as group:
        work = group.create_task(engine.run())
        await engine.ready.wait()
        try:
            yield engine
        finally:
            engine.stop()
            await asyncio.wait((work,))
