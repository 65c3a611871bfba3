"""Polls and deliveries in another order: one of all that the filter finds, which stands still and says so."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cwconsole.store import delivery_list, listing, poll_list
from cwconsole.store.poll_list import PollRow
from cwconsole.tui.history import PAGE
from cwconsole.tui.render.columns import Column
from cwconsole.tui.render.delivery_rows import DELIVERY_COLUMNS
from cwconsole.tui.render.poll_rows import POLL_COLUMNS
from cwconsole.tui.viewspec import VIEWS
from tests.store.rows import NOW, add_delivery, add_events, resource_id
from tests.tui.rig import Rig, console, database, small_fleet
from tests.tui.test_session import written

COUNT = 1_000  # several pages
HOSTILE = "[/] [b no route \x1b]0;x\x07"
BY_DURATION = "polls instance:acme sort:-duration"


def took(n: int) -> int:
    """Of poll n, in milliseconds: no two take as long, and neighbours do not stand beside each other."""
    return (n * 7919 % 1009) * 10


def add_poll(conn: sqlite3.Connection, place: int, n: int, *, took_ms: int | None, error: str | None = None) -> None:
    began = NOW - (COUNT - n) * 60_000
    conn.execute(
        """
        INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, pages, records, created,
            outcome, error)
        VALUES (?, 'window', 'schedule', 1, ?, ?, 1, ?, ?, ?, ?)
        """,
        (place, began, None if took_ms is None else began + took_ms, n, n % 3, "failed" if error else "ok", error),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "cw.db"
    with database(file) as conn:
        small_fleet(conn)
        contacts = resource_id(conn, 1, "contacts")
        for n in range(COUNT):
            add_poll(conn, contacts, n, took_ms=took(n), error=HOSTILE if n % 50 == 0 else None)
        conn.execute("UPDATE deliveries SET attempts = id % 4")
    return file


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        yield rig


async def go(rig: Rig, line: str) -> None:
    await rig.press("colon", *line, "enter")


def crumbs(rig: Rig) -> str:
    return rig.lines()[1]


def duration(row: PollRow) -> int:
    assert row.finished_ms is not None
    return row.finished_ms - row.started_ms


def shown(rig: Rig) -> list[int]:
    """The durations of the polls in view."""
    rows = [rig.screen.table.rows.at(at) for at in rig.screen.table.in_view]
    return [duration(row) for row in rows if row is not None]


LONGEST_FIRST = sorted(map(took, range(COUNT)), reverse=True)


@pytest.mark.parametrize(("view", "columns", "orders"), [
    ("polls", POLL_COLUMNS, poll_list.ORDERS), ("deliveries", DELIVERY_COLUMNS, delivery_list.ORDERS),
])  # fmt: skip
def test_what_can_be_asked_for_is_a_column_and_can_be_read(
    view: str, columns: Sequence[Column[Any]], orders: dict[str, str]
) -> None:
    sorts = VIEWS[view].sorts
    assert sorts == tuple(orders)
    assert set(sorts) == {column.id for column in columns if column.sort}
    assert all(column.from_width <= 76 for column in columns if column.sort), "they are there at 80 columns"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_longest_polls_of_all_stand_first(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await go(rig, BY_DURATION)
        assert shown(rig) == LONGEST_FIRST[: len(rig.screen.table.in_view)]
        assert BY_DURATION in crumbs(rig)
        assert "not live, gg" in crumbs(rig)
        assert "Took↓" in rig.lines()[2]


async def test_hostile_text_is_shown_as_it_is_in_another_order_too(path: Path) -> None:
    async with console(path, size=(170, 24)) as rig:
        await go(rig, "polls text:[b sort:-duration")
        assert shown(rig) == sorted((took(n) for n in range(0, COUNT, 50)), reverse=True)
        assert "[/] [b no route" in rig.lines()[4]
        assert "\x1b" not in rig.text()


async def test_it_is_paged_through_to_its_end_and_back(rig: Rig) -> None:
    await go(rig, BY_DURATION)
    await rig.press("G")
    assert shown(rig) == LONGEST_FIRST[-len(rig.screen.table.in_view) :]
    await rig.press(*["pageup"] * 30)
    at = rig.screen.table.in_view
    assert 0 < at.start < COUNT - 400, "the way back leads over pages that were not here"
    assert shown(rig) == LONGEST_FIRST[at.start : at.stop]
    rig.screen.table.scroll_to(y=300, animate=False, force=True)
    await rig.settle()
    assert shown(rig) == LONGEST_FIRST[rig.screen.table.in_view.start : rig.screen.table.in_view.stop]


async def test_o_goes_through_the_columns_and_back_to_the_newest(rig: Rig) -> None:
    await rig.press("4", "O")
    assert "The newest come first." in rig.text()
    for sort in ("sort:-records", "sort:-changes", "sort:-duration"):
        await rig.press("o")
        assert sort in crumbs(rig)
    await rig.press("O")
    assert "sort:duration" in crumbs(rig)
    assert shown(rig)[:3] == LONGEST_FIRST[::-1][:3]
    await rig.press("o")
    assert "sort:" not in crumbs(rig)
    assert "live" not in crumbs(rig)
    assert rig.screen.table.current.records == COUNT - 1
    await rig.press("j", "escape", "escape")
    assert rig.screen.spec.view == "polls", "an order is no step that Escape takes back"


async def test_what_comes_in_is_counted_and_gg_reads_the_order_again(rig: Rig) -> None:
    await go(rig, BY_DURATION)
    await rig.store.write(lambda conn: add_poll(conn, resource_id(conn, 1, "contacts"), COUNT, took_ms=99_999))
    await rig.until(lambda: "not live: 1 new, gg" in crumbs(rig))
    assert shown(rig)[:3] == LONGEST_FIRST[:3]
    await rig.press("g", "g")
    assert shown(rig)[:3] == [99_999, *LONGEST_FIRST[:2]]
    assert "not live, gg" in crumbs(rig)


def add_dead(conn: sqlite3.Connection, objects: Sequence[int]) -> None:
    for event in add_events(conn, resource_id(conn, 1, "contacts"), objects):
        add_delivery(conn, event, state="dead")


async def test_where_rows_may_come_to_fit_that_are_not_among_the_newest_there_may_be_more_new_ones(rig: Rig) -> None:
    await rig.store.write(add_dead, range(100, 100 + 2 * PAGE))
    await go(rig, "deliveries state:dead sort:-attempts")
    await rig.write("UPDATE deliveries SET state = 'dead', due_ms = NULL WHERE state = 'pending'")
    await rig.store.write(add_dead, [9])
    await rig.until(lambda: "not live: 1+ new, gg" in crumbs(rig))
    await go(rig, "deliveries instance:acme sort:-attempts")
    await rig.store.write(add_dead, [10])
    await rig.until(lambda: "not live: 1 new, gg" in crumbs(rig))


async def test_an_order_that_has_become_too_large_stays_as_it_was_read(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await go(rig, BY_DURATION)
    monkeypatch.setattr(listing, "EXAMINED", COUNT)
    await rig.press("g", "g")
    assert "Not sorted: 1,000 polls or more" in " ".join(rig.text().split())
    assert shown(rig)[:3] == LONGEST_FIRST[:3]
    assert "not live, gg" in crumbs(rig)


async def test_where_nothing_was_found_what_comes_in_is_counted_too(rig: Rig) -> None:
    await go(rig, "polls instance:globex sort:-duration")
    assert "Nothing" in rig.text() or "No polls here" in rig.text()
    await rig.store.write(lambda conn: add_poll(conn, resource_id(conn, 2, "companies"), COUNT, took_ms=5))
    await rig.until(lambda: "1 new, gg" in crumbs(rig))
    await rig.press("g", "g")
    assert shown(rig) == [5]


async def test_rows_that_change_or_go_are_shown_so_where_they_stand(rig: Rig) -> None:
    await go(rig, BY_DURATION)
    first, second = (rig.screen.table.rows.at(at).id for at in (0, 1))
    await rig.write("UPDATE polls SET outcome = 'refused', finished_ms = started_ms + 1 WHERE id = ?", second)
    await rig.until(lambda: rig.screen.table.rows.at(1).outcome == "refused")
    assert rig.screen.table.rows.at(1).id == second
    await rig.write("DELETE FROM polls WHERE id = ?", first)
    await rig.until(lambda: rig.screen.table.rows.at(0).id == second)
    await rig.press("g", "g")
    assert rig.screen.table.rows.at(0).id not in {first, second}


async def test_what_is_marked_stays_marked_in_another_order_and_goes_with_the_filter(rig: Rig) -> None:
    await rig.press("4", "space", "space", "o", "o", "o")
    assert "2 marked" in crumbs(rig)
    marked = sorted(took(COUNT - 1 - at) for at in range(2))
    assert sorted(duration(row) for row in await rows_of(rig, await rig.screen.table.marked_keys(9))) == marked
    await rig.press("slash", *"state:failed", "enter")
    assert rig.screen.table.marks.none
    assert "sort:-duration" in crumbs(rig), "another filter keeps the order"


async def rows_of(rig: Rig, numbers: list[int]) -> list[PollRow]:
    return await rig.store.read(poll_list.some, numbers)


async def test_deliveries_are_changed_by_their_filter_whatever_the_order(rig: Rig) -> None:
    await go(rig, "deliveries state:delivered sort:-attempts")
    assert [rig.screen.table.rows.at(at).attempts for at in (0, 1, 36)] == [3, 3, 0]
    await rig.press("asterisk")
    chosen = await rig.screen.chosen_ids()
    assert chosen == sorted(row[0] for row in await rig.rows("SELECT id FROM deliveries WHERE state = 'delivered'"))
    await rig.press("tab")
    assert "state:dead sort:-attempts" in crumbs(rig), "another state keeps the order"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_too_many_stay_newest_first_and_say_what_would_do(
    path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(listing, "EXAMINED", COUNT)
    async with console(path, size=size) as rig:
        await rig.press("4", *"jjj", "o")
        said = " ".join(rig.text().split())
        assert "Not sorted: 1,000 polls or more" in said
        assert "since:" in said
        assert rig.screen.spec.line == "polls"
        assert rig.screen.table.cursor == 3, "the operator's row stays under the cursor"
        assert "sort:" not in crumbs(rig)
        await rig.press("slash", *"since:2h", "enter", "o", "o", "o")
        assert "polls since:2h sort:-duration" in crumbs(rig)
        assert shown(rig)[:5] == sorted(map(took, range(COUNT - 120, COUNT)), reverse=True)[:5]
        await rig.press("escape")
        assert rig.screen.spec.line == "polls", "what Escape leads back to cannot be sorted"
        assert rig.screen.table.current.records == COUNT - 4


async def test_a_line_that_cannot_be_sorted_shows_the_list_newest_first(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "EXAMINED", COUNT)
    await go(rig, "polls state:ok sort:-duration")
    assert "Not sorted: 1,000 polls or more" in " ".join(rig.text().split())
    assert rig.screen.spec.line == "polls state:ok"
    assert rig.screen.table.current.records == COUNT - 1


async def test_a_filter_that_is_too_wide_while_it_is_typed_says_so_and_what_was_shown_stays(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await go(rig, "polls since:2h sort:-duration")
    monkeypatch.setattr(listing, "EXAMINED", COUNT)
    before = shown(rig)[:10]
    await rig.press("slash", *["backspace"] * len("since:2h "))
    await rig.until(lambda: "Not sorted" in rig.text())
    assert shown(rig)[:10] == before
    await rig.press("escape")
    await rig.until(lambda: "not live" in crumbs(rig) and "Not sorted" not in rig.text())
    assert rig.screen.spec.line == "polls since:2h sort:-duration"
    assert shown(rig)[:10] == before


async def test_a_session_and_a_saved_view_come_back_in_their_order(path: Path, tmp_path: Path) -> None:
    kept, views = tmp_path / "session.json", tmp_path / "views.toml"
    async with console(path, session_file=kept, views_file=views) as rig:
        await go(rig, BY_DURATION)
        await rig.press(*["pagedown"] * 15)
        row = rig.screen.table.current.id
        await go(rig, "save slow")
        last = await written(kept, f"line='{BY_DURATION}', cursor={row}")
    async with console(path, session=last, views_file=views) as rig:
        await rig.until(lambda: rig.screen.spec.line == BY_DURATION)
        await rig.until(lambda: rig.screen.table.current is not None and rig.screen.table.current.id == row)
        assert rig.screen.table.cursor == LONGEST_FIRST.index(duration(rig.screen.table.current))
        await go(rig, "fleet")
        await go(rig, "view slow")
        assert rig.screen.spec.line == BY_DURATION


async def test_the_dialog_for_a_file_says_that_it_is_newest_first(rig: Rig) -> None:
    await rig.press("4", "s")
    assert "newest first" not in rig.text()
    await rig.press("escape", "o", "s")
    assert "The file is newest first, whatever the order here." in rig.text()


async def test_a_click_on_the_head_sorts_from_the_most_down(rig: Rig) -> None:
    await rig.press("4")
    at = rig.lines()[2].index("Took")
    await rig.pilot.click("#list", offset=(at, 0))
    await rig.settle()
    assert "sort:-duration" in crumbs(rig)
    await rig.pilot.click("#list", offset=(at, 0))
    await rig.settle()
    assert "sort:duration" in crumbs(rig)


async def test_the_polls_of_a_page_have_one_order(rig: Rig) -> None:
    await go(rig, "resource instance:acme resource:contacts")
    await rig.press("tab", "o")
    assert "This list has one order only" in " ".join(rig.text().split())
