"""What has changed while another area was in front is shown when its own comes back, though nothing more changes."""

from __future__ import annotations

from pathlib import Path

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
