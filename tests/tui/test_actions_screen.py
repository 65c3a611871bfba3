"""Actions: who asked for what, from where, with which command; and calling off what is queued."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.tui.screens.action import ActionScreen
from cwconsole.tui.screens.action_log import ActionsScreen
from tests.store.rows import NOW, resource_id
from tests.tui.rig import Rig, console, database, small_fleet

COMMAND = "cwconsole deliveries cancel 17 --reason '[b]customer[/] asked'"


def fill(conn: sqlite3.Connection) -> None:
    """Over the two that added the instances: one given up for a reason, one that failed, one that is queued."""
    small_fleet(conn)
    contacts = resource_id(conn, 1, "contacts")
    for kind, command, target, reason, state, outcome in (
        ("cancel", COMMAND, 17, "[b]customer[/] asked", "done", "Delivery 17 was cancelled."),
        ("poll", "cwconsole poll acme contacts", None, None, "failed", "acme/contacts: \x1b[31mrefused"),
        ("sweep", "cwconsole sweep acme contacts", None, None, "queued", None),
    ):
        ended = None if state == "queued" else NOW - 298_500
        conn.execute(
            """
            INSERT INTO actions (kind, operator, origin, command, instance_id, resource_id, target_id, reason, state,
                                 outcome, asked_ms, started_ms, finished_ms)
            VALUES (?, 'grace', 'tty pts/1', ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (kind, command, contacts, target, reason, state, outcome, NOW - 300_000, ended and NOW - 300_000, ended),
        )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "cw.db"
    with database(file) as conn:
        fill(conn)
    return file


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        await rig.press("5")
        yield rig


def said(rig: Rig) -> str:
    return " ".join(one.message for one in rig.app._notifications)


async def queued(rig: Rig) -> list[tuple[object, ...]]:
    return await rig.rows("SELECT state, outcome, finished_ms FROM actions WHERE kind = 'sweep'")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_who_did_what_to_what_stands_in_the_list(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await rig.press("5")
        assert all(len(line) == size[0] for line in rig.lines())
        for line, words in zip(
            rig.lines()[3:6],
            (
                ("5m", "○ queued", "grace", "sweep", "acme/contacts"),
                ("✗ failed", "poll", "acme/contacts: \\x1b["),
                ("● done", "cancel", "delivery 17 acme", "Delivery 17 was"),
            ),
            strict=True,
        ):
            for word in words:
                assert word in line
        assert "c call off" in rig.lines()[-1]


async def test_one_in_full_has_the_same_as_a_command(rig: Rig) -> None:
    await rig.press("j", "j", "enter")
    assert isinstance(rig.screen, ActionScreen)
    for words in (
        "cancel delivery 17 acme/contacts",
        "grace, tty pts/1",
        "Delivery 17 was cancelled.",
        "[b]customer[/] asked",
        "took 1.5s",
        COMMAND,
    ):
        assert words in rig.text()
    await rig.press("escape")
    assert isinstance(rig.screen, ActionsScreen)
    assert rig.screen.table.cursor == 2


async def test_a_watermark_that_was_set_is_told_as_times(rig: Rig) -> None:
    await rig.write("UPDATE actions SET kind = 'watermark', params = ? WHERE id = 4", '{"from": 1790000000, "to": 1}')
    await rig.press("j", "enter")
    await rig.until(lambda: "2026-09-21 14:13:20 UTC" in rig.text())
    assert "1970-01-01 00:00:01 UTC" in rig.text()


async def test_what_is_queued_is_called_off_by_name(rig: Rig) -> None:
    await rig.press("c")
    assert await queued(rig) == [("cancelled", "Called off by ada from ssh 10.0.0.7.", NOW)]
    assert said(rig) == "Action 5 is called off."
    await rig.until(lambda: "· cancelled" in rig.lines()[3])


async def test_it_is_called_off_from_its_page_as_well(rig: Rig) -> None:
    await rig.press("enter")
    assert "c calls it off" in rig.text()
    await rig.press("c")
    await rig.until(lambda: "Called off by ada from ssh 10.0.0.7." in rig.text())
    await rig.press("c")
    assert said(rig).endswith("Action 5 is cancelled; only what is queued can be called off.")


async def test_what_has_ended_cannot_be_called_off(rig: Rig) -> None:
    await rig.press("j", "c")
    assert said(rig) == "Action 4 is failed; only what is queued can be called off."


async def test_one_that_an_engine_has_just_taken_is_left_to_it(rig: Rig) -> None:
    await rig.write("UPDATE actions SET state = 'running' WHERE kind = 'sweep'")
    await rig.screen.action_do("action.call_off")
    await rig.settle()
    assert "running" in said(rig)
    assert (await queued(rig))[0][0] == "running"


async def test_a_read_only_console_calls_nothing_off(path: Path) -> None:
    async with console(path, read_only=True) as rig:
        await rig.press("5")
        await rig.press("c")
        assert "read-only" in said(rig)
        assert (await queued(rig))[0][0] == "queued"


async def test_what_another_console_asks_for_comes_in_by_itself(rig: Rig) -> None:
    await rig.write(
        "INSERT INTO actions (kind, operator, origin, command, state, asked_ms)"
        " VALUES ('pause', 'linus', 'ssh 10.0.0.9', 'cwconsole pause acme', 'done', ?)",
        NOW,
    )
    await rig.until(lambda: "linus" in rig.lines()[3])


async def test_a_filter_by_kind_and_state(rig: Rig) -> None:
    await rig.press("slash", *"type:poll,sweep !state:queued", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1)
    assert rig.screen.table.current.action.id == 4
