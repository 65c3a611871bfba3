"""What the console runs on: shown, and copied without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwconsole.tui.surroundings import Surroundings
from tests.tui.rig import Rig, console

AROUND = Surroundings(
    settings=(("database", "/srv/cw.db  (--db)"), ("client_id", "set  (CWCONSOLE_CLIENT_ID)")),
    files=(("log", "/srv/cw.log"),),
    env={"TERM": "xterm-256color", "SSH_CONNECTION": "10.0.0.7 4711 10.0.0.1 22", "CWCONSOLE_CLIENT_ID": "s3cret"},
)


async def _shown(rig: Rig) -> None:
    rig.app.surroundings = AROUND
    await rig.press("ctrl+g")
    await rig.until(lambda: "Versions" in rig.text())


@pytest.mark.parametrize("size", [(80, 24), (120, 60)])
async def test_it_shows_versions_settings_with_their_origin_and_the_terminal(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await _shown(rig)
        assert "/srv/cw.db  (--db)" in rig.text()
        assert "y copy" in rig.lines()[-1]
        await rig.press("G")
        assert "xterm-256color" in rig.text()
        await rig.press("escape")
        await rig.until(lambda: "contacts" in rig.text())


async def test_the_command_opens_it_once(path: Path) -> None:
    async with console(path) as rig:
        await _shown(rig)
        before = len(rig.app.screen_stack)
        await rig.press("ctrl+g")
        assert len(rig.app.screen_stack) == before


async def test_what_is_copied_has_everything_but_addresses_and_secrets(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        await _shown(rig)
        await rig.press("y")
        await rig.until(lambda: "Versions" in rig.app.clipboard)
        copied = rig.app.clipboard
        assert "2 instances, 4 resources" in copied
        assert "journal wal" in copied
        assert "SSH_CONNECTION" in copied
        assert "10.0.0.7" not in copied
        assert "s3cret" not in copied
