"""ConnectWise's clock is set back while the first baseline is read: what changes then is dated before the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.rig import Rig, contacts, rig
from tests.engine.test_server_clock import HOUR, tick
from tests.fakes import SERVER_EPOCH, fault

LONG_AGO = SERVER_EPOCH - 30 * 24 * HOUR


def before_answer(it: Rig, number: int, back: int) -> None:
    """Right before an answer to a list request the clock is set back, and what is not listed yet changes."""

    def set_back(answer: int) -> None:
        if answer == number:
            it.source.now -= back
            it.source.put(3)

    it.source.before_page = set_back


async def then(it: Rig) -> list[tuple[int, str]]:
    """What comes of the polls after the baseline."""
    for _ in range(3):
        tick(it)
        await it.poll()
    return await it.events()


@pytest.mark.parametrize("back", [10, 45, 10 * 60, 3 * HOUR])
@pytest.mark.parametrize("answer", [1, 2, 3])
async def test_what_changes_before_it_is_listed_is_an_event(tmp_path: Path, back: int, answer: int) -> None:
    async with rig(tmp_path, resource=contacts(page_size=1)) as it:
        for object_id in (1, 2, 3):
            it.source.put(object_id, updated=LONG_AGO)
        before_answer(it, answer, back)
        assert (await it.poll()).baselined
        assert await then(it) == [(3, "UPDATED")]
        before = await it.events()
        assert await then(it) == before, "once"


async def test_set_back_before_the_first_page_is_answered(tmp_path: Path) -> None:
    """An hour after the start was fixed the first page is there; half an hour before, the clock was set back."""
    async with rig(tmp_path) as it:
        it.source.put(3, updated=LONG_AGO)
        it.source.faults = [None, fault()]
        assert (await it.poll()).outcome == "failed"
        it.source.now -= 2 * HOUR
        tick(it, HOUR // 2)
        it.source.put(3)
        tick(it, HOUR // 2)
        assert (await it.poll()).baselined
        assert await then(it) == [(3, "UPDATED")]


async def test_where_the_start_is_a_time_of_the_past(tmp_path: Path) -> None:
    start = SERVER_EPOCH - HOUR
    async with rig(tmp_path, resource=contacts(page_size=1), start=start) as it:
        it.source.put(1, updated=start - 60)
        for object_id in (2, 3):
            it.source.put(object_id, updated=LONG_AGO)
        before_answer(it, 3, 2 * HOUR)
        assert (await it.poll()).baselined
        assert [event for event in await then(it) if event[0] == 3] == [(3, "UPDATED")]


async def test_where_the_clock_stays_after_the_start_nothing_older_is_an_event(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=1)) as it:
        it.source.put(1, updated=SERVER_EPOCH - 60)
        for object_id in (2, 3):
            it.source.put(object_id, updated=LONG_AGO)

        def later(answer: int) -> None:
            if answer == 2:
                tick(it, HOUR)
            elif answer == 3:
                it.source.now -= HOUR // 2
                it.source.put(3)

        it.source.before_page = later
        assert (await it.poll()).baselined
        assert await then(it) == [(3, "UPDATED")]


@pytest.mark.parametrize("ahead", [HOUR, 24 * HOUR])
async def test_our_clock_is_set_forward_meanwhile(tmp_path: Path, ahead: int) -> None:
    """It makes the next window longer, and nothing an event that changed before the start."""
    async with rig(tmp_path, resource=contacts(page_size=1)) as it:
        for object_id in (1, 2):
            it.source.put(object_id, updated=SERVER_EPOCH - 60 * object_id)

        def forward(answer: int) -> None:
            it.clock.time_ms += ahead * 1000 if answer == 2 else 0

        it.source.before_page = forward
        assert (await it.poll()).baselined
        assert await then(it) == []
