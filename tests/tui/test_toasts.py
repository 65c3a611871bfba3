"""What is said at the corner: not more than can be read beside the list that it is about."""

from __future__ import annotations

from pathlib import Path

from textual.widgets._toast import Toast

from tests.tui.rig import Rig, console

LONG = "ConnectWise refused the connection to acme.example.com; it is tried again in four minutes"


def rows_of(rig: Rig) -> list[tuple[str, int]]:
    """Each toast that is on the screen, with the rows it takes."""
    shown = [one for one in rig.app.screen.query(Toast) if one.region.height]
    return [(one._notification.message, one.region.height) for one in shown]


async def test_the_last_three_sentences_stand_each_on_a_row(path: Path) -> None:
    async with console(path, size=(80, 24)) as rig:
        for number in range(6):
            rig.app.notify(f"Sentence {number}")
        await rig.until(lambda: rows_of(rig) == [("Sentence 3", 1), ("Sentence 4", 1), ("Sentence 5", 1)])


async def test_what_is_said_again_stands_once_as_the_newest(path: Path) -> None:
    async with console(path, size=(80, 24)) as rig:
        for said in ("One", "Two", "One"):
            rig.app.notify(said)
        await rig.until(lambda: rows_of(rig) == [("Two", 1), ("One", 1)])


async def test_a_long_sentence_is_whole_on_a_narrow_screen(path: Path) -> None:
    async with console(path, size=(80, 24)) as rig:
        rig.app.notify(LONG)
        await rig.until(lambda: rows_of(rig) == [(LONG, 2)])


async def test_over_a_dialog_they_hide_none_of_its_keys(path: Path) -> None:
    async with console(path, size=(80, 24)) as rig:
        await rig.press("question_mark")
        keys = rig.lines()[-2]
        assert "esc back" in keys
        for number in range(3):
            rig.app.notify(f"{number}. {LONG}")
        await rig.until(lambda: len(rows_of(rig)) == 3 and f"2. {LONG[:20]}" in rig.text())
        assert rig.lines()[-2] == keys
