"""The demo itself: servers and engine around a play in four acts. Everything is waited for by condition and deadline.

1. The samples are added, and their baselines read. With a screen, it comes after that: a resource that somebody pauses
   before its baseline would have no events of what changes meanwhile.
2. Records change while faults come and go; an operator lets held callbacks go and polls what was parked. A person gets
   the time to do so first, and faults that come one by one (`demo_pace`, `demo_faults.calm_script`); the act lasts
   until both the time is up and the person has left, and without a time it is the person who ends it.
3. Changes and faults stop. What is left is done within a limit: polls until nothing is new, sweeps, deliveries.
4. The receivers are compared with the simulator.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from typing import IO, Any

from cwconsole.cli.demo_check import reported
from cwconsole.cli.demo_faults import Spell, active, calm_script, script
from cwconsole.cli.demo_operator import DemoOperator
from cwconsole.cli.demo_pace import BRISK, CALM, Pace
from cwconsole.cli.demo_report import Report
from cwconsole.cli.demo_samples import COMPANY, PUBLIC_KEY, Samples, turned
from cwconsole.cli.demo_stage import RECORDS, Play, Say, Weather
from cwconsole.cli.door import Failed
from cwconsole.cli.instance_files import draft_of
from cwconsole.cli.wiring import hosted_engine
from cwconsole.core.config import InstanceConfig
from cwconsole.core.counted import counted
from cwconsole.engine.crawl import Why
from cwconsole.engine.supervisor import Engine
from cwconsole.http.policy import ALLOW_ALL
from cwconsole.log import log
from cwconsole.simulator.serve_both import Settings
from cwconsole.simulator.steering import ServersGone, Steering, served_apart
from cwconsole.store import redelivery, resources
from cwconsole.store.totals import totals
from cwconsole.store.vault import Vault

LATE_SHARE, LATE_SECONDS = 0.1, 2.0  # of the changes, so many are committed so late
SKEW_SECONDS = 90.0  # the simulator's clock is wrong by at most so much
BASELINE_SECONDS = 30.0
SETTLE_SECONDS = 60.0
LOOK_SECONDS = 0.25
QUIET_ROUNDS = 2
SCRIPT_SECONDS = 3600.0  # of faults, which begin anew where nobody says how long it lasts

Screen = Callable[[], Coroutine[Any, Any, None]]  # shows the console until the person leaves it


async def play(
    path: Path,
    samples: Samples,
    vault: Vault,
    *,
    errors: IO[bytes],
    seed: int,
    seconds: float | None,
    say: Say,
    screen: Screen | None = None,
) -> Report:
    """The whole demo, on a database that does not exist yet. errors: an open file for what the servers have to say.

    screen: shown once there is something to see; what is said from then on goes to the log. Raises Failed if the
    servers end too early or the baselines cannot be read.
    """
    pace = BRISK if screen is None else CALM
    with translated():
        async with (
            served_apart(_settings(samples, seed, pace), errors=errors) as steering,
            hosted_engine(path, vault, api_policy=ALLOW_ALL) as engine,
        ):
            operator = DemoOperator(engine.services)
            members = await _add(operator, samples, steering, vault, pace)
            say(f"{len(members)} instances, {RECORDS} records an endpoint, seed {seed}; reading the baselines.")
            await _baselines(engine)
            async with _shown(screen) as left:
                with translated():  # inside too: task groups would wrap the error
                    return await _acts(
                        Play(
                            engine=engine,
                            steering=steering,
                            operator=operator,
                            members=members,
                            paths=samples.paths,
                            seed=seed,
                            seconds=seconds,
                            say=say if left is None else _said_after(left, say),
                            left=left,
                            pace=pace,
                        )
                    )


@asynccontextmanager
async def _shown(screen: Screen | None) -> AsyncIterator[asyncio.Event | None]:
    """Show it beside a block, which gets an event that is set when the person leaves."""
    if screen is None:
        yield None
        return
    left = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(screen()).add_done_callback(lambda _: left.set())
        yield left


def _said_after(left: asyncio.Event, say: Say) -> Say:
    """Words on the terminal, once the screen is gone."""
    return lambda line: say(line) if left.is_set() else log.debug("demo", progress=line)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what is wrong with the servers into the error that commands end with."""
    try:
        yield
    except ServersGone as gone:
        raise Failed(f"The demo cannot go on: {gone}.") from gone


def _settings(samples: Samples, seed: int, pace: Pace) -> Settings:
    return Settings(
        company=COMPANY,
        public_key=PUBLIC_KEY,
        private_key=samples.private_key,
        paths=samples.paths,
        records=RECORDS,
        seed=seed,
        deletes=pace.deletes,
        skew=round(Random(seed).uniform(-SKEW_SECONDS, SKEW_SECONDS), 3),
        late_share=LATE_SHARE,
        late_seconds=LATE_SECONDS,
        receiver_keys=tuple(sample.signature_key for sample in samples.each),
    )


