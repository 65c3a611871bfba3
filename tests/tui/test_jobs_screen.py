"""The jobs: how far they are, live, and pausing, resuming and cancelling them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.core.filters import Noun, parse
from cwconsole.store import export_jobs, jobs, replay_jobs, replay_preview
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.once import Connection
from cwconsole.store.selection import Selection
from cwconsole.tui.engine_state import EngineState, EngineWhere
from cwconsole.tui.screens.job import JobScreen
from cwconsole.tui.screens.jobs import JobsScreen
from cwconsole.tui.widgets.confirm import Confirm
from tests.store.rows import NOW
from tests.tui.rig import Rig, console, database, small_fleet

ACTIONS = "SELECT kind, target_id, command, reason FROM actions WHERE kind LIKE '%_job'"


def order(conn: Connection, line: str, *, rate: float = 10.0, reason: str | None = None, name: str = "bob") -> int:
    shown = replay_preview.preview(conn, Selection(chosen=parse(Noun.EVENTS, line, now_ms=NOW)), asked_ms=NOW)
    asked = Asked(kind=ActionKind.REPLAY, operator=name, origin="tty pts/1", command="cwconsole replay", reason=reason)
    return replay_jobs.create(conn, shown, rate=rate, asked=asked, now_ms=NOW - 120_000)


def go(conn: Connection, job_id: int, count: int) -> None:
    job = jobs.load(conn, job_id)
    replay_jobs.step(conn, job, replay_jobs.ahead(conn, job, count), NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Job 1 is done, job 2 is half done, job 3 waits."""
    file = tmp_path / "cw.db"
    with database(file) as conn:
        small_fleet(conn)
        for number in (order(conn, "state:dead"), order(conn, "instance:acme", reason="[/] \x1b[2J lost")):
            go(conn, number, 20)
        order(conn, "type:updated since:30m", rate=0.5)
    return file


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        await rig.press("6")
        await rig.until(lambda: rig.screen.table.rows.total == 3)
        yield rig


def line_of(rig: Rig, job_id: int) -> str:
    return next(line for line in rig.lines() if line.lstrip().startswith(f"{job_id} "))


async def test_the_newest_job_comes_first_with_its_progress(rig: Rig) -> None:
    assert [rig.screen.table.rows.at(at).id for at in range(3)] == [3, 2, 1]
    assert isinstance(rig.screen, JobsScreen)
    assert "○ queued" in line_of(rig, 3)
    assert "0/10" in line_of(rig, 3)
    assert "20s" in line_of(rig, 3)
    for words in ("◐ running", "█████·····", "20/40", "2s", "instance:acme"):
        assert words in line_of(rig, 2)
    for words in ("● done", "██████████", "1/1"):
        assert words in line_of(rig, 1)


async def test_progress_is_shown_as_it_is_made(rig: Rig) -> None:
    await rig.store.write(go, 2, 10)
    await rig.until(lambda: "30/40" in line_of(rig, 2))
    assert rig.screen.table.cursor == 0


async def test_a_job_is_paused_and_goes_on_by_a_key(rig: Rig) -> None:
    await rig.press("j", "x")
    await rig.until(lambda: "‖ paused" in line_of(rig, 2))
    assert "Job 2 is paused after 20 replays." in rig.text()
    await rig.press("x")
    assert "Job 2 is paused." in rig.text()
    await rig.press("R")
    await rig.until(lambda: "○ queued" in line_of(rig, 2))
    assert await rig.rows(ACTIONS) == [
        ("pause_job", 2, "cwconsole jobs pause 2", None),
        ("resume_job", 2, "cwconsole jobs resume 2", None),
    ]


async def test_cancelling_asks_with_the_numbers(rig: Rig) -> None:
    await rig.press("j", "c")
    assert isinstance(rig.app.screen, Confirm)
    assert "20/40 done" in rig.text()
    await rig.press("c", "escape")
    assert await rig.rows(ACTIONS) == []
    await rig.press("c", "tab", *"no need", "enter", "y")
    await rig.until(lambda: "· cancelled" in line_of(rig, 2))
    assert await rig.rows(ACTIONS) == [
        ("cancel_job", 2, "cwconsole jobs cancel 2 --reason 'no need'", "no need"),
    ]


async def test_what_has_ended_cannot_be_changed_and_says_why(rig: Rig) -> None:
    await rig.press("G")
    for key in ("x", "R", "c"):
        await rig.press(key)
    assert "Job 1 is done." in rig.text()
    assert await rig.rows(ACTIONS) == []


