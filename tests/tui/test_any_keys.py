"""Whatever is pressed, as fast as it may come, while file and terminal change: the console goes on."""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path

import pytest

from cwconsole.tui.actions import REGISTRY
from tests.tui.outside import FakeOutside
from tests.tui.rig import console

OFTEN = ("enter", "escape", "up", "down", "tab", "end", "home", "colon", "slash", *"1234567acdefgimnoprstxy")
LEAVES = ("quit", "suspend")
KEYS = (*OFTEN, *(key for one in REGISTRY if one.id not in LEAVES for key in one.keys))
SIZES = ((80, 24), (120, 40), (100, 30), (60, 20))
PRESSED = 100


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 102, 7])
async def test_no_sequence_of_keys_ends_the_console(path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.chdir(path.parent)  # what is saved goes there
    monkeypatch.setattr(tempfile, "tempdir", str(path.parent))
    chance = random.Random(seed)
    async with console(path, size=chance.choice(SIZES)) as rig:
        rig.app.outside = FakeOutside()
        pressed: list[str] = []
        for _ in range(PRESSED):
            pressed.append(chance.choice(KEYS))
            rig.send(pressed[-1])
            if chance.random() < 0.3:
                await asyncio.sleep(chance.random() * 0.1)
            if chance.random() < 0.03:
                await rig.write("UPDATE deliveries SET state = 'delivered' WHERE state = 'dead'")
            if chance.random() < 0.03:
                await rig.pilot.resize_terminal(*chance.choice(SIZES))
            assert rig.app.crashed is None, pressed
        await rig.settle()
        assert (rig.app.crashed, rig.app.is_running) == (None, True), pressed
