"""Every key of every screen on a large terminal: the console goes on, and Escape leads back from what it brought."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from textual.screen import ModalScreen

from cwconsole.core.filters import Noun, parse
from cwconsole.store import replay_jobs, replay_preview
from cwconsole.store.selection import Selection
from cwconsole.tui import routes
from cwconsole.tui.action import Scope
from cwconsole.tui.actions import MODES, REGISTRY
from cwconsole.tui.viewspec import ViewSpec, read
from cwconsole.tui.widgets.prompt import Prompt
from tests.store.rows import NOW, asked
from tests.tui.outside import FakeOutside
from tests.tui.rig import Rig, console, database

ELSEWHERE = ("quit", "suspend", "theme", *(f"mode.{mode.name}" for mode in MODES))  # leave, or are the same everywhere
MOVES = ("table.", "text.")
VIEWS = {
    "event": "event id:40",
    "instance": "instance instance:acme",
    "resource": "resource instance:acme resource:tickets",
    "delivery": "delivery id:38",
    "poll": "poll id:1",
    "action": "action id:1",
    "job": "job id:1",
}


@pytest.fixture
def path(path: Path) -> Path:
    """With a poll and a job as well."""
    with database(path) as conn:
        conn.execute(
            "INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, pages, records, outcome)"
            " VALUES (1, 'window', 'schedule', 1, ?, ?, 1, 3, 'ok')",
            (NOW - 2000, NOW - 1000),
        )
        everything = Selection(chosen=parse(Noun.EVENTS, "", now_ms=NOW))
        shown = replay_preview.preview(conn, everything, asked_ms=NOW)
        replay_jobs.create(conn, shown, rate=1, asked=asked(), now_ms=NOW - 1000)
    return path


@pytest.mark.parametrize("view", routes.SCREENS)
async def test_every_key_of_a_screen_can_be_pressed(path: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    monkeypatch.chdir(path.parent)  # what is saved goes there
    monkeypatch.setattr(tempfile, "tempdir", str(path.parent))
    at = read(VIEWS.get(view, view))
    async with console(path, size=(120, 40), log_file=path.with_name("engine.log")) as rig:
        rig.app.outside = FakeOutside()
        await rig.app.go(at)
        await rig.settle()
        scopes = {Scope.APP, *rig.screen.SCOPES}
        here = [one for one in REGISTRY if scopes & set(one.scopes) and one.id not in ELSEWHERE]
        for key in [key for one in here if one.id.startswith(MOVES) and one.id != "table.open" for key in one.keys]:
            rig.send(key)
        await rig.settle()
        for key in [one.keys[0] for one in here if not one.id.startswith(MOVES) or one.id == "table.open"]:
            await rig.press(key)
            assert (rig.app.crashed, rig.app.is_running) == (None, True), key
            await back(rig, at, key)


async def back(rig: Rig, at: ViewSpec, key: str) -> None:
    """On the screen again, with nothing in front of it."""
    for _ in range(4):
        if not isinstance(rig.screen, ModalScreen) and not any(one.is_open for one in rig.screen.query(Prompt)):
            break
        await rig.press("escape")
    assert not isinstance(rig.screen, ModalScreen), f"Escape does not lead back from what {key} brought"
    if rig.screen.spec.view != at.view:
        await rig.app.go(at)
        await rig.settle()
