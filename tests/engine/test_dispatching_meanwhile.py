"""Deliveries when something else happens at the same moment: edits, holds, defects, a store that cannot write."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from cwconsole.core.attempts import Outcome, Parcel
from cwconsole.core.errors import StoreError
from cwconsole.engine.lane import FIRST_IN_FLIGHT, LEAST_AHEAD
from cwconsole.store import deliveries, instances, operations, redelivery, retention
from cwconsole.store.actions import ActionKind
from tests.engine.rig import Rig, rig
from tests.engine.test_dispatching import check_totals, dispatching, make_events, states
from tests.fakes import FakeSender
from tests.store.rows import asked


class GatedSender(FakeSender):
    """Sends once it is let."""

    def __init__(self, answers: list[int]) -> None:
        super().__init__(answers=answers)
        self.started, self.gate = asyncio.Event(), asyncio.Event()

    async def send(self, parcel: Parcel) -> Outcome:
        self.started.set()
        await self.gate.wait()
        return await super().send(parcel)


async def hold(it: Rig, what: Callable[..., str] = operations.hold, resource: str | None = None) -> None:
    def unit(conn: Any) -> None:
        what(conn, operations.scope(conn, "acme", resource), asked=asked(ActionKind.HOLD), now_ms=it.clock.now_ms())

    await it.store.write(unit)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_failure_whose_callback_was_edited_meanwhile_is_tried_again_at_the_new_one(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        sender = GatedSender(answers=[500])
        async with dispatching(it, sender) as dispatcher:
            await sender.started.wait()
            await it.execute("INSERT INTO callbacks (id, url) VALUES (2, 'http://127.0.0.1:9/other')")
            await it.execute("UPDATE instances SET callback_id = 2")
            await it.execute("UPDATE deliveries SET callback_id = 2")
            await dispatcher.rescan()
            sender.gate.set()
            await dispatcher.drained()
            it.clock.time_ms += 5000
            dispatcher.lanes[2].wake()  # its wait is over
            await dispatcher.drained()
        assert await states(it) == ["delivered"]


async def test_nothing_that_only_waits_for_a_slot_is_sent_after_a_hold(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, *range(1, 41))
        sender = GatedSender(answers=[])
        async with dispatching(it, sender) as dispatcher:
            await sender.started.wait()
            await hold(it)
            await dispatcher.rescan()
            sender.gate.set()
            await dispatcher.drained()
            assert len(sender.sent) <= 16
        await check_totals(it)


async def test_a_url_that_is_gone_gets_only_what_was_on_its_way(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, *range(1, 61))
        sender = GatedSender(answers=[410] * 3)
        async with dispatching(it, sender) as dispatcher:
            await sender.started.wait()
            sender.gate.set()
            await dispatcher.drained()
            assert len(sender.sent) <= 33
        assert (await states(it)).count("sending") == 0
        await check_totals(it)


async def test_a_retry_goes_where_the_instance_says_now_and_respects_its_hold(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        await it.execute("UPDATE deliveries SET state = 'dead', settled_ms = 1, due_ms = NULL")
        await it.execute("UPDATE resources SET pending = 0, dead = 1")
        await hold(it)
        await it.execute("INSERT INTO callbacks (id, url) VALUES (2, 'http://127.0.0.1:9/other')")
        await it.execute("UPDATE instances SET callback_id = 2")
        await it.store.write(redelivery.rearm, 1, it.clock.now_ms())
        assert await it.rows("SELECT callback_id, held FROM deliveries") == [(2, 1)]


async def test_what_can_be_sent_nowhere_any_more_is_given_up(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1, 2)
        claimed = await it.store.write(deliveries.claim, 1, now_ms=it.clock.now_ms(), limit=1)
        await it.store.write(instances.remove, 1, asked=asked(ActionKind.REMOVE), now_ms=it.clock.now_ms())
        await it.store.write(deliveries.release, claimed.rows, it.clock.now_ms())
        assert await states(it) == ["cancelled", "cancelled"]
        await check_totals(it)


async def test_the_number_of_what_is_being_sent_goes_to_no_other_delivery(tmp_path: Path) -> None:
    """An instance is removed while its receiver is slow, and pruned: the answer must not settle somebody else's."""
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        sender = GatedSender([])
        async with dispatching(it, sender) as dispatcher:
            await sender.started.wait()
            await it.store.write(instances.remove, 1, asked=asked(ActionKind.REMOVE), now_ms=it.clock.now_ms())
            while await it.store.write(retention.prune_removed, it.clock.now_ms(), 10):
                pass
            assert await it.rows("SELECT id, state FROM deliveries") == [(1, "sending")]
            sender.gate.set()
            await dispatcher.drained()
        while await it.store.write(retention.prune_removed, it.clock.now_ms(), 10):
            pass
        assert await it.rows("SELECT id FROM deliveries") == await it.rows("SELECT id FROM instances") == []


