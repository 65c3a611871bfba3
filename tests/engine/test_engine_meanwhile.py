"""Pollers, sweeps and actions when something else happens at the same moment: edits, locks, defects, retirement."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from cwconsole.core.errors import AccessFault, HeavyQueryFault
from cwconsole.core.records import Page, PageRequest, Seen
from cwconsole.engine import fleet, services, supervisor
from cwconsole.engine.crawl import Why
from cwconsole.engine.ports import ConnectedInstance
from cwconsole.store import meta
from cwconsole.store.actions import ActionKind
from cwconsole.store.database import Store
from cwconsole.store.instances import Instance
from tests.engine.rig import contacts, rig
from tests.engine.test_supervisor import Network, ask, engine_with, outcome, rows
from tests.fakes import FakeSource, fault


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_sweep_before_the_first_poll_makes_no_events(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for object_id in range(1, 6):
            it.source.put(object_id)
        report = await it.sweep()
        assert (report.outcome, await it.events()) == ("failed", [])
        assert "poll it first" in report.sentence


async def test_right_after_an_edit_the_old_configuration_is_not_asked_any_more(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        old, new = it.source, FakeSource()
        old.put(1)
        await it.execute("UPDATE instances SET updated_ms = 5")  # an edit: the row is another configuration's by now
        polling = asyncio.create_task(it.poll())
        await asyncio.sleep(0.05)
        assert not polling.done()
        it.poller.retarget(replace(it.poller.target, source=new, instance_updated_ms=5))
        assert (await polling).outcome == "ok"
        assert (old.asked, await it.rows("SELECT object_id FROM objects")) == ([], [])


async def test_a_poll_with_the_keys_of_before_does_not_park_what_was_mended_meanwhile(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.source.faults = [AccessFault("the keys are wrong", code="unauthorized")]
        assert (await it.poll()).outcome == "failed"
        assert (await it.row()).parked

        async def mended(path: str, conditions: str) -> tuple[int, int]:
            await it.execute("UPDATE instances SET updated_ms = 5")  # as an edit of the keys leaves the rows
            await it.execute("UPDATE resources SET parked = 0, next_poll_ms = ?", it.clock.now_ms())
            raise AccessFault("the keys are wrong", code="unauthorized")

        it.source.highest_id = mended  # type: ignore[method-assign]
        assert (await it.poll()).outcome == "failed"
        row = await it.row()
        assert (row.parked, row.next_poll_ms) == (0, it.clock.now_ms())


async def test_a_poll_that_is_paused_while_it_runs_is_not_followed_by_another(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        asked_before = len(it.source.asked)

        def pause(_: int) -> None:
            it.poller.wake()
            it.clock.time_ms += 600_000  # the next one would be due when this one ends

        it.source.before_page = pause
        await it.execute("UPDATE resources SET next_poll_ms = 1, paused_ms = NULL")
        running = asyncio.create_task(it.poller.run())
        await it.poller.poll_now(Why())
        await it.execute("UPDATE resources SET paused_ms = 1")
        it.poller.wake()
        await asyncio.sleep(0.1)
        settled = len(it.source.asked)
        await asyncio.sleep(0.1)
        assert len(it.source.asked) == settled > asked_before
        it.poller.retire()
        await running


async def test_events_go_to_the_callback_of_when_they_are_written(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.put(1)
        await it.execute("INSERT INTO callbacks (id, url) VALUES (2, 'http://127.0.0.1:9/other')")
        changed: list[asyncio.Task[None]] = []

        async def slow_page(request: PageRequest) -> Page:
            if not changed:
                changed.append(asyncio.create_task(it.execute("UPDATE instances SET callback_id = 2")))
                await changed[0]
            return await FakeSource.page(it.source, request)

        it.source.page = slow_page  # type: ignore[method-assign]
        await it.poll()
        assert await it.rows("SELECT callback_id FROM deliveries") == [(2,)]
        assert set(it.nudged) == {2}


async def test_the_servers_clock_is_noted_with_every_answer(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        it.source.now += 300
        await it.poll()
        assert await it.rows("SELECT skew_ms FROM resources") == [(300_000,)]


async def test_a_sweep_that_fails_leaves_the_question_of_the_last_one_open(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for object_id in range(1, 31):
            it.source.put(object_id, updated=1000)
        await it.poll()
        it.source.rows.clear()
        assert (await it.sweep()).outcome == "refused"
        it.source.faults = [fault()]
        assert (await it.sweep()).outcome == "failed"
        assert await it.rows("SELECT sweep_vanished FROM resources") == [(30,)]
        assert (await it.sweep(confirmed=30)).outcome == "ok"
        assert await it.rows("SELECT sweep_vanished FROM resources") == [(None,)]


async def test_the_guard_counts_what_was_known_before_the_sweep(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for object_id in range(1, 201):
            it.source.put(object_id, updated=1000)
        await it.poll()
        for object_id in range(1, 23):
            del it.source.rows[object_id]
        for object_id in range(1000, 1200):
            it.source.put(object_id, updated=1000)
        assert (await it.sweep()).outcome == "refused"


async def test_one_record_that_cannot_be_asked_for_hides_no_other_deletion(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for object_id in range(1, 31):
            it.source.put(object_id, updated=1000)
        await it.poll()
        for object_id in (3, 7):
            del it.source.rows[object_id]
        it.source.rows[5].listed = False
        original = it.source.get

        async def get(path: str, object_id: int) -> Seen:
            if object_id == 3:
                raise AccessFault("3 may not be read")
            return await original(path, object_id)

        it.source.get = get  # type: ignore[method-assign]
        report = await it.sweep()
        assert (report.outcome, await it.events()) == ("failed", [(7, "DELETED")])


async def test_a_listing_that_is_too_much_is_asked_for_in_smaller_pages(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for object_id in range(1, 61):
            it.source.put(object_id, updated=1000)
        await it.poll()
        original = it.source.page

        async def page(request: PageRequest) -> Page:
            if request.size > 100:
                raise HeavyQueryFault("timeout")
            return await original(request)

        it.source.page = page  # type: ignore[method-assign]
        assert (await it.sweep()).outcome == "ok"


async def test_known_objects_are_merged_in_batches_however_many_lie_beside_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cwconsole.engine.sweep.KNOWN_BATCH", 7)
    async with rig(tmp_path) as it:
        for object_id in range(1, 61):
            it.source.put(object_id, updated=1000)
        await it.poll()
        for object_id in range(5, 41):
            del it.source.rows[object_id]
        for object_id in (20, 70, 80):
            it.source.put(object_id, updated=1000)
        report = await it.sweep(confirmed=99)
        assert (report.outcome, report.deleted) == ("ok", 35)
        assert sorted(await it.events()) == sorted(
            [(one, "DELETED") for one in range(5, 41) if one != 20] + [(70, "CREATED"), (80, "CREATED")]
        )


async def test_sweeps_that_keep_failing_are_made_ever_more_seldom(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        waits = []
        for _ in range(12):
            it.source.faults = [fault()]
            await it.sweep()
            waits.append(((await it.row()).next_sweep_ms or 0) - it.clock.now_ms())
        assert waits == sorted(waits)
        assert (waits[0], waits[-1] > 3_000_000) == (60_000, True)


class Gated(FakeSource):
    """Answers once it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.gate = asyncio.Event(), asyncio.Event()

    async def page(self, request: PageRequest) -> Page:
        self.reached.set()
        await self.gate.wait()
        return await super().page(request)


