"""A disk that fills while a poll runs and has room again later: nothing is lost, and nothing stays `running`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwconsole.core.errors import StoreError
from tests.engine.rig import Rig, contacts, rig


async def leave_room(it: Rig, *, pages: int) -> None:
    """For so many more pages of the file."""
    ((used,),) = await it.rows("PRAGMA page_count")
    await it.store.write(lambda conn: conn.execute(f"PRAGMA max_page_count = {used + pages}").fetchone()[0])


async def test_a_poll_whose_end_finds_no_room_is_ended_and_counted_by_the_next(tmp_path: Path) -> None:
    async with rig(tmp_path, resource=contacts(page_size=25), start="everything") as it:
        for number in range(1, 1001):
            it.source.put(number)
        await leave_room(it, pages=20)
        with pytest.raises(StoreError, match="There is no space left for the database"):
            await it.poll()
        before = await it.events()
        assert 0 < len(before) < 1000
        await leave_room(it, pages=10_000)
        assert (await it.poll()).outcome == "ok"
        assert await it.events() == [(number, "CREATED") for number in range(1, 1001)]
        assert await it.rows("SELECT outcome, created FROM polls") == [
            ("interrupted", len(before)),
            ("ok", 1000 - len(before)),
        ]
        assert await it.rows("SELECT polls, created FROM hours") == [(2, 1000)]
