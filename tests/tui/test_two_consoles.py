"""Two operators, each with a console of their own on one database."""

from __future__ import annotations

from pathlib import Path

from tests.tui.rig import Rig, console

SIZE = (120, 30)


def said(rig: Rig) -> str:
    return " ".join(str(one.message) for one in rig.app._notifications)


async def shows(rig: Rig, words: str) -> None:
    """The newest action reads like this, at the latest in a second or two."""
    await rig.until(lambda: words in rig.lines()[3], seconds=2)


async def test_one_calls_off_what_the_other_asked_for_and_both_show_it(path: Path) -> None:
    async with console(path, size=SIZE) as ada, console(path, size=SIZE, login="grace") as grace:
        await ada.press("p")
        await ada.until(lambda: "A poll of acme/tickets is asked for (action 3)." in said(ada))
        for rig in (ada, grace):
            await rig.press("5")
            await shows(rig, "○ queued")
        assert "ada" in grace.lines()[3]
        await grace.press("c")
        await grace.until(lambda: "Action 3 is called off." in said(grace))
        for rig in (ada, grace):
            await shows(rig, "· cancelled")
            assert "queued" not in rig.text()
            await rig.press("enter")
            assert "Called off by grace from ssh 10.0.0.7." in rig.text()
            assert "asked by ada" in rig.text()
        await ada.press("c")
        assert "Action 3 is cancelled; only what is queued can be called off." in said(ada)
