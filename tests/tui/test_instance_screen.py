"""The page of an instance, and switching, removing, exporting it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest
from textual.geometry import Region

from cwconsole.store import resource_view
from cwconsole.store.once import Connection
from cwconsole.store.resource_view import HourPoint
from cwconsole.tui.screens.fleet import FleetScreen
from cwconsole.tui.screens.instance import InstanceScreen
from cwconsole.tui.screens.resource import ResourceScreen
from cwconsole.tui.terminal import Colours, Terminal
from cwconsole.tui.widgets.confirm import Confirm
from cwconsole.tui.widgets.text_view import TextView
from tests.store.rows import NOW, add_delivery, add_events, resource_id
from tests.tui.instance_rows import add_polls, add_stored
from tests.tui.outside import FakeOutside
from tests.tui.rig import Rig, console, database

NOW_HOUR = NOW // 3_600_000
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


HOUR = (
    "INSERT INTO hours (resource_id, hour, polls, records, duration_ms) VALUES (?, ?, 1, 9, 500)"
    " ON CONFLICT (resource_id, hour) DO UPDATE SET polls = polls + 1"
)


@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_charts_show_its_resources_together_hour_by_hour(
    path: Path, size: tuple[int, int], unicode: bool
) -> None:
    terminal = Terminal(colours=Colours.ALL, unicode=unicode, remote=False)
    async with console(path, size=size, terminal=terminal) as rig:
        for resource, hour in ((1, NOW_HOUR - 1), (2, NOW_HOUR - 1), (1, NOW_HOUR)):
            await rig.write(HOUR, resource, hour)
        await opened(rig)
        await rig.press(*["tab"] * 3)
        await rig.until(lambda: "last 500ms, usually 500ms" in rig.text())
        for words in ("[Charts]", "this hour 1, usually 1", "this hour 9, usually 9"):
            assert words in rig.text()
        if size[1] > 20:
            assert "2 hours since 1h ago" in rig.text()
        assert unicode or rig.text().isascii()
        await rig.write(HOUR, 2, NOW_HOUR)
        await rig.until(lambda: "this hour 2, usually 2" in rig.text())


async def test_charts_are_read_once_a_second_and_drawn_only_where_they_change(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(rig)
    reads: list[Connection] = []
    read = resource_view.hours

    def counted(conn: Connection, instance_id: int, *, now_ms: int) -> list[HourPoint]:
        reads.append(conn)
        return read(conn, instance_id, now_ms=now_ms)

    monkeypatch.setattr(resource_view, "hours", counted)
    began = monotonic()
    await rig.press(*["tab"] * 3)
    await rig.until(lambda: "No poll yet" in rig.text())
    while (elapsed := monotonic() - began) < 4:
        await rig.write(HOUR, 1, NOW_HOUR)
        await rig.settle()
    assert len(reads) <= elapsed + 1
    (last,) = (await rig.rows("SELECT polls FROM hours"))[0]
    await rig.until(lambda: f"this hour {last}, usually" in rig.text())
    await rig.settle()
    drawn: list[int] = []
    charts = rig.screen.query_one("#charts", TextView)
    refresh = charts.refresh

    def noted(*regions: Region, **more: bool) -> object:
        drawn.extend(y for region in regions or (charts.size.region,) for y in region.line_range)
        return refresh(*regions, **more)

    monkeypatch.setattr(charts, "refresh", noted)
    before = len(reads)
    await rig.write("UPDATE resources SET next_poll_ms = next_poll_ms + 1")
    await rig.until(lambda: len(reads) > before)
    await rig.settle()
    assert drawn == []
    await rig.write(HOUR, 1, NOW_HOUR)
    await rig.until(lambda: f"this hour {last + 1}, usually" in rig.text())
    records = set(range(4, 8))
    assert drawn and not records & set(drawn), "the records of the hour read as before"


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
    assert "12 known records are deleted, with all events and polls" in rig.text()
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
    await rig.press("tab", *"moving house", "enter")
    outside = rig.app.outside
    assert isinstance(outside, FakeOutside)
    await rig.until(lambda: outside.written == {"acme.toml": "acme"})
    await rig.until(lambda: "acme is in acme.toml" in rig.text())
    (row,) = await rig.rows(
        "SELECT a.operator, i.name, a.outcome, a.reason FROM actions a JOIN instances i ON i.id = a.instance_id"
        " WHERE a.kind = 'export'"
    )
    assert tuple(row) == ("ada", "acme", "acme is in acme.toml, its secrets masked.", "moving house")


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


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_says_why_the_resource_under_the_cursor_fails_and_what_to_do(
    path: Path, size: tuple[int, int]
) -> None:
    async with console(path, size=size) as rig:
        await rig.press("colon", *"instance instance:acme", "enter")
        await rig.until(lambda: "tickets: No [/] answer. 1 poll has failed, for some time now; p tries" in flat(rig))
        top = rig.screen.query_one("#resources").region.y
        await rig.press("j")
        await rig.until(lambda: "contacts: Everything up to the watermark is recorded." in flat(rig))
        assert rig.screen.query_one("#resources").region.y == top, "nothing moves under the cursor"


def flat(rig: Rig) -> str:
    return " ".join(rig.text().split())


@pytest.mark.parametrize("view", ["event id:1", "delivery id:1", "poll id:1"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_details_of_it_say_times_in_utc_and_in_its_zone(path: Path, view: str, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await rig.press("colon", *view, "enter")
        await rig.until(lambda: " UTC 2026-" in flat(rig) and " MDT" in flat(rig))


async def test_what_stands_beside_events_says_them_too(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        await rig.press("2")
        await rig.until(lambda: " UTC 2026-" in flat(rig) and " MDT" in flat(rig))


async def test_its_zone_is_known_whatever_else_of_it_cannot_be_used(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        await rig.write("""UPDATE instances SET body = json_set(body, '$.configuration."baseUrl"', 'nowhere')""")
        await rig.press("2")
        await rig.until(lambda: " UTC 2026-" in flat(rig) and " MDT" in flat(rig))


async def test_a_zone_that_is_none_leaves_utc_alone(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        key = '$.configuration."cwconsole.timezone"'
        await rig.write("UPDATE instances SET body = json_set(body, ?, 'Mars/Olympus')", key)
        await rig.press("2")
        await rig.until(lambda: " UTC " in flat(rig).partition("seen ")[2][:40])
        assert " MDT" not in flat(rig)
