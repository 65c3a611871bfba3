"""The help names everything that can be done on a screen, and finds keys and words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.cli.status import status
from cwconsole.core.meanings import MEANINGS
from cwconsole.tui.action import Scope, Subject, key_name
from cwconsole.tui.actions import REGISTRY
from cwconsole.tui.render.cells import Line
from cwconsole.tui.routes import SCREENS, screen_for
from cwconsole.tui.screens.fleet import FleetScreen
from cwconsole.tui.screens.help import Help, help_lines
from cwconsole.tui.viewspec import VIEWS, spec
from tests.tui.rig import Rig, console


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        await rig.press("question_mark")
        await rig.until(lambda: isinstance(rig.screen, Help) and "Keys of fleet" in rig.text())
        yield rig


def texts(lines: list[Line]) -> list[str]:
    return ["".join(cell.text for cell in line) for line in lines]


@pytest.mark.parametrize("view", SCREENS)
def test_every_action_of_every_screen_stands_there_once_with_its_keys(view: str) -> None:
    actions = screen_for(spec(view, **dict.fromkeys(VIEWS[view].required, "1"))).actions()
    assert actions
    shown = texts(help_lines(actions, Subject(), lambda action: action.keys))
    for action in actions:
        keys = " ".join(map(key_name, action.keys))
        found = [line for line in shown if line.startswith(f"  {keys} ") and f" {action.title}" in line]
        assert len(found) == 1, action.id


def test_no_scope_is_without_a_place_in_the_help() -> None:
    for scope in Scope:
        actions = tuple(action for action in REGISTRY if scope in action.scopes)
        shown = texts(help_lines(actions, Subject(), lambda action: action.keys))
        assert all(any(action.title in line for line in shown) for action in actions), scope


def test_why_it_cannot_be_done_stands_below_the_title() -> None:
    actions = screen_for(spec("fleet")).actions()
    shown = texts(help_lines(actions, Subject(instance="acme", paused=True), lambda action: action.keys))
    at = next(at for at, line in enumerate(shown) if "Pause polling" in line)
    assert shown[at + 1].strip() == "acme is paused already; R resumes it."
    assert shown[at + 1].index("acme") == shown[at].index("Pause")


@pytest.mark.parametrize(
    ("typed", "found", "not_found"),
    [
        ("x", "Pause polling", "Page of this instance"),
        ("X", "Write the instance to a file", "Pause polling"),
        ("^d", "Half a page down", "Half a page up"),
        ("watermark", "Set the watermark", "Poll now"),
        (":sweep", "Prove that nothing is missing", "Poll now"),
        ("missing", "Prove that nothing is missing", "Poll now"),
        ("verify", "Prove that nothing is missing", "Poll now"),
        ("prove", "Prove that nothing is missing", "Poll now"),
        ("release", "Let held deliveries go", "Poll now"),
    ],
)
async def test_a_key_or_a_word_is_looked_for(rig: Rig, typed: str, found: str, not_found: str) -> None:
    await rig.press("slash", *typed)
    await rig.until(lambda: found in rig.text() and not_found not in rig.text())


async def test_what_is_not_there_is_said_and_escape_leads_back_step_by_step(rig: Rig) -> None:
    await rig.press("slash", *"[b ")
    await rig.until(lambda: "No key and no action here is called [b." in rig.text())
    assert "^p looks on every screen." in rig.text()
    await rig.press("escape")
    await rig.until(lambda: "Events of this resource" in rig.text())
    assert isinstance(rig.screen, Help)
    await rig.press("slash", "p", "enter", "question_mark")
    await rig.until(lambda: isinstance(rig.screen, FleetScreen))


async def test_the_help_says_what_states_mean_in_the_words_of_status(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("question_mark", "slash", *"parked")
        await rig.until(lambda: "keys, address or question must be mended" in rig.text())
    shown = " ".join((status.help or "").split())
    assert all(f"{state} ({meaning})" in shown for state, meaning in MEANINGS["resource"].items())


@pytest.mark.parametrize(
    ("view", "titles"),
    [
        ("fleet", ["resource"]),
        ("deliveries", ["delivery", "resource"]),
        ("dead", ["delivery"]),
        ("delivery", ["delivery", "resource"]),
        ("events", ["delivery", "resource"]),
        ("polls", ["poll", "resource"]),
        ("actions", ["action"]),
        ("action", ["action"]),
        ("jobs", ["job"]),
        ("log", []),
    ],
)
def test_the_states_of_what_a_screen_shows_are_explained_there(view: str, titles: list[str]) -> None:
    screen = screen_for(spec(view, **dict.fromkeys(VIEWS[view].required, "1")))
    shown = texts(help_lines(screen.actions(), Subject(), lambda action: action.keys, scopes=screen.SCOPES))
    found = [line.split()[-1] for line in shown if line.startswith("States of a")]
    assert found == titles
    for noun in titles:
        for state, meaning in MEANINGS[noun].items():
            assert f"  {state:16} {meaning}" in shown


async def test_the_word_held_is_explained_where_deliveries_are(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("3", "question_mark", "slash", *"held")
        await rig.until(lambda: "nothing is sent and nothing lost until it is let go" in rig.text())


async def test_how_a_view_is_saved_and_forgotten_stands_there_and_is_found(rig: Rig) -> None:
    await rig.press("slash", *"saved view")
    await rig.until(lambda: "Go to a saved view" in rig.text() and "One step back" not in rig.text())
    await rig.press(*["backspace"] * 10, *":save")
    await rig.until(lambda: ":save NAME" in rig.text())
    await rig.press(*["backspace"] * 5, *"forget")
    await rig.until(lambda: ":forget NAME" in rig.text() and ":save NAME" not in rig.text())
