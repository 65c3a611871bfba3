"""What every part of the engine works with: its surroundings, two things at once, and going on after trouble.

A full disk, or a file that another program keeps locked, must not end the engine: what it was about to write is written
as soon as that is possible, and until then nothing is forgotten.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from msgspec import Struct, field

from cwconsole.core.errors import SourceFault, StaleError, StoreError
from cwconsole.engine.ports import Clock
from cwconsole.log import log
from cwconsole.store.database import Store

POLLS_AT_ONCE = 256
STORE_SECONDS = 1.0  # between two tries of a write that the file did not take
BROKEN_SECONDS = 10.0  # until a part of the engine that broke begins again
CALM_SECONDS = 60.0  # what has run so long has got over its trouble, and the next is news

P = ParamSpec("P")
A = TypeVar("A")
B = TypeVar("B")


class Underway:
    """Writes that make deliveries due, from before their commit until the dispatcher knows of them.

    Others see a commit before its writer goes on: who saw it and waits for the deliveries has to wait for this first.
    """

    def __init__(self) -> None:
        self._count = 0
        self._over = asyncio.Event()
        self._over.set()

    def __enter__(self) -> None:
        self._count += 1
        self._over.clear()

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if not self._count:
            self._over.set()

    async def over(self) -> None:
        """Wait until none is underway."""
        await self._over.wait()


class Services(Struct, frozen=True, kw_only=True):
    """The engine's surroundings.

    chance: a random number in [0, 1).
    nudge: tells the dispatcher that deliveries to a callback (by its id) may have become due.
    stopping: set when no new work is to be begun.
    underway: entered around writes that others see before their deliveries are known here.
    turns: polls at once over all instances; enough that some that hang hold nobody up, few enough for memory.
    """

    store: Store
    clock: Clock
    chance: Callable[[], float]
    nudge: Callable[[int], None]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    underway: Underway = field(default_factory=Underway)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(POLLS_AT_ONCE))

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the engine stops."""
        await wait_for(self.stopping, seconds)

    async def write_patiently(self, fn: Callable[Concatenate[Any, P], A], *args: P.args, **kwargs: P.kwargs) -> A:
        """Run a unit, and again until the file takes it. Raises StoreError only if the engine stops meanwhile.

        What the unit itself raises, StaleError too, passes at once.
        """
        tries = 0
        while True:
            try:
                return await self.store.write(fn, *args, **kwargs)
            except StaleError:
                raise
            except StoreError as error:
                tries += 1
                if tries == 1:
                    log.error("cannot write; trying on", error=error.message)
                if self.stopping.is_set():
                    raise
                await self.pause(STORE_SECONDS)

    async def steadily(self, part: str, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a part of the engine until the engine stops. If it breaks, it begins again; the other parts go on."""
        said = ""
        while not self.stopping.is_set():
            began_ms = self.clock.now_ms()
            try:
                await loop()
            except Exception as defect:  # noqa: BLE001 - whatever it is, the rest of the engine must go on
                if self.clock.now_ms() - began_ms > CALM_SECONDS * 1000:
                    said = ""
                if said != str(defect):
                    said = str(defect)
                    log.error("part of the engine broke", part=part, error=said, traceback=traceback.format_exc())
                await self.pause(STORE_SECONDS if isinstance(defect, StoreError) else BROKEN_SECONDS)


async def together(fetch: Coroutine[Any, Any, A], commit: Awaitable[B]) -> tuple[A, B]:
    """Await both at the same time. A fault of the fetch is raised after the commit is over, never instead of it.

    A failing commit ends the fetch: what it would bring is of no use any more.
    """
    try:
        async with asyncio.TaskGroup() as group:
            fetching = group.create_task(kept(fetch))
            committed = await commit
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    fetched, fault = fetching.result()
    if fault is not None:
        raise fault
    return cast(A, fetched), committed


async def kept(fetch: Coroutine[Any, Any, A]) -> tuple[A | None, SourceFault | None]:
    """What came, or the fault, to be raised when its turn comes."""
    try:
        return await fetch, None
    except SourceFault as fault:
        return None, fault


async def wait_for(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait until the event is set, at most so long (None: for ever). Returns whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return event.is_set()
    return True
