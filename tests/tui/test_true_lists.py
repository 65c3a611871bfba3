"""A list and its numbers are as the file is, whichever way one came to them: or they say that they are not."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.store.rows import add_delivery, add_events, resource_id
from tests.tui.rig import Rig, console


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
