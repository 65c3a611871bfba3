"""Setting a watermark: ConnectWise's count comes before the question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.core.errors import PassingFault
from cwconsole.tui.screens.watermark import WatermarkDialog
from tests.store.rows import NOW
from tests.tui.instance_rows import add_stored
from tests.tui.outside import FakeOutside
from tests.tui.rig import Rig, console, database

WATERMARK = NOW // 1000 - 90
ACTIONS = "SELECT kind, operator, command, reason, params FROM actions WHERE kind <> 'add'"
STORED = "SELECT watermark FROM resources WHERE name = 'contacts'"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with database(tmp_path / "cw.db") as conn:
        add_stored(conn)
    return tmp_path / "cw.db"


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        await asked(rig)
        yield rig


async def asked(rig: Rig) -> None:
    rig.app.outside = FakeOutside()
    await rig.press("slash", *"resource:contacts", "enter", "W")
    await rig.until(lambda: isinstance(rig.screen, WatermarkDialog))


def outside(rig: Rig) -> FakeOutside:
    assert isinstance(rig.app.outside, FakeOutside)
    return rig.app.outside


def text(rig: Rig) -> str:
    return " ".join(rig.text().replace("│", " ").split())


async def test_it_says_where_it_stands_and_how_a_time_is_understood_while_it_is_typed(rig: Rig) -> None:
    assert "Set the watermark of acme/contacts" in text(rig)
    assert "It stands at 2026-09-21 14:11:50 UTC 2026-09-21 08:11:50 MDT, 1m 30s behind" in text(rig)
    await rig.press(*"2h")
    assert "2026-09-21 12:13:20 UTC 2026-09-21 06:13:20 MDT, 1h 58m back." in text(rig)
    assert "120 s before" in text(rig)
    assert outside(rig).asked == [], "nobody is asked while it is typed"


async def test_the_count_stands_there_before_the_key_that_sets_it(rig: Rig) -> None:
    await rig.press(*"2h", "enter")
    await rig.until(lambda: "ConnectWise counts 4,321 records in the new window." in text(rig))
    wanted = NOW // 1000 - 7200
    assert outside(rig).asked == [("acme", "contacts", wanted)]
    assert await rig.rows(STORED) == [(WATERMARK,)], "Enter has set nothing"
    await rig.press("enter")
    assert isinstance(rig.screen, WatermarkDialog)
    await rig.press("y")
    await rig.until(lambda: not isinstance(rig.screen, WatermarkDialog))
    await rig.settle()
    assert await rig.rows(STORED) == [(wanted,)]
    command = "cwconsole watermark acme contacts --set 2026-09-21T12:13:20Z --yes"
    params = f'{{"from": {WATERMARK}, "to": {wanted}}}'
    assert await rig.rows(ACTIONS) == [("watermark", "ada", command, None, params)]


async def test_y_waits_for_the_count(rig: Rig) -> None:
    outside(rig).gate = gate = asyncio.Event()
    await rig.press(*"2h", "enter")
    assert "ConnectWise is counting..." in text(rig)
    await rig.press("y")
    assert isinstance(rig.screen, WatermarkDialog)
    gate.set()
    await rig.until(lambda: "4,321" in text(rig))
    await rig.press("y")
    await rig.until(lambda: not isinstance(rig.screen, WatermarkDialog))


async def test_what_cannot_be_counted_is_said_and_can_be_set_all_the_same(rig: Rig) -> None:
    outside(rig).fault = PassingFault("acme: ConnectWise [/] did not answer; it is tried again.")
    await rig.press(*"1d", "enter")
    await rig.until(lambda: "It cannot be counted: acme: ConnectWise [/] did not answer" in text(rig))
    await rig.press("y")
    await rig.settle()
    assert await rig.rows(STORED) == [(NOW // 1000 - 86_400,)]


async def test_an_answer_to_an_older_question_is_not_shown(rig: Rig) -> None:
    outside(rig).gate = gate = asyncio.Event()
    outside(rig).counts = lambda since: 1 if since == NOW // 1000 - 7200 else 2
    await rig.press(*"2h", "enter")
    await rig.press("escape", "backspace", "backspace", *"3h", "enter")
    gate.set()
    await rig.until(lambda: "counts 2 records" in text(rig))


async def test_forward_skips_changes_and_wants_the_name(rig: Rig) -> None:
    outside(rig).counts = lambda since: 7 if since == WATERMARK else 3
    await rig.press(*"30s", "enter")
    await rig.until(lambda: "7 records changed since the present watermark, 3 since the new one" in text(rig))
    assert "Changes within these 1m are skipped: no events come of them." in text(rig)
    await rig.press("y", "enter")
    assert await rig.rows(STORED) == [(WATERMARK,)]
    await rig.press("backspace", *"contacts", "enter")
    await rig.until(lambda: not isinstance(rig.screen, WatermarkDialog))
    await rig.settle()
    assert await rig.rows(STORED) == [(NOW // 1000 - 30,)]
    assert (await rig.rows(ACTIONS))[0][2].endswith("--set 2026-09-21T14:12:50Z --yes")


@pytest.mark.parametrize(
    ("typed", "said"), [("soon", "That is no time; write 2h"), ("2030-01-01", "has not come yet on the server's clock")]
)
async def test_what_is_no_time_is_refused_with_what_would_be(rig: Rig, typed: str, said: str) -> None:
    await rig.press(*typed, "enter")
    assert said in text(rig)
    assert outside(rig).asked == []


async def test_a_reason_goes_to_the_log(rig: Rig) -> None:
    await rig.press(*"2h", "enter")
    await rig.until(lambda: "4,321" in text(rig))
    await rig.press("tab", "tab")
    rig.screen.query_one("#reason").value = "a ticket was missed"
    rig.screen.set_focus(None)
    await rig.press("y")
    await rig.settle()
    assert (await rig.rows(ACTIONS))[0][3] == "a ticket was missed"


async def test_escape_leads_to_the_time_and_then_out(rig: Rig) -> None:
    await rig.press(*"2h", "enter", "escape")
    assert isinstance(rig.screen, WatermarkDialog)
    await rig.press("escape")
    assert not isinstance(rig.screen, WatermarkDialog)
    assert await rig.rows(ACTIONS) == []


async def test_without_a_watermark_there_is_nothing_to_set(path: Path) -> None:
    async with console(path) as rig:
        await rig.write("UPDATE resources SET watermark = NULL")
        await rig.press("W")
        await rig.until(lambda: "has no watermark yet: its first poll sets it." in text(rig))


async def test_an_open_poll_is_said_to_be_given_up(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        await rig.write("UPDATE resources SET crawl_kind = 'window', crawl_last_id = 4")
        await asked(rig)
        await rig.press(*"2h")
        assert "The poll under way is given up" in text(rig)
