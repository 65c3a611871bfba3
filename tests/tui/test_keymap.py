"""The operator's own keys: they work, the footer shows them, and an id that is none breaks nothing."""

from __future__ import annotations

from pathlib import Path

from cwconsole.tui.actions import REGISTRY
from cwconsole.tui.keymap import keymap_warnings
from cwconsole.tui.routes import rooms
from tests.tui.rig import console


async def test_own_keys_take_the_place_of_ours(path: Path) -> None:
    async with console(path, keymap={"poll.now": "Q,ctrl+x", "melt": "k"}) as rig:
        await rig.until(lambda: len(rig.app.warnings) == 1)
        assert rig.app.warnings == ["The settings name keys for melt, which is no action; `cwconsole keys` lists them."]
        assert "Q poll" in rig.lines()[-1]
        await rig.press("Q")
        await rig.until(lambda: bool(rig.app._notifications))
        assert await rig.rows("SELECT count(*) FROM actions WHERE kind = 'poll'") == [(1,)]
        await rig.press("p")
        assert await rig.rows("SELECT count(*) FROM actions WHERE kind = 'poll'") == [(1,)], "ours is gone"


async def test_what_is_wrong_is_said_once_and_stays_to_be_read(path: Path) -> None:
    keys = {"poll.nwo": "Q", "sweep.now": "p", "list.save": "e"}
    async with console(path, size=(120, 40), keymap=keys) as rig:
        await rig.until(lambda: "Settings" in rig.text())
        assert "did you mean poll.now?" in rig.text()
        await rig.press("ctrl+g")
        await rig.until(lambda: "Warnings of the start" in rig.text())
        assert "The key p is for two actions on one screen, poll.now and sweep.now" in rig.text()


def test_two_actions_clash_only_where_both_can_be_done() -> None:
    clash = keymap_warnings({"sweep.now": "p"}, rooms())
    assert [one for one in clash if "poll.now and sweep.now" in one] == clash
    assert clash, "both are keys of places"
    assert keymap_warnings({"debug.copy": "p"}, rooms()) == [], "no place has a debug screen"
    assert keymap_warnings({}, rooms()) == []


def test_our_own_keys_do_not_clash() -> None:
    unchanged = {action.id: ",".join(action.keys) for action in REGISTRY if action.keys}
    assert keymap_warnings(unchanged, rooms()) == []