async def test_a_defect_in_one_sending_is_an_attempt_that_failed_and_the_rest_goes_on(tmp_path: Path) -> None:
    class Defective(FakeSender):
        async def send(self, parcel: Parcel) -> Outcome:
            if parcel.facts.object_id == 1:
                raise ZeroDivisionError("a secret")
            return await super().send(parcel)

    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1, 2)
        async with dispatching(it, Defective()) as dispatcher:
            await dispatcher.drained()
        assert await states(it) == ["retrying", "delivered"]
        [(code, error)] = await it.rows("SELECT error_code, error FROM attempts WHERE error_code IS NOT NULL")
        assert code == "defect"
        assert "a secret" not in error
        await check_totals(it)


@asynccontextmanager
async def locked(it: Rig) -> AsyncIterator[None]:
    """Another program keeps the file locked, for longer than a write waits."""
    await it.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(it.store.path, isolation_level=None)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_a_locked_file_delays_sending_and_loses_no_outcome(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, *range(1, 101))
        sender = GatedSender(answers=[])
        async with dispatching(it, sender) as dispatcher:
            await sender.started.wait()
            async with locked(it):
                sender.gate.set()
                await until(lambda: len(sender.sent) == FIRST_IN_FLIGHT + LEAST_AHEAD)  # what was claimed before
                await asyncio.sleep(0.1)
            await dispatcher.drained()
        assert await states(it) == ["delivered"] * 100
        assert sorted(parcel.facts.object_id for parcel in sender.sent) == list(range(1, 101))
        await check_totals(it)


async def test_a_lane_begins_although_the_file_cannot_be_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, troubles = deliveries.last_success, [StoreError("The database cannot be opened.")]

    def last_success(conn: sqlite3.Connection, callback_id: int) -> int:
        if troubles:
            raise troubles.pop()
        return look(conn, callback_id)

    monkeypatch.setattr(deliveries, "last_success", last_success)
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1, 2)
        async with dispatching(it, FakeSender()) as dispatcher:
            await dispatcher.drained()
        assert not troubles
        assert await states(it) == ["delivered"] * 2


async def test_a_dispatcher_stops_while_the_file_is_locked_and_the_next_one_sends_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, *range(1, 31))
        sender = GatedSender(answers=[])
        async with locked_later(it) as lock, dispatching(it, sender):
            await sender.started.wait()
            await lock()
            sender.gate.set()
            await until(lambda: len(sender.sent) >= 16)
        async with dispatching(it, FakeSender()) as dispatcher:
            await dispatcher.drained()
        assert await states(it) == ["delivered"] * 30
        await check_totals(it)


@asynccontextmanager
async def locked_later(it: Rig) -> AsyncIterator[Callable[[], Coroutine[Any, Any, None]]]:
    async with AsyncExitStack() as stack:

        async def lock() -> None:
            await stack.enter_async_context(locked(it))

        yield lock
