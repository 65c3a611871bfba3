"""Names and answers of others in what is said and asked: shown as what they are, whichever key leads there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cwconsole.core.errors import UsageError
from cwconsole.tui.render.plain import width
from cwconsole.tui.screens.notice import Notice
from cwconsole.tui.widgets.confirm import Choice, Confirm, Question
from tests.tui.rig import Rig, console

HOSTILE = "[b]x[/] \x1b]52;c;ZWNobw==\x07 \u202e[@click=quit]y"
SHOWN = r"[b]x[/] \x1b]52;c;ZWNobw==\x07 \u202e[@click=quit]y"
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def check(rig: Rig) -> None:
    assert not STEERING.findall(rig.text()), rig.text()


@pytest.mark.parametrize(
    "keys",
    ["p", "w", "x", "x y", "d y", "d y H", "R", "W", "I", "P", "e", "E", "C", "X", "n", "N", "N y", "D", "ctrl+p",
     "question_mark", "asterisk p", "asterisk x"],
)  # fmt: skip
async def test_an_instance_with_a_hostile_name(path: Path, keys: str) -> None:
    async with console(path, size=(120, 40)) as rig:
        await rig.write("UPDATE instances SET name = ?, updated_ms = updated_ms + 1 WHERE id = 1", HOSTILE)
        await rig.until(lambda: any(row.instance == HOSTILE for row in rig.app.fleet.values()))
        await rig.press(*keys.split())
        check(rig)


async def test_outcomes_and_refusals_of_others_are_said_as_they_are(path: Path) -> None:
    async def outcome() -> str:
        return HOSTILE

    async def refusal() -> str:
        raise UsageError(HOSTILE)

    async with console(path, size=(120, 40)) as rig:
        for work in (outcome(), refusal()):
            rig.screen.carry_out(work, what="Trying")
        await rig.until(lambda: len(rig.app._notifications) == 2)
        await rig.settle()
        assert [one.message for one in rig.app._notifications] == [SHOWN, SHOWN]
        assert "[b]x[/]" in rig.text()
        check(rig)


def not_so(typed: str) -> str:
    if typed == "1":
        raise UsageError(HOSTILE)
    return HOSTILE


async def test_titles_lines_choices_and_what_is_to_be_typed(path: Path) -> None:
    question = Question(
        title=HOSTILE,
        lines=(HOSTILE,),
        typed=HOSTILE,
        choice=Choice(name="Rate", value="0", told=not_so),
    )
    async with console(path, size=(120, 40)) as rig:
        for screen in (Confirm(question), Notice(HOSTILE, [])):
            rig.app.push_screen(screen)
            await rig.settle()
            assert SHOWN in rig.text()
            check(rig)
        await rig.press("escape", "tab", "1")
        assert SHOWN in rig.text()
        check(rig)


@pytest.mark.parametrize("area", "123")
@pytest.mark.parametrize("name", ["漢字会社", "🚒 fire", "e\u0301toile", "客户🙂客户🙂客户🙂客户🙂客户🙂"])
async def test_columns_stand_one_below_the_other_behind_wide_names_at_80_columns(
    path: Path, area: str, name: str
) -> None:
    async with console(path, size=(80, 24)) as rig:
        await rig.write("UPDATE instances SET name = ?, updated_ms = updated_ms + 1 WHERE id = 1", name)
        await rig.until(lambda: any(row.instance == name for row in rig.app.fleet.values()))
        await rig.press(area)
        await rig.until(lambda: name[:2] in rig.text() and "contacts" in rig.text())
        head = next(line for line in rig.lines() if "Resource" in line)
        rows = [line for line in rig.lines() if "contacts" in line and name[:2] in line]
        assert rows
        for row in rows:
            assert width(row[: row.index("contacts")]) == width(head[: head.index("Resource")])
            assert width(row) == 80
