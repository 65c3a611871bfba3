"""Jobs: at their rate, side by side, stopped at once, and never twice over a crash. On a real file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cwconsole.core.errors import StaleError
from cwconsole.core.filters import Filter, Noun
from cwconsole.engine.jobs import Jobs
from cwconsole.store import export_jobs, replay_jobs, replay_preview
from cwconsole.store import jobs as stored_jobs
from cwconsole.store.actions import ActionKind
from cwconsole.store.database import Store
from cwconsole.store.jobs import Job
from cwconsole.store.selection import Selection
from tests.engine.rig import Rig, rig
from tests.store.rows import add_events, asked


class Cut(BaseException):
    """Plays the end of the process."""


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Rig]:
    """An engine's surroundings with a thousand events."""
    async with rig(tmp_path) as built:
        await built.store.write(add_events, 1, range(1, 1001))
        yield built


async def order(engine: Rig, *, rate: float = 10.0, wanted: Selection | None = None) -> int:
    def unit(conn: Any) -> int:
        shown = replay_preview.preview(conn, wanted or Selection(chosen=Filter()), asked_ms=0)
        return replay_jobs.create(conn, shown, rate=rate, asked=asked(ActionKind.REPLAY), now_ms=0)

    return await engine.store.write(unit)


async def load(engine: Rig, job_id: int) -> Job:
    return await engine.store.read(stored_jobs.load, job_id)


async def replayed(engine: Rig) -> list[int]:
    return [row[0] for row in await engine.rows("SELECT event_id FROM deliveries WHERE replay = 1 ORDER BY id")]


async def play(engine: Rig, jobs: Jobs, seconds: float) -> int:
    """Rounds as the loop makes them, on the clock of the test. Returns how many there were."""
    end, rounds = engine.clock.time_ms + int(seconds * 1000), 0
    while engine.clock.time_ms < end:
        wait = await jobs.round()
        rounds += 1
        engine.clock.time_ms += int((seconds if wait is None else wait) * 1000) + 1
    return rounds


@pytest.mark.parametrize("rate", [1.0, 10.0, 200.0])
async def test_a_job_goes_at_its_rate_in_few_rounds(engine: Rig, rate: float) -> None:
    job_id = await order(engine, rate=rate)
    rounds = await play(engine, Jobs(engine.services), 4)
    done = (await load(engine, job_id)).done
    assert rate * 3.4 - 1 <= done <= rate * 4 + 1
    assert rounds <= 4 * 10 + 2
    assert await replayed(engine) == list(range(1, done + 1))
    assert engine.nudged


async def test_jobs_go_side_by_side_each_at_its_own_rate(engine: Rig) -> None:
    slow, fast = await order(engine, rate=2), await order(engine, rate=100)
    await play(engine, Jobs(engine.services), 4)
    assert 6 <= (await load(engine, slow)).done <= 8
    assert (await load(engine, fast)).done >= 340


async def test_a_clock_that_leaps_makes_no_burst(engine: Rig) -> None:
    job_id, jobs = await order(engine, rate=10), Jobs(engine.services)
    await jobs.round()
    engine.clock.time_ms += 3_600_000
    await jobs.round()
    await jobs.round()
    assert (await load(engine, job_id)).done == 10


class CrashingStore:
    """A store after whose second commit the process ends: it is kept, and nobody hears of it."""

    def __init__(self, real: Store) -> None:
        self.real, self.read, self.commits = real, real.read, 0

    async def write(self, fn: Any, *args: Any, **more: Any) -> Any:
        outcome = await self.real.write(fn, *args, **more)
        self.commits += 1
        if self.commits == 2:
            raise Cut
        return outcome


async def test_after_a_crash_between_any_two_steps_each_event_is_sent_again_once(engine: Rig) -> None:
    job_id = await order(engine, rate=100, wanted=Selection(numbers=tuple(range(1, 101))))
    crashes = 0
    while (await load(engine, job_id)).open:
        services = replace(engine.services, store=CrashingStore(engine.store))
        try:
            await play(engine, Jobs(services), 60)
        except Cut:
            crashes += 1
    assert crashes
    assert await replayed(engine) == list(range(1, 101))


async def test_what_was_paused_or_cancelled_stands_still_at_once_and_goes_on(engine: Rig) -> None:
    job_id, jobs = await order(engine, rate=50), Jobs(engine.services)
    await play(engine, jobs, 1)
    await engine.store.write(stored_jobs.pause, job_id, asked=asked(ActionKind.PAUSE_JOB), now_ms=0)
    done = (await load(engine, job_id)).done
    assert await jobs.round() is None, "nothing to wait for"
    await play(engine, jobs, 5)
    assert (await load(engine, job_id)).done == done
    await engine.store.write(stored_jobs.resume, job_id, asked=asked(ActionKind.RESUME_JOB), now_ms=0)
    await play(engine, jobs, 1)
    assert done < (await load(engine, job_id)).done <= done + 51
    await engine.store.write(stored_jobs.cancel, job_id, asked=asked(ActionKind.CANCEL_JOB), now_ms=0)
    done = (await load(engine, job_id)).done
    await play(engine, jobs, 5)
    job = await load(engine, job_id)
    assert (job.done, job.state) == (done, "cancelled")


