"""What `y` and `Y` copy on every list and page: what the copied command prints is the very JSON that is copied."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from cwconsole.cli.console import app_on
from cwconsole.cli.invocation import Invocation
from cwconsole.core.command_line import command_line, on_database
from cwconsole.core.filters import Noun, parse
from cwconsole.store import replay_jobs, replay_preview
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.database import Store
from cwconsole.store.selection import Selection
from cwconsole.tui.engine_state import EngineState
from cwconsole.tui.screens import copies
from cwconsole.tui.surroundings import Surroundings
from tests.store.rows import NOW, resource_id
from tests.tui.commands import printed
from tests.tui.instance_rows import add_stored
from tests.tui.rig import PLAIN_TERMINAL, Rig, console, database, small_fleet

SIZES = [(80, 24), (120, 40)]
AGAIN = "cwconsole replay type:created --yes"
# Where to go; the command that shows what is there. An instance's page begins with its resources, then come its polls.
PLACES: dict[str, tuple[tuple[str, ...], str]] = {
    "the fleet": (("1",), "status acme tickets"),
    "a folded instance": (("1", "f"), "instances show acme"),
    "a resource's page": (("1", "enter"), "status acme tickets"),
    "an instance's resources": (("1", "I"), "status acme tickets"),
    "an instance's polls": (("1", "I", "tab"), "polls show 1"),
    "an instance's events": (("1", "I", "tab", "tab"), "events show 40"),
    "an instance's configuration": (("1", "I", "shift+tab"), "instances show acme"),
    "events": (("2", "j"), "events show 39"),
    "an event": (("2", "enter"), "events show 40"),
    "deliveries": (("3",), "deliveries show 40"),
    "a delivery": (("3", "j", "j", "enter"), "deliveries show 38"),
    "polls": (("4",), "polls show 1"),
    "a poll": (("4", "enter"), "polls show 1"),
    "actions": (("5", "j"), "actions show 2"),
    "an action": (("5", "enter"), "actions show 3"),
    "jobs": (("6",), "jobs show 1"),
    "a job": (("6", "enter"), "jobs show 1"),
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("CWCONSOLE_DB", raising=False)
    file = tmp_path / "its own" / "cw.db"
    file.parent.mkdir()
    with database(file) as conn:
        small_fleet(conn)
        tickets = resource_id(conn, 1, "tickets")
        conn.execute(
            "INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, outcome, error)"
            " VALUES (?, 'window', 'schedule', 1, ?, ?, 'failed', 'no route to [/] host')",
            (tickets, NOW, NOW + 1500),
        )
        conn.execute(
            "INSERT INTO attempts (delivery_id, number, trigger, started_ms, duration_ms, url, status, error)"
            " VALUES (38, 1, 'first', 5, 7, 'http://x', 500, 'It answered 500.')"
        )
        conn.execute("UPDATE attempts SET body = ?", (b"\x1b[31moops \xff",))
        conn.execute("UPDATE deliveries SET status = 503 WHERE state = 'dead'")
        asked = Asked(kind=ActionKind.REPLAY, operator="ada", origin="tty", command=AGAIN)
        shown = replay_preview.preview(conn, Selection(chosen=parse(Noun.EVENTS, "", now_ms=NOW)), asked_ms=NOW)
        replay_jobs.create(conn, shown, rate=10, asked=asked, now_ms=NOW)
    return file


async def copied(rig: Rig, key: str) -> str:
    before = rig.app.clipboard
    await rig.press(key)
    await rig.until(lambda: rig.app.clipboard != before)
    return rig.app.clipboard


def as_of_now(document: dict[str, Any]) -> dict[str, Any]:
    """Without what a second changes."""
    return {name: value for name, value in document.items() if name != "lag_seconds"}


def console_of(path: Path, **more: Any) -> Any:
    """One that knows that its database is not the default one, and runs no engine, as none holds the lock."""
    return console(path, engine=EngineState(), **more)


async def to(rig: Rig, *keys: str) -> None:
    rig.app.surroundings = Surroundings(database=str(rig.path))
    rig.clock.ms = time.time_ns() // 1_000_000  # the command line's clock
    await rig.press(*keys)
    await rig.until(lambda: rig.screen.subject().thing is not None)


@pytest.mark.parametrize(("place", "size"), [*zip(PLACES, cycle(SIZES), strict=False)])
async def test_what_is_copied_is_what_the_copied_command_prints(path: Path, place: str, size: tuple[int, int]) -> None:
    keys, shows = PLACES[place]
    async with console_of(path, size=size) as rig:
        await to(rig, *keys)
        command = await copied(rig, "Y")
        assert command == f"cwconsole --db {shlex.quote(str(path))} {shows}"
        document = json.loads(await copied(rig, "y"))
        wanted = await printed(command)
        if shows.startswith("status"):
            (wanted,) = wanted
        assert as_of_now(document) == as_of_now(wanted)


async def test_a_group_of_dead_letters_is_its_numbers_and_the_list_of_its_deliveries(path: Path) -> None:
    async with console_of(path) as rig:
        await to(rig, "3", "D")
        document = json.loads(await copied(rig, "y"))
        assert (document["url"], document["error"], document["count"]) == ("http://127.0.0.1:9/hook", "503", 1)
        rows = await printed(await copied(rig, "Y"))
        assert [(row["state"], row["status"]) for row in rows] == [("dead", 503)]


async def test_marked_rows_are_a_list_in_the_order_of_the_screen(path: Path) -> None:
    async with console_of(path) as rig:
        await to(rig, "3", "space", "space", "j", "space")
        assert [row["delivery"]["id"] for row in json.loads(await copied(rig, "y"))] == [40, 39, 37]
        commands = (await copied(rig, "Y")).splitlines()
        assert [shlex.split(command)[-3:] for command in commands] == [
            ["deliveries", "show", number] for number in ("40", "39", "37")
        ]
        await to(rig, "1", "asterisk")
        documents = json.loads(await copied(rig, "y"))
        assert [as_of_now(one) for one in documents if one["resource"] == "contacts"] == [
            as_of_now(one) for one in await printed(command_line("--db", str(path), "status", "acme", "contacts"))
        ]
        assert [one["resource"] for one in documents] == [row.resource for row in rig.screen.table.rows.rows]


async def test_everything_that_the_filter_shows_is_copied_wherever_it_stands(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "MOST", 30)
    async with console_of(path) as rig:
        await to(rig, "3", "slash", *"state:delivered", "enter", "asterisk", "y")
        await rig.until(lambda: "More than 30 are marked" in rig.text())
        assert rig.app.clipboard == ""
        monkeypatch.setattr(copies, "MOST", 40)
        await rig.press("space")
        ids = [row["delivery"]["id"] for row in json.loads(await copied(rig, "y"))]
        assert ids == list(range(36, 0, -1)), "all 37 but the one under the cursor"


async def test_marked_events_of_a_page_are_copied_there(path: Path) -> None:
    async with console_of(path) as rig:
        await to(rig, "1", "I", "tab", "tab")
        await rig.until(lambda: rig.screen.event_under_cursor() == 40)
        await rig.press("space", "space")
        assert [row["id"] for row in json.loads(await copied(rig, "y"))] == [40, 39]


@pytest.mark.parametrize("keys", [("5",), ("5", "enter"), ("6",), ("6", "enter")])
async def test_u_copies_the_command_that_asked_for_it(path: Path, keys: tuple[str, ...]) -> None:
    async with console_of(path) as rig:
        await to(rig, *keys)
        assert await copied(rig, "u") == on_database(AGAIN, str(path))


async def test_on_the_default_database_the_command_needs_no_path(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("3")
        assert await copied(rig, "Y") == "cwconsole deliveries show 40"


async def test_a_console_knows_whether_its_database_is_the_default_one(path: Path) -> None:
    async with Store.open(path, migrate=False) as store:
        named = {"default": Invocation(args=[]), "other": Invocation(args=[], database=str(path))}
        apps = {name: app_on(store, invocation, PLAIN_TERMINAL) for name, invocation in named.items()}
    assert {name: app.surroundings.database for name, app in apps.items()} == {"default": None, "other": str(path)}


async def test_of_an_instance_no_secret_is_copied(path: Path) -> None:
    async with console_of(path) as rig:
        await rig.store.write(lambda conn: add_stored(conn, "initech"))
        await to(rig, "1", "slash", *"instance:initech", "enter", "I", "shift+tab")
        text = await copied(rig, "y")
        assert json.loads(text)["body"]["configuration"]["private.key"] == "********"
        assert "TOPSECRET" not in text


async def test_where_nothing_is_nothing_is_copied_and_the_key_says_so(path: Path) -> None:
    async with console_of(path) as rig:
        await rig.press("4", "slash", *"state:stopped", "enter", "y")
        await rig.until(lambda: "There is nothing under the cursor." in rig.text())
        assert rig.app.clipboard == ""


async def test_what_has_gone_meanwhile_is_said_to_have_gone(path: Path) -> None:
    async with console_of(path) as rig:
        await to(rig, "4")
        await rig.press("z")
        await rig.write("DELETE FROM polls")
        await rig.press("y")
        await rig.until(lambda: any("There is no poll 1 (any more)" in one.message for one in rig.app._notifications))


async def test_what_is_too_long_lies_in_a_file_alone(path: Path, tmp_path: Path) -> None:
    async with console_of(path) as rig:
        await rig.write("UPDATE attempts SET body = ?", b"x" * 80_000)
        await to(rig, "3", "j", "j", "y")
        await rig.until(lambda: any("is too long" in one.message for one in rig.app._notifications))
        (file,) = tmp_path.glob("cwconsole-*.json")  # noqa: ASYNC240
        assert len(json.loads(file.read_text())["attempts"][0]["body"]) == 80_000
        assert rig.app.clipboard == ""


def ended() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


async def test_the_last_copy_of_a_console_that_has_ended_goes_with_the_next_one(path: Path, tmp_path: Path) -> None:
    dead, running, other = (
        tmp_path / f"cwconsole-copied-{who}" for who in (f"{ended()}.json", f"{os.getppid()}.json", "mine.json")
    )
    for file in (dead, running, other):
        file.write_text("{}")
    async with console(path) as rig:
        await rig.until(lambda: not dead.exists())
        await rig.until(rig.app.loaded.is_set)
        assert running.exists()
        assert other.exists()


def test_the_path_stands_where_a_remark_at_the_end_does_not_hide_it() -> None:
    command = "cwconsole replay --event 5 --yes  # and 7 more"
    assert on_database(command, "/a b.db") == "cwconsole --db '/a b.db' replay --event 5 --yes  # and 7 more"
    assert on_database(command, None) == command
