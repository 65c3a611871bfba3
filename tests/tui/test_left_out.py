"""A resource that an edit has left out of its instance: nobody polls it, and what is left of its deliveries is seen.

What cannot be done to it is nowhere offered; nor to one whose instance is switched off.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.tui.actions import BY_ID
from tests.tui.rig import Rig, console, database

TOLD = (
    "Left out of the configuration, so it is not polled; 2 deliveries are still to be sent and 1 delivery is dead. "
    "E configures it again; e shows its events."
)


@pytest.fixture
def left(path: Path) -> Path:
    """The small fleet, acme/contacts being left out with a dead, a retrying and a pending delivery."""
    with database(path) as conn:
        conn.execute("UPDATE resources SET active = 0 WHERE name = 'contacts'")
    return path


@pytest.fixture
async def rig(left: Path) -> AsyncIterator[Rig]:
    async with console(left) as rig:
        yield rig


def said(rig: Rig) -> str:
    return " ".join(one.message for one in rig.app._notifications)


def row_of(rig: Rig, resource: str) -> str:
    return next((line for line in rig.lines() if resource in line), "")


async def test_fleet_and_header_show_what_is_left_of_it(rig: Rig) -> None:
    assert "1 dead" in rig.lines()[0]
    assert "· off" in row_of(rig, "contacts")
    assert "1 dead…" in row_of(rig, "contacts")
    await rig.press("3")
    for word in ("pending 1", "retrying 1", "dead 1"):
        assert word in rig.lines()[2]
    assert rig.screen.table.rows.total == 40


async def test_its_row_goes_when_nothing_is_left_to_be_seen(rig: Rig) -> None:
    await rig.write("UPDATE resources SET dead = 0 WHERE name = 'contacts'")
    await rig.until(lambda: "2 pending" not in row_of(rig, "contacts") and "1 retry" in row_of(rig, "contacts"))
    await rig.write("UPDATE resources SET pending = 0, retrying = 0 WHERE name = 'contacts'")
    await rig.until(lambda: not row_of(rig, "contacts"))


async def test_its_page_says_why_it_is_there_and_nothing_of_being_polled(rig: Rig) -> None:
    await rig.press("G", "enter")
    await rig.until(lambda: TOLD in " ".join(line.strip() for line in rig.lines()[2:5]))
    assert "acme/contacts  not polled any more" in rig.text()
    await rig.press("I")
    await rig.until(lambda: "1 failing" in rig.text() and "1 off" in rig.text())
    await rig.press("down")
    await rig.until(lambda: "contacts: Left out of the configuration" in rig.text())


@pytest.mark.parametrize("key", ["p", "w", "x", "R", "d", "H", "W"])
async def test_whatever_would_poll_or_steer_it_is_refused_with_a_sentence(rig: Rig, key: str) -> None:
    await rig.press("G", key)
    await rig.until(lambda: "acme/contacts is left out of the configuration of acme" in said(rig))
    assert await rig.rows("SELECT kind FROM actions WHERE kind <> 'add'") == []


STEERING = ("poll.now", "sweep.now", "polling.pause", "polling.resume", "deliveries.hold", "watermark.set")


def offered(rig: Rig, *actions: str) -> list[str]:
    return [one for one in actions if BY_ID[one].why_not(rig.screen.subject()) is None]


async def test_footer_help_and_page_offer_nothing_that_cannot_be_done_to_it(rig: Rig) -> None:
    await rig.write("UPDATE resources SET next_sweep_ms = 1, swept_ms = 1")
    await rig.press("G")
    assert offered(rig, *STEERING) == []
    assert offered(rig, "instance.edit", "fleet.events") == ["instance.edit", "fleet.events"]
    await rig.press("enter")
    await rig.until(lambda: "sweep      last" in rig.text())
    assert offered(rig, *STEERING) == []
    for promise in ("w looks", "p polls", ", next"):
        assert promise not in rig.text()


async def test_what_is_switched_off_says_what_switches_it_on(path: Path) -> None:
    async with console(path) as rig:
        await rig.write("UPDATE instances SET enabled = 0 WHERE name = 'acme'")
        await rig.until(lambda: "2 off" in rig.lines()[0])
        await rig.press("G")
        for step in ("", "enter", "I", "tab"):  # the fleet, the resource, its instance with a resource and as a whole
            await rig.press(*filter(None, [step]))
            assert offered(rig, *STEERING[:2]) == []
            assert offered(rig, "polling.pause", "deliveries.hold") == ["polling.pause", "deliveries.hold"]
            assert not any(promise in rig.text() for promise in ("w looks", "p polls"))
        await rig.press("p")
        await rig.until(lambda: "acme is switched off, so nothing of it is polled; n switches it on." in said(rig))


async def test_its_deliveries_are_tried_again_and_cancelled_as_others_are(rig: Rig) -> None:
    await rig.press("3")
    await rig.press("slash", *"state:dead", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1)
    await rig.press("r")
    await rig.until(lambda: "is tried again" in said(rig))
    assert await rig.rows("SELECT dead, pending, retrying FROM resources WHERE name = 'contacts'") == [(0, 2, 1)]
