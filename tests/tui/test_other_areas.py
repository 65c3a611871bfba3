"""What has changed while another area was in front is shown when its own comes back, though nothing more changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.rig import console

BREAK = "UPDATE resources SET failures = 3, failing_since_ms = 1, error = 'Broken.' WHERE name = 'contacts'"


async def test_the_fleet_is_not_green_because_nobody_looked(path: Path) -> None:
    async with console(path) as rig:
        assert "● fresh     acme        contacts" in rig.text()
        await rig.press("3")
        await rig.write(BREAK)
        await rig.until(lambda: "2 failing" in rig.lines()[0])
        await rig.press("1")
        await rig.until(lambda: "✗ failing ↓ acme        contacts" in rig.text())


@pytest.mark.parametrize(
    ("area", "keys", "filtered"),
    [
        ("3", ("tab", "tab"), "deliveries state:sending"),
        ("2", ("slash", *"object:5", "enter"), "events object:5"),
        ("1", ("slash", *"state:late", "enter", "enter"), "fleet state:late"),
    ],
)
async def test_the_key_of_an_area_pressed_again_begins_it_anew_and_escape_leads_back(
    path: Path, area: str, keys: tuple[str, ...], filtered: str
) -> None:
    async with console(path) as rig:
        await rig.press(area, *keys, area)
        first = rig.app.console_screens()
        assert [screen.spec.line for screen in first] == [filtered.split(maxsplit=1)[0]]
        await rig.press("escape")
        assert rig.screen.spec.line == filtered


async def test_an_area_is_as_it_was_left_when_its_key_is_pressed_in_another(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("3", "tab", "1", "3")
        assert rig.screen.spec.line == "deliveries state:pending"
