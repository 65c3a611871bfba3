"""Keys that are pressed before what they are about is on the screen: they are done to it, and never refused for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cwconsole.tui.history import StoredHistory
from cwconsole.tui.screens import doing
from cwconsole.tui.widgets.confirm import Confirm
from tests.store.rows import NOW, add_events, resource_id
from tests.tui.rig import Rig, console


@asynccontextmanager
async def nothing_is_read(rig: Rig) -> AsyncIterator[None]:
    """Both reading threads are busy with something else."""
    gate = threading.Event()
    reads = [asyncio.create_task(rig.store.read(lambda _: gate.wait(10))) for _ in range(2)]
    try:
        await asyncio.sleep(0)
        yield
    finally:
        gate.set()
        await asyncio.gather(*reads)


def text(rig: Rig) -> str:
    """All that is shown, with `>` between the crumbs."""
    return " ".join([rig.text().replace("\u203a", ">"), *toasts(rig)])


def toasts(rig: Rig) -> list[str]:
    return [str(one.message) for one in rig.app._notifications]


async def queue_an_action(rig: Rig) -> None:
    await rig.write(
        "INSERT INTO actions (kind, operator, origin, command, state, asked_ms, params)"
        " VALUES ('poll', 'bob', 'tty', 'cwconsole poll acme', 'queued', ?, '{}')",
        NOW,
    )


async def order_a_job(rig: Rig) -> None:
    await rig.press("2", "asterisk", "r", "y")
    await rig.until(lambda: any("Job 1 sends" in told for told in toasts(rig)))
    rig.app.clear_notifications()


@pytest.mark.parametrize(
    ("keys", "shows"),
    [
        (("2", "enter", "r"), "Send this event again?"),
        (("2", "enter", "b"), "events instance:acme resource:contacts object:10"),
        (("2", "enter", "y"), "Event 40 as JSON was sent"),
        (("3", "enter", "c"), "Give up 1 delivery?"),
        (("3", "enter", "E"), "deliveries > delivery 40 > event 40"),
        (("3", "enter", "I"), "deliveries > delivery 40 > acme"),
        (("5", "enter", "c"), "Action 3 is called off."),
        (("6", "enter", "c"), "Cancel job 1?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
async def test_a_key_right_after_enter_is_done_to_what_opens(path: Path, keys: tuple[str, ...], shows: str) -> None:
    async with console(path, size=(120, 40)) as rig:
        if keys[0] == "6":
            await order_a_job(rig)
        if keys[0] == "5":
            await queue_an_action(rig)
        mode, *rest = keys
        await rig.press(mode)
        opened = len(rig.app.screen_stack)
        async with nothing_is_read(rig):
            for key in rest:
                rig.send(key)
            await rig.until(lambda: len(rig.app.screen_stack) > opened and "loading" in rig.lines()[1])
            await asyncio.sleep(0.1)
            assert toasts(rig) == [], "nothing is refused that can be done in a moment"
        await rig.until(lambda: shows in text(rig))


async def test_a_poll_page_polls_the_resource_of_its_poll(path: Path) -> None:
    async with console(path) as rig:
        await rig.write(
            "INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, pages, records, outcome)"
            " SELECT id, 'window', 'schedule', 1, ?, ?, 1, 3, 'ok' FROM resources WHERE name = 'tickets'",
            NOW - 2000,
            NOW - 1000,
        )
        await rig.press("4")
        async with nothing_is_read(rig):
            rig.send("enter")
            rig.send("p")
            await rig.until(lambda: "loading" in rig.lines()[1])
        await rig.until(lambda: "A poll of acme/tickets is asked for" in " ".join(toasts(rig)))


async def test_what_cannot_be_done_is_refused_for_its_own_reason_once_that_is_known(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("3", "end")
        async with nothing_is_read(rig):
            rig.send("enter")
            rig.send("r")
            await rig.until(lambda: "loading" in rig.lines()[1])
            assert toasts(rig) == []
        await rig.until(lambda: bool(toasts(rig)))
        assert toasts(rig) == ["Delivery 1 is delivered; what is dead, cancelled or retrying can be tried again."]


async def test_who_has_left_meanwhile_gets_nothing_done_behind_the_back(path: Path) -> None:
    async with console(path) as rig:
        await queue_an_action(rig)
        await rig.press("5")
        async with nothing_is_read(rig):
            rig.send("enter")
            rig.send("c")
            await rig.until(lambda: "actions > action 3" in text(rig))
            rig.send("escape")
            await rig.until(lambda: rig.lines()[1].strip() == "actions")
        await rig.settle()
        assert await rig.rows("SELECT state FROM actions WHERE operator = 'bob'") == [("queued",)]
        assert toasts(rig) == []


async def test_what_is_not_read_for_long_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doing, "CATCH_UP_SECONDS", 0.1)
    async with console(path) as rig:
        await rig.press("2")
        async with nothing_is_read(rig):
            rig.send("enter")
            rig.send("r")
            await rig.until(lambda: bool(toasts(rig)))
            assert toasts(rig) == ["Send again: this has not been read yet; try again when it is there."]


async def test_no_is_said_to_what_stands_in_the_file_and_not_to_what_was_read_before(path: Path) -> None:
    """Somebody else has paused it, and this console stands still."""
    async with console(path) as rig:
        await rig.press("g", "g", "z")
        place = rig.screen.subject().place
        instance, resource = place.split("/")
        await rig.write(
            "UPDATE resources SET paused_ms = 5"
            " WHERE name = ? AND instance_id = (SELECT id FROM instances WHERE name = ?)",
            resource,
            instance,
        )
        await rig.press("R")
        await rig.until(lambda: f"{place} goes on" in text(rig))


async def test_what_was_refused_for_one_row_is_not_done_to_the_next(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("g", "g")
        refused = rig.screen.subject().place
        assert not rig.screen.subject().paused
        async with nothing_is_read(rig):
            rig.send("R")
            rig.send("j")
            rig.send("j")
            await rig.until(lambda: rig.screen.subject().paused)
        await rig.until(lambda: bool(toasts(rig)))
        assert toasts(rig) == [f"{refused} is not paused."]
        assert rig.screen.subject().paused


async def test_what_is_pressed_right_after_a_filter_is_done_to_what_it_finds(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("3")
        async with nothing_is_read(rig):
            for key in ("slash", *"state:dead", "enter", "space", "r"):
                rig.send(key)
            await rig.until(lambda: rig.screen.spec.line == "deliveries state:dead")
            await asyncio.sleep(0.1)
            assert toasts(rig) == []
            assert rig.screen.table.marks.none, "what is still shown is not marked"
        await rig.until(lambda: "Try 1 delivery again?" in text(rig))
        await rig.press("y")
        await rig.until(lambda: any("tried again" in told for told in toasts(rig)))
        ((command,),) = await rig.rows("SELECT command FROM actions WHERE kind = 'retry'")
        assert command == "cwconsole deliveries retry 38"


@pytest.mark.parametrize(("keys", "marked"), [(("G", "space"), 1), (("g", "g", "space"), None)])
async def test_what_is_pressed_right_after_a_jump_is_done_to_the_row_it_leads_to(
    path: Path, keys: tuple[str, ...], marked: int | None
) -> None:
    async with console(path) as rig:
        await rig.store.write(lambda conn: add_events(conn, resource_id(conn, 1, "contacts"), range(100, 1000)))
        await rig.press("2", *["j"] * 3)
        if marked is None:
            marked = rig.screen.table.rows.newest + 1
            await rig.store.write(lambda conn: add_events(conn, resource_id(conn, 1, "contacts"), [99]))
            await rig.until(lambda: rig.screen.table.new == 1)
        async with nothing_is_read(rig):
            for key in keys:
                rig.send(key)
            await asyncio.sleep(0.1)
            assert rig.screen.table.marks.none, "what is still under the cursor is not marked"
        await rig.until(lambda: not rig.screen.table.marks.none)
        assert rig.screen.table.marks.keys == {marked}


async def test_a_range_ends_at_the_cursor_though_that_is_where_nothing_has_been_read_yet(path: Path) -> None:
    async with console(path) as rig:
        await rig.store.write(lambda conn: add_events(conn, resource_id(conn, 1, "contacts"), range(100, 1000)))
        await rig.press("2", "space", "k")
        table = rig.screen.table
        async with nothing_is_read(rig):
            for key in (*["pagedown"] * 15, "v", "r"):
                rig.send(key)
            await rig.until(lambda: table.cursor > 250)
            await asyncio.sleep(0.1)
            assert table.current is None, "it is not read yet"
            assert table.marks.count(table.rows.total) == 1
        await rig.until(lambda: isinstance(rig.screen, Confirm))
        assert rig.screen.question.title == f"Send {table.cursor + 1} events again?"


async def test_a_job_that_the_filter_hides_is_not_paused_right_after_it(path: Path) -> None:
    async with console(path) as rig:
        await order_a_job(rig)
        await rig.press("6")
        async with nothing_is_read(rig):
            for key in ("slash", *"nothing", "enter", "x"):
                rig.send(key)
            await rig.until(lambda: rig.screen.spec.line == "jobs nothing")
        await rig.until(lambda: bool(toasts(rig)))
        assert toasts(rig) == ["There is no job under the cursor."]
        assert await rig.rows("SELECT state FROM jobs") == [("queued",)]


async def test_a_cursor_that_moves_while_new_rows_are_read_stays_on_its_row(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked, go_on = StoredHistory.top, asyncio.Event(), asyncio.Event()

    async def slowly(*args: Any) -> Any:
        top = await read(*args)
        asked.set()
        await go_on.wait()
        return top

    async with console(path) as rig:
        await rig.press("2")
        newest = rig.screen.table.current.id
        monkeypatch.setattr(StoredHistory, "top", slowly)
        await rig.store.write(lambda conn: add_events(conn, resource_id(conn, 1, "contacts"), [99]))
        await asyncio.wait_for(asked.wait(), 15)
        rig.send("j")
        await rig.until(lambda: rig.screen.table.current.id == newest - 1)
        go_on.set()
        await rig.until(lambda: rig.screen.table.new == 1)
        assert rig.screen.table.current.id == newest - 1
