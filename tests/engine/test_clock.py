"""This machine's clock is set back by an hour, while the engine runs or between two runs: nothing waits for that."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cwconsole.cli.wiring import SystemClock
from cwconsole.engine import supervisor
from cwconsole.engine.crawl import Why
from cwconsole.engine.supervisor import Engine, running
from cwconsole.store import status, wall_clock
from cwconsole.store.database import Store
from tests.engine.rig import contacts, insert_rows
from tests.engine.test_supervisor import Network, rows

HOUR_MS = 3_600_000
FIRST_WAIT_MS = 5_000  # of the schedule
INTERVAL_MS = int(contacts().interval * 1000)


class Wall(SystemClock):
    """This machine's clock, until somebody sets it back."""

    back_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() - self.back_ms


@asynccontextmanager
async def engine_by(clock: Wall, store: Store, network: Network, *, scheduled: bool = True) -> AsyncIterator[Engine]:
    engine = Engine(store, network, clock, lambda: 0.5, tag="tagtagta", scheduled=scheduled)
    async with running(engine):
        yield engine


@asynccontextmanager
async def fresh_store(folder: Path) -> AsyncIterator[Store]:
    async with Store.open(folder / "cw.db", migrate=True) as store:
        await store.write(insert_rows, contacts(), True)
        yield store


async def refused_once(engine: Engine, network: Network) -> None:
    """One event whose delivery waits for its second attempt."""
    await engine.poll_all(Why(trigger="once"))
    network.sender.answers = [500]
    network.source.put(1)
    await engine.poll_all(Why(trigger="once"))
    await engine.drained()
    assert len(network.sender.sent) == 1


async def until(store: Store, sql: str, wanted: list[tuple[Any, ...]]) -> None:
    async with asyncio.timeout(30):
        while await rows(store, sql) != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_set_back_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "CLOCK_SECONDS", 0.1)
    clock, network = Wall(), Network()
    async with fresh_store(tmp_path) as store, engine_by(clock, store, network) as engine:
        await refused_once(engine, network)
        clock.back_ms = HOUR_MS
        await until(store, "SELECT state FROM deliveries", [("delivered",)])
        assert len(network.sender.sent) == 2
        ((poll_ms, sweep_ms),) = await rows(store, "SELECT next_poll_ms, next_sweep_ms FROM resources")
        assert 0 < poll_ms - clock.now_ms() <= INTERVAL_MS
        assert 0 < sweep_ms - clock.now_ms() <= 24 * HOUR_MS


async def test_set_back_between_two_runs(tmp_path: Path) -> None:
    clock, network = Wall(), Network()
    async with fresh_store(tmp_path) as store:
        async with engine_by(clock, store, network) as engine:
            await refused_once(engine, network)
        clock.back_ms = HOUR_MS
        async with engine_by(clock, store, network):
            await until(store, "SELECT state FROM deliveries", [("delivered",)])
            ((poll_ms,),) = await rows(store, "SELECT next_poll_ms FROM resources")
            assert poll_ms - clock.now_ms() <= INTERVAL_MS


async def test_what_was_not_read_since_does_not_look_fresh(tmp_path: Path) -> None:
    clock, network = Wall(), Network()
    async with fresh_store(tmp_path) as store:
        async with engine_by(clock, store, network, scheduled=False) as engine:
            await engine.poll_all(Why(trigger="once"))
            (before,) = await store.read(status.fleet, now_ms=clock.now_ms() + HOUR_MS, engine_runs=True)
            clock.back_ms = HOUR_MS
        async with engine_by(clock, store, network, scheduled=False):
            (after,) = await store.read(status.fleet, now_ms=clock.now_ms() + HOUR_MS, engine_runs=True)
    assert before.lag_seconds is not None
    assert after.lag_seconds == pytest.approx(before.lag_seconds, abs=60)


async def test_only_what_lies_ahead_moves_and_never_behind_now(tmp_path: Path) -> None:
    async with fresh_store(tmp_path) as store:
        noted = 10 * HOUR_MS
        assert await store.write(wall_clock.note, noted) == 0

        def unit(conn: sqlite3.Connection) -> None:
            for number, due_ms in enumerate((noted + 5_000, noted - 2 * HOUR_MS, noted - 60_000, None), start=1):
                conn.execute(
                    "INSERT INTO deliveries (id, event_id, instance_id, resource_id, object_id, callback_id, state,"
                    " due_ms, created_ms) VALUES (?, 1, 1, 1, ?, 1, 'retrying', ?, 1)",
                    (number, number, due_ms),
                )

        await store.write(unit)
        assert await store.write(wall_clock.note, noted - wall_clock.LEAST_MS + 1) == 0, "an adjustment"
        assert await store.write(wall_clock.note, noted + 1_000) == 0
        assert await store.write(wall_clock.note, noted + 1_000 - HOUR_MS) == HOUR_MS
        now = noted + 1_000 - HOUR_MS
        assert await rows(store, "SELECT due_ms FROM deliveries ORDER BY id") == [
            (now + 4_000,), (noted - 2 * HOUR_MS,), (now,), (None,)
        ]  # fmt: skip
        assert await store.write(wall_clock.note, now + 1_000) == 0, "once"


async def test_the_deliveries_that_are_over_are_not_looked_at(tmp_path: Path) -> None:
    async with fresh_store(tmp_path) as store:
        plans = await store.read(
            lambda conn: [
                row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {wall_clock._MOVES[0]}", {"back": 1, "now": 1})
            ]
        )
    (plan,) = plans
    assert plan.endswith("USING INDEX deliveries_open")
