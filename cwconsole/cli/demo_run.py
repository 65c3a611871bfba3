"""The demo itself: servers and engine around a play in four acts. Everything is waited for by condition and deadline.

1. The samples are added, and their baselines read.
2. Records change while faults come and go; an operator lets held callbacks go and polls what was parked.
3. Changes and faults stop. What is left is done within a limit: polls until nothing is new, sweeps, deliveries.
4. The receivers are compared with the simulator.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cwconsole.cli.demo_faults import Spell, active, script
from cwconsole.cli.demo_operator import DemoOperator
from cwconsole.cli.demo_report import Compared, Faults, Report, compare
from cwconsole.cli.demo_samples import COMPANY, PUBLIC_KEY, Samples, turned
from cwconsole.cli.door import Failed
from cwconsole.cli.instance_files import draft_of
from cwconsole.cli.wiring import hosted_engine
from cwconsole.engine.crawl import Why
from cwconsole.engine.supervisor import Engine
from cwconsole.http.policy import ALLOW_ALL
from cwconsole.simulator.serve_both import Settings
from cwconsole.simulator.steering import ServersGone, Steering, served_apart
from cwconsole.store import deliveries, objects, resources
from cwconsole.store.resources import Resource
from cwconsole.store.totals import totals
from cwconsole.store.vault import Vault

RECORDS = 200  # of each endpoint at the start
RATE = 12.0  # changes a second
LATE_SHARE, LATE_SECONDS = 0.1, 2.0  # of the changes, so many are committed so late
SKEW_SECONDS = 90.0  # the simulator's clock is wrong by at most so much
BASELINE_SECONDS = 30.0
SETTLE_SECONDS = 60.0
LOOK_SECONDS = 0.25
QUIET_ROUNDS = 2

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What the acts work with. say: takes a line of progress."""

    engine: Engine
    steering: Steering
    operator: DemoOperator
    samples: Samples
    seed: int
    seconds: float
    say: Say


async def play(folder: Path, samples: Samples, *, seed: int, seconds: float, say: Say) -> Report:
    """The whole demo, in a folder that exists. Raises Failed if the servers end or the start does not succeed."""
    vault = Vault(samples.environment, folder)
    with (folder / "servers.log").open("wb") as errors:
        try:
            async with (
                served_apart(_settings(samples, seed), errors=errors) as steering,
                hosted_engine(folder / "demo.db", vault, api_policy=ALLOW_ALL) as engine,
            ):
                operator = DemoOperator(engine.services)
                await _add(operator, samples, steering, vault)
                return await _acts(Play(
                    engine=engine, steering=steering, operator=operator, samples=samples,
                    seed=seed, seconds=seconds, say=say,
                ))
        except* ServersGone as gone:
            raise Failed(f"The demo's servers failed: {gone.exceptions[0]}.") from None


def _settings(samples: Samples, seed: int) -> Settings:
    return Settings(
        company=COMPANY,
        public_key=PUBLIC_KEY,
        private_key=samples.private_key,
        paths=samples.paths,
        records=RECORDS,
        seed=seed,
        skew=round(Random(seed).uniform(-SKEW_SECONDS, SKEW_SECONDS), 3),
        late_share=LATE_SHARE,
        late_seconds=LATE_SECONDS,
        receiver_keys=tuple(sample.signature_key for sample in samples.each),
    )