async def test_a_read_only_console_changes_no_job(path: Path) -> None:
    async with console(path, read_only=True) as rig:
        await rig.press("6", "j", "x", "c")
        assert "read-only" in rig.text()
        assert await rig.rows(ACTIONS) == []


async def test_enter_shows_what_became_of_the_replays(rig: Rig) -> None:
    await rig.press("j", "enter")
    assert isinstance(rig.screen, JobScreen)
    for words in ("2, replay of instance:acme", "50%  20/40", "20 made, 10 a second", "20 ○ pending", "bob, tty pts/1"):
        assert words in rig.text()
    assert "[/] \\x1b[2J lost" in rig.text(), "the reason, as it was typed"
    await rig.press("x")
    await rig.until(lambda: "‖ paused" in rig.text())
    await rig.press("escape")
    assert isinstance(rig.screen, JobsScreen)


async def test_a_filter_looks_in_all_that_is_said_of_a_job(rig: Rig) -> None:
    await rig.press("slash", *"lost", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1)
    assert rig.screen.table.current.id == 2
    await rig.press("escape")
    await rig.until(lambda: rig.screen.table.rows.total == 3)


async def test_a_wide_screen_says_who_and_why_and_ascii_has_a_bar_too(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        await rig.press("6")
        await rig.until(lambda: "bob" in rig.text())
        assert "[/] \\x1b[2J" in rig.text()
        assert "0.5/s" in rig.text()


@pytest.fixture
def no_jobs(tmp_path: Path) -> Path:
    file = tmp_path / "none.db"
    with database(file) as conn:
        small_fleet(conn)
    return file


async def test_without_a_job_it_says_how_to_make_one(no_jobs: Path) -> None:
    async with console(no_jobs) as rig:
        await rig.press("6")
        assert "No job yet" in rig.text()
        await rig.press("x")
        assert "no job under the cursor" in rig.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_jobs_are_sorted_by_the_keys_and_the_word_that_sort_the_fleet(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await rig.press("6")
        await rig.until(lambda: rig.screen.table.rows.total == 3)

        def order_shown() -> list[int]:
            return [rig.screen.table.rows.at(at).id for at in range(3)]

        assert "Job↓" in rig.lines()[2]
        assert "o sort" in rig.text() or size[0] == 80
        await rig.press("O")
        await rig.until(lambda: order_shown() == [1, 2, 3])
        await rig.press("colon", *"jobs sort:-left", "enter")
        await rig.until(lambda: order_shown() == [3, 2, 1])
        await rig.press("colon", *"jobs sort:progress", "enter")
        await rig.until(lambda: order_shown() == [3, 2, 1])
        await rig.press("o")
        await rig.until(lambda: rig.screen.spec.line == "jobs sort:done")
        await rig.until(lambda: order_shown() == [3, 1, 2])
        await rig.press("1", "6")
        assert rig.screen.spec.line == "jobs sort:done", "the order stays"


@pytest.fixture
def silent(no_jobs: Path, heard_ms: int) -> Path:
    """An export of which something was last heard so many milliseconds ago. No engine runs."""
    asked = Asked(kind=ActionKind.EXPORT, operator="bob", origin="tty pts/1", command="cwconsole events export a.csv")
    with database(no_jobs) as conn:
        export_jobs.create(conn, Noun.EVENTS, "/a.csv", "all", most=9, asked=asked, now_ms=NOW - heard_ms)
    return no_jobs


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("heard_ms", [export_jobs.LOST_MS + 300_000])
async def test_an_export_whose_console_died_where_no_engine_runs_is_not_shown_as_going_on(
    silent: Path, size: tuple[int, int]
) -> None:
    async with console(silent, size=size, engine=EngineState(where=EngineWhere.NONE)) as rig:
        await rig.press("6")
        await rig.until(lambda: "silent 5m" in line_of(rig, 1))
        await rig.press("slash", *"silent", "enter")
        await rig.until(lambda: "silent 5m" in line_of(rig, 1))
        await rig.press("enter")
        await rig.until(lambda: "silent for 5m: its console is gone or stands still" in rig.text())


@pytest.mark.parametrize("line", ["jobs", "job id:1"])
@pytest.mark.parametrize("heard_ms", [export_jobs.LOST_MS - 600])
async def test_silence_is_shown_as_soon_as_it_counts_though_nobody_writes_anything(silent: Path, line: str) -> None:
    async with console(silent, engine=EngineState(where=EngineWhere.NONE)) as rig:
        await rig.press("colon", *line, "enter")
        await rig.until(lambda: "running" in rig.text())
        assert "silent" not in rig.text()
        rig.clock.ms += 700  # the file stays as it is
        await rig.until(lambda: "silent" in rig.text())
