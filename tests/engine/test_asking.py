"""What operators ask for while a resource is being polled, and how often its troubles are told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from structlog.testing import capture_logs

from cwconsole.core.records import Page, PageRequest
from cwconsole.engine.crawl import Why
from cwconsole.store.actions import ActionKind
from tests.engine.rig import rig
from tests.engine.test_supervisor import Network, ask, engine_with, outcome, rows
from tests.fakes import FakeSource, fault


@dataclass
class GatedSource(FakeSource):
    """Answers lists when it is let."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def page(self, request: PageRequest) -> Page:
        self.reached.set()
        await self.gate.wait()
        return await super().page(request)


async def test_who_asks_while_a_poll_runs_gets_one_more_that_begins_afterwards(tmp_path: Path) -> None:
    network = Network()
    network.source = source = GatedSource()
    source.gate.set()
    async with engine_with(tmp_path, network) as (engine, store):
        await engine.poll_all(Why(trigger="once"))
        source.gate.clear()
        source.reached.clear()
        first = await ask(store, ActionKind.POLL, instance_id=1)
        await source.reached.wait()
        later = [await ask(store, ActionKind.POLL, instance_id=1) for _ in range(2)]
        async with asyncio.timeout(30):
            while await rows(store, "SELECT count(*) FROM actions WHERE state = 'running'") != [(3,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        source.put(7)  # after the first poll has asked
        source.gate.set()
        answers = [(await outcome(store, one))[0] for one in (first, *later)]
        assert answers == ["done"] * 3
        assert await rows(store, "SELECT trigger FROM polls ORDER BY id") == [("once",), ("operator",), ("operator",)]


async def test_a_resource_that_breaks_is_told_once_and_once_when_it_recovers(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        with capture_logs() as told:
            await it.poll()
            it.source.faults = [fault(), fault(), fault()]
            for _ in range(4):
                await it.poll()
            await it.poll()
    assert [(one["log_level"], one["event"]) for one in told] == [
        ("warning", "resource is failing"),
        ("info", "resource has recovered"),
    ]
    assert told[0]["error"] == "the source is down"
    assert told[1]["failures"] == 3
