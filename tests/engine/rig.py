"""One resource on a real database file, polled through a fake source: for tests of the engine's rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cwconsole.core.config import InstanceConfig, ResourceConfig
from cwconsole.core.secret import Secret
from cwconsole.engine.crawl import PollReport, Target, Why
from cwconsole.engine.poller import Poller
from cwconsole.engine.services import Services
from cwconsole.engine.sweep import Sweep, SweepReport
from cwconsole.store import resources, status
from cwconsole.store.database import Store
from cwconsole.store.resources import Resource
from cwconsole.store.status import StatusRow
from tests.fakes import FakeClock, FakeSource
from tests.store.rows import empty_file


def contacts(**more: Any) -> ResourceConfig:
    """A resource called contacts, every minute."""
    return ResourceConfig(**{"name": "contacts", "path": "/company/contacts", "interval": 60.0, **more})


def acme(resource: ResourceConfig, **more: Any) -> InstanceConfig:
    """An instance called acme with one resource."""
    given = {
        "name": "acme",
        "base_url": "http://127.0.0.1:1/v4_6_release/apis/3.0",
        "company": "acme",
        "public_key": "p",
        "private_key": Secret("q"),
        "enabled": True,
        "resources": (resource,),
        **more,
    }
    return InstanceConfig(**given)


def insert_rows(conn: Any, config: ResourceConfig, with_callback: bool) -> int:
    """An instance and its resource, as `instances add` leaves them. Returns the resource's id."""
    if with_callback:
        conn.execute("INSERT INTO callbacks (id, url) VALUES (1, 'http://127.0.0.1:9/hook')")
    conn.execute(
        """
        INSERT INTO instances (id, token, name, body, origin, callback_id, created_ms, updated_ms)
        VALUES (1, 't', 'acme', '{}', 'local', ?, 0, 0)
        """,
        (1 if with_callback else None,),
    )
    conn.execute(
        """
        INSERT INTO resources (id, instance_id, name, source, filter, mode, interval_s, sweep_interval_s)
        VALUES (1, 1, ?, 'here', ?, ?, ?, ?)
        """,
        (config.name, config.filter, config.mode.value, config.interval, config.sweep_interval),
    )
    return 1


@dataclass
class Rig:
    """The engine's parts around one resource."""

    store: Store
    clock: FakeClock
    source: FakeSource
    services: Services
    poller: Poller
    nudged: list[int] = field(default_factory=list)

    async def poll(self) -> PollReport:
        return await self.poller.poll(Why())

    async def sweep(self, *, confirmed: int = 0) -> SweepReport:
        return await Sweep(self.poller, await self.row(), Why(), confirmed=confirmed).run()

    async def row(self) -> Resource:
        row = await self.store.read(resources.load, 1)
        assert row is not None
        return row

    async def status(self) -> StatusRow:
        """How it does while an engine runs."""
        (row,) = await self.store.read(status.fleet, now_ms=self.clock.now_ms(), engine_runs=True)
        return row

    async def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        def query(conn: Any) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in conn.execute(sql, parameters)]

        return await self.store.read(query)

    async def events(self) -> list[tuple[int, str]]:
        """(object id, type) in the order of recording."""
        return [(row[0], row[1]) for row in await self.rows("SELECT object_id, type FROM events ORDER BY id")]

    async def execute(self, sql: str, *parameters: Any) -> None:
        await self.store.write(lambda conn: conn.execute(sql, parameters) and None)


@asynccontextmanager
async def rig(
    folder: Path, *, name: str = "cw.db", resource: ResourceConfig | None = None, callback: bool = True, **instance: Any
) -> AsyncIterator[Rig]:
    """A rig on a fresh file."""
    config = resource or contacts()
    clock, source, nudged = FakeClock(), FakeSource(), list[int]()
    (folder / name).write_bytes(await asyncio.to_thread(empty_file))
    async with Store.open(folder / name, migrate=True) as store:
        await store.write(insert_rows, config, callback)
        services = Services(store=store, clock=clock, chance=lambda: 0.5, nudge=nudged.append)
        target = Target(config=config, instance=acme(config, **instance), source=source)
        poller = Poller(services, 1, target)
        yield Rig(store=store, clock=clock, source=source, services=services, poller=poller, nudged=nudged)


async def settle(times: int = 20) -> None:
    """Let other tasks run."""
    for _ in range(times):
        await asyncio.sleep(0)
