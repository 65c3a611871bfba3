"""What every part of the engine works with, and the one way to run two things at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from cwconsole.core.errors import SourceFault
from cwconsole.engine.ports import Clock
from cwconsole.store.database import Store

POLLS_AT_ONCE = 256

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The engine's surroundings.

    chance: a random number in [0, 1).
    nudge: tells the dispatcher that deliveries to a callback (by its id) may have become due.
    stopping: set when no new work is to be begun.
    turns: polls at once over all instances; enough that some that hang hold nobody up, few enough for memory.
    """

    store: Store
    clock: Clock
    chance: Callable[[], float]
    nudge: Callable[[int], None]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(POLLS_AT_ONCE))

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the engine stops."""
        await wait_for(self.stopping, seconds)


async def together(fetch: Coroutine[Any, Any, A], commit: Awaitable[B]) -> tuple[A, B]:
    """Await both at the same time. A fault of the fetch is raised after the commit is over, never instead of it.

    A failing commit ends the fetch: what it would bring is of no use any more.
    """
    try:
        async with asyncio.TaskGroup() as group:
            fetching = group.create_task(_kept(fetch))
            committed = await commit
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    fetched, fault = fetching.result()
    if fault is not None:
        raise fault
    return cast(A, fetched), committed


async def _kept(fetch: Coroutine[Any, Any, A]) -> tuple[A | None, SourceFault | None]:
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
