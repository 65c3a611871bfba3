"""What waits behind a hold is shown as held, wherever a delivery's state is: `pending` would say it is sent soon."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwconsole.tui.terminal import Colours, Terminal
from tests.store.rows import NOW
from tests.tui.rig import Rig, console

HOLDS = {
    "callback URL": "UPDATE callbacks SET held_ms = 5, held_reason = 'it answered 410'",
    "instance": "UPDATE deliveries SET held = 1 WHERE instance_id = 1",
}


async def hold(rig: Rig, what: str) -> None:
    if what == "instance":
        await rig.write("UPDATE instances SET held_ms = 5 WHERE id = 1")
    await rig.write(HOLDS[what])


@pytest.mark.parametrize("what", HOLDS)
async def test_lists_and_pages_say_held_with_its_own_glyph(path: Path, what: str) -> None:
    async with console(path, size=(130, 40)) as rig:
        await rig.press("2")
        assert "○ pending" in rig.lines()[3]
        await hold(rig, what)
        await rig.until(
            lambda: "◇ held" in rig.lines()[3] and "◇ held" in rig.lines()[4] and "✗ dead" in rig.lines()[5]
        )
        await rig.until(lambda: "○ pending" not in rig.text())  # beside the list too, a moment later
        await rig.press("r")
        assert "1m ago, held" in rig.text()
        assert "Where deliveries are held, these wait too until H lets them go." in rig.text()
        await rig.press("escape", "enter")
        assert "delivery ◇ held  pending, but nothing is sent; H lets it go" in rig.text()
        await rig.press("3")
        assert [line.split()[1:3] for line in rig.lines()[-40:] if " held " in line and "acme" in line] == [
            ["◇", "held"]
        ] * 2
        await rig.press("enter")
        assert "state    ◇ held  pending, but nothing is sent until it is let go (H)" in rig.text()


async def test_why_a_callback_url_is_held_stands_with_the_event_that_waits(path: Path) -> None:
    async with console(path, size=(130, 40)) as rig:
        await hold(rig, "callback URL")
        await rig.press("2")
        await rig.until(lambda: "held: it answered 410" in rig.text())  # beside the list
        await rig.press("enter", "shift+tab")
        await rig.until(lambda: "held: it answered 410" in rig.text())


async def test_the_header_counts_what_is_held_and_nothing_twice(path: Path) -> None:
    async with console(path, size=(160, 30)) as rig:
        assert "1 dead  1 retrying  1 pending" in rig.lines()[0]
        await rig.write("UPDATE resources SET failures = 1, error = 'refused', held_ms = 5 WHERE name = 'contacts'")
        await rig.until(lambda: "1 dead  2 held" in rig.lines()[0])


async def test_the_fleet_counts_all_that_is_held_and_nothing_else_as_held(path: Path) -> None:
    async with console(path, size=(120, 30)) as rig:
        await rig.write("UPDATE resources SET dead = 0, pending = 2, retrying = 3, held_ms = 5 WHERE name = 'contacts'")
        await rig.write("UPDATE resources SET pending = 70 WHERE name = 'tickets'")
        await rig.until(lambda: "◇ held 5" in rig.text() and "70 pending" in rig.text())
        await rig.press("f")
        await rig.until(lambda: "2 resources" in rig.text() and "◇ held 5" in rig.text())


async def test_in_ascii_held_has_a_sign_of_its_own(path: Path) -> None:
    async with console(path, terminal=Terminal(colours=Colours.ALL, unicode=False, remote=False)) as rig:
        await hold(rig, "callback URL")
        await rig.press("2")
        await rig.until(lambda: "% held" in rig.lines()[3])


async def test_the_dead_behind_a_held_url_can_still_be_let_go_from(path: Path) -> None:
    """H is about what holds the place, and a dead letter does not wait itself."""
    async with console(path) as rig:
        await hold(rig, "callback URL")
        await rig.press("3", "end", "H")
        await rig.until(lambda: "Let held deliveries go?" in rig.text())


async def test_a_job_says_how_many_of_its_replays_are_held(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("2", "asterisk", "r", "y")
        await rig.until(lambda: any("Job 1 sends" in str(one.message) for one in rig.app._notifications))
        await rig.write("UPDATE jobs SET state = 'done', done = 2, finished_ms = ?", NOW)
        await rig.write("UPDATE deliveries SET job_id = 1 WHERE state IN ('pending', 'delivered')")
        await hold(rig, "callback URL")
        await rig.press("6", "enter")
        assert "37 ● delivered" in rig.text()
        assert "1 ◇ held" in rig.text()
