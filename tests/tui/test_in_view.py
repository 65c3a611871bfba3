"""What is read while: nothing behind a dialog, and everything that may be looked at, whoever has the focus."""

from __future__ import annotations

from pathlib import Path

from textual.events import AppBlur

from tests.tui.rig import console


async def test_behind_a_dialog_nothing_is_read_and_afterwards_it_catches_up(path: Path) -> None:
    async with console(path) as rig:
        assert "1 dead" in rig.lines()[0]
        await rig.press("x")
        version = rig.app.version
        await rig.write("UPDATE resources SET dead = dead + 5 WHERE name = 'contacts'")
        await rig.until(lambda: rig.app.version > version)
        rig.app.fleet_refresher.ask("a test")
        await rig.press("j")
        assert rig.app.verdict is not None
        assert rig.app.verdict.dead == 1
        await rig.press("escape")
        await rig.until(lambda: "6 dead" in rig.lines()[0])


async def test_a_console_beside_the_pane_that_has_the_focus_goes_on(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("2")
        rig.app.post_message(AppBlur())
        await rig.until(lambda: not rig.app.app_focus)
        await rig.write("UPDATE deliveries SET state = 'cancelled' WHERE state = 'dead'")
        await rig.until(lambda: "cancelled" in rig.text() and "dead" not in rig.lines()[4])


async def test_a_frozen_console_reads_what_is_asked_for_and_nothing_else(path: Path) -> None:
    log = path.with_name("cw.log")
    log.write_text('timestamp=2026-09-21T14:00:00Z level=info event="engine starts"\n')
    async with console(path, log_file=log) as rig:
        await rig.press("z", "2")
        await rig.until(lambda: rig.screen.table.rows.total == 40)
        await rig.press("slash", *"state:dead", "enter")
        await rig.until(lambda: rig.screen.table.rows.total == 1)
        version = rig.app.version
        await rig.write("UPDATE deliveries SET state = 'cancelled' WHERE state = 'dead'")
        await rig.until(lambda: rig.app.version > version)
        await rig.press("down")
        assert "dead" in rig.lines()[3]
        await rig.press("7")
        await rig.until(lambda: "engine starts" in rig.text())
        await rig.press("2", "z")
        await rig.until(lambda: rig.screen.table.rows.total == 0)
