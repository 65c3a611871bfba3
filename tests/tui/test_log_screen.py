"""The Log screen follows the file that the program writes, and shows hostile lines literally."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.rig import console, database, small_fleet


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small fleet's database."""
    with database(tmp_path / "cw.db") as conn:
        small_fleet(conn)
        conn.commit()
    return tmp_path / "cw.db"


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
        assert "a snag" not in it.text()
        await it.press("p")
        await it.until(lambda: "a snag" in it.text() and "PAUSED" not in it.text())
        await it.press("L", "L")
        await it.until(lambda: "engine starts" not in it.text() and "a snag" in it.text())
        assert it.screen.spec.line == "log level:warning"
