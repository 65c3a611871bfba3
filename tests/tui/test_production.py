"""Instances that are tagged PROD say so: in their rows, and in the header of whatever is about them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.core.filters import Filter
from cwconsole.store import dead_letters
from cwconsole.tui.render.cells import Tone
from cwconsole.tui.render.fleet_columns import FLEET_COLUMNS
from cwconsole.tui.screens.event import EventScreen
from cwconsole.tui.terminal import Colours, Terminal
from tests.store.rows import add_delivery, add_events, resource_id
from tests.tui.instance_rows import add_polls
from tests.tui.rig import Rig, console, database, small_fleet

NAME = next(column for column in FLEET_COLUMNS if column.id == "instance")


@pytest.fixture
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    file = tmp_path / "cw.db"
    with database(file) as conn:
        small_fleet(conn)
        for name, tags in (("acme", ["eu", getattr(request, "param", "PROD")]), ("globex", ["non-prod", "product"])):
            conn.execute(
                "UPDATE instances SET body = json_set(body, '$.tags', json(?)) WHERE name = ?", (json.dumps(tags), name)
            )
    return file


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        yield rig


@pytest.mark.parametrize("path", ["PROD", "production", " Prod "], indirect=True)
async def test_rows_of_production_begin_with_the_word_and_have_a_tone_of_their_own(rig: Rig) -> None:
    rows = rig.screen.table.rows.rows
    drawn = [NAME.draw(row, rig.app.look()) for row in rows]
    assert {cell.text for cell, row in zip(drawn, rows, strict=True) if row.instance == "acme"} == {"PROD acme"}
    assert {cell.tone for cell, row in zip(drawn, rows, strict=True) if row.instance == "acme"} == {Tone.PROD}
    assert {cell.text for cell, row in zip(drawn, rows, strict=True) if row.instance == "globex"} == {"globex"}
    assert "PROD acme" in rig.text()


async def test_folded_and_unfolded_groups_say_it_too_and_it_can_be_searched(rig: Rig) -> None:
    await rig.press("f")
    assert "▸ PROD acme" in rig.text()
    await rig.press("slash", *"prod", "enter")
    assert [row.instance for row in rig.screen.table.rows.rows] == ["acme"]


async def test_the_header_says_it_where_the_view_is_about_production_and_only_there(rig: Rig) -> None:
    assert " PROD " not in rig.lines()[0], "the fleet is about everybody"
    await rig.press("colon", *"events instance:acme", "enter")
    await rig.until(lambda: "  PROD " in rig.lines()[0])
    await rig.press("enter")
    await rig.until(lambda: isinstance(rig.screen, EventScreen) and "  PROD " in rig.lines()[0])
    await rig.press("colon", *"events instance:globex", "enter")
    await rig.until(lambda: " PROD " not in rig.lines()[0])


async def test_without_colour_the_word_is_there_all_the_same(path: Path) -> None:
    plain = Terminal(colours=Colours.NONE, unicode=False, remote=False)
    async with console(path, terminal=plain) as rig:
        assert "PROD acme" in rig.text()


@pytest.fixture
def with_polls(path: Path) -> Path:
    with database(path) as conn:
        add_polls(conn, resource_id(conn, 2, "companies"), 1)
        add_polls(conn, resource_id(conn, 1, "contacts"), 2)
    return path


async def test_rows_and_pages_of_everything_else_say_it_too(with_polls: Path) -> None:
    for size in ((80, 24), (120, 40)):
        async with console(with_polls, size=size) as rig:
            for key in ("2", "3", "4"):
                await rig.press(key)
                named = [line for line in rig.lines()[3:] if "acme" in line]
                assert named, rig.text()
                assert all("PROD acme" in line for line in named), rig.text()
                await rig.press("enter")
                await rig.until(lambda: "PROD acme/contacts" in rig.text())
            await rig.press("4")
            await rig.press("escape")
            assert "PROD globex" not in rig.text()
            await rig.press("colon", *"dead", "enter")
            await rig.until(lambda: "PROD acme" in rig.text())
            await rig.press("colon", *"instance instance:acme", "enter")
            await rig.until(lambda: rig.lines()[2].startswith(" PROD acme"))
            await rig.press("enter")
            await rig.until(lambda: "PROD acme/" in rig.lines()[2])


def test_a_group_of_dead_letters_names_the_production_among_its_instances(path: Path) -> None:
    with database(path) as conn:
        (event,) = add_events(conn, resource_id(conn, 2, "companies"), [5])
        add_delivery(conn, event, state="dead")
        conn.execute("UPDATE deliveries SET callback_id = (SELECT min(callback_id) FROM deliveries), status = NULL")
        conn.execute("UPDATE deliveries SET error_code = 'refused'")
        tags = {"acme": "[]", "globex": '["prod"]'}
        for name, tag in tags.items():
            conn.execute("UPDATE instances SET body = json_set(body, '$.tags', json(?)) WHERE name = ?", (tag, name))
        (group,) = dead_letters.groups(conn, Filter()).groups
    assert (group.count, group.instance, group.instances, group.production) == (2, "globex", 2, True)