async def deactivate(store: Store) -> None:
    def unit(conn: Any) -> None:
        conn.execute("UPDATE resources SET active = 0")
        meta.bump_config_version(conn)

    await store.write(unit)


async def test_who_asks_for_a_poll_that_will_never_be_is_told_so(tmp_path: Path) -> None:
    network = Network()
    network.source = source = Gated()
    source.put(1)
    async with engine_with(tmp_path, network) as (engine, store):
        first = await ask(store, ActionKind.POLL, instance_id=1)
        await source.reached.wait()
        second = await ask(store, ActionKind.POLL, instance_id=1)
        await until(lambda: bool(engine.fleet.pollers[1]._asked))
        await deactivate(store)
        await until(lambda: not engine.fleet.pollers)
        source.gate.set()
        assert (await outcome(store, first))[0] == "failed"  # dropped: it is not polled any more
        state, sentence = await outcome(store, second)
        assert (state, "not polled any more" in sentence) == ("failed", True)


async def test_after_a_defect_an_operators_poll_is_made_at_once(tmp_path: Path) -> None:
    network = Network()
    network.source.faults = [ZeroDivisionError("a defect")]
    async with engine_with(tmp_path, network) as (_, store):
        assert (await outcome(store, await ask(store, ActionKind.POLL, instance_id=1)))[0] == "failed"
        assert (await outcome(store, await ask(store, ActionKind.POLL, instance_id=1)))[0] == "done"
        assert await rows(store, "SELECT outcome FROM polls ORDER BY id") == [("failed",), ("ok",)]


