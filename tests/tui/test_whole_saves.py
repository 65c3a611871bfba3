"""`s` on the lists that are held as a whole: fleet, jobs, dead letters and log are written as they are shown."""

from __future__ import annotations

import csv
import json
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cwconsole.core.errors import UsageError
from cwconsole.core.filters import Noun, parse
from cwconsole.store import export_file, replay_jobs, replay_preview
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.selection import Selection
from cwconsole.tui.engine_state import EngineState
from cwconsole.tui.screens.file_dialog import FileDialog
from cwconsole.tui.widgets.confirm import Confirm
from tests.store.rows import NOW, add, config
from tests.tui.commands import printed
from tests.tui.rig import Rig, console, database, small_fleet

SIZES = [(80, 24), (120, 40)]
LINES = (
    'timestamp=2026-09-21T10:00:00Z level=info event="engine starts"',
    'timestamp=2026-09-21T14:10:00Z level=info event="page committed" resource=acme/contacts',
    'timestamp=2026-09-21T14:11:00Z level=warning event="a snag" resource=acme/tickets why="=no\\n[/] route"',
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With three jobs, two groups of dead letters, an instance without resources, and a log."""
    monkeypatch.chdir(tmp_path)
    with database(tmp_path / "cw.db") as conn:
        small_fleet(conn)
        add(conn, replace(config("initech", company="initech_c"), resources=()))
        conn.execute("UPDATE deliveries SET state = 'dead', status = 503 WHERE id < 4")
        asked = Asked(kind=ActionKind.REPLAY, operator="ada", origin="tty", command="cwconsole replay type:created")
        for words in ("", "object:2", "object:1"):
            chosen = Selection(chosen=parse(Noun.EVENTS, words, now_ms=NOW))
            shown = replay_preview.preview(conn, chosen, asked_ms=NOW)
            replay_jobs.create(conn, shown, rate=10, asked=asked, now_ms=NOW)
    (tmp_path / "cw.log").write_text("\n".join(LINES) + "\n")
    return tmp_path / "cw.db"


@pytest.fixture(params=SIZES, ids=str)
async def rig(path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with console(path, size=request.param, log_file=path.with_name("cw.log"), engine=EngineState()) as rig:
        yield rig


def said(rig: Rig) -> list[str]:
    return [one.message for one in rig.app._notifications]


async def saved(rig: Rig, name: str, words: str, *, view: str = "fleet") -> Any:
    """Save the list; what is in the file then. words: what is said then."""
    await rig.press("s")
    dialog = rig.app.screen
    assert isinstance(dialog, FileDialog)
    assert dialog.query_one("Input").value.startswith(f"{view}-20260921-1413"), "a name is offered"  # type: ignore[attr-defined]
    dialog.query_one("Input").value = name  # type: ignore[attr-defined]
    await rig.press("enter")
    file = rig.path.with_name(name)
    await rig.until(lambda: said(rig)[-1:] == [f"{words} in {file}"])
    return read(file)


def read(file: Path) -> Any:
    """What is in a file that is its owner's alone."""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    if file.suffix == ".csv":
        return list(csv.DictReader(text.splitlines()))
    return json.loads(text) if file.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def places(documents: list[dict[str, Any]]) -> list[str]:
    return [f"{one['instance']}/{one['resource']}" for one in documents]


async def test_the_fleet_is_saved_as_it_is_filtered_and_sorted(rig: Rig) -> None:
    await rig.press("colon", *"fleet instance:acme sort:-resource", "enter", "s")
    assert "Save 2 resources to a file" in rig.text()
    assert "Which: what is shown of `fleet instance:acme sort:-resource`, in that order" in " ".join(
        rig.text().replace("│", " ").split()
    )
    await rig.press("escape")
    documents = await saved(rig, "acme.json", "2 resources are")
    assert places(documents) == ["acme/tickets", "acme/contacts"]
    rows = await saved(rig, "acme.csv", "2 resources are")
    assert places(rows) == ["acme/tickets", "acme/contacts"]
    assert list(rows[0]) == list(documents[0])
    assert await rig.rows("SELECT count(*) FROM jobs WHERE kind = 'export'") == [(0,)]


async def test_a_resource_is_written_as_status_prints_it(rig: Rig) -> None:
    rig.clock.ms = time.time_ns() // 1_000_000  # the command line's clock
    await rig.press("ctrl+r")
    await rig.until(lambda: "● fresh" not in rig.text())  # by that clock all of them are late
    await rig.press("s", *["backspace"] * 50, *"all.ndjson", "enter")
    await rig.until(lambda: any(one.startswith("4 resources are in") for one in said(rig)))
    printed_rows = {one["resource"]: one for one in await printed(f"cwconsole --db {rig.path} status")}
    for one in read(rig.path.with_name("all.ndjson")):
        wanted = printed_rows.pop(one["resource"])
        assert {**one, "lag_seconds": 0} == {**wanted, "lag_seconds": 0}
    assert not printed_rows


async def test_of_folded_and_of_marked_instances_it_is_their_resources(rig: Rig) -> None:
    await rig.press("f")
    assert places(await saved(rig, "a.json", "4 resources are")) == [
        "acme/tickets", "acme/contacts", "globex/companies", "globex/projects",
    ]  # fmt: skip
    await rig.press("enter")
    assert len(await saved(rig, "b.json", "4 resources are")) == 4, "each once, though its instance is shown as well"
    await rig.press("space", "space")
    assert "2 marked" in rig.lines()[1]
    assert places(await saved(rig, "c.json", "2 resources are")) == ["acme/tickets", "acme/contacts"]
    assert "marked" not in rig.lines()[1], "what was marked has been dealt with"
    await rig.press("slash", *"instance:initech", "enter", "s")
    assert said(rig)[-1] == "There are no resources here to save."


async def test_jobs_are_written_as_the_command_line_lists_them(rig: Rig) -> None:
    await rig.press("6")
    documents = await saved(rig, "jobs.json", "3 jobs are", view="jobs")
    assert documents == await printed(f"cwconsole --db {rig.path} jobs list")
    await rig.press("o", "O", "slash", *"text:object:2", "enter")
    assert [one["id"] for one in await saved(rig, "one.ndjson", "1 job is", view="jobs")] == [2]


async def test_dead_letters_are_written_by_group(rig: Rig) -> None:
    await rig.press("3", "D", "space")
    (group,) = await saved(rig, "dead.json", "1 group of dead letters is", view="dead")
    assert (group["count"], group["error"]) == (3, "503")


async def test_the_lines_of_the_log_that_filter_and_level_show_are_saved(rig: Rig) -> None:
    await rig.press("7")
    await rig.until(lambda: "a snag" in rig.text())
    assert len(await saved(rig, "all.ndjson", "3 lines of the log are", view="log")) == 3
    await rig.press("L", "L", "slash", "end", *" acme", "enter")
    assert rig.screen.spec.line == "log level:warning acme"
    snag = {
        "timestamp": "2026-09-21T14:11:00Z",
        "level": "warning",
        "event": "a snag",
        "fields": {"resource": "acme/tickets", "why": "=no\n[/] route"},
    }
    assert await saved(rig, "snag.json", "1 line of the log is", view="log") == [snag]
    (row,) = await saved(rig, "snag.csv", "1 line of the log is", view="log")
    assert {**row, "fields": json.loads(row["fields"])} == snag


async def test_lines_that_come_while_the_path_is_typed_are_not_among_them(rig: Rig) -> None:
    await rig.press("7")
    await rig.until(lambda: "a snag" in rig.text())
    await rig.press("s")
    with rig.path.with_name("cw.log").open("a") as file:
        file.write(f"{LINES[0]}\n")
    await rig.press(*["backspace"] * 50, *"l.ndjson", "enter")
    await rig.until(lambda: any(one.startswith("3 lines of the log are in") for one in said(rig)))


async def test_a_file_that_is_there_is_replaced_only_after_a_question(rig: Rig) -> None:
    file = rig.path.with_name("mine.csv")
    file.write_text("mine")
    await rig.press("s", *["backspace"] * 50, *"mine.csv", "enter")
    assert isinstance(rig.app.screen, Confirm)
    assert "is there already, 4 bytes" in rig.text()
    await rig.press("s", "enter", "escape")
    assert file.read_text() == "mine"
    await rig.press("s", *["backspace"] * 50, *"mine.csv", "enter", "y")
    await rig.until(lambda: any(one.startswith("4 resources are in") for one in said(rig)))
    assert len(read(file)) == 4
    await rig.press("s", *["backspace"] * 50, *"mine.xml", "enter")
    assert "mine.xml says no format" in rig.text(), "and is asked for again"


async def test_what_cannot_be_written_is_said_and_leaves_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise UsageError("a.csv cannot be written on: No space left on device; nothing is left of it.")

    monkeypatch.setattr(export_file.ExportFile, "add", full)
    await rig.press("space", "s", *["backspace"] * 50, *"a.csv", "enter")
    await rig.until(lambda: any("No space left" in one for one in said(rig)))
    assert [one.name for one in rig.path.parent.iterdir() if "a.csv" in one.name] == []
    assert "1 marked" in rig.lines()[1]


async def test_a_read_only_console_saves_and_the_palette_says_where(path: Path) -> None:
    async with console(path, read_only=True, size=(120, 40)) as rig:
        await rig.press("colon", *"save_list", "enter")
        assert isinstance(rig.app.screen, FileDialog)
        await rig.press("escape", "enter", "ctrl+p", *"save the list")
        assert "This is done in every list." in rig.text()
