"""The engine around a fake network: actions, changed configuration, defects, stops."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cwconsole.cli.wiring import SystemClock
from cwconsole.core.attempts import Parcel
from cwconsole.core.errors import AccessFault, ConfigError
from cwconsole.core.health import Health
from cwconsole.core.records import Page, PageRequest
from cwconsole.engine import sweeps as engine_sweeps
from cwconsole.engine.crawl import Why
from cwconsole.engine.ports import ConnectedInstance
from cwconsole.engine.supervisor import Engine, running
from cwconsole.store import actions, meta, status
from cwconsole.store import sweeps as stored_sweeps
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.database import Store
from cwconsole.store.instances import Instance
from tests.engine.rig import acme, contacts, insert_rows, settle
from tests.fakes import FakeSender, FakeSource, fault


class Network:
    """Connects every instance to one fake source and one fake sender."""

    def __init__(self) -> None:
        self.source, self.sender = FakeSource(), FakeSender()
        self.broken = False

    async def __call__(self, instance: Instance) -> ConnectedInstance:
        if self.broken:
            raise ConfigError("private.key", "env:NAME, which is not set", "the secret")
        return ConnectedInstance(config=acme(contacts()), source=self.source, sender=self.sender)


@asynccontextmanager
async def engine_with(
    folder: Path, network: Network, *, scheduled: bool = False, only: int | None = None
) -> AsyncIterator[tuple[Engine, Store]]:
    async with Store.open(folder / "cw.db", migrate=True) as store:
        if not await store.read(lambda conn: conn.execute("SELECT 1 FROM instances").fetchall()):
            await store.write(insert_rows, contacts(), True)
        engine = Engine(store, network, SystemClock(), lambda: 0.5, tag="tagtagta", scheduled=scheduled, only=only)
        async with running(engine):
            yield engine, store


async def ask(store: Store, kind: ActionKind, **more: Any) -> int:
    asked = Asked(kind=kind, operator="ann", origin="tty", command="cwconsole", **more)
    return await store.write(actions.queue, asked, now_ms=SystemClock().now_ms())


async def outcome(store: Store, action_id: int) -> tuple[str, str]:
    """Wait for an action's end."""
    async with asyncio.timeout(30):
        while True:
            action = await store.read(actions.load, action_id)
            assert action is not None
            if not action.open:
                return action.state, action.outcome or ""
            await asyncio.sleep(0.02)


async def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    return await store.read(lambda conn: [tuple(row) for row in conn.execute(sql)])


async def test_a_queued_poll_is_picked_up_and_answered(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network) as (_, store):
        state, sentence = await outcome(store, await ask(store, ActionKind.POLL, instance_id=1))
        assert (state, sentence) == (
            "done",
            "acme/contacts: baseline read, 0 records; events begin with the next poll.",
        )
        assert await rows(store, "SELECT trigger, action_id FROM polls") == [("operator", 1)]


async def test_a_poll_that_meets_a_fault_fails_with_its_sentence(tmp_path: Path) -> None:
    network = Network()
    network.source.faults = [fault()]
    async with engine_with(tmp_path, network) as (_, store):
        state, sentence = await outcome(store, await ask(store, ActionKind.POLL, instance_id=1, resource_id=1))
        assert (state, sentence) == ("failed", "acme/contacts: the source is down.")


async def test_what_is_paused_is_polled_when_asked_and_what_was_disabled_since_is_not(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network, scheduled=True) as (_, store):
        await store.write(lambda conn: conn.execute("UPDATE resources SET paused_ms = 1") and None)
        assert (await outcome(store, await ask(store, ActionKind.POLL, instance_id=1)))[0] == "done"
        assert (await outcome(store, await ask(store, ActionKind.SWEEP, instance_id=1)))[0] == "done"
        polls = await rows(store, "SELECT id FROM polls")
        await store.write(lambda conn: conn.execute("UPDATE instances SET enabled = 0") and None)
        for kind in (ActionKind.POLL, ActionKind.SWEEP):
            assert await outcome(store, await ask(store, kind, instance_id=1)) == (
                "failed",
                "acme is disabled, so nothing of it is polled; enable it: cwconsole instances enable acme",
            )
        assert await rows(store, "SELECT id FROM polls") == polls


