"""Commands that need an engine: run one, run one once, or have one action done by whoever runs the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from functools import partial
from math import inf
from pathlib import Path

from msgspec import Struct

from cwconsole.cli import output
from cwconsole.cli.clock import now_ms
from cwconsole.cli.ending import Ending
from cwconsole.cli.lock import engine_runs
from cwconsole.cli.loop import SIGNALS
from cwconsole.core.errors import EngineRunningError, StoreError
from cwconsole.engine.crawl import PollReport, Why
from cwconsole.engine.fleet import Unusable
from cwconsole.engine.services import wait_for
from cwconsole.engine.supervisor import Engine
from cwconsole.store import actions, connection, jobs, replay_jobs, replays
from cwconsole.store.actions import Action
from cwconsole.store.jobs import Job

LOOK_SECONDS = 0.1
SLOW_SECONDS = 3.0  # an engine begins with what is queued at once; this one has not
GOING_ON = ("queued", "running")

Host = Callable[..., AbstractAsyncContextManager[Engine]]  # `wiring.hosted_engine` with everything but the mode bound


class Once(Struct, frozen=True, kw_only=True):
    """What `run --once` did. unusable: each instance that could not be polled at all."""

    polls: list[PollReport]
    unusable: list[Unusable]


async def run(host: Host, *, seconds: float | None) -> int | None:
    """Run the engine until a signal comes, whose number is returned, or the time is up; what runs is finished first."""
    ended, caught, ending = asyncio.Event(), [], Ending()

    def stop(number: int) -> None:
        caught.append(number)
        ended.set()
        ending.signalled(number)

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        async with asyncio.TaskGroup() as group:
            async with host() as ending.engine:
                await wait_for(ended, seconds)
                saying = group.create_task(ending.say())
            saying.cancel()  # now the engine has ended
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
    return caught[0] if caught else None


async def run_once(path: Path, host: Host) -> Once:
    """Finish interrupted crawls, poll every active resource once, do what was ordered before, deliver what is due."""
    async with host(scheduled=False) as engine:
        ordered = await asyncio.to_thread(_open_work, path)
        reports = await engine.poll_all(Why(trigger="once"))
        resumed = [report for report in reports if report.resumed and report.fault is None]
        if resumed:  # an interrupted crawl ends a window of the past: one more poll begins after the command
            again = {report.resource.id for report in resumed}
            kept = [report for report in reports if report.resource.id not in again or report.set_aside]
            reports = kept + await engine.poll_all(Why(trigger="once"), only=again)
        while ordered & await asyncio.to_thread(_open_work, path):  # noqa: ASYNC110 - rows, not an event
            await asyncio.sleep(LOOK_SECONDS)
        await engine.drained()
        return Once(polls=reports, unusable=list(engine.fleet.broken.values()))


async def carry_out(path: Path, host: Host, action_id: int) -> Action:
    """Wait until a queued action is done, and a replay sent if it can be now.

    If no engine runs, host one for it and the deliveries that result.
    """
    clock = asyncio.get_running_loop().time
    slow = clock() + SLOW_SECONDS
    while (action := await asyncio.to_thread(_load, path, action_id)).open:
        if action.state == "queued" and clock() > slow:
            slow = inf
            output.say(
                f"Still waiting: another process runs the engine, and has not begun with action {action_id} yet."
            )
        await _hosted(partial(host, only=action_id), lambda: not _load(path, action_id).open)
    await _sent(path, partial(_replay_is_under_way, path, action))
    return action


async def do_job(path: Path, host: Host, job_id: int) -> Job:
    """Wait until a job has ended or is paused, and those of its replays are sent that can be now.

    If no engine runs, host one for it and the deliveries that result.
    """
    while (job := await asyncio.to_thread(_load_job, path, job_id)).state in GOING_ON:
        await _hosted(partial(host, job=job_id), lambda: _load_job(path, job_id).state not in GOING_ON)
    await _sent(path, partial(_job_is_under_way, path, job_id))
    return job


async def _hosted(host: Host, is_over: Callable[[], bool]) -> None:
    """Host an engine until something is over, and what is to be sent because of it is sent. is_over: reads the file."""
    try:
        async with host(scheduled=False) as engine:
            saying = asyncio.ensure_future(_say_what_hinders(engine))
            try:
                while not await asyncio.to_thread(is_over):  # noqa: ASYNC110 - it is a row, not an event
                    await asyncio.sleep(LOOK_SECONDS)
                await engine.drained()
            finally:
                saying.cancel()
    except EngineRunningError:
        await asyncio.sleep(LOOK_SECONDS)  # another process runs the engine, and does it


async def _say_what_hinders(engine: Engine) -> None:
    """Once, beside the log: whoever waits for an engine that cannot write would wait without a word."""
    while (why := engine.hindrance) is None:  # noqa: ASYNC110 - the writing thread's finding, not an event
        await asyncio.sleep(LOOK_SECONDS)
    output.say(f"Still waiting: the engine of this command cannot write. {why}")


async def _sent(path: Path, under_way: Callable[[], bool]) -> None:
    """Wait while another process's engine has something of it to send. One that was hosted here has drained."""
    while await asyncio.to_thread(engine_runs, path) and await asyncio.to_thread(under_way):  # noqa: ASYNC110
        await asyncio.sleep(LOOK_SECONDS)


def _replay_is_under_way(path: Path, action: Action) -> bool:
    with closing(connection.reader(path)) as conn:
        made = replays.made(conn, action)
        return made is not None and replays.under_way(conn, delivery=made, now_ms=now_ms())


def _job_is_under_way(path: Path, job_id: int) -> bool:
    with closing(connection.reader(path)) as conn:
        return replays.under_way(conn, job=job_id, now_ms=now_ms())


def _open_work(path: Path) -> set[tuple[str, int]]:
    """What operators ordered and no engine has finished; paused jobs stand still on purpose."""
    with closing(connection.reader(path)) as conn:
        ordered = {("job", job.id) for job in replay_jobs.runnable(conn)}
        return ordered | {("action", action_id) for action_id in actions.open_ids(conn)}


def _load_job(path: Path, job_id: int) -> Job:
    with closing(connection.reader(path)) as conn:
        return jobs.load(conn, job_id)


def _load(path: Path, action_id: int) -> Action:
    with closing(connection.reader(path)) as conn:
        action = actions.load(conn, action_id)
    if action is None:
        raise StoreError(f"Action {action_id} is gone from {path}.")
    return action