async def _add(
    operator: DemoOperator, samples: Samples, steering: Steering, vault: Vault, pace: Pace
) -> dict[int, InstanceConfig]:
    urls = [f"{url}/events" for url in steering.addresses.receiver_urls]
    members = {}
    for body in turned(samples, steering.addresses.base_url, urls, pace):
        draft = await asyncio.to_thread(draft_of, body, vault)
        members[await operator.add(draft)] = draft.config
    return members


async def _acts(play: Play) -> Report:
    lasted = await _changes(play)
    if play.left is not None:
        await play.left.wait()
        await play.operator.undo_all()
    settled = await _settled(play)
    return await reported(play, lasted, settled)


async def _baselines(engine: Engine) -> None:
    """Wait until every resource knows what is there."""
    try:
        async with asyncio.timeout(BASELINE_SECONDS):
            while not await _all_baselined(engine):  # noqa: ASYNC110 - rows, not an event
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise Failed(f"The baselines could not be read within {BASELINE_SECONDS:g} s.") from None


async def _all_baselined(engine: Engine) -> bool:
    rows = await engine.services.store.read(resources.cared_for)
    return all(row.baseline_done for row in rows)


async def _changes(play: Play) -> float:
    """Let records change and faults come and go. Returns for how many seconds."""
    lasts, spells = _script(play)
    weather = Weather(play.steering, len(play.members))
    now = asyncio.get_running_loop().time
    began, second = now(), 0
    await play.steering.set_rate(play.pace.rate)
    while play.goes_on(at := now() - began):
        present = active(spells, at % lasts)
        await weather.turn(present)
        if at >= second:
            second += 1
            refused = any(spell.refuses for spell in present)
            await play.operator.look(refused=refused, patience=play.pace.patience)
            play.say(await _progress(play, at, present))
        await asyncio.sleep(LOOK_SECONDS if play.seconds is None else min(LOOK_SECONDS, play.seconds - at))
    await play.steering.set_rate(0)
    await weather.turn([])
    return round(at, 3) if play.seconds is None else min(at, play.seconds)


def _script(play: Play) -> tuple[float, list[Spell]]:
    """The faults, and after how many seconds they begin anew."""
    chance, receivers = Random(play.seed), len(play.members)
    if play.left is None:
        lasts = play.seconds or SCRIPT_SECONDS
        return lasts, script(lasts, paths=play.paths, receivers=receivers, chance=chance)
    asked = Counter(resource.path for config in play.members.values() for resource in config.resources)
    alone = [path for path in play.paths if asked[path] == 1]
    return SCRIPT_SECONDS, calm_script(SCRIPT_SECONDS, paths=alone, receivers=receivers, chance=chance)


async def _progress(play: Play, lasted: float, present: list[Spell]) -> str:
    counted = await play.engine.services.store.read(totals)
    changes = (await play.steering.source()).changes.total
    faults = ", ".join(spell.label for spell in present) or "none"
    time = f"{lasted:4.0f} s" if play.seconds is None else f"{play.seconds - lasted:4.0f} s left"
    return (
        f"{time}  {changes} changes  {counted.events.total} events  "
        f"{counted.deliveries.delivered} delivered  {counted.deliveries.retrying} retrying  faults: {faults}"
    )


async def _settled(play: Play) -> float | None:
    """Do what is left, without waiting for schedules. Returns how long it took, None if it was not done in time."""
    now = asyncio.get_running_loop().time
    began = now()
    try:
        async with asyncio.timeout(SETTLE_SECONDS), asyncio.TaskGroup() as group:
            await _send_until(play, group.create_task(_read_to_the_end(play)))
    except TimeoutError:
        return None
    return now() - began


async def _read_to_the_end(play: Play) -> None:
    """Record whatever is at ConnectWise, deletions included."""
    while (await play.steering.source()).changes.uncommitted:  # noqa: ASYNC110 - in another process
        await asyncio.sleep(LOOK_SECONDS)
    play.say("Changes and faults have stopped; polling what is left.")
    await _poll_until_quiet(play)
    play.say("Sweeping for what was deleted.")
    await play.operator.sweep_all()


async def _poll_until_quiet(play: Play) -> None:
    """Poll everything, whatever was parked or failing included, until two rounds in a row find nothing new."""
    quiet = 0
    while quiet < QUIET_ROUNDS:
        reports = await play.engine.poll_all(Why(trigger="once"))
        if any(report.outcome != "ok" for report in reports):
            quiet = 0
            await asyncio.sleep(LOOK_SECONDS)  # it asked us to wait, or is just recovering
        else:
            quiet = 0 if any(report.events for report in reports) else quiet + 1


async def _send_until(play: Play, reading: asyncio.Task[None]) -> None:
    """Send everything until all is read and nothing waits: held callbacks are let go, waiting retries are due now."""
    services, said = play.engine.services, 0
    while (waiting := (await services.store.read(totals)).deliveries.open) > 0 or not reading.done():
        await play.operator.release_all()
        await services.store.write(redelivery.hurry, services.clock.now_ms())
        await play.engine.dispatcher.rescan()
        if reading.done() and waiting != said:
            said = waiting
            play.say(f"{counted(waiting, 'delivery is', 'deliveries are')} open.")
        await asyncio.sleep(LOOK_SECONDS)
