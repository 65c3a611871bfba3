"""Instances that a console may only look at: all of them is shown, nothing of them is changed, and it is said why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.core.errors import RefusedError
from cwconsole.store import instances
from cwconsole.store.actions import ActionKind
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.delivery_bulk import RETRY, change_all
from cwconsole.tui.screens.instance_form import InstanceForm
from cwconsole.tui.widgets.confirm import Confirm
from tests.store.rows import NOW, add_delivery, add_events, asked, resource_id
from tests.tui.outside import FakeOutside
from tests.tui.rig import Rig, console, database, small_fleet

ACTIONS = "SELECT kind, command FROM actions WHERE operator = 'ada' AND kind <> 'add' ORDER BY id"
WHY = "acme is read-only on this console, by its settings."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """In the fleet's order: acme/tickets, globex/companies, globex/projects, acme/contacts. The newest delivery, 41, is
    one of globex, and dead."""
    with database(tmp_path / "cw.db") as conn:
        small_fleet(conn)
        (event,) = add_events(conn, resource_id(conn, 2, "companies"), [7])
        add_delivery(conn, event, state="dead")
    return tmp_path / "cw.db"


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path, read_only_instances={"acme"}) as rig:
        rig.app.outside = FakeOutside()
        yield rig


def said(rig: Rig) -> str:
    return " ".join(one.message for one in rig.app._notifications)


async def refused(rig: Rig, *keys: str) -> str:
    """Press keys that come to nothing; what is said."""
    rig.app.clear_notifications()
    before = rig.screen
    await rig.press(*keys)
    await rig.until(lambda: said(rig) != "")
    assert rig.screen is before, "nothing is asked"
    assert await rig.rows(ACTIONS) == []
    return said(rig)


async def test_no_key_changes_it_and_each_says_why(rig: Rig) -> None:
    for action in ("poll.now", "sweep.now", "polling.pause", "deliveries.hold", "watermark.set", "instance.edit",
                   "instance.enable", "instance.disable", "instance.remove"):  # fmt: skip
        assert await refused(rig, BY_ID[action].keys[0]) == f"{BY_ID[action].title}: {WHY}"
    assert await refused(rig, "colon", *"poll ticket 17 is missed", "enter") == f"Poll now: {WHY}"


async def test_what_stands_beside_it_is_changed_as_ever(rig: Rig) -> None:
    await rig.press("j", "p")
    await rig.until(lambda: "A poll of globex/companies is asked for" in said(rig))
    assert await rig.rows(ACTIONS) == [("poll", "cwconsole poll globex companies")]


@pytest.mark.parametrize("key", ["a", "C"])
async def test_an_instance_is_added_or_copied_from_its_row(rig: Rig, key: str) -> None:
    await rig.press(key)
    await rig.until(lambda: isinstance(rig.screen, InstanceForm))


@pytest.mark.parametrize("key", ["p", "x", "H"])
async def test_marked_rows_are_refused_as_a_whole_if_one_is_of_it(rig: Rig, key: str) -> None:
    await rig.press("space", "space")
    assert rig.screen.subject().instance == "globex", "the row under the cursor may be changed"
    assert WHY in await refused(rig, key)


async def test_an_instance_under_the_cursor_is_judged_whatever_is_marked(rig: Rig) -> None:
    await rig.press("space", "j")
    assert rig.screen.subject().instance == "globex"
    await rig.press("N")
    await rig.until(lambda: isinstance(rig.screen, Confirm))
    await rig.press("escape", "escape", "space")
    assert rig.screen.subject().instances == {"globex"}
    assert rig.screen.subject().instance == "acme"
    assert WHY in await refused(rig, "N")


async def test_its_pages_say_so_in_the_header_and_others_do_not(rig: Rig) -> None:
    assert "READ-ONLY" not in rig.lines()[0]
    await rig.press("enter")
    await rig.until(lambda: "READ-ONLY" in rig.lines()[0])
    await rig.press("I")
    await rig.until(lambda: rig.screen.spec.view == "instance" and "READ-ONLY" in rig.lines()[0])
    assert WHY in await refused(rig, "p")
    await rig.press("escape", "escape", "j", "enter")
    await rig.until(lambda: rig.screen.spec.view == "resource")
    assert "READ-ONLY" not in rig.lines()[0]


async def test_an_id_does_as_well_as_a_name(path: Path) -> None:
    async with console(path, read_only_instances={"1"}) as rig:
        assert WHY in await refused(rig, "p")
        await rig.press("colon", *"instance instance:1", "enter")
        await rig.until(lambda: "READ-ONLY" in rig.lines()[0])


async def test_another_name_given_elsewhere_does_not_take_the_protection_away(rig: Rig) -> None:
    assert WHY in await refused(rig, "p")
    await rig.write("UPDATE instances SET name = 'initech', updated_ms = updated_ms + 1 WHERE id = 1")
    await rig.until(lambda: "initech" in rig.text())
    await rig.until(lambda: rig.screen.subject().instance == "initech")
    assert WHY.replace("acme", "initech") in await refused(rig, "p")
    with pytest.raises(RefusedError, match="initech is read-only"):
        await rig.app.operator.write(instances.set_enabled, 1, False, asked=asked(), now_ms=NOW)


async def test_its_deliveries_are_neither_tried_again_nor_given_up(rig: Rig) -> None:
    await rig.press("3", "j")
    await rig.until(lambda: rig.screen.subject().instance == "acme")
    for key in ("r", "c", "d"):
        assert WHY in await refused(rig, key)
    await rig.press("k", "space", "space", "k", "k")
    assert rig.screen.subject().instance == "globex"
    assert f"{WHY} Nothing was changed." in await refused(rig, "r")
    await rig.press("escape", "r")
    await rig.until(lambda: "Delivery 41 is tried again." in said(rig))


async def test_of_many_deliveries_not_even_the_first_hundred_are_changed(rig: Rig) -> None:
    many = [41] * 150 + [38]
    with pytest.raises(RefusedError, match="acme is read-only"):
        await change_all(rig.app.operator, RETRY, many)
    assert await rig.rows(ACTIONS) == []
    assert await rig.rows("SELECT state FROM deliveries WHERE id = 41") == [("dead",)]


async def test_its_events_are_not_sent_again(rig: Rig) -> None:
    await rig.press("2")
    await rig.until(lambda: rig.screen.table.rows.total > 0)
    await rig.press("asterisk")
    assert "Narrow the filter" in await refused(rig, "r")
    await rig.press("escape", "slash", *"!instance:acme", "enter", "asterisk", "r")
    await rig.until(lambda: isinstance(rig.screen, Confirm))
    assert "Send this event again?" in rig.text()
    await rig.press("escape", "escape", "escape", "j")
    await rig.until(lambda: rig.screen.subject().instance == "acme")
    assert WHY in await refused(rig, "r")


async def test_what_another_asked_for_it_is_not_called_off(rig: Rig) -> None:
    await rig.write(
        "INSERT INTO actions (kind, operator, origin, command, state, asked_ms, instance_id)"
        " VALUES ('poll', 'bob', 'tty', 'cwconsole poll acme', 'queued', ?, 1)",
        rig.clock.ms,
    )
    await rig.press("5")
    await rig.until(lambda: rig.screen.subject().state == "queued")
    await rig.press("c")
    await rig.until(lambda: f"{WHY} Nothing was changed." in said(rig))
    assert await rig.rows("SELECT state FROM actions WHERE operator = 'bob'") == [("queued",)]


async def test_where_actions_are_written_it_is_refused_whatever_the_screen_let_through(rig: Rig) -> None:
    operator = rig.app.operator
    asked = operator.asked(ActionKind.DISABLE, "cwconsole instances disable acme")
    with pytest.raises(RefusedError, match="acme is read-only"):
        await operator.switch_instance(asked, "acme", enabled=False)
    assert await rig.rows("SELECT enabled FROM instances WHERE name = 'acme'") == [(1,)]
