"""Deliveries on a real file: order per object, retries, holds, the breaker, replays, stops and crashes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from structlog.testing import capture_logs

from cwconsole.core.attempts import Parcel
from cwconsole.core.config import CallbackConfig, Mode
from cwconsole.core.delivery import SCHEDULES
from cwconsole.core.reconfiguration import Change, Step, Wanted
from cwconsole.engine.dispatcher import Dispatcher
from cwconsole.engine.fleet import Member
from cwconsole.store import deliveries, reconfigure, redelivery
from tests.engine.rig import Rig, rig
from tests.fakes import FakeSender


@asynccontextmanager
async def dispatching(it: Rig, sender: FakeSender, *, all_due: bool = True) -> AsyncIterator[Dispatcher]:
    """A running dispatcher; stopped, with what is in flight finished, at the end."""
    target = it.poller.target

    def recipient(_: int) -> Member:
        return Member(
            config=replace(target.instance, callback=CallbackConfig(url="https://hooks.example.com/in?key=s3cret")),
            sender=sender,
            schedule=SCHEDULES["standard"],
            resources={1: target.config},
        )

    it.services.stopping.clear()
    dispatcher = Dispatcher(it.services, recipient, "tagtagta", all_due=all_due)
    async with asyncio.TaskGroup() as group:
        group.create_task(dispatcher.run())
        try:
            yield dispatcher
        finally:
            it.services.stopping.set()
            dispatcher.stop()


async def make_events(it: Rig, *object_ids: int) -> None:
    """One event after the other, each in its own second."""
    for object_id in object_ids:
        it.source.now += 1
        it.source.put(object_id)
        await it.poll()


async def states(it: Rig) -> list[str]:
    return [row[0] for row in await it.rows("SELECT state FROM deliveries ORDER BY id")]


async def check_totals(it: Rig) -> None:
    """The maintained totals of the resource are the truth."""
    counted = dict(await it.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))
    columns = ("pending", "sending", "retrying", "dead", "delivered", "cancelled")
    kept = (await it.rows(f"SELECT {', '.join(columns)} FROM resources"))[0]
    assert dict(zip(columns, kept, strict=True)) == {column: counted.get(column, 0) for column in columns}


async def test_events_of_one_object_arrive_in_order_one_at_a_time(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1, 1, 2, 1)
        in_flight: list[int] = []
        sender = FakeSender(delay=lambda parcel: 0.02 if parcel.facts.object_id == 1 else 0.0)
        original = sender.send

        async def send(parcel: Parcel) -> Any:
            assert parcel.facts.object_id not in in_flight
            in_flight.append(parcel.facts.object_id)
            outcome = await original(parcel)
            in_flight.remove(parcel.facts.object_id)
            return outcome

        sender.send = send  # type: ignore[method-assign]
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert [p.facts.number for p in sender.sent if p.facts.object_id == 1] == [1, 2, 4]
        assert await states(it) == ["delivered"] * 4
        await check_totals(it)


async def test_a_failure_waits_and_holds_back_only_its_own_object(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        await make_events(it, 1)
        await make_events(it, 2)
        sender = FakeSender(answers=[500])
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert await states(it) == ["retrying", "pending", "delivered"]
        due = (await it.rows("SELECT due_ms FROM deliveries WHERE id = 1"))[0][0]
        assert due - it.clock.now_ms() == 5000
        await check_totals(it)
        it.clock.time_ms += 5000
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert await states(it) == ["delivered"] * 3
        attempts = await it.rows("SELECT number, trigger, status, error_code FROM attempts WHERE delivery_id = 1")
        assert attempts == [(1, "first", 500, "http_5xx"), (2, "retry", 200, None)]


async def test_a_resource_begun_anew_overtakes_no_delivery_from_before(tmp_path: Path) -> None:
    """An edit to another company and back: to the receiver it is the same object; the older version must not win."""

    def edited(conn: sqlite3.Connection, source: str) -> None:
        (stored,) = reconfigure._stored(conn, 1)
        wanted = Wanted(
            name="contacts", source=source, filter="", mode=Mode.WINDOW, interval=60.0, sweep_interval=86_400.0
        )
        reconfigure.apply(conn, 1, Change(step=Step.RESTART, stored=stored, wanted=wanted), it.clock.now_ms())

    async with rig(tmp_path) as it:
        it.source.put(1, updated=it.source.now - 5000)
        await it.poll()
        await make_events(it, 1)
        sender = FakeSender(answers=[500])
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        await it.store.write(edited, "elsewhere")
        await it.store.write(edited, "here")
        await it.poll()
        it.source.now += 10
        await make_events(it, 1, 2)
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert await states(it) == ["retrying", "pending", "delivered"]
        it.clock.time_ms += 5000
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert [parcel.facts.number for parcel in sender.sent] == [1, 3, 1, 2]


async def test_gone_holds_the_url_and_nothing_is_lost(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1, 2)
        sender = FakeSender(answers=[410])
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
            assert await it.rows("SELECT held_ms IS NOT NULL, held_reason LIKE '%410%' FROM callbacks") == [(1, 1)]
            before = len(sender.sent)
            assert before == 1, "the first answer holds it before a second request"
            await make_events(it, 3)
            dispatcher.nudge(1)
            await dispatcher.drained()
            assert len(sender.sent) == before
            await it.execute("UPDATE callbacks SET held_ms = NULL")
            await dispatcher.rescan()
            await dispatcher.drained()
        assert await states(it) == ["delivered"] * 3


async def test_the_breaker_opens_and_gives_back_what_was_claimed_without_an_attempt(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, *range(1, 41))
        sender = FakeSender(answers=[500] * 40)
        with capture_logs() as logs:
            async with dispatching(it, sender) as dispatcher:
                await dispatcher.drained()
                assert 10 <= len(sender.sent) <= 26
                assert await it.rows("SELECT breaker_until_ms IS NOT NULL FROM callbacks") == [(1,)]
                assert (await it.rows("SELECT count(*) FROM attempts"))[0][0] == len(sender.sent)
                await check_totals(it)
        assert {"event": "breaker opened", "callback": "hooks.example.com", "log_level": "warning"} in logs
        sent = len(sender.sent)
        untouched = await it.rows("SELECT count(*) FROM deliveries WHERE attempts = 0 AND state = 'pending'")
        assert untouched == [(40 - sent,)]


async def test_a_breaker_that_another_engine_opened_is_shown_no_more(tmp_path: Path) -> None:
    """It was in that engine's memory: nothing waits for it, and no answer would close it."""
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        await it.execute("UPDATE callbacks SET breaker_until_ms = ?", it.clock.now_ms() + 30_000)
        async with dispatching(it, FakeSender()) as dispatcher:
            await dispatcher.drained()
        assert await it.rows("SELECT d.state, breaker_until_ms FROM deliveries d, callbacks") == [("delivered", None)]


