"""The page of an instance, and switching, removing, exporting it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.tui.screens.fleet import FleetScreen
from cwconsole.tui.screens.instance import InstanceScreen
from cwconsole.tui.screens.resource import ResourceScreen
from cwconsole.tui.widgets.confirm import Confirm
from tests.store.rows import NOW, add_delivery, add_events, resource_id
from tests.tui.instance_rows import add_polls, add_stored
from tests.tui.outside import FakeOutside
from tests.tui.rig import Rig, console, database

ACTIONS = "SELECT kind, operator, origin, command, reason FROM actions WHERE kind <> 'add' ORDER BY id"
ADA = ("ada", "ssh 10.0.0.7")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with database(tmp_path / "cw.db") as conn:
        add_stored(conn)
        add_stored(conn, "globex")
        contacts = resource_id(conn, 1, "contacts")
        add_polls(conn, contacts, 3)
        conn.execute("UPDATE resources SET failures = 1, error = 'No [/] answer.' WHERE id = ?", (contacts + 1,))
        for event in add_events(conn, contacts, range(1, 13)):
            add_delivery(conn, event)
    return tmp_path / "cw.db"


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        rig.app.outside = FakeOutside()
        yield rig


async def opened(rig: Rig, name: str = "acme") -> Rig:
    await rig.press("colon", *f"instance instance:{name}", "enter")
    await rig.until(lambda: isinstance(rig.screen, InstanceScreen) and "delivers" in rig.text())
    return rig


def facts(rig: Rig) -> str:
    return " ".join(rig.screen.query_one("#facts").text.split())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_it_shows_what_it_reads_where_it_delivers_and_its_resources_worst_first(
    path: Path, size: tuple[int, int]
) -> None:
    async with console(path, size=size) as rig:
        await opened(rig)
        assert "acme instance 1 ✗ 1 failing ● 1 fresh" in facts(rig)
        assert "reads 127.0.0.1:8/acme_c" in facts(rig)
        assert "to http://127.0.0.1:9/hook" in facts(rig)
        rows = rig.screen.query_one("#resources").rows.rows
        assert [row.resource for row in rows] == ["tickets", "contacts"]
        assert all(len(line) == size[0] for line in rig.lines())
        assert "? help" in rig.lines()[-1]


async def test_enter_on_a_resource_opens_it_and_actions_are_about_it(rig: Rig) -> None:
    await opened(rig)
    await rig.press("p", "enter")
    assert isinstance(rig.screen, ResourceScreen)
    assert await rig.rows(ACTIONS) == [("poll", *ADA, "cwconsole poll acme tickets", None)]


async def test_on_the_other_tabs_actions_are_about_the_whole_instance(rig: Rig) -> None:
    await opened(rig)
    await rig.press("tab", "p")
    await rig.until(lambda: rig.screen.query_one("#polls").rows.total == 3)
    assert await rig.rows(ACTIONS) == [("poll", *ADA, "cwconsole poll acme", None)]


async def test_the_configuration_shows_everything_but_secrets(rig: Rig) -> None:
    await opened(rig)
    await rig.press("shift+tab")
    text = rig.screen.query_one("#configuration").text
    assert 'company = "acme_c"' in text
    assert 'tags = ["demo"]' in text
    assert "private.key = ********" in text
    assert "TOPSECRET" not in text
    assert "providerData.code = ********" in text


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE instances SET enabled = 0", "nothing is read. n switches it on."),
        ("UPDATE instances SET paused_ms = 5", "R resumes it."),
        ("UPDATE callbacks SET held_ms = 5, held_reason = '410 Gone'", "held: 410 Gone; H lets it go"),
        ("UPDATE callbacks SET breaker_until_ms = ?", "it does not answer; tried again in 1m"),
        ("UPDATE instances SET callback_id = NULL", "it only records, for it has no callback URL"),
    ],
)
async def test_what_stands_in_the_way_is_said(rig: Rig, sql: str, said: str) -> None:
    await opened(rig)
    await rig.write(sql, *([NOW + 60_000] if "?" in sql else []))
    await rig.until(lambda: said in facts(rig))


async def test_switching_off_asks_first_and_on_does_not(rig: Rig) -> None:
    await opened(rig)
    await rig.press("N")
    assert "Switch acme off?" in rig.text()
    await rig.press("enter")
    assert isinstance(rig.screen, Confirm), "Enter is no yes"
    await rig.press("y")
    await rig.until(lambda: "n switches it on" in facts(rig))
    await rig.press("n")
    await rig.until(lambda: "✗ 1 failing" in facts(rig))
    assert await rig.rows(ACTIONS) == [
        ("disable", *ADA, "cwconsole instances disable acme", None),
        ("enable", *ADA, "cwconsole instances enable acme", None),
    ]


async def test_removing_gives_the_numbers_and_wants_the_name(rig: Rig) -> None:
    await opened(rig)
    await rig.press("D")
    await rig.until(lambda: "Remove acme?" in rig.text())
    assert "12 known records are forgotten" in rig.text()
    assert "12 open deliveries are given up" in rig.text()
    await rig.press(*"globex", "enter")
    assert await rig.rows(ACTIONS) == []
    await rig.press("escape")
    assert isinstance(rig.screen, InstanceScreen)
    await rig.press("D")
    await rig.until(lambda: "Remove acme?" in rig.text())
    await rig.press(*"acme", "enter")
    await rig.until(lambda: isinstance(rig.screen, FleetScreen))
    assert await rig.rows(ACTIONS) == [("remove", *ADA, "cwconsole instances remove acme --yes", None)]
    assert await rig.rows("SELECT count(*) FROM deliveries WHERE state = 'cancelled'") == [(12,)]
    await rig.until(lambda: "acme" not in "\n".join(rig.lines()[2:-3]))


async def test_a_reason_stands_in_the_log(rig: Rig) -> None:
    await opened(rig, "globex")
    await rig.press("D")
    await rig.until(lambda: "Remove globex?" in rig.text())
    rig.screen.query_one("#reason").value = "moved to another box"
    await rig.press(*"globex", "enter")
    await rig.until(lambda: isinstance(rig.screen, FleetScreen))
    assert (await rig.rows(ACTIONS))[0][3:] == (
        "cwconsole instances remove globex --yes --reason 'moved to another box'", "moved to another box"
    )  # fmt: skip


async def test_switching_off_takes_a_reason_too(rig: Rig) -> None:
    await opened(rig)
    await rig.press("N", "tab", *"moving", "enter", "y")
    await rig.until(lambda: "n switches it on" in facts(rig))
    assert (await rig.rows(ACTIONS))[0][3:] == ("cwconsole instances disable acme --reason moving", "moving")


async def test_exporting_writes_where_it_was_told_to(rig: Rig) -> None:
    await opened(rig)
    await rig.press("X")
    assert "Write acme to a file" in rig.text()
    assert "acme.toml" in rig.text()
    await rig.press("enter")
    outside = rig.app.outside
    assert isinstance(outside, FakeOutside)
    await rig.until(lambda: outside.written == {"acme.toml": "acme"})
    await rig.until(lambda: "acme is in acme.toml" in rig.text())


async def test_a_read_only_console_changes_nothing_but_exports(path: Path) -> None:
    async with console(path, read_only=True) as rig:
        rig.app.outside = FakeOutside()
        await opened(rig)
        for key in ("a", "E", "C", "D", "n", "N", "W"):
            await rig.press(key)
            assert isinstance(rig.screen, InstanceScreen), key
        assert "read-only" in rig.text()
        assert await rig.rows(ACTIONS) == []
        await rig.press("X")
        assert "Write acme to a file" in rig.text()