async def test_a_parked_resource_is_polled_as_soon_as_a_sweep_is_answered(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network, scheduled=True) as (_, store):
        assert (await outcome(store, await ask(store, ActionKind.POLL, instance_id=1)))[0] == "done"
        network.source.faults = [AccessFault("acme: the keys are wrong")]
        assert (await outcome(store, await ask(store, ActionKind.POLL, instance_id=1)))[0] == "failed"
        assert await rows(store, "SELECT parked FROM resources") == [(1,)]
        assert (await outcome(store, await ask(store, ActionKind.SWEEP, instance_id=1)))[0] == "done"
        async with asyncio.timeout(30):
            while await rows(store, "SELECT parked FROM resources") != [(0,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert ("schedule", "ok") in await rows(store, "SELECT trigger, outcome FROM polls WHERE kind = 'window'")


async def test_a_sweep_that_is_due_is_made_by_itself_and_the_next_is_an_interval_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_sweeps, "LOOK_SECONDS", 0.02)
    network = Network()
    async with engine_with(tmp_path, network, scheduled=True) as (_, store):
        async with asyncio.timeout(30):
            while await rows(store, "SELECT baseline_done FROM resources") != [(1,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            network.source.put(1)
            network.source.put(2)
            await ask(store, ActionKind.POLL, instance_id=1)
            while len(await rows(store, "SELECT id FROM events")) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            del network.source.rows[1]
            due_ms = SystemClock().now_ms()
            await store.write(lambda conn: conn.execute("UPDATE resources SET next_sweep_ms = ?", (due_ms,)) and None)
            while not await rows(store, "SELECT 1 FROM polls WHERE kind = 'sweep' AND outcome = 'ok'"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            ((next_ms,),) = await rows(store, "SELECT next_sweep_ms FROM resources")
        assert await rows(store, "SELECT trigger FROM polls WHERE kind = 'sweep'") == [("schedule",)]
        assert (await rows(store, "SELECT object_id, type FROM events ORDER BY id"))[-1] == (1, "DELETED")
        assert next_ms >= due_ms + contacts().sweep_interval * 1000


async def test_a_sweep_that_ends_while_it_is_still_read_as_due_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_sweeps, "LOOK_SECONDS", 0.01)
    look, due_looks, looks = stored_sweeps.due_sweeps, list[int](), list[int]()
    ended, seen_twice = threading.Event(), asyncio.Event()

    def held_back(conn: sqlite3.Connection, now_ms: int) -> list[int]:
        due = look(conn, now_ms)
        looks.append(now_ms)
        if due:
            due_looks.append(now_ms)
            if len(due_looks) == 2:  # it runs by now, and is read as due
                loop.call_soon_threadsafe(seen_twice.set)
                assert ended.wait(10)
        return due

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(stored_sweeps, "due_sweeps", held_back)
    network = Network()
    async with engine_with(tmp_path, network, scheduled=True) as (_, store):
        async with asyncio.timeout(30):
            while await rows(store, "SELECT baseline_done FROM resources") != [(1,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            answer = network.source.page

            async def page(request: PageRequest) -> Page:
                await seen_twice.wait()
                return await answer(request)

            network.source.page = page  # type: ignore[method-assign]
            await store.write(lambda conn: conn.execute("UPDATE resources SET next_sweep_ms = 1") and None)
            while not await rows(store, "SELECT 1 FROM polls WHERE kind = 'sweep' AND outcome = 'ok'"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            ended.set()
            after = len(looks) + 2
            while len(looks) < after:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await rows(store, "SELECT count(*) FROM polls WHERE kind = 'sweep'") == [(1,)]


async def test_a_replay_is_sent_once_and_answered_in_the_same_breath(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network) as (engine, store):
        await engine.poll_all(Why(trigger="once"))
        network.source.put(1)
        await engine.poll_all(Why(trigger="once"))
        await engine.drained()
        state, _ = await outcome(store, await ask(store, ActionKind.REPLAY, target_id=1))
        await engine.drained()
        assert state == "done"
        assert [parcel.replay is not None for parcel in network.sender.sent] == [False, True]
        assert {parcel.facts.event_id for parcel in network.sender.sent} == {"tagtagta000000000001"}


async def test_draining_waits_for_a_replay_that_others_see_and_the_dispatcher_does_not_yet(tmp_path: Path) -> None:
    async with engine_with(tmp_path, Network()) as (engine, _):
        await engine.drained()
        with engine.services.underway:
            draining = asyncio.create_task(engine.drained())
            await settle()
            assert not draining.done()
        await draining


async def test_an_engine_for_one_action_leaves_the_others_queued(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network) as (_, store):
        pass
    async with Store.open(tmp_path / "cw.db", migrate=False) as store:
        first, second = [await ask(store, ActionKind.POLL, instance_id=1) for _ in range(2)]
    async with engine_with(tmp_path, network, only=second) as (_, store):
        assert (await outcome(store, second))[0] == "done"
        assert (await store.read(actions.load, first)).state == "queued"  # type: ignore[union-attr]


async def test_an_instance_that_cannot_be_connected_is_parked_and_comes_back(tmp_path: Path) -> None:
    network = Network()
    network.broken = True
    async with engine_with(tmp_path, network) as (engine, store):
        assert "env:NAME" in engine.fleet.broken[1].why
        assert await rows(store, "SELECT parked, error_code FROM resources") == [(1, "config")]
        network.broken = False
        await store.write(meta.bump_config_version)
        async with asyncio.timeout(30):
            while engine.fleet.broken:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (await outcome(store, await ask(store, ActionKind.POLL, instance_id=1)))[0] == "done"


async def one_is_retried(network: Network, engine: Engine, store: Store) -> None:
    """After the baseline a record is new, and its delivery has failed once."""
    network.sender.answers = [503] * 9
    await engine.poll_all(Why(trigger="once"))
    network.source.put(1)
    await engine.poll_all(Why(trigger="once"))
    async with asyncio.timeout(30):
        while await rows(store, "SELECT retrying FROM resources") != [(1,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "stands",
    ["UPDATE resources SET paused_ms = 1", "UPDATE instances SET paused_ms = 1", "UPDATE instances SET enabled = 0"],
)
async def test_what_stands_still_says_that_its_deliveries_do_too_until_its_secret_is_there(
    tmp_path: Path, stands: str
) -> None:
    network = Network()
    async with engine_with(tmp_path, network) as (engine, store):
        await one_is_retried(network, engine, store)
        await store.write(lambda conn: conn.execute(stands) and None)
    network.broken = True
    async with engine_with(tmp_path, network) as (engine, store):
        (row,) = await store.read(status.fleet, now_ms=SystemClock().now_ms(), engine_runs=True)
        assert row.state in {Health.PAUSED, Health.OFF}
        assert "env:NAME, which is not set" in (row.last_error or "")
    network.broken = False
    async with engine_with(tmp_path, network) as (engine, store):
        (row,) = await store.read(status.fleet, now_ms=SystemClock().now_ms(), engine_runs=True)
        assert (row.last_error, row.failing_since_ms) == (None, None)


async def test_what_an_edit_left_out_says_that_its_deliveries_stand_still_for_want_of_a_secret(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network) as (engine, store):
        await one_is_retried(network, engine, store)
        await store.write(lambda conn: conn.execute("UPDATE resources SET active = 0") and None)
    left = "Left out of the configuration, so it is not polled; 1 delivery is still to be sent."
    for network.broken in (True, False):
        async with engine_with(tmp_path, network) as (engine, store):
            (row,) = await store.read(status.fleet, now_ms=SystemClock().now_ms(), engine_runs=True)
            assert engine.fleet.pollers == {}
            why = " Nothing is sent: acme: private.key: found env:NAME, which is not set, expected the secret"
            assert row.last_error == left + (why if network.broken else "")


async def test_what_is_switched_off_and_owes_nothing_may_have_lost_its_secret(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network) as (_, store):
        await store.write(lambda conn: conn.execute("UPDATE instances SET enabled = 0") and None)
    network.broken = True
    async with engine_with(tmp_path, network) as (engine, store):
        assert engine.fleet.broken == {}
        assert await rows(store, "SELECT parked, error FROM resources") == [(0, None)]


async def test_a_defect_parks_its_poller_and_the_engine_goes_on(tmp_path: Path) -> None:
    network = Network()
    network.source.faults = [ZeroDivisionError("a defect")]
    async with engine_with(tmp_path, network, scheduled=True) as (_, store):
        async with asyncio.timeout(30):
            while await rows(store, "SELECT error_code FROM resources") != [("defect",)]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert await rows(store, "SELECT parked FROM resources") == [(1,)]


async def test_a_resource_that_is_not_polled_any_more_loses_its_poller(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network) as (engine, store):

        def deactivate(conn: Any) -> None:
            conn.execute("UPDATE resources SET active = 0")
            meta.bump_config_version(conn)

        await store.write(deactivate)
        async with asyncio.timeout(30):
            while engine.fleet.pollers:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_stopping_twice_is_harmless_and_running_again_goes_on(tmp_path: Path) -> None:
    network = Network()
    async with engine_with(tmp_path, network) as (engine, _):
        engine.stop()
        engine.stop()
    async with engine_with(tmp_path, network) as (engine, _):
        assert (await engine.poll_all(Why(trigger="once")))[0].outcome == "ok"


async def test_a_cancelled_host_drains_what_is_in_flight(tmp_path: Path) -> None:
    network, sending = Network(), asyncio.Event()

    def slow(_: Parcel) -> float:
        sending.set()
        return 0.2

    network.sender.delay = slow

    async def host() -> None:
        async with engine_with(tmp_path, network) as (engine, _):
            await engine.poll_all(Why(trigger="once"))
            network.source.put(1)
            await engine.poll_all(Why(trigger="once"))
            await asyncio.Event().wait()

    hosting = asyncio.create_task(host())
    await sending.wait()
    hosting.cancel()
    await asyncio.wait((hosting,))
    async with Store.open(tmp_path / "cw.db", migrate=False) as store:
        assert await rows(store, "SELECT state, attempts FROM deliveries") == [("delivered", 1)]
