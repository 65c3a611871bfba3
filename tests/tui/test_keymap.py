"""The operator's own keys: they work, the footer shows them, and an id that is none breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.rig import console, database, small_fleet


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with database(tmp_path / "cw.db") as conn:
        small_fleet(conn)
    return tmp_path / "cw.db"


async def test_own_keys_take_the_place_of_ours(path: Path) -> None:
    async with console(path, keymap={"poll.now": "K,ctrl+x", "melt": "k"}) as rig:
        assert rig.app.unknown_keys() == ["melt"]
        assert "K poll" in rig.lines()[-1]
        await rig.press("K")
        await rig.until(lambda: bool(rig.app._notifications))
        assert await rig.rows("SELECT count(*) FROM actions WHERE kind = 'poll'") == [(1,)]
        await rig.press("p")
        assert await rig.rows("SELECT count(*) FROM actions WHERE kind = 'poll'") == [(1,)], "ours is gone"
