"""Without an engine nothing is under way: what one left in the midst of its work is not shown as going on."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwconsole.tui.engine_state import EngineState
from tests.tui.rig import HERE, Rig, console, database, small_fleet
from tests.tui.test_jobs_screen import go, line_of, order


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A job that is half done, a delivery that is being sent, an action and a poll under way."""
    file = tmp_path / "cw.db"
    with database(file) as conn:
        small_fleet(conn)
        go(conn, order(conn, "instance:acme"), 20)
        conn.execute("UPDATE deliveries SET state = 'sending' WHERE state = 'pending' AND job_id IS NULL")
        conn.execute("UPDATE resources SET pending = 20, sending = 1 WHERE name = 'contacts'")
    return file


def killed(rig: Rig) -> None:
    """Nobody runs an engine any more."""
    rig.app.post_message(rig.app.EngineChanged(EngineState()))


async def test_a_job_stands_still_in_the_list_and_on_its_page_until_there_is_an_engine(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("6")
        await rig.until(lambda: "running" in line_of(rig, 1))
        killed(rig)
        await rig.until(lambda: "▲ no engine" in line_of(rig, 1))
        assert " 2s " not in line_of(rig, 1), "nor is any time left"
        await rig.press("enter")
        assert "▲ no engine" in rig.text()
        assert "left" not in next(line for line in rig.lines() if "no engine" in line and "20/40" in line)
        rig.app.post_message(rig.app.EngineChanged(HERE))
        await rig.until(lambda: "no engine" not in rig.text() and "about 2s left" in rig.text())


async def test_a_delivery_that_was_being_sent_is_cut_off_and_the_numbers_agree(path: Path) -> None:
    async with console(path, size=(160, 30)) as rig:
        assert "20 pending  1 sending" in rig.lines()[0]
        await rig.press("3", "slash", *"state:sending", "enter")
        await rig.until(lambda: "[sending 1]" in rig.text() and "pending 20" in rig.text())
        killed(rig)
        await rig.until(lambda: "20 pending" in rig.lines()[0] and "1 cut off" in rig.lines()[0])
        await rig.until(lambda: any("▲ no engine" in line and "contacts" in line for line in rig.lines()))
        await rig.press("enter")
        await rig.until(lambda: "its request may have arrived; the next engine sends it again" in rig.text())
        rig.app.post_message(rig.app.EngineChanged(HERE))
        await rig.until(lambda: "may have arrived" not in rig.text() and "sending" in rig.text())