async def test_used_up_attempts_are_dead_only_if_the_url_takes_other_things(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        await it.execute("UPDATE deliveries SET attempts = 9, first_attempt_ms = ?", it.clock.now_ms() - 1000)
        await it.execute("UPDATE callbacks SET last_success_ms = ?", it.clock.now_ms() - 500)
        async with dispatching(it, FakeSender(answers=[500])) as dispatcher:
            await dispatcher.drained()
        assert await states(it) == ["dead"]

    async with rig(tmp_path, name="other.db") as it:
        await it.poll()
        await make_events(it, 1)
        await it.execute("UPDATE deliveries SET attempts = 9, first_attempt_ms = ?", it.clock.now_ms() - 1000)
        async with dispatching(it, FakeSender(answers=[500])) as dispatcher:
            await dispatcher.drained()
        assert await states(it) == ["retrying"]
        assert await it.rows("SELECT held_ms IS NOT NULL FROM callbacks") == [(1,)]


async def test_a_retry_arms_the_same_delivery_with_a_fresh_schedule(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        await it.execute("UPDATE deliveries SET state = 'dead', attempts = 10, due_ms = NULL")
        await it.execute("UPDATE resources SET pending = 0, dead = 1")
        await it.store.write(redelivery.rearm, 1, it.clock.now_ms())
        sender = FakeSender(answers=[500])
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert await it.rows("SELECT state, attempts, armed FROM deliveries") == [("retrying", 11, 10)]
        assert await it.rows("SELECT number, trigger FROM attempts") == [(11, "operator")]
        await check_totals(it)


async def test_a_replay_is_marked_and_settles_the_dead_delivery(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        await it.execute("UPDATE deliveries SET state = 'dead', attempts = 10, due_ms = NULL")
        await it.execute("UPDATE resources SET pending = 0, dead = 1")
        replay = await it.store.write(redelivery.add_replay, 1, it.clock.now_ms())
        sender = FakeSender()
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert (sender.sent[0].replay, sender.sent[0].attempt) == (replay, 1)
        assert await states(it) == ["delivered", "delivered"]
        await check_totals(it)


async def test_a_failed_replay_is_dead_and_schedules_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        async with dispatching(it, FakeSender()) as dispatcher:
            await dispatcher.drained()
        await it.store.write(redelivery.add_replay, 1, it.clock.now_ms())
        async with dispatching(it, FakeSender(answers=[500])) as dispatcher:
            await dispatcher.drained()
        assert await states(it) == ["delivered", "dead"]
        assert await it.rows("SELECT due_ms FROM deliveries") == [(None,), (None,)]


async def test_a_replay_waits_behind_the_objects_open_deliveries(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        async with dispatching(it, FakeSender()) as dispatcher:
            await dispatcher.drained()
        await make_events(it, 1)
        await it.store.write(redelivery.add_replay, 1, it.clock.now_ms())
        sender = FakeSender()
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert [parcel.facts.number for parcel in sender.sent] == [2, 1]


async def test_a_replay_of_a_waiting_event_takes_its_turn(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        async with dispatching(it, FakeSender(answers=[500])) as dispatcher:
            await dispatcher.drained()
        await it.store.write(redelivery.add_replay, 1, it.clock.now_ms())
        sender = FakeSender()
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert len(sender.sent) == 1
        assert await states(it) == ["delivered", "delivered"]


async def test_cancelling_lets_the_objects_next_event_go(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1, 1)
        await it.store.write(redelivery.cancel, 1, it.clock.now_ms())
        sender = FakeSender()
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
        assert [parcel.facts.number for parcel in sender.sent] == [2]
        await check_totals(it)


async def test_a_stop_finishes_what_is_in_flight_and_gives_back_the_rest(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, *range(1, 41))
        started = asyncio.Event()

        def slow(_: Parcel) -> float:
            started.set()
            return 0.05

        sender = FakeSender(delay=slow)
        async with dispatching(it, sender):
            await started.wait()
        found = await states(it)
        assert found.count("sending") == 0
        assert found.count("delivered") == len(sender.sent)
        assert found.count("pending") == 40 - len(sender.sent)
        await check_totals(it)


async def test_what_was_being_sent_at_a_crash_is_an_interrupted_attempt_and_sent_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        await it.store.write(deliveries.claim, 1, now_ms=it.clock.now_ms(), limit=10)
        assert await states(it) == ["sending"]
        async with dispatching(it, FakeSender()) as dispatcher:
            await dispatcher.drained()
        attempts = await it.rows("SELECT number, error_code FROM attempts ORDER BY number")
        assert attempts == [(1, "interrupted"), (2, None)]
        await check_totals(it)


async def test_ends_of_the_engine_while_sending_use_up_no_step_of_the_schedule(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await make_events(it, 1)
        for _ in range(len(SCHEDULES["standard"]) + 3):
            await _killed_while_sending(it)
        async with dispatching(it, FakeSender(answers=[500])) as dispatcher:
            await dispatcher.drained()
        assert await it.rows("SELECT state, attempts, interrupted FROM deliveries") == [("retrying", 13, 12)]
        due = (await it.rows("SELECT due_ms FROM deliveries"))[0][0]
        assert due - it.clock.now_ms() == 5000, "the schedule's first wait"
        assert await it.rows("SELECT held_ms FROM callbacks") == [(None,)]
        triggers = await it.rows("SELECT DISTINCT trigger FROM attempts ORDER BY trigger")
        assert triggers == [("first",), ("retry",)]


async def _killed_while_sending(it: Rig) -> None:
    """A dispatcher that is cut off in its first request, with nothing recorded."""
    started = asyncio.Event()

    def hangs(_: Parcel) -> float:
        started.set()
        return 3600.0

    target = it.poller.target
    member = Member(
        config=target.instance,
        sender=FakeSender(delay=hangs),
        schedule=SCHEDULES["standard"],
        resources={1: target.config},
    )
    running = asyncio.create_task(Dispatcher(it.services, lambda _: member, "tagtagta").run())
    await started.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert await states(it) == ["sending"]


async def test_held_deliveries_of_a_resource_are_not_claimed(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await it.execute("UPDATE resources SET held_ms = 1")
        await make_events(it, 1)
        sender = FakeSender()
        async with dispatching(it, sender) as dispatcher:
            await dispatcher.drained()
            assert sender.sent == []
            await it.execute("UPDATE resources SET held_ms = NULL")
            await it.execute("UPDATE deliveries SET held = 0")
            await dispatcher.rescan()
            await dispatcher.drained()
        assert await states(it) == ["delivered"]
