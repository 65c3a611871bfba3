"""What a console has seen turn worse or better stands beside the state, for an hour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Region

from cwconsole.core.health import Health
from cwconsole.tui.screens.help import help_lines
from cwconsole.tui.terminal import Colours, Terminal
from cwconsole.tui.turns import TOLD_MS, WAYS, Turn, Way, turns_after
from tests.store.rows import NOW
from tests.tui.rig import Rig, console, database

MINUTE = 60_000
FAIL = "UPDATE resources SET failures = 1, error = 'It was refused.' WHERE name = ?"
MEND = "UPDATE resources SET failures = 0, error = NULL WHERE name = ?"


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path, size=(120, 40)) as rig:
        yield rig


def line(rig: Rig, name: str) -> str:
    """The beginning of a resource's or an instance's row: its health and what stands beside it."""
    return next((line[2:17].rstrip() for line in rig.lines() if f" {name} " in line), "")


async def pass_minutes(rig: Rig, minutes: int) -> None:
    """Time passes, and the watermarks of what is not late go along."""
    rig.clock.ms += minutes * MINUTE
    await rig.write("UPDATE resources SET watermark = watermark + ? WHERE name <> 'companies'", minutes * 60)
    rig.app._minute_turned()


def called_dirty(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> list[Region]:
    """What of the list is sent again, from now on."""
    table = rig.screen.table
    sent: list[Region] = []
    refresh = table.refresh

    def noted(*regions: Region, **more: Any) -> Any:
        sent.extend(regions)
        return refresh(*regions, **more)

    monkeypatch.setattr(table, "refresh", noted)
    return sent


async def test_nothing_has_turned_when_a_console_opens(rig: Rig) -> None:
    assert [line(rig, name) for name in ("tickets", "contacts")] == ["✗ failing", "● fresh"]


async def test_worse_and_better_have_their_arrows_and_an_age_that_goes_after_an_hour(rig: Rig) -> None:
    await rig.write(FAIL, "contacts")
    await rig.write(MEND, "tickets")
    await rig.until(lambda: line(rig, "contacts") == "✗ failing ↓ <1m")
    await rig.until(lambda: line(rig, "tickets") == "● fresh   ↑ <1m")
    await pass_minutes(rig, 12)
    await rig.until(lambda: line(rig, "contacts") == "✗ failing ↓ 12m")
    await rig.write(MEND, "contacts")
    await rig.until(lambda: line(rig, "contacts") == "● fresh   ↑ <1m")
    await pass_minutes(rig, 47)
    await rig.until(lambda: line(rig, "tickets") == "● fresh   ↑ 59m")
    await pass_minutes(rig, 1)
    await rig.until(lambda: line(rig, "tickets") == "● fresh")
    assert line(rig, "contacts") == "● fresh   ↑ 48m"


async def test_what_an_operator_chose_is_neither(rig: Rig) -> None:
    await rig.write("UPDATE resources SET paused_ms = ? WHERE name = 'tickets'", NOW)
    await rig.write("UPDATE resources SET paused_ms = NULL WHERE name = 'projects'")
    await rig.until(lambda: line(rig, "tickets") == "‖ paused  → <1m")
    await rig.until(lambda: line(rig, "projects") == "● fresh   → <1m")


async def test_an_age_changes_with_the_minute_and_not_before(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.write(FAIL, "contacts")
    await rig.until(lambda: line(rig, "contacts") == "✗ failing ↓ <1m")
    rig.clock.ms += MINUTE - rig.clock.ms % MINUTE
    rig.app._minute_turned()
    await rig.until(lambda: all(f" {name} " in rig.text() for name in ("2m", "3m")))  # lags, and times to the next poll
    await rig.settle()
    sent = called_dirty(rig, monkeypatch)
    rig.clock.ms += MINUTE - 1
    await rig.write("UPDATE resources SET last_poll_ms = ? WHERE name = 'companies'", NOW)
    await rig.until(lambda: any(row.last_poll_ms == NOW for row in rig.app.fleet.values()))
    await rig.settle()
    assert (sent, line(rig, "contacts")) == ([], "✗ failing ↓ <1m")
    rig.clock.ms += 1
    rig.app._minute_turned()
    await rig.until(lambda: line(rig, "contacts") == "✗ failing ↓ 1m")


async def test_a_folded_instance_shows_the_last_turn_to_its_worst_state(rig: Rig) -> None:
    await rig.press("f")
    await rig.write(MEND, "companies")
    await rig.until(lambda: line(rig, "acme") == "✗ failing")
    await pass_minutes(rig, 5)
    await rig.write(FAIL, "contacts")
    await rig.until(lambda: line(rig, "acme") == "✗ failing ↓ <1m")
    await rig.write(MEND, "contacts")
    await rig.until(lambda: line(rig, "acme") == "✗ failing")  # tickets has failed all the while


@pytest.fixture
def long_named(path: Path) -> Path:
    """With the longest name of the hub's resources."""
    with database(path) as conn:
        conn.execute("UPDATE resources SET name = 'opportunities' WHERE name = 'companies'")
    return path


async def test_80_columns_have_the_arrow_and_cut_off_nothing(long_named: Path) -> None:
    terminal = Terminal(colours=Colours.ALL, unicode=False, remote=False)
    async with console(long_named, terminal=terminal) as rig:
        await rig.write(FAIL, "contacts")
        await rig.write(MEND, "tickets")
        await rig.until(lambda: line(rig, "tickets") == "+ fresh   ^ acm")
        row = next(line for line in rig.lines() if "contacts" in line)
        assert "x failing v acme" in row
        assert "4m   40 x 1 dead~" in row
        assert "opportunities " in rig.text()


async def test_the_page_of_an_instance_shows_it_too(path: Path) -> None:
    async with console(path) as rig:
        await rig.write(FAIL, "contacts")
        await rig.until(lambda: "✗ failing ↓" in line(rig, "contacts"))
        await rig.press("colon", *"instance instance:acme", "enter")
        await rig.until(lambda: "✗ failing ↓ <1m contacts" in rig.text())


async def test_the_help_says_what_the_arrows_mean(rig: Rig) -> None:
    lines = help_lines(rig.screen.actions(), rig.screen.subject(), rig.app.keys_of, scopes=rig.screen.SCOPES)
    shown = "\n".join("".join(cell.text for cell in line) for line in lines)
    for sign, way in (("↓", Way.WORSE), ("↑", Way.BETTER), ("→", Way.OTHER)):
        assert f"  {sign:16} {WAYS[way]}" in shown


async def test_turns_that_are_no_news_are_forgotten_and_one_reading_without_a_turn_keeps_the_same(rig: Rig) -> None:
    before = dict(rig.app.fleet)
    one, other = list(before)[:2]
    turns = {other: Turn(Way.WORSE, NOW)}
    assert turns_after(turns, before, dict(before), now_ms=NOW) is turns
    assert turns_after({}, {}, before, now_ms=NOW) == {}, "what is new has not turned"
    await rig.write("UPDATE resources SET paused_ms = 1 WHERE id = ?", one)
    await rig.until(lambda: rig.app.fleet[one].state is Health.PAUSED)
    assert turns_after(turns, before, rig.app.fleet, now_ms=NOW + TOLD_MS) == {one: Turn(Way.OTHER, NOW + TOLD_MS)}
