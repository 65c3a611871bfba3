"""A list and its numbers are as the file is, whichever way one came to them: or they say that they are not."""

from __future__ import annotations

import sqlite3
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cwconsole.core.errors import StoreError
from cwconsole.tui.history import StoredHistory
from tests.store.rows import add_delivery, add_events, resource_id
from tests.tui.rig import Rig, console
from tests.tui.test_keys_ahead import nothing_is_read


def crumbs(rig: Rig) -> str:
    return rig.lines()[1]


def many_that_wait(conn: sqlite3.Connection) -> None:
    for event in add_events(conn, resource_id(conn, 1, "contacts"), range(1000, 2500)):
        add_delivery(conn, event)


def many_of_each(conn: sqlite3.Connection) -> None:
    add_events(conn, resource_id(conn, 1, "contacts"), [7] * 60_000)
    add_events(conn, resource_id(conn, 2, "companies"), range(1, 700))


async def test_the_end_of_a_list_that_has_become_shorter_is_not_taken_for_all_of_it(path: Path) -> None:
    async with console(path, size=(120, 24)) as rig:
        await rig.store.write(many_that_wait)
        await rig.press("3", "slash", *"state:pending", "enter")
        newest = rig.screen.table.current.id
        await rig.write("UPDATE deliveries SET state = 'delivered', due_ms = NULL WHERE id > ?", newest - 8)
        await rig.until(lambda: rig.screen.table.current.id == newest - 8)
        await rig.press("G")
        assert "found" not in crumbs(rig), "nobody knows yet how many there are"
        await rig.press("g", "g")
        assert rig.screen.table.current.id == newest - 8


async def test_a_row_that_escape_leads_back_to_is_not_taken_for_the_newest(path: Path) -> None:
    async with console(path, size=(120, 24)) as rig:
        await rig.store.write(many_of_each)
        await rig.press("2", "slash", *"instance:globex", "enter")
        newest = rig.screen.table.current.id
        await rig.press(*["pagedown"] * 12)
        left = rig.screen.table.current.id
        assert left < newest - 200, "it is not among the rows that are read first"
        await rig.press("slash", *" object:5", "enter", "escape")
        assert rig.screen.table.current.id == left
        await rig.press("g", "g")
        assert rig.screen.table.current.id == newest


async def test_what_comes_to_fit_the_filter_above_the_cursor_is_counted_and_gg_shows_it(path: Path) -> None:
    """A delivery that dies is an old one: no id of any list has become higher."""
    async with console(path) as rig:
        await rig.write("UPDATE deliveries SET state = 'dead', due_ms = NULL WHERE id IN (10, 12, 14)")
        await rig.press("3", "slash", *"state:dead", "enter", "j")
        assert rig.screen.table.current.id == 14
        await rig.write("UPDATE deliveries SET state = 'dead', due_ms = NULL WHERE id = 40")
        await rig.until(lambda: "1 new, gg" in crumbs(rig))
        assert rig.screen.table.current.id == 14
        await rig.press("g", "g")
        assert rig.screen.table.current.id == 40


async def test_a_number_of_which_some_may_have_gone_says_so(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("3", "slash", *"state:delivered", "enter")
        assert "37 found" in crumbs(rig)
        await rig.write("UPDATE deliveries SET state = 'dead', due_ms = NULL WHERE id <= 15")
        await rig.until(lambda: "about 37 found" in crumbs(rig))
        await rig.press("asterisk")
        await rig.until(lambda: "22 marked" in crumbs(rig))
        await rig.press("escape", "slash", "ctrl+u", *"state:dead", "enter")
        await rig.until(lambda: " 16 found" in crumbs(rig))


@pytest.mark.parametrize(
    ("mode", "none", "some"),
    [("3", "state:held", "state:dead"), ("6", "nothing", "all")],
    ids=["deliveries", "jobs"],
)
async def test_that_there_is_nothing_is_said_of_what_was_read_and_of_nothing_else(
    path: Path, mode: str, none: Sequence[str], some: Sequence[str]
) -> None:
    async with console(path) as rig:
        await rig.press("2", "asterisk", "r", "y")  # a job, about all events
        await rig.until(lambda: any("Job 1 sends" in str(told.message) for told in rig.app._notifications))
        await rig.press(mode, "slash", *none, "enter")
        nothing = rig.screen.table.empty
        assert nothing[:20] in rig.text()
        async with nothing_is_read(rig):
            for key in ("slash", "ctrl+u", *some, "enter"):
                rig.send(key)
            await rig.until(lambda: "loading" in crumbs(rig))
            await rig.until(lambda: nothing[:20] not in rig.text())
        await rig.until(lambda: rig.screen.table.rows.total == 1)
        assert "loading" not in crumbs(rig)


async def test_what_comes_in_right_below_the_view_is_not_paged_over(path: Path) -> None:
    async with console(path) as rig:
        await rig.store.write(many_that_wait)
        await rig.write("UPDATE deliveries SET state = 'dead', due_ms = NULL WHERE id % 3 = 0")
        await rig.press("3", "slash", *"state:dead", "enter", "j")
        table = rig.screen.table
        last = table.rows.at(table.in_view.stop - 1).id
        await rig.write("UPDATE deliveries SET state = 'dead', due_ms = NULL WHERE id = ?", last - 1)
        await rig.until(lambda: table.rows.index(last - 1) is not None)
        await rig.press("pagedown")
        assert last - 1 in [table.rows.at(at).id for at in table.in_view]


async def test_a_page_that_could_not_be_read_is_read_as_soon_as_it_can_be(
    path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[MutableMapping[str, Any]]
) -> None:
    async def locked(*_: Any) -> Any:
        raise StoreError("the file is locked")

    async with console(path) as rig:
        await rig.store.write(many_that_wait)
        await rig.press("2")
        table = rig.screen.table
        with monkeypatch.context() as broken:
            broken.setattr(StoredHistory, "below", locked)
            for _ in range(20):
                rig.send("pagedown")
            await rig.until(lambda: bool(rig.app._notifications))
            assert table.current is None
        await rig.until(lambda: table.current is not None)
    logged[:] = [entry for entry in logged if entry["event"] != "console worker failed"]
