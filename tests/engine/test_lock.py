"""One at a time: what is asked, decided and written of a resource's records is not overtaken by somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from cwconsole.store import objects
from cwconsole.store.database import Store
from tests.engine.rig import Rig, contacts, rig

LISTED = "listed = true"


class Door(asyncio.Lock):
    """A lock that tells when somebody stands before it."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_for = asyncio.Event()

    async def acquire(self) -> Literal[True]:
        if self.locked():
            self.waited_for.set()
        return await super().acquire()


class Held:
    """The next answer of one of the source's methods is made at once, and given once it is let go."""

    def __init__(self, source: Any, name: str) -> None:
        self.made, self.let_go = asyncio.Event(), asyncio.Event()
        method = getattr(source, name)

        async def ask(*arguments: Any, **named: Any) -> Any:
            setattr(source, name, method)
            answer = await method(*arguments, **named)
            self.made.set()
            await self.let_go.wait()
            return answer

        setattr(source, name, ask)


async def overtaking(
    it: Rig, held: Held, first: Awaitable[Any], second: Awaitable[Any], change: Callable[[], Any]
) -> None:
    """Once the first one's answer is made, something changes and the second begins; then the first gets its answer."""
    door = it.poller.lock = Door()
    running = asyncio.ensure_future(first)
    await held.made.wait()
    change()
    overtaker = asyncio.ensure_future(second)
    waits = asyncio.ensure_future(door.waited_for.wait())
    async with asyncio.timeout(30):
        await asyncio.wait({overtaker, waits}, return_when=asyncio.FIRST_COMPLETED)
        held.let_go.set()
        await asyncio.gather(running, overtaker)
    waits.cancel()


async def last_contents(it: Rig, object_id: int) -> list[bytes]:
    return [row[0] for row in await it.rows("SELECT record FROM events WHERE object_id = ? ORDER BY id", object_id)]


async def test_a_poll_does_not_overtake_what_a_sweep_fetched(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 600
        await it.poll()
        older = it.source.put(7, updated=it.source.now - 500).seen(ids_only=False).body  # behind the window
        held = Held(it.source, "by_ids")
        await overtaking(it, held, it.sweep(), it.poll(), lambda: it.source.put(7))
        assert await last_contents(it, 7) == [older, it.source.rows[7].seen(ids_only=False).body]


async def test_a_sweep_does_not_overtake_what_a_poll_read(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        it.source.now += 60
        older = it.source.put(7).seen(ids_only=False).body
        held = Held(it.source, "page")
        await overtaking(it, held, it.poll(), it.sweep(), lambda: it.source.put(7))
        assert await last_contents(it, 7) == [older, it.source.rows[7].seen(ids_only=False).body]


async def test_a_poll_does_not_overtake_the_answer_that_a_record_left_the_filter(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(filter=LISTED)) as it:
        await it.poll()
        for object_id in (1, 2):
            it.source.put(object_id)
        await it.poll()
        it.source.put(2, listed=False)
        held = Held(it.source, "get")
        await overtaking(it, held, it.sweep(), it.poll(), lambda: it.source.put(2))
        assert await it.rows("SELECT presence FROM objects WHERE object_id = 2") == [("listed",)]


@pytest.mark.parametrize("edit", ["source = 'elsewhere'", "filter = 'id > 0'"])
@pytest.mark.parametrize("late", [False, True], ids=["while-it-asks", "before-it-writes"])
@pytest.mark.parametrize("finding", ["unknown", "deleted", "left"])
async def test_a_sweep_writes_nothing_once_the_resource_is_another(
    tmp_path: Path, finding: str, late: bool, edit: str
) -> None:
    async with rig(tmp_path, resource=contacts(filter=LISTED)) as it:
        await it.poll()
        for object_id in (1, 2):
            it.source.put(object_id)
        await it.poll()
        if finding == "unknown":
            it.source.put(3, updated=it.source.now - 5000)
        elif finding == "deleted":
            del it.source.rows[2]
        else:
            it.source.put(2, listed=False)
        before = await it.rows("SELECT object_id, digest, presence FROM objects")
        if late:
            _edit_before_it_writes(it, edit)
        else:
            _edit_while_it_asks(it, edit)
        assert (await it.sweep()).outcome == "dropped"
        assert await it.rows("SELECT object_id, digest, presence FROM objects") == before
        assert await it.events() == [(1, "CREATED"), (2, "CREATED")]


def _edit_while_it_asks(it: Rig, edit: str) -> None:
    ask = it.source.page

    async def page(*arguments: Any) -> Any:
        answer = await ask(*arguments)
        await it.execute(f"UPDATE resources SET {edit}")
        return answer

    it.source.page = page  # type: ignore[method-assign,assignment]


def _edit_before_it_writes(it: Rig, edit: str) -> None:
    """The last moment: the sweep has looked whether the resource is still the same, and is about to write."""
    it.poller.services = replace(it.services, store=EditedStore(it.store, edit))


class EditedStore:
    """The store, in which an edit comes right before what a sweep finds."""

    def __init__(self, store: Store, edit: str) -> None:
        self.store, self.edit = store, edit
        self.read = store.read

    async def write(self, unit: Any, *arguments: Any, **named: Any) -> Any:
        if unit in (objects.record_fetched, objects.record_deletion, objects.mark_outside):
            await self.store.write(lambda conn: conn.execute(f"UPDATE resources SET {self.edit}") and None)
        return await self.store.write(unit, *arguments, **named)
