"""A sweep that asks: it is found, whatever else is the matter, and answered where it is shown."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.tui.engine_state import EngineState
from cwconsole.tui.screens.help import Help
from cwconsole.tui.screens.resource import ResourceScreen
from cwconsole.tui.widgets.confirm import Confirm
from tests.tui.instance_rows import add_stored
from tests.tui.rig import Rig, console, database

SWEEPS = "SELECT kind, operator, origin, reason, params, command, state FROM actions WHERE kind = 'sweep'"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of one instance, contacts ask, and tickets fail besides asking."""
    with database(tmp_path / "cw.db") as conn:
        add_stored(conn)
        conn.execute("UPDATE instances SET name = 'Example Co'")
        conn.execute("UPDATE resources SET sweep_vanished = 34 WHERE name = 'contacts'")
        conn.execute(
            "UPDATE resources SET sweep_vanished = 77, failures = 3, failing_since_ms = 5, error = 'It hangs.'"
            " WHERE name = 'tickets'"
        )
    return tmp_path / "cw.db"


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        yield rig


def shown(rig: Rig) -> set[str]:
    return {row.resource for row in rig.screen.table.rows.rows}


async def only(rig: Rig, resource: str) -> None:
    await rig.press("slash", *f"resource:{resource}", "enter")
    await rig.until(lambda: shown(rig) == {resource})


async def test_the_filter_and_the_header_find_all_that_asks(rig: Rig) -> None:
    assert "2 asking" in rig.lines()[0]
    await rig.press("slash", *"state:asking", "enter")
    assert shown(rig) == {"contacts", "tickets"}
    for words in (("? asking", "contacts", "? 34 gone"), ("✗ failing", "tickets", "? 77 gone")):
        assert any(all(word in line for word in words) for line in rig.lines()), words
    await rig.press("escape", "slash", *"!state:asking", "enter")
    await rig.until(lambda: not shown(rig) & {"contacts", "tickets"})


async def test_the_page_of_a_resource_says_both(rig: Rig) -> None:
    await only(rig, "tickets")
    await rig.press("enter")
    await rig.until(lambda: isinstance(rig.screen, ResourceScreen) and "watermark" in rig.text())
    facts = " ".join(rig.screen.query_one("#facts").text.split())
    assert "✗ failing ? asking Example Co/tickets" in facts
    assert "It hangs. 3 polls in a row have failed" in facts
    assert "A sweep found 77 records gone, suspiciously many; none is deleted before K confirms that." in facts


@pytest.mark.parametrize("page", [False, True])
async def test_the_number_is_typed_and_the_same_action_is_queued_as_the_command_queues(rig: Rig, page: bool) -> None:
    await only(rig, "contacts")
    await rig.press(*(["enter"] if page else []), "K")
    await rig.until(lambda: isinstance(rig.screen, Confirm))
    text = " ".join(rig.text().split())
    assert "Confirm that 34 records of Example Co/contacts are gone?" in text
    assert "did not find 34 of 0 known records" in text
    await rig.press("K", "enter", "y", "enter", "3", "3", "enter")
    assert isinstance(rig.screen, Confirm), "neither the key that asked, nor Enter, nor another number confirms"
    await rig.press(*["backspace"] * 4, *"34", "tab", *"gone with Bob", "enter", "enter")
    await rig.until(lambda: not isinstance(rig.app.screen, Confirm))
    await rig.until(lambda: "may delete up to 34 is asked for" in " ".join(rig.text().split()))
    ((kind, operator, origin, reason, params, command, state),) = await rig.rows(SWEEPS)
    assert (kind, operator, origin, reason, state) == ("sweep", "ada", "ssh 10.0.0.7", "gone with Bob", "queued")
    assert params == '{"confirm_deletes": 34}'
    twin = ["cwconsole", "sweep", "Example Co", "contacts", "--confirm-deletes", "34", "--reason", "gone with Bob"]
    assert shlex.split(command) == twin


async def test_from_the_page_of_the_instance_too(rig: Rig) -> None:
    await only(rig, "contacts")
    await rig.press("I")
    await rig.until(lambda: rig.screen.spec.view == "instance" and rig.screen.subject().resource is not None)
    assert "2 asking" in rig.text()
    while rig.screen.subject().resource != "tickets":
        await rig.press("j")
    await rig.press("K")
    await rig.until(lambda: "Confirm that 77 records" in rig.text())


async def test_escape_confirms_nothing_and_where_nothing_asks_the_key_says_so(rig: Rig) -> None:
    await only(rig, "contacts")
    await rig.press("K", "escape")
    assert await rig.rows(SWEEPS) == []
    await rig.write("UPDATE resources SET sweep_vanished = NULL")
    await rig.until(lambda: "asking" not in rig.text())
    await rig.press("K")
    assert any("No sweep of Example Co/contacts asks" in one.message for one in rig.app._notifications)


async def test_what_was_answered_meanwhile_is_not_asked_again(rig: Rig) -> None:
    await only(rig, "contacts")
    await rig.press("z")
    await rig.write("UPDATE resources SET sweep_vanished = NULL")
    await rig.press("K")
    await rig.until(lambda: any("is answered" in one.message for one in rig.app._notifications))


async def test_read_only_refuses_and_without_an_engine_it_is_said_to_wait(path: Path) -> None:
    async with console(path, read_only=True) as rig:
        await only(rig, "contacts")
        await rig.press("K")
        assert any("read-only" in one.message for one in rig.app._notifications)
    async with console(path, engine=EngineState()) as rig:
        await only(rig, "contacts")
        await rig.press("K", *"34", "enter")
        await rig.until(lambda: any("none runs now to do it" in one.message for one in rig.app._notifications))


async def test_the_help_finds_it_by_confirm(rig: Rig) -> None:
    await rig.press("question_mark", "slash", *"confirm")
    assert isinstance(rig.screen, Help)
    await rig.until(lambda: "Confirm what a sweep found gone" in rig.text())
