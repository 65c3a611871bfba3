"""From the file to the screen: told once at the start, after every change whoever made it, and not too often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cwconsole.store.database import Store, prepared
from cwconsole.tui.bridge import LOOK_SECONDS, PAUSE_SECONDS, follow
from tests.fair_clock import fair_clock
from tests.store import processes

WRITE_ONCE = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1])
with conn:
    conn.execute("INSERT INTO meta (key, value) VALUES ('elsewhere', '1')")
"""


@dataclass
class Told:
    """When it was told, by the loop's clock."""

    store: Store
    at: list[float] = field(default_factory=list)

    async def until(self, times: int) -> None:
        deadline = fair_clock() + 15
        while len(self.at) < times:
            assert fair_clock() < deadline
            await asyncio.sleep(0.01)

    async def write(self, value: int) -> None:
        await self.store.write(
            lambda conn: conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('here', ?)", (str(value),))
        )


@asynccontextmanager
async def followed(path: Path) -> AsyncIterator[Told]:
    await asyncio.to_thread(lambda: prepared(path).close())
    async with Store.open(path, migrate=False) as store:
        told = Told(store)
        task = asyncio.create_task(follow(store, lambda: told.at.append(asyncio.get_running_loop().time())))
        try:
            yield told
        finally:
            task.cancel()


async def test_it_tells_once_at_the_start_and_then_only_of_changes(tmp_path: Path) -> None:
    async with followed(tmp_path / "cw.db") as told:
        await told.until(1)
        await asyncio.sleep(4 * LOOK_SECONDS)
        assert len(told.at) == 1
        await told.write(1)
        await told.until(2)


async def test_a_change_by_another_process_is_told_too(tmp_path: Path) -> None:
    path = tmp_path / "cw.db"
    async with followed(path) as told:
        await told.until(1)
        await asyncio.to_thread(processes.finished, processes.start(WRITE_ONCE, path))
        await told.until(2)


async def test_however_much_is_written_it_tells_often_enough_and_seldom_enough(tmp_path: Path) -> None:
    async with followed(tmp_path / "cw.db") as told:
        await told.until(1)
        value = 0
        while len(told.at) < 6:
            value += 1
            await told.write(value)
        assert value > len(told.at)
        assert all(after - before >= PAUSE_SECONDS for before, after in zip(told.at, told.at[1:], strict=False))
