"""A dispatcher with real senders, a receiver, and deliveries on a real file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from cwconsole.callback.sender import CallbackSender, Way
from cwconsole.callback.senders import Senders, open_senders
from cwconsole.core.config import CallbackConfig
from cwconsole.core.delivery import SCHEDULES
from cwconsole.engine.dispatcher import Dispatcher
from cwconsole.engine.fleet import Member
from cwconsole.engine.lane import Lane
from cwconsole.engine.services import Services
from cwconsole.http.pool import open_pool
from cwconsole.simulator.faults import Fault, FaultKind
from cwconsole.simulator.receiver import Delivery, Receiver
from cwconsole.store.database import Store
from tests.fakes import FakeClock
from tests.store.rows import NOW, add, add_delivery, add_events, config, resource, resource_id

WELL = "well"


class Stage:
    """A dispatcher with real senders, a receiver that hangs at some paths, and deliveries on a real file."""

    def __init__(
        self, store: Store, receiver: Receiver, dispatcher: Dispatcher, senders: Senders, callbacks: dict[str, int]
    ) -> None:
        self.store, self.receiver, self.dispatcher, self.senders = store, receiver, dispatcher, senders
        self.callbacks = callbacks

    async def give(self, name: str, count: int, *, times: int = 1, nudge: bool = True) -> None:
        """Have so many objects delivered to a callback URL, each so many times in a row."""

        def unit(conn: Any) -> None:
            objects = list(range(1, count + 1)) * times
            for event in add_events(conn, resource_id(conn, self.callbacks[name], "contacts"), objects):
                add_delivery(conn, event)
            conn.execute(
                "UPDATE deliveries SET due_ms = NULL WHERE id NOT IN"
                " (SELECT min(id) FROM deliveries GROUP BY resource_id, object_id)"
            )

        await self.store.write(unit)
        if nudge:
            self.dispatcher.nudge(self.callbacks[name])

    def lane(self, name: str) -> Lane:
        return self.dispatcher.lanes[self.callbacks[name]]

    async def total(self, name: str, state: str) -> int:
        """How many deliveries of a callback URL are in a state."""
        sql = f"SELECT {state} FROM resources WHERE instance_id = ?"
        return await self.store.read(lambda conn: int(conn.execute(sql, (self.callbacks[name],)).fetchone()[0]))

    async def attempts(self) -> int:
        return await self.store.read(lambda conn: int(conn.execute("SELECT count(*) FROM attempts").fetchone()[0]))

    async def until_delivered(self, count: int) -> None:
        async with asyncio.timeout(30):
            while await self.total(WELL, "delivered") < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def stage(
    folder: Path,
    hanging: tuple[str, ...] = (),
    *,
    total: float | None = None,
    on_delivery: Callable[[Delivery], None] | None = None,
) -> AsyncIterator[Stage]:
    """hanging: paths whose receiver does not answer. total: for how long an attempt waits, if not as usual.

    on_delivery: called with each request that comes in.
    """
    callbacks = {name: number for number, name in enumerate((*hanging, WELL), start=1)}
    receiver, members, clock = Receiver(on_delivery=on_delivery), dict[int, Member](), FakeClock(NOW)
    receiver.faults.add(Fault(kind=FaultKind.HANG, path="/hang"))
    async with (
        receiver.serve() as at,
        Store.open(folder / "cw.db", migrate=True) as store,
        open_pool() as pool,
        open_senders(pool, clock.now_ms) as senders,
    ):
        for name in callbacks:
            wanted = config(name, resource("contacts"), callback=f"{at.url}/{name}")
            way = CallbackConfig(url=f"{at.url}/{name}")
            number = await store.write(add, wanted)
            members[number] = Member(
                config=wanted,
                sender=senders.sender(Way(config=way))
                if total is None
                else CallbackSender(way, pool.client(), clock.now_ms, total=total),
                schedule=SCHEDULES["standard"],
                resources={},
            )
        services = Services(store=store, clock=clock, chance=lambda: 0.5, nudge=lambda _: None)
        dispatcher = Dispatcher(services, members.get, "tagtagta")
        running = asyncio.create_task(dispatcher.run())
        try:
            yield Stage(store, receiver, dispatcher, senders, callbacks)
        finally:
            running.cancel()  # a stop would wait for what hangs
            with suppress(asyncio.CancelledError):
                await running
