"""Slots shared among callback URLs: receivers that hang must not keep the others waiting. Over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cwconsole.callback.sender import CallbackSender
from cwconsole.core.config import CallbackConfig
from cwconsole.core.delivery import SCHEDULES
from cwconsole.engine import dispatcher
from cwconsole.engine.dispatcher import IN_FLIGHT, Dispatcher
from cwconsole.engine.fleet import Member
from cwconsole.engine.lane import FIRST_IN_FLIGHT, LANE_IN_FLIGHT, LEAST_AHEAD, Lane
from cwconsole.engine.services import Services
from cwconsole.engine.slots import Slots
from cwconsole.http.pool import open_pool
from cwconsole.simulator.faults import Fault, FaultKind
from cwconsole.simulator.receiver import Receiver
from cwconsole.store.database import Store
from tests.fakes import FakeClock
from tests.store.rows import NOW, add, add_delivery, add_events, config, resource, resource_id

HANGING = ("hang1", "hang2", "hang3", "hang4")
WELL = "well"
CALLBACKS = {name: number for number, name in enumerate((*HANGING, WELL), start=1)}


class Stage:
    """A dispatcher with real senders, a receiver that hangs at some paths, and deliveries on a real file."""

    def __init__(self, store: Store, receiver: Receiver, dispatcher: Dispatcher) -> None:
        self.store, self.receiver, self.dispatcher = store, receiver, dispatcher

    async def give(self, name: str, count: int, *, times: int = 1) -> None:
        """Have so many objects delivered to a callback URL, each so many times in a row."""

        def unit(conn: Any) -> None:
            objects = list(range(1, count + 1)) * times
            for event in add_events(conn, resource_id(conn, CALLBACKS[name], "contacts"), objects):
                add_delivery(conn, event)
            conn.execute(
                "UPDATE deliveries SET due_ms = NULL WHERE id NOT IN"
                " (SELECT min(id) FROM deliveries GROUP BY resource_id, object_id)"
            )

        await self.store.write(unit)
        self.dispatcher.nudge(CALLBACKS[name])

    def lane(self, name: str) -> Lane:
        return self.dispatcher.lanes[CALLBACKS[name]]

    async def total(self, name: str, state: str) -> int:
        """How many deliveries of a callback URL are in a state."""
        sql = f"SELECT {state} FROM resources WHERE instance_id = ?"
        return await self.store.read(lambda conn: int(conn.execute(sql, (CALLBACKS[name],)).fetchone()[0]))

    async def attempts(self) -> int:
        return await self.store.read(lambda conn: int(conn.execute("SELECT count(*) FROM attempts").fetchone()[0]))

    async def until_delivered(self, count: int) -> None:
        async with asyncio.timeout(10):
            while await self.total(WELL, "delivered") < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    receiver, members, clock = Receiver(), dict[int, Member](), FakeClock(NOW)
    receiver.faults.add(Fault(kind=FaultKind.HANG, path="/hang"))
    async with receiver.serve() as at, Store.open(folder / "cw.db", migrate=True) as store, open_pool() as pool:
        for name in CALLBACKS:
            wanted = config(name, resource("contacts"), callback=f"{at.url}/{name}")
            number = await store.write(add, wanted)
            members[number] = Member(
                instance=_Named(name),  # type: ignore[arg-type]
                config=wanted,
                sender=CallbackSender(CallbackConfig(url=f"{at.url}/{name}"), pool.client(), clock.now_ms),
                schedule=SCHEDULES["standard"],
                resources={},
            )
        services = Services(store=store, clock=clock, chance=lambda: 0.5, nudge=lambda _: None)
        dispatcher = Dispatcher(services, members.get, "tagtagta")
        running = asyncio.create_task(dispatcher.run())
        try:
            yield Stage(store, receiver, dispatcher)
        finally:
            running.cancel()  # a stop would wait for what hangs
            with suppress(asyncio.CancelledError):
                await running


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_healthy_receiver_keeps_its_pace_while_four_hang(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        for name in HANGING:
            await it.give(name, 60)
        await until(lambda: it.receiver.requests == len(HANGING) * FIRST_IN_FLIGHT)
        it.receiver.faults.add(Fault(kind=FaultKind.SLOW, path="/well", seconds=0.02))
        await it.give(WELL, 300)
        await until(lambda: it.lane(WELL).in_flight == LANE_IN_FLIGHT)
        await it.until_delivered(300)
        assert await it.attempts() == 300, "so no hanging request has ended: all of this took place beside them"


async def test_a_healthy_receiver_goes_on_when_four_busy_ones_begin_to_hang(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
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


async def test_busy_lanes_make_room_for_one_that_comes_later(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
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
    async with stage(tmp_path) as it:
        await it.give("hang1", 200)
        await until(lambda: it.receiver.requests == FIRST_IN_FLIGHT)
        assert await it.total("hang1", "sending") == FIRST_IN_FLIGHT + LEAST_AHEAD


async def test_an_objects_next_event_does_not_wait_for_other_outcomes_to_gather(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "GATHER_SECONDS", 3600.0)
    async with stage(tmp_path) as it:
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
