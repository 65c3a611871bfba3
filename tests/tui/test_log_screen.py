"""The Log screen follows the file that the program writes, and shows hostile lines literally."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwconsole.tui.engine_state import EngineState, EngineWhere
from tests.tui.rig import console


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_lines_appear_as_they_are_written(path: Path, size: tuple[int, int]) -> None:
    log = path.with_name("cw.log")
    log.write_text('timestamp=2026-09-21T14:00:00Z level=info event="engine starts"\n')
    async with console(path, size=size, log_file=log) as it:
        await it.press("7")
        await it.until(lambda: "engine starts" in it.text())
        with log.open("a") as file:
            file.write('timestamp=2026-09-21T14:00:01Z level=warning event="[/] [b \x1b[1m snag"\n')
        await it.until(lambda: "snag" in it.text())
        assert "[/] [b" in it.text()
        assert "\x1b" not in it.text()


async def test_p_lets_the_lines_stand_still_and_counts_and_l_leaves_out_what_is_less_grave(path: Path) -> None:
    log = path.with_name("cw.log")
    log.write_text('timestamp=2026-09-21T14:00:00Z level=info event="engine starts"\n')
    async with console(path, log_file=log) as it:
        await it.press("7")
        await it.until(lambda: "engine starts" in it.text())
        await it.press("p")
        await it.until(lambda: "PAUSED, p goes on" in it.lines()[1])
        with log.open("a") as file:
            file.write('timestamp=2026-09-21T14:00:01Z level=warning event="a snag"\n')
        await it.until(lambda: "1 new" in it.lines()[1])
        await it.press("ctrl+r")  # as after each change of the database, the screen is read again
        assert ("a snag" in it.text(), "1 new" in it.lines()[1]) == (False, True)
        await it.press("p")
        await it.until(lambda: "a snag" in it.text() and "PAUSED" not in it.text())
        await it.press("L", "L")
        await it.until(lambda: "engine starts" not in it.text() and "a snag" in it.text())
        assert it.screen.spec.line == "log level:warning"


LINES = (
    'timestamp=2026-09-21T10:00:00Z level=info event="engine starts"',
    'timestamp=2026-09-21T14:10:00Z level=info event="page committed" resource=acme/contacts',
    'timestamp=2026-09-21T14:11:00Z level=warning event="a snag" resource=acme/tickets',
)


@pytest.fixture
def log(path: Path) -> Path:
    file = path.with_name("cw.log")
    file.write_text("\n".join(LINES) + "\n")
    return file


async def test_since_and_until_leave_out_what_is_older_and_newer(path: Path, log: Path) -> None:
    async with console(path, log_file=log) as it:
        await it.press("7")
        await it.until(lambda: "engine starts" in it.text())
        await it.press("slash", *"since:5m", "enter")
        await it.until(lambda: "engine starts" not in it.text() and "page committed" in it.text())
        await it.press("slash", *" until:2026-09-21T14:10:30", "enter")
        await it.until(lambda: "a snag" not in it.text() and "page committed" in it.text())
        await it.press("slash", "ctrl+u", *"since:soon", "enter")
        await it.until(lambda: "'soon' is no time" in " ".join(one.message for one in it.app._notifications))


async def test_a_regular_expression_picks_lines(path: Path, log: Path) -> None:
    async with console(path, log_file=log) as it:
        await it.press("7", "slash", *"match:SNAG.*tick !match:page", "enter")
        await it.until(lambda: "a snag" in it.text() and "engine starts" not in it.text())
        assert "page committed" not in it.text()


async def test_m_shows_all_lines_and_those_that_fit_stand_out(path: Path, log: Path) -> None:
    async with console(path, log_file=log) as it:
        await it.press("7", "slash", *"snag", "enter")
        await it.until(lambda: "a snag" in it.text() and "engine starts" not in it.text())
        await it.press("m")
        await it.until(lambda: "engine starts" in it.text() and "all lines" in it.lines()[1])
        aside = {line.event: line.aside for line in it.screen.table.rows.rows}
        assert aside == {"engine starts": True, "page committed": True, "a snag": False}
        await it.press("m")
        await it.until(lambda: "engine starts" not in it.text())


async def test_t_shows_dates_or_no_times_and_w_a_line_in_full(path: Path, log: Path) -> None:
    long = f'timestamp=2026-09-21T14:12:00Z level=error event="it broke" why="{"very " * 30}sad"\n'
    with log.open("a") as file:
        file.write(long)
    async with console(path, log_file=log) as it:
        await it.press("7")
        await it.until(lambda: "14:12:00" in it.text())
        await it.press("t")
        await it.until(lambda: "09-21 14:12:00" in it.text())
        await it.press("t")
        await it.until(lambda: "14:12:00" not in it.text())
        assert "very sad" not in it.text()
        await it.press("w")
        await it.until(lambda: "very sad" in it.text())
        await it.press("escape")
        await it.until(lambda: "very sad" not in it.text())


async def test_an_engine_in_another_process_is_named_with_where_its_lines_are(path: Path, log: Path) -> None:
    elsewhere = EngineState(where=EngineWhere.ELSEWHERE, pid=4711)
    async with console(path, log_file=log, engine=elsewhere, size=(120, 40)) as it:
        await it.press("7")
        await it.until(
            lambda: "The engine runs in process 4711. If that is yours its lines stand here too" in it.text()
        )
        assert "journalctl -f _PID=4711" in it.text()


async def test_who_looks_back_is_left_in_peace_and_f_follows_again(path: Path, log: Path) -> None:
    def add(*names: str) -> None:
        with log.open("a") as file:
            file.writelines(f"timestamp=2026-09-21T14:12:00Z level=info event={name}\n" for name in names)

    add(*(f"event-{number}" for number in range(40)))
    async with console(path, log_file=log) as it:
        await it.press("7")
        await it.until(lambda: "event-39" in it.text() and it.lines()[1].rstrip().endswith("following"))
        await it.press("g", "g")
        assert it.lines()[1].rstrip().endswith("f follows")
        add("one-more", "two-more")
        await it.until(lambda: it.lines()[1].rstrip().endswith("2 new  f follows"))
        assert it.screen.table.cursor == 0
        assert "engine starts" in it.text(), "the view has not moved"
        await it.press("f")
        await it.until(lambda: "two-more" in it.text() and it.lines()[1].split() == ["log", "following"])
        add("three-more")
        await it.until(lambda: it.screen.table.current.event == "three-more")
