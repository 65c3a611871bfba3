"""Where the operator was comes back: screens, filters, order, cursor, theme; whatever cannot come back is left out."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cwconsole.tui.session import Place, Session, load, save
from cwconsole.tui.themes import NAMES
from tests.fair_clock import fair_clock
from tests.store.rows import add_events, resource_id
from tests.tui.rig import console, database


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "state" / "session.json"


async def written(kept: Path, *parts: str) -> Session:
    """What is kept, once it is as wanted: without the console's end, as if the line had dropped."""
    session, deadline = Session(), fair_clock() + 15
    while not all(part in repr(session) for part in parts):
        assert fair_clock() < deadline, f"it is not kept: {session}"
        await asyncio.sleep(0.05)
        session = await asyncio.to_thread(load, kept)
    return session


async def test_screen_filter_order_cursor_and_theme_come_back(path: Path, kept: Path) -> None:
    async with console(path, session_file=kept) as rig:
        await rig.press("o", "ctrl+t", "2", "slash", *"type:updated", "enter", "j", "j", "j")
        under = rig.screen.table.current.id
        session = await written(kept, "type:updated", str(under), "sort:")
    async with console(path, session=session) as rig:
        await rig.until(lambda: rig.app.current_mode == "events" and rig.screen.spec.line == "events type:updated")
        await rig.until(lambda: rig.screen.table.current is not None and rig.screen.table.current.id == under)
        assert rig.app.theme == NAMES[1]
        await rig.press("escape")
        assert rig.screen.spec.line == "events", "Escape leads out of a filter that came back"
        await rig.press("1")
        assert "sort:" in rig.screen.spec.line


async def test_what_stood_above_comes_back_and_escape_leads_down(path: Path, kept: Path) -> None:
    async with console(path, session_file=kept) as rig:
        await rig.press("j", "enter")
        line = rig.screen.spec.line
        assert line.startswith("resource ")
        session = await written(kept, line)
    async with console(path, session=session) as rig:
        await rig.until(lambda: rig.screen.spec.line == line)
        await rig.press("escape")
        await rig.until(lambda: rig.screen.spec.line == "fleet")
        await rig.until(lambda: rig.screen.table.cursor == 1)


async def test_the_first_row_is_whichever_is_first(path: Path, kept: Path) -> None:
    async with console(path, session_file=kept) as rig:
        await rig.press("2")
        session = await written(kept, "mode='events'")
    assert session.bases["events"].cursor is None, "a list that was live is live again"


@pytest.fixture
def long_history(path: Path) -> list[int]:
    """Ids of its events, oldest first."""
    with database(path) as conn:
        return add_events(conn, resource_id(conn, 1, "contacts"), range(1, 2001))


async def test_a_row_far_down_in_a_long_history_comes_back(path: Path, long_history: list[int]) -> None:
    ids, wanted = long_history, long_history[700]
    session = Session(mode="events", bases={"events": Place(line="events", cursor=wanted)})
    async with console(path, session=session) as rig:
        await rig.until(lambda: rig.screen.table.current is not None and rig.screen.table.current.id == wanted)
        await rig.press("j")
        assert rig.screen.table.current.id == ids[699]


async def test_a_view_that_there_is_no_more_is_left_out(path: Path) -> None:
    session = Session(
        mode="events",
        bases={"events": Place(line="events colour:red"), "fleet": Place(line="fleet sort:nothing")},
        above=(Place(line="wonderland"), Place(line="event id:5")),
    )
    async with console(path, session=session) as rig:
        await rig.until(lambda: rig.screen.spec.line == "event id:5")
        await rig.press("escape")
        assert rig.screen.spec.line == "events"
        await rig.press("1")
        assert rig.screen.spec.line == "fleet"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', '{"version": 1, "mode": 5}', "\x00"])
def test_a_file_that_is_none_counts_as_no_session(kept: Path, text: str) -> None:
    kept.parent.mkdir()
    kept.write_text(text)
    assert load(kept) == Session()


def test_what_is_kept_is_read_back(kept: Path) -> None:
    session = Session(
        mode="fleet",
        theme="cwconsole-dark",
        bases={"fleet": Place(line="fleet", cursor=("acme", "contacts")), "events": Place(line="events", cursor=7)},
        above=(Place(line="event id:5"),),
    )
    save(kept, session)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert list(kept.parent.iterdir()) == [kept], "no half of a file is left"
    assert load(kept) == session
    assert json.loads(kept.read_text())["version"] == 1


async def test_a_session_that_cannot_be_kept_bothers_nobody(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with console(path, session_file=tmp_path / "file" / "session.json") as rig:
        await rig.press("2")
        await rig.app.keeper.write()
        assert not rig.app._notifications