async def test_a_pause_between_reading_and_writing_wins(engine: Rig) -> None:
    job_id, jobs = await order(engine, rate=50), Jobs(engine.services)
    await jobs.round()
    engine.clock.time_ms += 1000
    job = await load(engine, job_id)
    await engine.store.write(stored_jobs.pause, job_id, asked=asked(ActionKind.PAUSE_JOB), now_ms=0)
    assert await jobs._step(job, 10) is None
    assert await replayed(engine) == []


async def test_a_job_that_cannot_go_on_fails_with_a_sentence_and_holds_no_other_up(engine: Rig) -> None:
    good, bad = await order(engine, rate=100), await order(engine, rate=100)
    await engine.execute('UPDATE jobs SET chosen = \'{"filter": "resource:gone", "but": []}\' WHERE id = ?', bad)
    await play(engine, Jobs(engine.services), 1)
    failed = await load(engine, bad)
    assert (failed.state, failed.open) == ("failed", False)
    assert "no instance has a resource 'gone'" in (failed.error or "").lower()
    assert (await load(engine, good)).done > 50
    await engine.execute("UPDATE jobs SET state = 'queued', chosen = 'no json' WHERE id = ?", bad)
    await play(engine, Jobs(engine.services), 1)
    assert "unexpected error" in ((await load(engine, bad)).error or "")


async def test_the_loop_starts_what_is_ordered_and_ends_when_the_engine_stops(engine: Rig) -> None:
    class RealClock:
        def now_ms(self) -> int:
            return time.time_ns() // 1_000_000

        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(seconds)

    jobs = Jobs(replace(engine.services, clock=RealClock()))
    running = asyncio.create_task(jobs.run())
    job_id = await order(engine, rate=1000)
    jobs.wake()
    async with asyncio.timeout(30):
        while (await load(engine, job_id)).open:  # noqa: ASYNC110 - it is a row, not an event
            await asyncio.sleep(0.02)
        engine.services.stopping.set()
        jobs.wake()
        await running
    assert await replayed(engine) == list(range(1, 1001))


async def test_an_engine_for_one_job_does_that_one_alone(engine: Rig) -> None:
    first, second = await order(engine, rate=100), await order(engine, rate=100)
    await play(engine, Jobs(engine.services, only=second), 1)
    assert (await load(engine, first)).state == "queued"
    assert (await load(engine, second)).done > 50


async def test_an_export_whose_console_is_silent_is_ended_and_one_that_is_heard_of_goes_on(engine: Rig) -> None:
    def begin(conn: Any) -> int:
        ordered = asked(ActionKind.EXPORT)
        now_ms = engine.clock.time_ms
        return export_jobs.create(conn, Noun.EVENTS, "/a.csv", "all", most=9, asked=ordered, now_ms=now_ms)

    silent, heard = await engine.store.write(begin), await engine.store.write(begin)
    jobs = Jobs(engine.services)
    for _ in range(3):
        wait = await jobs.round()
        assert wait is not None, "it looks again though nobody writes"
        engine.clock.time_ms += int(wait * 500)
        await engine.store.write(export_jobs.go_on, heard, rows=3, passed=4, now_ms=engine.clock.time_ms)
    await jobs.round()
    lost, other = await load(engine, silent), await load(engine, heard)
    assert (lost.state, lost.error) == ("failed", export_jobs.LOST)
    assert (other.state, other.done) == ("running", 3)
    assert other.share == pytest.approx(4 / 9)
    with pytest.raises(StaleError):  # its console, should it live after all, learns of it
        await engine.store.write(export_jobs.go_on, silent, rows=9, passed=9, now_ms=engine.clock.time_ms)
    await engine.store.write(export_jobs.done, heard, rows=7, now_ms=engine.clock.time_ms)
    assert await jobs.round() is None
    assert (await load(engine, heard)).share == 1.0
    assert await replayed(engine) == [], "no engine sends what is exported"


async def test_a_clock_that_is_set_back_keeps_no_export_running_for_ever(engine: Rig) -> None:
    def begin(conn: Any) -> int:
        later = engine.clock.time_ms + 3_600_000
        return export_jobs.create(
            conn, Noun.EVENTS, "/a.csv", "all", most=9, asked=asked(ActionKind.EXPORT), now_ms=later
        )

    job_id = await engine.store.write(begin)
    await Jobs(engine.services).round()
    assert (await load(engine, job_id)).state == "failed"
