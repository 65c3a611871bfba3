"""This machine's clock leaps a year ahead: history does not go by it before ConnectWise's clock says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cwconsole.engine import janitor, supervisor
from cwconsole.engine.crawl import Why
from cwconsole.engine.supervisor import Engine
from cwconsole.store import wall_clock
from cwconsole.store.database import Store
from tests.engine.test_clock import HOUR_MS, Wall, engine_by, fresh_store, until
from tests.engine.test_supervisor import Network, rows

MINUTE_MS = 60_000
YEAR_MS = 365 * 24 * HOUR_MS
KEPT = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM polls WHERE id <= 4)"
GONE_INSTANCE = """
    INSERT INTO instances (token, name, body, origin, created_ms, updated_ms, removed_ms)
    VALUES ('gone', 'gone', '{}', 'local', 0, 0, 0)
"""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """Looked at often, and the housekeeping with it."""
    monkeypatch.setattr(janitor, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(supervisor, "CLOCK_SECONDS", 0.02)
    return Wall()


async def poll(engine: Engine, network: Network, clock: Wall) -> None:
    """By two clocks that say the same, unless the test has set ours."""
    network.source.now = (clock.now_ms() + clock.back_ms) // 1000
    (report,) = await engine.poll_all(Why(trigger="once"))
    assert report.outcome == "ok"


async def with_history(engine: Engine, network: Network, clock: Wall) -> None:
    """A baseline, two versions of a record, both delivered, and a poll that found nothing."""
    for version in range(4):
        await poll(engine, network, clock)
        if version in (0, 1):
            network.source.put(1)
    await engine.drained()


async def tidied(store: Store) -> None:
    """A whole round of the housekeeping has passed: what is removed goes in the last step of one."""
    for _ in range(2):
        await store.write(lambda conn: conn.execute(GONE_INSTANCE) and None)
        await until(store, "SELECT count(*) FROM instances WHERE name = 'gone'", [(0,)])


async def test_nothing_is_pruned_by_a_clock_that_leapt_while_the_engine_ran(tmp_path: Path, clock: Wall) -> None:
    network = Network()
    async with fresh_store(tmp_path) as store, engine_by(clock, store, network) as engine:
        await with_history(engine, network, clock)
        clock.back_ms = -YEAR_MS
        await tidied(store)
        assert await rows(store, KEPT) == [(2, 4)], "nothing says that it is wrong"
        await poll(engine, network, clock)
        await tidied(store)
        assert await rows(store, KEPT) == [(2, 4)], "ConnectWise's clock does"


async def test_nothing_is_pruned_by_a_clock_that_is_ahead_when_the_engine_starts(tmp_path: Path, clock: Wall) -> None:
    network = Network()
    async with fresh_store(tmp_path) as store:
        async with engine_by(clock, store, network) as engine:
            await with_history(engine, network, clock)
        clock.back_ms = -YEAR_MS
        with capture_logs() as logs:
            async with engine_by(clock, store, network) as engine:
                await tidied(store)
                await poll(engine, network, clock)
                await tidied(store)
        assert await rows(store, KEPT) == [(2, 4)]
        said = [entry for entry in logs if "far ahead" in entry["event"]]
        assert [entry["hours"] for entry in said] == [YEAR_MS // HOUR_MS], "once"


async def test_a_year_that_has_passed_prunes_as_soon_as_connectwise_has_answered(tmp_path: Path, clock: Wall) -> None:
    network = Network()
    async with fresh_store(tmp_path) as store:
        async with engine_by(clock, store, network) as engine:
            await with_history(engine, network, clock)
        clock.back_ms = -YEAR_MS
        with capture_logs() as logs:
            async with engine_by(clock, store, network) as engine:
                await tidied(store)
                network.source.now = clock.now_ms() // 1000
                await engine.poll_all(Why(trigger="once"))
                await until(store, KEPT, [(1, 0)])
                await tidied(store)
        assert [entry["event"] for entry in logs if "this machine's clock" in entry["event"]] == [
            "this machine's clock is far ahead of an engine's last look; history waits for ConnectWise's clock",
            "this machine's clock is confirmed; history is pruned by it again",
        ]


async def test_history_ages_by_steps_and_leaps_only_to_what_connectwise_shows(tmp_path: Path) -> None:
    now = 1_000 * HOUR_MS

    async def age(*, passed: int) -> int:
        """Note the clock after so long. Returns by how much history has aged."""
        nonlocal now
        before, now = await store.read(wall_clock.history_ms), now + passed
        await store.write(wall_clock.note, now)
        return await store.read(wall_clock.history_ms) - before

    async with fresh_store(tmp_path) as store:
        assert await store.read(wall_clock.history_ms) == 0, "nothing is old before the clock was noted"
        await store.write(wall_clock.note, now)
        assert await store.read(wall_clock.history_ms) == now
        steps = [await age(passed=MINUTE_MS) for _ in range(60)]
        assert sum(steps) == HOUR_MS, "where all is paused, or nothing answers"
        assert await age(passed=wall_clock.STEP_MS + 1000) == 0
        assert await age(passed=YEAR_MS) == 0
        assert await age(passed=MINUTE_MS) == MINUTE_MS
        assert await age(passed=-YEAR_MS) == 0, "set right"
        await store.write(lambda conn: conn.execute("UPDATE resources SET watermark = ?", (now // 1000,)) and None)
        assert await age(passed=0) == wall_clock.STEP_MS + 1000, "confirmed"
        assert await age(passed=-HOUR_MS) == -HOUR_MS, "never ahead of this machine's clock"


async def test_a_file_of_before_ages_from_when_its_clock_was_noted_last(tmp_path: Path) -> None:
    async with fresh_store(tmp_path) as store:
        await store.write(lambda conn: conn.execute("INSERT INTO meta VALUES ('clock_ms', '5000')") and None)
        await store.write(wall_clock.note, YEAR_MS)
        assert await store.read(wall_clock.history_ms) == 5000
