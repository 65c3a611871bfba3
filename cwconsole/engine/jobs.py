"""Jobs: whatever takes long and goes at its own rate, beside everything else.

Exports are written by consoles; here one is ended whose console is gone (`store.export_jobs`).
Each open job has its turn in every round, for no more than its pace allows, so that a large one holds no other up. The
loop waits until the next job has a batch to do, or somebody has written; it asks the file nothing in between. Who
pauses or cancels a job needs no answer from here: a step is made only if the job still runs (`store.replay_jobs`).
"""

from __future__ import annotations

import asyncio
import traceback

from cwconsole.core.errors import StaleError, UsageError
from cwconsole.core.pacing import Pace
from cwconsole.engine.services import Services, wait_for
from cwconsole.log import log
from cwconsole.store import export_jobs, replay_jobs
from cwconsole.store.jobs import Job
from cwconsole.store.replay_jobs import Stepped

MOST_AT_ONCE = 250  # replays in one transaction: other writers wait for it


class Jobs:
    """Does the open jobs of a database.

    only: the id of the one job this engine is here for; None for all.
    """

    def __init__(self, services: Services, *, only: int | None = None) -> None:
        self.services = services
        self.only = only
        self._paces: dict[int, Pace] = {}
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look at the jobs again: somebody has written, or the engine stops."""
        self._wake.set()

    async def run(self) -> None:
        """Work until the engine stops; a step that has begun is finished."""
        while not self.services.stopping.is_set():
            self._wake.clear()
            seconds = await self.round()
            if not self.services.stopping.is_set():
                await wait_for(self._wake, seconds)

    async def round(self) -> float | None:
        """Give every job its turn. Returns how many seconds there is nothing to do then; None until woken."""
        open_jobs, heard = await self.services.store.read(
            lambda conn: (replay_jobs.runnable(conn, self.only), export_jobs.writing(conn))
        )
        known = {job.id for job in open_jobs}
        self._paces = {job_id: pace for job_id, pace in self._paces.items() if job_id in known}
        waits = []
        for job in open_jobs:
            if self.services.stopping.is_set():
                break
            if not await self._turn(job):
                waits.append(self._paces[job.id].wait_seconds)
        if heard:
            await self._end_lost_exports(heard)
            waits.append(export_jobs.LOST_MS / 1000)
        return min(waits, default=None)

    async def _end_lost_exports(self, heard: list[int]) -> None:
        """heard: when the console of each export that goes on was last heard of."""
        now_ms = self.services.clock.now_ms()
        if any(export_jobs.is_lost(one, now_ms) for one in heard):
            ended = await self.services.store.write(export_jobs.end_lost, now_ms)
            log.warning("export ended: its console is gone", exports=ended)

    async def _turn(self, job: Job) -> bool:
        """One job's turn. Returns whether the job is over, or was stopped."""
        now_ms = self.services.clock.now_ms()
        pace = self._paces.get(job.id, Pace(rate=job.rate, at_ms=now_ms)).later(now_ms)
        self._paces[job.id] = pace
        if not pace.ready:
            return False
        with self.services.underway:
            stepped = await self._step(job, min(pace.ready, MOST_AT_ONCE))
            for callback_id in () if stepped is None else stepped.callbacks:
                self.services.nudge(callback_id)
        if stepped is None:
            return True
        self._paces[job.id] = pace.spent(stepped.replayed + stepped.failed)
        if stepped.over:
            log.info("job is done", job=job.id)
        return stepped.over

    async def _step(self, job: Job, limit: int) -> Stepped | None:
        """Up to `limit` more events; None if the job was stopped meanwhile, or cannot go on."""
        store = self.services.store
        try:
            found = await store.read(replay_jobs.ahead, job, limit)
            return await store.write(replay_jobs.step, job, found, self.services.clock.now_ms())
        except StaleError:
            return None
        except UsageError as error:
            sentence = error.message
        except (ValueError, KeyError, TypeError) as defect:  # one job's defect must not end the engine
            log.error("job broke", job=job.id, traceback=traceback.format_exc())
            sentence = f"An unexpected error ended it ({type(defect).__name__}); see the log."
        log.warning("job cannot go on", job=job.id, error=sentence)
        await store.write(replay_jobs.fail, job.id, sentence, self.services.clock.now_ms())
        return None
