"""A lane that has had nothing to do for long ends; nothing that comes then, or at that moment, is left waiting."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cwconsole.core.breaker import OPEN_MS
from cwconsole.engine import lane
from cwconsole.engine.dispatcher import Dispatcher
from cwconsole.store import deliveries, redelivery, settlements
from cwconsole.store.database import Store
from cwconsole.store.deliveries import Claim
from tests.engine.rig import rig
from tests.engine.test_dispatching import check_totals, dispatching, make_events, states
from tests.engine.test_dispatching_meanwhile import GatedSender, until
from tests.fakes import FakeSender

STEPS = 12


@pytest.fixture(autouse=True)
def ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "IDLE_SECONDS", 0.0)


def lanes_running() -> int:
    return sum(getattr(task.get_coro(), "__qualname__", "") == "Lane.run" for task in asyncio.all_tasks())


async def asks_in_vain(dispatcher: Dispatcher) -> None:
    """Wait until a lane has asked several times whether it may end, and was told not to."""
    let_go, answers = dispatcher.let_go, list[bool]()

    def noted(callback_id: int) -> bool:
        answers.append(let_go(callback_id))
        return answers[-1]

    dispatcher.let_go = noted  # type: ignore[method-assign]
    await until(lambda: len(answers) > 3 or True in answers)
    assert not any(answers)


async def test_a_lane_ends_with_its_task_and_the_next_event_begins_another(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        sender = GatedSender(answers=[])
        async with dispatching(it, sender) as dispatcher:
            for number in (1, 2):
                await make_events(it, number)
                dispatcher.nudge(1)
                await sender.started.wait()
                assert lanes_running() == len(dispatcher.lanes) == 1
                sender.gate.set()
                await dispatcher.drained()
                assert await states(it) == ["delivered"] * number
                await until(lambda: lanes_running() == len(dispatcher.lanes) == 0)
                sender.started.clear()
                sender.gate.clear()
            await dispatcher.drained()
        await check_totals(it)


@pytest.mark.parametrize("steps", range(STEPS))
async def test_what_becomes_due_after_a_lanes_last_look_is_sent_whenever_it_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """steps: of the event loop, from when the lane has found nothing. Then it still is there; at last it is gone."""
    look, due_after_a_look = deliveries.claim, [1]
    told, there = asyncio.Event(), list[bool]()

    def claim(conn: Any, callback_id: int, *, now_ms: int, limit: int) -> Claim:
        found = look(conn, callback_id, now_ms=now_ms, limit=limit)
        if due_after_a_look and not found.rows:
            redelivery.add_replay(conn, due_after_a_look.pop(), now_ms)
        return found

    async def tell() -> None:
        for _ in range(steps):
            await asyncio.sleep(0)
        there.append(1 in dispatcher.lanes)
        dispatcher.nudge(1)
        told.set()

    async with rig(tmp_path) as it, asyncio.TaskGroup() as group:
        await it.poll()
        await make_events(it, 1)
        async with dispatching(it, FakeSender()) as dispatcher:
            await dispatcher.drained()
            await until(lambda: not dispatcher.lanes)
            quiet, telling = dispatcher.turned_quiet, list[object]()

            async def turned_quiet() -> None:
                await quiet()
                if not due_after_a_look and not telling:
                    telling.append(group.create_task(tell()))

            dispatcher.turned_quiet = turned_quiet  # type: ignore[method-assign]
            monkeypatch.setattr(deliveries, "claim", claim)
            dispatcher.nudge(1)
            await told.wait()
            await dispatcher.drained()
            assert await states(it) == ["delivered"] * 2
        await check_totals(it)
    assert there == {0: [True], STEPS - 1: [False]}.get(steps, there)


async def test_what_is_let_go_after_its_lane_has_ended_is_sent(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1, 2)
        async with dispatching(it, FakeSender(answers=[410])) as dispatcher:
            await dispatcher.drained()
            await until(lambda: not dispatcher.lanes)
            assert await it.rows("SELECT held_ms IS NOT NULL FROM callbacks") == [(1,)]
            await it.execute("UPDATE callbacks SET held_ms = NULL")
            await dispatcher.rescan()
            await dispatcher.drained()
        assert await states(it) == ["delivered"] * 2
        await check_totals(it)


async def test_an_engine_for_one_command_keeps_its_lanes_for_they_are_all_that_it_looks_at(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1, 2)
        async with dispatching(it, FakeSender(answers=[410]), all_due=False) as dispatcher:
            dispatcher.nudge(1)
            await dispatcher.drained()
            await asks_in_vain(dispatcher)
            await it.execute("UPDATE callbacks SET held_ms = NULL")
            await dispatcher.rescan()
            await dispatcher.drained()
        assert await states(it) == ["delivered"] * 2


async def test_a_lane_does_not_end_before_its_outcomes_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a file that takes nothing for minutes: the hold must find its lane, and the next one the success."""
    write, takes = Store.write, asyncio.Event()

    async def late(self: Store, fn: Any, *args: Any, **kwargs: Any) -> Any:
        if fn is settlements.settle:
            await takes.wait()
        return await write(self, fn, *args, **kwargs)

    monkeypatch.setattr(Store, "write", late)
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        async with dispatching(it, FakeSender(answers=[410])) as dispatcher:
            await asks_in_vain(dispatcher)
            takes.set()
            await dispatcher.drained()
            await until(lambda: not dispatcher.lanes)
            assert await it.rows("SELECT d.state, held_ms > 0 FROM deliveries d, callbacks") == [("retrying", 1)]
        await check_totals(it)


async def test_a_lane_that_ends_takes_its_breakers_sign_with_it(tmp_path: Path) -> None:
    """Nothing waits for the probe any more, and the next lane's breaker is closed."""
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, *range(1, 21))
        async with dispatching(it, FakeSender(answers=[500] * 20)) as dispatcher:
            await dispatcher.drained()
            assert await it.rows("SELECT breaker_until_ms > 0 FROM callbacks") == [(1,)]
            for (number,) in await it.rows("SELECT id FROM deliveries"):
                await it.store.write(redelivery.cancel, number, it.clock.now_ms())
            it.clock.time_ms += OPEN_MS
            dispatcher.nudge(1)
            await until(lambda: lanes_running() == 0)
            assert await it.rows("SELECT breaker_until_ms FROM callbacks") == [(None,)]
        await check_totals(it)
