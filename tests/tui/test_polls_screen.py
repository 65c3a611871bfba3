"""Polls: window, pages, counts, duration, outcome and trigger, in the list and in full."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.tui.screens.poll import PollScreen
from cwconsole.tui.screens.polls import PollsScreen
from tests.store.rows import NOW, resource_id
from tests.tui.rig import Rig, console, database, small_fleet

HOSTILE = "no [route] to [/] host \x1b]0;x\x07"


def fill(conn: sqlite3.Connection) -> None:
    """A window with news, one without, a failed one by an operator, and a sweep that runs."""
    small_fleet(conn)
    contacts, tickets = resource_id(conn, 1, "contacts"), resource_id(conn, 1, "tickets")
    start = NOW // 1000 - 3600
    for row in (
        (contacts, "window", "schedule", None, 60, 2_500, start, 4, 1234, 12, 3, 1, "ok", None, None),
        (contacts, "window", "schedule", None, 40, 80, start + 600, 1, 0, 0, 0, 0, "ok", None, None),
        (tickets, "window", "operator", 7, 20, 1_000, start, 0, 0, 0, 0, 0, "failed", "refused", HOSTILE),
        (tickets, "sweep", "once", None, 5, None, None, 2, 500, 0, 0, 0, "running", None, None),
    ):
        place, kind, trigger, action, ago, took, window, pages, records, *news, outcome, code, error = row
        began = NOW - int(str(ago)) * 60_000
        conn.execute(
            """
            INSERT INTO polls (resource_id, kind, trigger, action_id, crawl_id, started_ms, finished_ms, window_from,
                server_time, pages, records, bytes, created, updated, deleted, outcome, error_code, error)
            VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, 98765, ?, ?, ?, ?, ?, ?)
            """,
            (
                place, kind, trigger, action, began, None if took is None else began + int(str(took)), window,
                None if outcome == "failed" else began // 1000, pages, records, *news, outcome, code, error,
            ),
        )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "cw.db"
    with database(file) as conn:
        fill(conn)
    return file


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        await rig.press("4")
        yield rig


async def test_the_newest_stands_first_with_outcome_counts_and_duration(rig: Rig) -> None:
    first, failed, quiet, news = rig.lines()[3:7]
    for line, words in (
        (first, ("5m", "◐ running", "acme", "tickets", "sweep", "500", "—")),
        (failed, ("20m", "✗ failed", "1s")),
        (quiet, ("40m", "● ok", "contacts", "window", "80ms")),
        (news, ("1h", "● ok", "1.2k", "12/3/1", "2.5s")),
    ):
        for word in words:
            assert word in line


async def test_where_there_is_room_window_pages_trigger_and_error_are_shown(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        await rig.press("4")
        assert all(len(line) == 120 for line in rig.lines())
        assert "13:13:20 → 13:13:20" in rig.lines()[6]
        for line, words in ((rig.lines()[4], ("operator",)), (rig.lines()[6], ("schedule", " 4 "))):
            for word in words:
                assert word in line
    async with console(path, size=(180, 40)) as rig:
        await rig.press("4")
        assert "no [route] to [/] host \\x1b]0;" in rig.text()


async def test_a_filter_by_outcome_and_text_is_asked_of_the_file(rig: Rig) -> None:
    await rig.press("slash", *"state:failed route", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1)
    assert rig.screen.table.current.error_code == "refused"
    await rig.press("escape")
    await rig.until(lambda: rig.screen.table.rows.total == 4)


async def test_one_in_full_says_what_it_read_and_what_its_end_means(rig: Rig) -> None:
    await rig.press("G", "enter")
    assert isinstance(rig.screen, PollScreen)
    for words in (
        "window, by schedule",
        "acme/contacts",
        "● ok",
        "took 2.5s",
        "from 2026-09-21 13:13:20 UTC",
        "to   2026-09-21 13:13:20 UTC",
        "4, with 1,234 records, 98,765 bytes",
        "12 created, 3 updated, 1 deleted",
        "the watermark moved",
    ):
        assert words in rig.text()
    await rig.press("escape")
    assert isinstance(rig.screen, PollsScreen)
    assert rig.screen.table.cursor == 3


async def test_a_failure_is_told_with_its_action_and_its_error_as_it_is(rig: Rig) -> None:
    await rig.press("j", "enter")
    for words in ("by operator of action 7", "✗ failed", "refused: no [route] to [/] host \\x1b]0;x\\x07"):
        assert words in rig.text()
    assert "there was no answer" in rig.text()
    assert "the next poll reads it all again" in " ".join(rig.text().split())


async def test_one_that_runs_shows_its_counts_rising(rig: Rig) -> None:
    await rig.press("enter")
    assert "it still runs" in rig.text()
    await rig.write("UPDATE polls SET records = 777 WHERE outcome = 'running'")
    await rig.until(lambda: "with 777 ids" in rig.text())
    assert "window" not in rig.text()
    assert "no answer" not in rig.text()
    await rig.write("UPDATE polls SET outcome = 'ok', finished_ms = ? WHERE outcome = 'running'", NOW)
    await rig.until(lambda: "All ids were compared with what is known: nothing is missing." in rig.text())
    await rig.write("UPDATE polls SET deleted = 2 WHERE kind = 'sweep'")
    await rig.until(lambda: "what no poll had recorded, and what has vanished," in rig.text())


async def test_the_resource_under_the_cursor_is_polled(rig: Rig) -> None:
    await rig.press("p")
    rows = await rig.rows("SELECT kind, operator, command, state FROM actions WHERE kind = 'poll'")
    assert rows == [("poll", "ada", "cwconsole poll acme tickets", "queued")]


async def test_a_poll_that_is_gone_is_said_to_be(rig: Rig) -> None:
    await rig.press("colon", *"poll id:999", "enter")
    await rig.until(lambda: "There is no poll 999" in rig.text())


async def test_upper_p_leads_to_the_polls_of_what_is_under_the_cursor_and_escape_back(rig: Rig) -> None:
    def listed() -> set[tuple[str, str]]:
        rows = rig.screen.table.rows
        return {(row.instance, row.resource) for index in range(rows.total) if (row := rows.at(index)) is not None}

    await rig.press("1", "P")
    await rig.until(lambda: rig.screen.title_of() == "polls instance:acme resource:tickets")
    await rig.until(lambda: listed() == {("acme", "tickets")} and rig.screen.table.rows.total == 2)
    await rig.press("escape", "f")
    await rig.until(lambda: rig.screen.table.current.instance == "acme" and rig.screen.table.current.folded)
    await rig.press("P")
    await rig.until(lambda: rig.screen.title_of() == "polls instance:acme")
    await rig.until(lambda: listed() == {("acme", "contacts"), ("acme", "tickets")})
    await rig.press("escape")
    assert rig.screen.table.current.instance == "acme"