async def test_a_defect_in_a_sweep_ends_neither_the_engine_nor_the_other_sweeps(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network, scheduled=True) as (engine, store):
        async with asyncio.timeout(30):
            while await rows(store, "SELECT baseline_done FROM resources") != [(1,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        network.source.faults = [ZeroDivisionError("a defect")]
        await engine.sweeps._sweep(1)
        assert await rows(store, "SELECT outcome, error_code FROM polls WHERE kind = 'sweep'") == [("failed", "defect")]
        assert (await outcome(store, await ask(store, ActionKind.SWEEP, instance_id=1)))[0] == "done"


async def test_an_instance_whose_connecting_breaks_does_not_end_the_engine(tmp_path: Path) -> None:
    class Broken(Network):
        async def __call__(self, instance: Instance) -> ConnectedInstance:
            raise ZeroDivisionError("a defect")

    async with engine_with(tmp_path, Broken()) as (engine, store):
        assert "ZeroDivisionError" in engine.fleet.broken[1].why
        assert await rows(store, "SELECT parked FROM resources") == [(1,)]


@asynccontextmanager
async def locked(store: Store) -> AsyncIterator[None]:
    """Another program keeps the file locked, for longer than a write waits."""
    await store.write(lambda conn: conn.execute("PRAGMA busy_timeout = 10").fetchall() and None)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_an_engine_survives_a_locked_file_and_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "UNRECORDED_SECONDS", 0.05)
    monkeypatch.setattr(services, "STORE_SECONDS", 0.05)
    network = Network()
    async with engine_with(tmp_path, network, scheduled=True) as (engine, store):
        async with asyncio.timeout(30):
            while await rows(store, "SELECT baseline_done FROM resources") != [(1,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        network.source.now += 10
        network.source.put(1)
        with capture_logs() as logs:
            async with locked(store):
                asking = asyncio.create_task(engine.fleet.pollers[1].poll_now(Why(trigger="operator")))
                await asyncio.gather(asking, return_exceptions=True)
                again = asyncio.create_task(engine.fleet.pollers[1].poll_now(Why(trigger="operator")))
                await asyncio.gather(again, return_exceptions=True)
                await asyncio.sleep(0.5)
                assert not await rows(store, "SELECT id FROM events")
        told = [one["resource"] for one in logs if one["event"] == "poll could not be recorded; trying on"]
        assert told == ["acme/contacts"], "once, by its name"
        assert (await outcome(store, await ask(store, ActionKind.POLL, instance_id=1)))[0] == "done"
        await engine.drained()
        assert [parcel.facts.object_id for parcel in network.sender.sent] == [1]


async def test_a_first_question_whose_answer_comes_after_an_edit_is_not_used(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts()) as it:

        async def edited(path: str, conditions: str) -> tuple[int, int]:
            await it.execute("UPDATE resources SET crawl_id = crawl_id + 1")  # as any edit of company, path or filter
            return 5, it.source.now

        it.source.highest_id = edited  # type: ignore[method-assign]
        assert (await it.poll()).outcome == "dropped"
        assert await it.rows("SELECT start_at FROM resources") == [(None,)]


async def test_a_stop_waits_no_longer_than_its_limit_for_who_hangs_and_the_next_engine_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.2)
    network = Network()
    async with engine_with(tmp_path, network) as (engine, _):
        await engine.poll_all(Why(trigger="once"))
        network.source.now += 10
        network.source.put(1)
        network.source.put(2)
    network.sender.delay = lambda _: 3600.0
    hanging = asyncio.Event()
    original = network.source.page

    async def page(request: PageRequest) -> Page:
        if request.after > 0:
            hanging.set()
            await asyncio.sleep(3600)
        return await original(request)

    network.source.page = page  # type: ignore[method-assign]
    began = asyncio.get_running_loop().time()
    async with engine_with(tmp_path, network) as (_, store):
        await ask(store, ActionKind.POLL, instance_id=1)
        await hanging.wait()
        await until(lambda: len(network.sender.sent) == 1)  # and the other is claimed
    assert asyncio.get_running_loop().time() - began < 5
    network.source.page = original  # type: ignore[method-assign]
    network.sender.delay = lambda _: 0.0
    async with engine_with(tmp_path, network) as (engine, store):
        await engine.drained()
        assert (await outcome(store, 1))[0] == "done"  # asked for once, begun twice
        assert await rows(store, "SELECT outcome FROM polls ORDER BY id") == [("ok",), ("interrupted",), ("ok",)]
        assert await rows(store, "SELECT error_code FROM attempts ORDER BY number, id") == [
            ("interrupted",),
            *[(None,)] * 2,
        ], "what was claimed and not sent went back"
