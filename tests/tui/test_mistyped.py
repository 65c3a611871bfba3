"""What was typed and is not right stays there to be mended; words say what they take."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from textual.widgets import Input

from cwconsole.tui.freshness import Phase
from cwconsole.tui.widgets.prompt import Prompt
from tests.tui.rig import Rig, console, database


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        yield rig


def typed(rig: Rig) -> str | None:
    """What stands in the prompt; None if it is shut."""
    prompt = rig.screen.query_one(Prompt)
    return prompt.query_one(Input).value if prompt.is_open else None


def said(rig: Rig) -> str:
    return " ".join(one.message for one in rig.app._notifications)


async def test_a_mistyped_filter_stays_to_be_mended(rig: Rig) -> None:
    await rig.press("3", "slash", *"instance:acme inc", "enter")
    assert 'put the value in quotes: instance:"acme inc"' in said(rig)
    assert typed(rig) == "instance:acme inc"
    await rig.press(*["backspace"] * 4, "enter")
    assert typed(rig) is None
    assert rig.screen.spec.line == "deliveries instance:acme"


@pytest.fixture
def blanks(path: Path) -> Path:
    with database(path) as conn:
        conn.execute("UPDATE instances SET name = 'Example Co' WHERE name = 'acme'")
    return path


async def test_half_a_name_stays_to_be_completed_where_text_could_follow(blanks: Path) -> None:
    async with console(blanks) as rig:
        for keys in (("2", "slash"), ("colon", *"events ")):
            await rig.press(*keys, *"instance:Example Co", "enter")
            assert "There is no 'Example'; put the whole name in quotes: instance:\"Example Co\"" in said(rig)
            assert (typed(rig) or "").endswith("instance:Example Co")
            await rig.press("tab", "enter")
            assert typed(rig) is None
            assert rig.screen.spec.line == 'events instance:"Example Co"'
            rig.app.clear_notifications()
            await rig.press("escape")


async def test_escape_gives_a_mistyped_filter_up(rig: Rig) -> None:
    await rig.press("3", "slash", *"colour:red", "enter", "escape")
    assert typed(rig) is None
    assert rig.screen.spec.line == "deliveries"
    await rig.press("slash", "up")
    assert typed(rig) == "colour:red", "and it can still be recalled"


async def test_a_mistyped_command_stays_to_be_mended(rig: Rig) -> None:
    await rig.press("colon", *"evnts state:dead", "enter")
    assert "There is no command 'evnts' here" in said(rig)
    assert typed(rig) == "evnts state:dead"
    await rig.press(*["left"] * 14, "e", "enter")
    assert rig.screen.spec.line == "events state:dead"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("edit acme", ":edit takes a reason after it, and 'acme' is none: it is done to what is under the cursor"),
        (
            "watermark 2h",
            ":watermark takes a reason after it, and '2h' is none: it is done to what is under the cursor",
        ),
        ("export acme", ":export takes nothing after it: it is done to what is under the cursor or marked"),
        ("theme dark", ":theme takes nothing after it; type it alone."),
    ],
)
async def test_a_word_that_cannot_take_what_is_typed_says_so(rig: Rig, line: str, words: str) -> None:
    await rig.press("colon", *line, "enter")
    assert words in said(rig)


async def test_saving_events_and_saving_a_view_have_names_of_their_own(rig: Rig) -> None:
    await rig.press("2", "colon", *"save_list", "enter")
    await rig.until(lambda: "Save these events to a file" in rig.text())
    await rig.press("escape", "colon", *"save", "enter")
    assert "Say which view: `:save NAME`." in said(rig)


async def test_a_filter_for_what_there_is_not_leaves_the_list_as_it_was_and_lets_it_be_read_again(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("2")
        await rig.until(lambda: rig.screen.table.rows.total > 0)
        before = rig.screen.spec
        await rig.press("colon", *"events instance:nope", "enter")
        await rig.until(lambda: "There is no instance 'nope'" in said(rig))
        await rig.until(lambda: rig.screen.spec == before and rig.screen.freshness.phase is Phase.CURRENT)
        await rig.press("slash", *"instance:nope", "enter")
        await rig.until(lambda: rig.screen.spec == before and rig.screen.freshness.phase is Phase.CURRENT)
        assert "STALE" not in rig.text()
        await rig.press("3", "colon", *"deliveries instance:nope", "enter")
        await rig.until(lambda: rig.screen.spec.line == "deliveries" and rig.screen.freshness.phase is Phase.CURRENT)


@pytest.mark.parametrize("area", ["2", "3", "4", "5"])
async def test_a_half_typed_filter_is_no_failure_of_reading(rig: Rig, area: str) -> None:
    """What is shown stays, and nothing is said to be stale, until the word can be used or is entered."""
    await rig.press(area)
    rows = rig.screen.table.rows.total
    with capture_logs() as logs:
        await rig.press("slash", *"resource:ticket")
        await rig.until(lambda: rig.screen.spec.words == ("resource:ticket",) and "not a filter yet" in rig.lines()[1])
        assert (rig.screen.freshness.phase, rig.screen.table.rows.total) == (Phase.CURRENT, rows)
        assert "cannot be read" not in rig.text()
        await rig.press("s")
        await rig.until(lambda: rig.screen.is_listed() and rig.screen.spec.words == ("resource:tickets",))
        await rig.press("x", "enter")
        await rig.until(lambda: "has a resource 'ticketsx'" in said(rig) and rig.screen.is_listed())
    assert not [one for one in logs if one["log_level"] == "warning"]


@pytest.mark.parametrize(
    ("area", "typed_word", "shown"),
    [
        ("1", "instance", "instance instance:acme"),
        ("1", "resource", "resource instance:acme resource:tickets"),
        ("2", "event", "event id:40"),
        ("3", "delivery", "delivery id:40"),
    ],
)
async def test_a_view_of_one_thing_without_words_is_of_what_is_under_the_cursor(
    rig: Rig, area: str, typed_word: str, shown: str
) -> None:
    await rig.press(area, "colon", *typed_word, "enter")
    await rig.until(lambda: rig.screen.spec.line == shown)


async def test_a_view_of_one_thing_where_there_is_none_says_what_to_type(rig: Rig) -> None:
    await rig.press("colon", *"event", "enter")
    assert "event needs id: to say which, as in event id:42" in said(rig)


async def test_another_name_than_the_one_to_be_typed_is_said_to_do_nothing(rig: Rig) -> None:
    """Silence looked as if it were being done."""
    await rig.press("D", *"globex", "enter")
    await rig.until(lambda: "Nothing is done yet: that is not acme." in rig.text())
    await rig.press("backspace")
    await rig.until(lambda: "Nothing is done yet" not in rig.text())
    await rig.press("escape")
    assert await rig.rows("SELECT name FROM instances WHERE removed_ms IS NULL AND name = 'acme'")
