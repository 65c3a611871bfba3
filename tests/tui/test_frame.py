"""What stands around every screen: the time of the operator's own zone, and that nothing is refreshed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cwconsole.tui.engine_state import EngineState, EngineWhere
from tests.tui.rig import console


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Set TZ with it, and call time.tzset()."""
    with monkeypatch.context() as patch:
        yield patch
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        ("America/Denver", "14:13 UTC 08:13 MDT"),
        ("Asia/Kolkata", "14:13 UTC 19:43 IST"),
        ("UTC", "14:13 UTC"),
        ("Europe/London", "14:13 UTC 15:13 BST"),
    ],
)
async def test_the_header_shows_the_operators_own_time_where_it_is_another(
    path: Path, in_zone: pytest.MonkeyPatch, zone: str, end: str
) -> None:
    in_zone.setenv("TZ", zone)
    time.tzset()
    async with console(path, size=(120, 30)) as rig:
        assert rig.lines()[0].rstrip().endswith(f" {end}")
        rig.clock.ms += 60_000
        rig.app._minute_turned()
        await rig.until(lambda: rig.lines()[0].rstrip().endswith(f" {end.replace(':13', ':14').replace(':43', ':44')}"))


async def test_z_lets_the_screen_stand_still_and_go_on(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("z")
        assert "FROZEN" in rig.lines()[0]
        before = rig.lines()
        await rig.write("UPDATE resources SET dead = 77 WHERE name = 'companies'")
        version = rig.app.version
        await rig.until(lambda: rig.app.version > version)  # it has heard of it
        await rig.settle()
        assert rig.lines() == before
        await rig.press("2", "1")
        assert "77 dead" not in rig.text(), "nor does it go on by itself, wherever one goes"
        await rig.press("z")
        await rig.until(lambda: "77 dead" in rig.text())
        assert "FROZEN" not in rig.lines()[0]
        await rig.write("UPDATE resources SET dead = 78 WHERE name = 'companies'")
        await rig.until(lambda: "78 dead" in rig.text())


async def test_at_80_columns_every_page_offers_the_way_back(path: Path) -> None:
    async with console(path, size=(80, 24)) as rig:
        for line in (
            "event id:40", "delivery id:40", "action id:1", "instance instance:acme",
            "resource instance:acme resource:tickets",
        ):  # fmt: skip
            await rig.press("colon", *line, "enter")
            await rig.until(lambda line=line: rig.screen.spec.line == line and rig.screen.ready)  # type: ignore[misc]
            await rig.until(lambda: "esc back" in rig.lines()[-1])


@pytest.mark.parametrize("key", ["asterisk", "i"])
async def test_on_an_empty_list_nothing_is_marked(path: Path, key: str) -> None:
    async with console(path, size=(80, 24)) as rig:
        await rig.press("2", "slash", *"object:99999", "enter")
        await rig.until(lambda: "No events here." in rig.text())
        await rig.press(key)
        await rig.until(lambda: "There is nothing to mark here." in rig.text())
        assert rig.screen.table.marks.none
        assert "marked" not in rig.lines()[1]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
@pytest.mark.parametrize("area", "1234567")
async def test_esc_back_is_offered_only_where_escape_does_something(
    path: Path, size: tuple[int, int], area: str
) -> None:
    word = {"6": "text:a", "7": "level:error"}.get(area, "instance:acme")
    async with console(path, size=size) as rig:
        await rig.press(area)
        await rig.until(lambda: rig.lines()[-1].lstrip().startswith("? help"))
        before = rig.screen.spec
        assert not rig.screen.leads_back()
        assert "esc back" not in rig.lines()[-1]
        await rig.press("escape")
        assert rig.screen.spec == before, "nothing was offered, nothing is done"
        await rig.press("slash", *word, "enter")
        await rig.until(lambda: rig.screen.spec.words == (word,))
        assert rig.screen.leads_back()
        await rig.until(lambda: "esc back" in rig.lines()[-1])
        await rig.press("escape")
        await rig.until(lambda: "esc back" not in rig.lines()[-1] and not rig.screen.spec.words)


async def test_esc_back_is_offered_while_rows_are_marked(path: Path) -> None:
    async with console(path, size=(120, 40)) as rig:
        await rig.press("5", "2", "space")
        await rig.until(lambda: "1 marked" in rig.text() and "esc back" in rig.lines()[-1])
        await rig.press("escape")
        await rig.until(lambda: "1 marked" not in rig.text() and "esc back" not in rig.lines()[-1])


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (EngineState(where=EngineWhere.STARTING), "engine taking over"),
        (EngineState(where=EngineWhere.STARTING, pid=4711), "engine taking over"),
        (EngineState(where=EngineWhere.NONE), "no engine"),
    ],
)
async def test_at_80_columns_the_header_says_that_no_engine_runs_or_is_about_to(
    path: Path, state: EngineState, word: str
) -> None:
    async with console(path, size=(80, 24), engine=state) as rig:
        assert f" {word} " in rig.lines()[0]
