"""ConnectWise's clock goes back by hours, or one of its answers is dated hours ahead: what changes then is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwconsole.core.health import Health
from tests.engine.rig import Rig, contacts, rig
from tests.engine.test_written_present import PRECISE
from tests.fakes import fault

HOUR = 3600
INTERVAL = int(contacts().interval)


def tick(it: Rig, seconds: int = INTERVAL) -> None:
    """Time goes on, on both clocks."""
    it.source.now += seconds
    it.clock.time_ms += seconds * 1000


async def begun(it: Rig) -> None:
    """A resource that has been read twice."""
    it.source.put(1, updated=it.source.now - 30 * 24 * HOUR)
    await it.poll()
    tick(it)
    await it.poll()


async def read_on(it: Rig) -> list[tuple[int, str]]:
    """Two polls: the first notices, the second reads. Returns the events of all."""
    await it.poll()
    tick(it)
    await it.poll()
    return await it.events()


@pytest.mark.parametrize("back", [3 * HOUR, 10 * 60])
@pytest.mark.parametrize("interval", [INTERVAL, HOUR])
async def test_set_back_between_two_polls(tmp_path: Path, back: int, interval: int) -> None:
    async with rig(tmp_path, resource=contacts(interval=float(interval))) as it:
        await begun(it)
        it.source.now -= back
        tick(it, 5)
        it.source.put(1)
        it.source.put(2)
        tick(it, interval)
        assert await read_on(it) == [(1, "UPDATED"), (2, "CREATED")]
        status = await it.status()
        assert (status.state, status.lag_seconds) == (Health.FRESH, 0)
        before = await it.events()
        tick(it)
        assert await read_on(it) == before, "what is read again makes no event again"


@pytest.mark.parametrize("ahead", [3 * HOUR, 10 * 60])
async def test_one_answer_is_dated_ahead(tmp_path: Path, ahead: int) -> None:
    async with rig(tmp_path) as it:
        await begun(it)
        tick(it)
        it.source.now += ahead
        await it.poll()
        it.source.now -= ahead
        tick(it, 5)
        it.source.put(1)
        tick(it)
        assert await read_on(it) == [(1, "UPDATED")]


async def test_the_first_answer_of_a_poll_is_dated_ahead(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=1)) as it:
        await begun(it)
        tick(it)
        it.source.put(1)
        it.source.now += 3 * HOUR
        ask = len(it.source.asked)

        def right_again(number: int) -> None:
            it.source.now -= 3 * HOUR if number == ask + 2 else 0

        it.source.before_page = right_again
        await it.poll()
        tick(it, 5)
        it.source.put(1)
        tick(it)
        assert await read_on(it) == [(1, "UPDATED"), (1, "UPDATED")]


async def test_set_back_while_a_poll_is_broken_off(tmp_path: Path) -> None:
    """Read before the break, and changed after it: only the next window can find that."""
    async with rig(tmp_path, resource=contacts(page_size=1)) as it:
        await begun(it)
        tick(it)
        it.source.put(1)
        it.source.put(2)
        it.source.faults = [None, None, fault()]
        assert (await it.poll()).outcome == "failed"
        it.source.now -= HOUR
        tick(it, 5)
        it.source.put(1)
        tick(it, 2 * HOUR)
        assert await read_on(it) == [(1, "UPDATED"), (2, "CREATED"), (1, "UPDATED")]


async def test_set_back_where_the_url_names_the_present(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=PRECISE) as it:
        await begun(it)
        it.source.now -= 3 * HOUR
        tick(it, 5)
        it.source.put(1)
        tick(it, 5 * INTERVAL)
        assert await read_on(it) == [(1, "UPDATED")]


async def test_our_clock_is_set_forward(tmp_path: Path) -> None:
    """It looks the same, and only makes one window longer."""
    async with rig(tmp_path) as it:
        await begun(it)
        it.clock.time_ms += 3 * HOUR * 1000
        it.source.put(1)
        tick(it)
        assert await read_on(it) == [(1, "UPDATED")]
        status = await it.status()
        assert (status.state, status.lag_seconds) == (Health.FRESH, 0)
