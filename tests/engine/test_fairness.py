"""Slots shared among callback URLs: receivers that hang must not keep the others waiting. Over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cwconsole.engine import dispatcher
from cwconsole.engine.dispatcher import IN_FLIGHT
from cwconsole.engine.lane import FIRST_IN_FLIGHT, LANE_IN_FLIGHT, LEAST_AHEAD
from cwconsole.engine.slots import Slots
from cwconsole.simulator.faults import Fault, FaultKind
from tests.engine.stage import WELL, stage

HANGING = ("hang1", "hang2", "hang3", "hang4")
MANY = tuple(f"hang{number}" for number in range(1, 81))  # more than there are slots


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_healthy_receiver_keeps_its_pace_while_four_hang(tmp_path: Path) -> None:
    async with stage(tmp_path, HANGING) as it:
        for name in HANGING:
            await it.give(name, 60)
        await until(lambda: it.receiver.requests == len(HANGING) * FIRST_IN_FLIGHT)
        it.receiver.faults.add(Fault(kind=FaultKind.SLOW, path="/well", seconds=0.02))
        await it.give(WELL, 300)
        await until(lambda: it.lane(WELL).in_flight == LANE_IN_FLIGHT)
        await it.until_delivered(300)
        assert await it.attempts() == 300, "so no hanging request has ended: all of this took place beside them"


async def test_receivers_that_hang_from_the_start_hold_one_slot_each(tmp_path: Path) -> None:
    """As when an engine starts while many are down: four each would be all slots, for eighteen of them."""
    many = MANY[: IN_FLIGHT // 2]
    async with stage(tmp_path, many) as it:
        for name in many:
            await it.give(name, 60, nudge=False)
        await it.dispatcher.rescan()
        await until(lambda: it.receiver.faults.struck[FaultKind.HANG] == len(many))
        await it.give(WELL, 300)
        await it.until_delivered(300)
        assert it.receiver.faults.struck[FaultKind.HANG] == len(many)
        assert await it.attempts() == 300, "so no hanging request has ended"


async def test_a_healthy_receiver_goes_on_when_four_busy_ones_begin_to_hang(tmp_path: Path) -> None:
    async with stage(tmp_path, HANGING) as it:
        it.receiver.faults.clear()
        it.receiver.faults.add(Fault(kind=FaultKind.SLOW, seconds=0.02))
        for name in HANGING:
            await it.give(name, 2000)
        await until(lambda: it.dispatcher.slots.free <= IN_FLIGHT // 4)
        it.receiver.faults.clear()
        it.receiver.faults.add(Fault(kind=FaultKind.HANG, path="/hang"))
        await until(lambda: it.receiver.faults.struck[FaultKind.HANG] == IN_FLIGHT - it.dispatcher.slots.free)
        await it.give(WELL, 300)
        await it.until_delivered(300)
        assert it.receiver.faults.struck[FaultKind.HANG] == sum(it.lane(name).in_flight for name in HANGING)


async def test_a_healthy_receiver_goes_on_beside_more_hanging_ones_than_there_are_slots(tmp_path: Path) -> None:
    async with stage(tmp_path, MANY, total=1) as it:
        it.receiver.faults.clear()
        for name in MANY:
            await it.give(name, 60, nudge=False)
        await it.dispatcher.rescan()
        await until(lambda: it.receiver.accepted > 10 * len(MANY))  # so many answers keep the breakers closed for long
        it.receiver.faults.add(Fault(kind=FaultKind.HANG, path="/hang"))
        await until(lambda: it.receiver.faults.struck[FaultKind.HANG] > 2 * IN_FLIGHT)
        await it.give(WELL, 300)
        await it.until_delivered(300)
        assert it.dispatcher.slots.in_doubt == sum(it.lane(name).in_flight for name in MANY if it.lane(name).doubtful)


async def test_receivers_that_answer_again_get_all_slots_again(tmp_path: Path) -> None:
    async with stage(tmp_path, MANY, total=1) as it:
        for name in MANY:
            await it.give(name, 9)  # so few failures open no breaker
        await until(lambda: it.dispatcher.slots.in_doubt >= IN_FLIGHT // 2)
        it.receiver.faults.clear()
        async with asyncio.timeout(30):
            await it.dispatcher.drained()
        assert (it.dispatcher.slots.free, it.dispatcher.slots.in_doubt) == (it.dispatcher.slots.total, 0)
        assert it.receiver.accepted > len(MANY)


async def test_busy_lanes_make_room_for_one_that_comes_later(tmp_path: Path) -> None:
    async with stage(tmp_path, HANGING) as it:
        it.receiver.faults.clear()
        it.receiver.faults.add(Fault(kind=FaultKind.SLOW, seconds=0.05))
        for name in HANGING:
            await it.give(name, 400)
        await until(lambda: it.dispatcher.slots.free <= IN_FLIGHT // 4)
        await it.give(WELL, 100)
        await until(lambda: it.lane(WELL).in_flight >= 10)
        await until(lambda: max(it.lane(name).in_flight for name in HANGING) <= 11)
        await it.until_delivered(100)


async def test_a_slow_receiver_has_little_claimed_ahead(tmp_path: Path) -> None:
    """What is claimed cannot be cancelled, and becomes an interrupted attempt if the engine dies."""
    async with stage(tmp_path, HANGING) as it:
        await it.give("hang1", 200)
        await until(lambda: it.receiver.requests == FIRST_IN_FLIGHT)
        assert await it.total("hang1", "sending") == FIRST_IN_FLIGHT + LEAST_AHEAD


async def test_an_objects_next_event_does_not_wait_for_other_outcomes_to_gather(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "GATHER_SECONDS", 3600.0)
    async with stage(tmp_path, HANGING) as it:
        await it.give("hang1", 20)
        await until(lambda: it.receiver.requests == FIRST_IN_FLIGHT)
        await it.give(WELL, 1, times=20)
        await it.until_delivered(20)


def test_a_lane_takes_no_more_than_it_leaves_free_and_is_told_when_there_is_more() -> None:
    slots, woken = Slots(64), list[int]()
    held = [0, 0, 0, 0]
    for lane in range(4):
        while held[lane] < LANE_IN_FLIGHT and slots.take(held[lane], lambda lane=lane: woken.append(lane)):  # type: ignore[misc]
            held[lane] += 1
    assert held == [16, 16, 16, 8]
    assert slots.crowded(held[0])
    assert not slots.crowded(held[3])
    slots.give()
    assert woken == [3]


def test_lanes_in_doubt_hold_half_of_the_slots_together_and_are_told_when_one_is_out_of_it() -> None:
    slots, woken = Slots(8), list[str]()
    assert all(slots.take(0, lambda: None) for _ in range(2))
    slots.doubt(2)  # both belong to a lane whose receiver did not answer
    assert [slots.take(0, lambda: woken.append("doubtful"), doubtful=True) for _ in range(3)] == [True, True, False]
    assert slots.take(0, lambda: None), "whoever is not in doubt"
    slots.trust(2)
    assert (woken, slots.in_doubt) == (["doubtful"], 2)
    slots.give(doubtful=True)
    assert (slots.in_doubt, slots.free) == (1, 4)
