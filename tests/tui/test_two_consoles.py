"""Two operators, each with a console of their own on one database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.rig import Rig, console, export_slowly

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


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Exports take their time: a row a piece, and a while for each."""
    export_slowly(monkeypatch)
    monkeypatch.chdir(tmp_path)


async def exporting(rig: Rig, reason: str) -> None:
    await rig.press("2", "s")
    rig.screen.query_one("#path").value = "all.json"
    await rig.press("tab", *reason, "enter")
    await rig.until(lambda: rig.app.running_export is not None and rig.app.running_export.rows > 0)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_export_shows_in_the_other_console_and_is_cancelled_there(
    path: Path, tmp_path: Path, slow: None, size: tuple[int, int]
) -> None:
    async with console(path, size=size) as ada, console(path, size=size, login="grace") as grace:
        await exporting(ada, "audit")
        await grace.press("6")
        await grace.until(lambda: "◐ running" in grace.text() and "to all.json" in grace.text(), seconds=3)
        before = grace.screen.table.current.done
        await grace.until(lambda: grace.screen.table.current.done > before, seconds=3)
        await grace.press("enter")
        await grace.until(lambda: "asked by ada" in grace.text() and "reason   audit" in grace.text())
        await grace.press("c")
        await grace.until(lambda: "Cancel job 1?" in grace.text())
        await grace.press("tab", *"too big", "enter", "y")
        await grace.until(lambda: "cancelled" in grace.text())
        await ada.until(lambda: "The export is stopped after" in said(ada), seconds=3)
        assert [one.name for one in tmp_path.iterdir() if ".json" in one.name] == []  # noqa: ASYNC240
        rows = await ada.rows("SELECT kind, operator, reason FROM actions WHERE kind IN ('export', 'cancel_job')")
        assert [tuple(row) for row in rows] == [("export", "ada", "audit"), ("cancel_job", "grace", "too big")]
        await ada.press("6")
        await ada.until(lambda: "cancelled" in ada.text())


async def test_what_came_of_an_export_shows_in_the_other_console(path: Path, tmp_path: Path) -> None:
    async with console(path, size=SIZE) as ada, console(path, size=SIZE, login="grace") as grace:
        await grace.press("6")
        await ada.press("2", "s")
        ada.screen.query_one("#path").value = str(tmp_path / "all.csv")
        await ada.press("enter")
        await grace.until(lambda: "● done" in grace.text() and "40 saved" in grace.text(), seconds=3)
        await grace.press("5")
        await shows(grace, "A job writes events to")


async def test_an_export_whose_console_is_left_does_not_look_as_if_it_went_on(path: Path, slow: None) -> None:
    async with console(path, size=SIZE, login="grace") as grace:
        async with console(path, size=SIZE) as ada:
            await exporting(ada, "audit")
        await grace.press("6")
        await grace.until(lambda: "failed" in grace.text())
        await grace.press("enter")
        await grace.until(lambda: "Its console was left before it was done" in grace.text())
