"""Loading, stale and unavailable are three different looks, on a real screen over a real file that cannot be read."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from cwconsole.store.database import Store
from tests.tui.rig import Rig, console, console_on

EMPTY = "No polls here."
OF_POLLS = (
    "SELECT (rootpage - 1) * (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE tbl_name = 'polls'"
)


class Disk:
    """The file, in which the pages of the polls can be broken and mended."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._whole: dict[int, bytes] = {}

    async def break_polls(self) -> None:
        places = [int(row[0]) for row in await self._rig.rows(OF_POLLS) if row[0] >= 0]
        self._whole = await asyncio.to_thread(self._put, dict.fromkeys(places, b"\xff" * 512))
        await self._rig.write("UPDATE resources SET next_poll_ms = next_poll_ms + 1")  # what was read is read again

    async def mend(self) -> None:
        await asyncio.to_thread(self._put, self._whole)
        await self._rig.write("UPDATE resources SET next_poll_ms = next_poll_ms + 1")

    def _put(self, pieces: dict[int, bytes]) -> dict[int, bytes]:
        before = {}
        with self._rig.path.open("r+b") as file:
            for place, piece in pieces.items():
                file.seek(place)
                before[place] = file.read(len(piece))
                file.seek(place)
                file.write(piece)
        return before


async def test_what_was_read_stays_with_its_age_and_says_that_it_is_stale(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("4")
        await rig.until(lambda: EMPTY in rig.text())
        disk = Disk(rig)
        await disk.break_polls()
        await rig.until(lambda: "STALE since <1m" in rig.lines()[1])
        await rig.until(lambda: "▲ This is as it was <1m ago; it cannot be read now:" in rig.text())
        assert EMPTY in rig.text(), "what was shown stays"
        await disk.mend()
        await rig.until(lambda: "STALE" not in rig.text() and "cannot be read" not in rig.text())


async def test_what_was_never_read_is_unavailable_and_says_why(path: Path) -> None:
    async with console(path) as rig:
        disk = Disk(rig)
        await disk.break_polls()
        rig.send("4")
        await rig.until(lambda: "UNAVAILABLE" in rig.lines()[1])
        await rig.until(lambda: "✗ This cannot be shown:" in rig.text())
        assert EMPTY not in rig.text(), "nobody knows that"
        assert "polls" in rig.lines()[1], "where one is can still be read"
        await disk.mend()
        await rig.until(lambda: EMPTY in rig.text() and "UNAVAILABLE" not in rig.text())


async def test_a_file_that_comes_back_is_read_again_though_nobody_writes_or_asks(path: Path) -> None:
    """Nothing but the file's own absence, at the start, when its reading connections are not open yet."""
    away = path.with_name("away.db")
    async with Store.open(path, migrate=False) as store:
        await asyncio.to_thread(path.rename, away)
        async with console_on(store, readable=False) as rig:
            await rig.until(lambda: "UNAVAILABLE" in rig.lines()[1] and "There is no database" in rig.text())
            assert await asyncio.to_thread(away.rename, path)
            await rig.until(lambda: "contacts" in rig.text() and "UNAVAILABLE" not in rig.text(), seconds=10)
            await rig.write("UPDATE resources SET watermark = NULL WHERE name = 'companies'")
            await rig.until(lambda: "○ new" in rig.text())  # and what is written afterwards is followed


async def test_a_newer_program_that_takes_the_file_over_makes_all_that_is_shown_stale(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("2")
        await rig.write("PRAGMA user_version = 9999")
        await rig.until(lambda: "STALE" in rig.lines()[0])
        await rig.press("1")
        await rig.until(lambda: "written by a newer cwconsole" in rig.text())


async def test_what_is_being_read_says_so_and_not_that_there_is_nothing(path: Path) -> None:
    async with console(path) as rig:
        gate = threading.Event()
        reads = [asyncio.create_task(rig.store.read(lambda _: gate.wait(10))) for _ in range(2)]  # all there are
        await asyncio.sleep(0)
        rig.send("4")
        await rig.until(lambda: "loading" in rig.lines()[1])
        assert EMPTY not in rig.text()
        gate.set()
        await asyncio.gather(*reads)
        await rig.until(lambda: EMPTY in rig.text() and "loading" not in rig.text())
