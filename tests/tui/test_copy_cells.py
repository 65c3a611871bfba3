"""`^y` copies one cell, or the row with tabs between its columns, of every table; what stands in a cell stays in it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from cwconsole.tui.clipboard import MOST_ENCODED
from cwconsole.tui.render.cells import Cell
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.render.row_text import Field, fields, tab_separated
from cwconsole.tui.screens.copy_dialog import CopyDialog
from tests.tui.rig import Rig, console

SIZES = [(80, 24), (120, 40)]
URL = "http://127.0.0.1:9/hook"


@pytest.fixture(autouse=True)
def copies_lie_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


async def offered(rig: Rig, *keys: str) -> CopyDialog:
    """Press keys that lead to the dialog."""
    await rig.press(*keys, "ctrl+y")
    dialog = rig.app.screen
    assert isinstance(dialog, CopyDialog)
    return dialog


async def copied(rig: Rig, *keys: str) -> str:
    before = rig.app.clipboard
    await rig.press(*keys)
    await rig.until(lambda: rig.app.clipboard != before)
    return rig.app.clipboard


def kept(path: str) -> tuple[str, int]:
    """What a file holds, and what others than its owner may do with it."""
    file = Path(path)
    return file.read_text(), file.stat().st_mode & 0o077


def said(rig: Rig) -> list[str]:
    return [one.message for one in rig.app._notifications]


@pytest.mark.parametrize("size", SIZES)
async def test_one_cell_is_chosen_and_copied_also_where_its_column_has_no_room(
    path: Path, size: tuple[int, int], copies_lie_in: Path
) -> None:
    async with console(path, size=size) as rig:
        dialog = await offered(rig, "3", "j", "j")
        text = rig.text()
        for words in ("Copy what of Delivery 38?", "Callback URL", URL, "enter copy it", "esc back",
                      "t  The row", "y  Copy as JSON", "Y  Copy the command"):  # fmt: skip
            assert words in text
        names = [one.name for one in dialog._offered]
        assert await copied(rig, *["j"] * names.index("Callback URL"), "enter") == URL
        told = "Callback URL of this row was sent to the terminal's clipboard; if it does not take it: "
        await rig.until(lambda: len(said(rig)) == 1)
        assert said(rig)[0].startswith(f"{told}{copies_lie_in}")
        assert kept(said(rig)[0].removeprefix(told)) == (URL, 0)


@pytest.mark.parametrize("size", SIZES)
async def test_the_row_is_one_line_of_the_columns_that_are_shown_uncut(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await rig.write("UPDATE resources SET name = ? WHERE name = 'contacts'", "contacts of everybody " * 9 + "\t\n=")
        await offered(rig, "3")
        line = await copied(rig, "t")
        shown = [one.column.id for one in rig.screen.table._placed]
        texts = line.split("\t")
        assert len(texts) == len(shown)
        assert texts[shown.index("state")] == "○ pending"
        assert texts[shown.index("resource")] == "contacts of everybody " * 9 + r"\t\n="
        assert ("url" in shown, URL in texts) == ((True, True) if size[0] == 120 else (False, False))


async def test_json_and_command_are_copied_there_as_by_their_own_keys(path: Path) -> None:
    async with console(path) as rig:
        await offered(rig, "2", "j")
        assert json.loads(await copied(rig, "y"))["id"] == 39
        await offered(rig)
        assert await copied(rig, "Y") == "cwconsole events show 39"
        await rig.press("ctrl+y", "j", "enter")
        await rig.until(lambda: rig.app.clipboard.startswith("{"))


async def test_the_log_has_cells_and_rows_but_nothing_else_to_copy(path: Path) -> None:
    log = path.with_name("cw.log")
    log.write_text('timestamp=2026-09-21T14:00:00Z level=error event="a [snag]" why="no\\troute\\n[/] x" place=acme\n')
    async with console(path, log_file=log) as rig:
        await rig.press("7")
        await rig.until(lambda: "a [snag]" in rig.text())
        dialog = await offered(rig)
        assert [one.name for one in dialog._offered] == [
            "The row, its columns separated by tabs", "UTC", "Level", "What", "Details",
        ]  # fmt: skip
        await rig.press("y")
        assert isinstance(rig.app.screen, CopyDialog), "there is no document of it"
        assert await copied(rig, "t") == "14:00:00\terror\ta [snag]\twhy='no\\troute\\n[/] x'  place=acme"


@pytest.mark.parametrize("keys", [("1",), ("1", "I"), ("1", "I", "tab"), ("3", "D"), ("5",)])
async def test_every_table_has_it(path: Path, keys: tuple[str, ...]) -> None:
    async with console(path) as rig:
        await rig.write("UPDATE deliveries SET status = 503 WHERE state = 'dead'")
        await rig.write(
            "INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, outcome)"
            " VALUES (1, 'window', 'schedule', 1, 1, 2, 'ok')"
        )
        await offered(rig, *keys)
        assert "\t" in await copied(rig, "t")


async def test_where_no_row_is_it_asks_nothing_and_escape_copies_nothing(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("6", "ctrl+y")
        assert not isinstance(rig.app.screen, CopyDialog)
        await offered(rig, "1")
        await rig.press("escape")
        assert not isinstance(rig.app.screen, CopyDialog)
        assert rig.app.clipboard == ""
        await rig.press("colon", *"copy_cell", "enter")
        assert isinstance(rig.app.screen, CopyDialog)


async def test_what_is_too_long_for_the_terminal_lies_in_a_file_alone(path: Path, copies_lie_in: Path) -> None:
    long = "x" * MOST_ENCODED
    async with console(path) as rig:
        await rig.write("UPDATE actions SET outcome = ?", long)
        dialog = await offered(rig, "5")
        names = [one.name for one in dialog._offered]
        await rig.press(*["j"] * names.index("Outcome"), "enter")
        await rig.until(lambda: any("is too long for the terminal's clipboard" in one for one in said(rig)))
        (file,) = copies_lie_in.glob("cwconsole-*.txt")  # noqa: ASYNC240
        assert (file.read_text(), rig.app.clipboard) == (long, "")


def test_nothing_in_a_cell_ends_it_or_is_a_formula_and_pictures_are_no_cells() -> None:
    texts = {"Name": " =1+1 ", "Note": "a\tb\r\nc\x1b[1m", "None": "-", "": "▇▇", "Empty": ""}
    columns = [
        Column[None](id=name, title=name, cells=3, draw=lambda _, __, text=text: Cell(text))  # type: ignore[misc]
        for name, text in texts.items()
    ]
    look = Look()
    assert tab_separated(None, columns, look) == "'=1+1\ta\\tb\\r\\nc\\x1b[1m\t'-\t▇▇\t"
    assert fields(None, columns, look) == [
        Field(name="Name", text="=1+1"),
        Field(name="Note", text="a\\tb\\r\\nc\\x1b[1m"),
        Field(name="None", text="-"),
    ]
