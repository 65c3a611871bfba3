"""Pausing and holding ask with what stops, and letting go says what it did: one place, or the marked ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.store import operations
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.tui.widgets.confirm import Confirm
from tests.store.rows import add, config, resource
from tests.tui.rig import Rig, console, database

ACTIONS = "SELECT kind, command, state, reason FROM actions WHERE kind <> 'add' ORDER BY id"
SIZES = [(80, 24), (120, 40)]


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    """In the fleet's order: acme/tickets, globex/companies, globex/projects (paused), acme/contacts (2 open)."""
    async with console(path) as rig:
        yield rig


async def asked(rig: Rig, *keys: str) -> str:
    """Press keys that lead to a question; what it says."""
    await rig.press(*keys)
    await rig.until(lambda: isinstance(rig.app.screen, Confirm) and bool(rig.text().strip()))
    return rig.text()


def said(rig: Rig) -> list[str]:
    return [one.message for one in rig.app._notifications]


@pytest.mark.parametrize("size", SIZES)
async def test_pausing_an_instance_says_how_many_resources_stop(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await rig.press("f")
        text = await asked(rig, "x")
        for words in ("Pause acme?", "2 resources are not polled any more", "acme/contacts", "acme/tickets",
                      "2 deliveries go on being sent", "y pause", "esc go back", "tab reason"):  # fmt: skip
            assert words in text
        await rig.press("escape")
        await rig.write("UPDATE resources SET pending = 5, held_ms = 5 WHERE name = 'tickets'")
        text = await asked(rig, "x")
        assert "2 deliveries go on being sent." in text
        assert "5 deliveries stay held." in text
        await rig.press("escape")
        await rig.write("UPDATE resources SET pending = 0, retrying = 0, sending = 0")
        assert "No delivery waits." in await asked(rig, "x")
        await rig.press("x", "enter")
        assert isinstance(rig.app.screen, Confirm), "neither the key that asked nor Enter confirms"
        assert await rig.rows(ACTIONS) == []
        await rig.press("tab", *"upgrade", "enter", "y")
        await rig.until(lambda: "acme is paused; deliveries that nothing holds go on." in said(rig))
        assert await rig.rows(ACTIONS) == [("pause", "cwconsole pause acme --reason upgrade", "done", "upgrade")]


async def test_pausing_counts_only_what_is_polled_now(rig: Rig) -> None:
    await rig.press("f", "j")
    text = await asked(rig, "x")
    assert "Pause globex?" in text
    assert "1 resource is not polled any more until R resumes it:" in text
    assert "globex/projects" not in text


@pytest.mark.parametrize("size", SIZES)
async def test_holding_says_how_many_deliveries_wait(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        text = await asked(rig, "G", "d")
        for words in ("Hold deliveries of acme/contacts?", "2 deliveries wait now, and are not sent", "Reason"):
            assert words in text
        await rig.press("d", "enter")
        assert isinstance(rig.app.screen, Confirm)
        await rig.press("y")
        await rig.until(lambda: "Deliveries of acme/contacts are held; events are still recorded." in said(rig))
        assert await rig.rows(ACTIONS) == [("hold", "cwconsole pause acme contacts --delivery", "done", None)]
        await rig.until(lambda: rig.screen.subject().held)
        text = await asked(rig, "H")
        for words in ("Let deliveries of acme/contacts go?", "2 deliveries are sent now, in order:", "y let go"):
            assert words in text
        await rig.press("H", "enter")
        assert isinstance(rig.app.screen, Confirm), "neither the key that asked nor Enter confirms"
        await rig.press("y")
        await rig.until(lambda: "Deliveries of acme/contacts go on." in said(rig))


async def test_resuming_acts_at_once_and_says_what_it_did(rig: Rig) -> None:
    await rig.press("j", "j", "R")
    await rig.until(lambda: said(rig) == ["globex/projects goes on."])


async def test_a_resource_of_an_instance_held_as_a_whole_names_the_key_and_does_nothing(rig: Rig) -> None:
    await rig.press("f", "d", "y")
    await rig.until(lambda: "Deliveries of acme are held; events are still recorded." in said(rig))
    await rig.press("f")
    await rig.until(lambda: rig.screen.subject().resource == "tickets" and rig.screen.subject().held)
    await rig.press("H")
    whole = "Deliveries of acme are held as a whole: f groups by instance; H on the row of acme lets them go."
    await rig.until(lambda: whole in said(rig))
    await rig.press("enter", "H")
    await rig.until(lambda: any("I opens acme; there Tab, then H" in one for one in said(rig)))
    await rig.press("I", "H")
    await rig.until(lambda: any(one.endswith("as a whole: Tab, then H lets them go.") for one in said(rig)))
    assert [row[0] for row in await rig.rows(ACTIONS)] == ["hold"]
    text = await asked(rig, "tab", "H")
    assert "2 deliveries are sent now, in order:" in text
    await rig.press("y")
    await rig.until(lambda: "Deliveries of acme go on." in said(rig))


@pytest.fixture
def paused(path: Path) -> Path:
    with database(path) as conn:
        asked = Asked(kind=ActionKind.PAUSE, operator="bob", origin="tty pts/1", command="cwconsole pause acme")
        operations.pause(conn, operations.scope(conn, "acme"), asked=asked, now_ms=1)
    return path


async def test_a_resource_of_a_paused_instance_says_where_it_is_let_go(paused: Path) -> None:
    async with console(paused) as rig:
        at = next(n for n, row in enumerate(rig.screen._rows.rows) if row.resource == "contacts")
        rig.screen.table.move_to(at)
        await rig.press("R")
        await rig.until(lambda: bool(said(rig)))
        assert said(rig) == ["acme/contacts was not paused by itself: acme is, as a whole; let acme go on."]


async def test_marked_places_are_dealt_with_together(rig: Rig) -> None:
    text = await asked(rig, "space", "space", "x")
    assert "Pause 2 places?" in text
    assert "2 resources are not polled any more" in text
    await rig.press("y")
    await rig.until(lambda: "2 places stand still." in said(rig))
    assert [row[:2] for row in await rig.rows(ACTIONS)] == [
        ("pause", "cwconsole pause acme tickets"),
        ("pause", "cwconsole pause globex companies"),
    ]
    assert "marked" not in rig.lines()[1]


async def test_a_few_marked_places_are_polled_at_once(rig: Rig) -> None:
    await rig.press("space", "space", "p")
    await rig.until(lambda: any(one.startswith("A poll of 2 places is asked for (actions") for one in said(rig)))
    assert [row[1] for row in await rig.rows(ACTIONS)] == [
        "cwconsole poll acme tickets",
        "cwconsole poll globex companies",
    ]


@pytest.mark.parametrize("key", ["p", "w"])
async def test_of_marked_places_none_is_polled_if_one_is_disabled(rig: Rig, key: str) -> None:
    await rig.write("UPDATE instances SET enabled = 0 WHERE name = 'globex'")
    await rig.press("space", "space", key)
    refused = "globex is disabled, so nothing of it is polled; enable it: cwconsole instances enable globex"
    await rig.until(lambda: said(rig) == [refused])
    assert await rig.rows(ACTIONS) == []


async def test_what_came_of_a_poll_is_told_where_it_was_asked_for(rig: Rig) -> None:
    await rig.press("p")
    await rig.until(lambda: len(said(rig)) == 1)
    assert said(rig)[0].startswith("A poll of acme/tickets is asked for (action ")
    refused = "acme/tickets: the keys may not read this (403)."
    await rig.press("2")
    await rig.write("UPDATE actions SET state = 'failed', outcome = ?, finished_ms = 1 WHERE kind = 'poll'", refused)
    await rig.until(lambda: said(rig)[1:] == [refused])
    assert list(rig.app._notifications)[-1].severity == "error"


async def test_of_many_it_is_told_how_many_failed(rig: Rig) -> None:
    await rig.press("space", "space", "p")
    await rig.until(lambda: len(said(rig)) == 1)
    await rig.write(
        "UPDATE actions SET state = 'done', outcome = 'acme/tickets: polled.' WHERE command LIKE '%tickets'"
    )
    await rig.write("UPDATE actions SET state = 'failed', outcome = 'It broke.' WHERE command LIKE '%companies'")
    await rig.until(lambda: said(rig)[1:] == ["1 of 2 failed. It broke."])


@pytest.fixture
def many(path: Path) -> Path:
    with database(path) as conn:
        for number in range(30):
            add(conn, config(f"site {number}", resource("contacts"), company=f"c{number}"))
    return path


@pytest.mark.parametrize(("key", "title"), [("p", "Poll 34 places?"), ("x", "Pause 34 places?")])
async def test_many_want_their_number_typed(many: Path, key: str, title: str) -> None:
    async with console(many) as rig:
        await rig.until(lambda: rig.screen.table.rows.total == 34)
        assert title in await asked(rig, "asterisk", key)
        await rig.press("y", "enter")
        assert isinstance(rig.app.screen, Confirm), "y is a letter in the field"
        assert await rig.rows("SELECT count(*) FROM actions WHERE kind IN ('poll', 'pause')") == [(0,)]
        await rig.press("backspace", *"34", "enter")
        await rig.until(lambda: any("34 places" in one for one in said(rig)))
        assert await rig.rows("SELECT count(*) FROM actions WHERE kind IN ('poll', 'pause')") == [(34,)]


async def test_switching_off_says_what_is_not_polled(rig: Rig) -> None:
    text = await asked(rig, "N")
    assert "Switch acme off?" in text
    assert "2 resources are not polled until it is switched on again." in text
    assert "2 deliveries go on being sent." in text


async def test_a_read_only_console_asks_nothing(path: Path) -> None:
    async with console(path, read_only=True) as rig:
        for key in ("x", "d", "N"):
            await rig.press(key)
            assert not isinstance(rig.app.screen, Confirm)
        assert await rig.rows(ACTIONS) == []
