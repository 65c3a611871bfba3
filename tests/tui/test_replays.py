"""Sending events again from the console: asked with the numbers, one at once, many by a job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.tui.engine_state import EngineState
from cwconsole.tui.widgets.confirm import Confirm
from tests.store.rows import NOW, add_events, resource_id
from tests.tui.rig import Rig, console, database

ACTIONS = "SELECT kind, target_id, operator, origin, command, state, reason FROM actions WHERE kind <> 'add'"
JOBS = "SELECT chosen, total, rate, state FROM jobs"


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    """The small fleet: 40 events, of which 37 are delivered, one is dead, one retrying, one pending."""
    async with console(path) as rig:
        await rig.press("2")
        yield rig


async def asked(rig: Rig, *keys: str) -> None:
    """Press keys that lead to a question."""
    await rig.press(*keys)
    await rig.until(lambda: isinstance(rig.app.screen, Confirm))


async def test_one_event_is_asked_about_and_sent_again_at_once(rig: Rig) -> None:
    await asked(rig, "j", "r")
    assert "Send this event again?" in rig.text()
    assert "updated acme/contacts 9, 1m ago, retrying" in rig.text()
    assert await rig.rows(ACTIONS) == []
    await rig.press("y")
    await rig.until(lambda: "Event 39 is sent again (action" in rig.text())
    assert await rig.rows(ACTIONS) == [
        ("replay", 39, "ada", "ssh 10.0.0.7", "cwconsole replay --event 39", "queued", None)
    ]
    assert await rig.rows(JOBS) == []


async def test_an_old_event_is_said_to_be_old(rig: Rig) -> None:
    await rig.press("slash", *"object:5 until:30m", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1)
    await asked(rig, "r")
    assert "not its object's newest event" in rig.text()


@pytest.mark.parametrize("key", ["escape", "n", "r", "enter"])
async def test_neither_enter_nor_the_key_that_asked_confirms(rig: Rig, key: str) -> None:
    await asked(rig, "r")
    await rig.press(key)
    assert await rig.rows(ACTIONS) == []


async def test_marked_events_become_a_job_that_names_them(rig: Rig) -> None:
    await asked(rig, "space", "space", "space", "r")
    assert "Send 3 events again?" in rig.text()
    assert "A job sends 10 a second" in rig.text()
    await rig.press("y")
    await rig.until(lambda: "Job 1 sends 3 events again; 6 shows" in rig.text())
    assert await rig.rows(JOBS) == [('{"numbers": [38, 39, 40], "about": "3 by number"}', 3, 10.0, "queued")]
    ((kind, target, _, _, command, state, _),) = await rig.rows(ACTIONS)
    assert (kind, target, state) == ("replay", None, "done")
    assert command == "cwconsole replay --event 38 --event 39 --event 40 --yes"
    assert rig.screen.table.marks.none, "what was marked has been dealt with"


async def test_all_that_the_filter_shows_but_some_with_a_reason(rig: Rig) -> None:
    await rig.press("slash", *"type:updated since:30m", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 10)
    await asked(rig, "asterisk", "space", "r")
    assert "Send 9 events again?" in rig.text()
    await rig.press("tab", "tab", *"lost them", "enter", "y")
    await rig.until(lambda: "Job 1 sends 9 events" in rig.text())
    ((chosen, total, _, _),) = await rig.rows(JOBS)
    assert (total, '"but": [40]' in chosen, "since:20" in chosen) == (9, True, True), "relative times are resolved"
    ((*_, command, _, reason),) = await rig.rows(ACTIONS)
    assert reason == "lost them"
    assert "--reason 'lost them' # but 1 of them" in command


async def test_events_are_found_by_their_delivery_and_only_the_dead_are_sent(rig: Rig) -> None:
    await rig.press("slash", *"state:dead", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1)
    assert rig.screen.table.current.delivery == "dead"


@pytest.fixture
def many(path: Path) -> Path:
    with database(path) as conn:
        add_events(conn, resource_id(conn, 1, "tickets"), range(1, 101), seen_ms=NOW)
    return path


async def test_more_than_a_hundred_want_their_number_typed(many: Path) -> None:
    async with console(many) as rig:
        await rig.press("2")
        await asked(rig, "asterisk", "r")
        assert "Send 140 events again?" in rig.text()
        assert "10 are not their object's newest" in rig.text()
        for words in ("Events a second: 10", "Reason", "Type 140 to send again", "enter send again", "tab events"):
            assert words in rig.text(), "all of it, on 80x24"
        await rig.press("y", "enter")
        assert isinstance(rig.app.screen, Confirm), "y is a letter in the field"
        await rig.press("backspace", *"140", "enter")
        await rig.until(lambda: "Job 1 sends 140 events" in rig.text())


async def test_numbers_that_have_changed_are_asked_about_again(rig: Rig) -> None:
    await rig.press("slash", *"state:dead,retrying", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 2)
    await asked(rig, "asterisk", "r")
    await rig.write("UPDATE deliveries SET state = 'delivered' WHERE state = 'dead'")
    await rig.press("y")
    await rig.until(lambda: "Send this event again?" in rig.text())
    assert await rig.rows(JOBS) == []
    await rig.press("y")
    await rig.until(lambda: "Job 1 sends 1 event again" in rig.text())


async def test_from_the_event_s_own_page_too(rig: Rig) -> None:
    await rig.press("enter")
    await rig.until(lambda: "[What changed]" in rig.text())
    await asked(rig, "r")
    await rig.press("y")
    await rig.until(lambda: "Event 40 is sent again" in rig.text())


async def test_read_only_and_without_an_engine_it_says_so(path: Path) -> None:
    async with console(path, size=(120, 40), read_only=True) as rig:
        await rig.press("2", "r")
        assert "Send again: this console is read-only." in rig.text()
        assert not isinstance(rig.app.screen, Confirm)
    async with console(path, engine=EngineState()) as rig:
        await rig.press("2")
        await asked(rig, "space", "space", "r")
        await rig.press("y")
        await rig.until(lambda: "Job 1 waits for an engine" in rig.text())


async def test_the_rate_is_chosen_where_it_is_asked(rig: Rig) -> None:
    await asked(rig, "space", "space", "space", "r")
    assert "Events a second: 10" in rig.text()
    await rig.press("tab", *"0.5")
    await rig.until(lambda: "A job sends 0.5 a second, for about 6s" in rig.text())
    assert "enter done with the field" in rig.text()
    await rig.press("enter")
    assert "y send again" in rig.text()
    await rig.press("y")
    await rig.until(lambda: "Job 1 sends 3 events again" in rig.text())
    assert [row[1:3] for row in await rig.rows(JOBS)] == [(3, 0.5)]
    ((*_, command, _, _),) = await rig.rows(ACTIONS)
    assert command == "cwconsole replay --event 38 --event 39 --event 40 --yes --rate 0.5"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "'' is no number; write how many a second"),
        ("fast", "'fast' is no number; write how many a second"),
        ("0", "A rate of 0 a second cannot be; it is at least 0.01"),
        ("nan", "A rate of nan a second cannot be"),
        ("1001", "A rate of 1001 a second cannot be"),
    ],
)
async def test_a_rate_that_cannot_be_is_said_so_and_orders_nothing(rig: Rig, typed: str, said: str) -> None:
    await asked(rig, "space", "space", "r")
    await rig.press("tab", *(typed or ["backspace"]))
    await rig.until(lambda: said in rig.text())
    await rig.press("enter")
    rig.screen.set_focus(None)
    await rig.press("y")
    assert isinstance(rig.app.screen, Confirm)
    assert rig.screen.focused.id == "choice", "where it is to be mended"
    assert await rig.rows(JOBS) == []


async def test_one_event_has_no_rate(rig: Rig) -> None:
    await asked(rig, "r")
    assert "a second" not in rig.text()


async def test_rate_and_reason_stay_when_the_numbers_have_changed(rig: Rig) -> None:
    await rig.press("slash", *"state:dead,retrying,pending", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 3)
    await asked(rig, "asterisk", "r")
    await rig.press("tab", *"25", "tab", *"lost", "enter")
    await rig.write("UPDATE deliveries SET state = 'delivered' WHERE state = 'dead'")
    await rig.press("y")
    await rig.until(lambda: "Send 2 events again?" in rig.text())
    await rig.press("y")
    await rig.until(lambda: "Job 1 sends 2 events again" in rig.text())
    assert [row[1:3] for row in await rig.rows(JOBS)] == [(2, 25.0)]
    ((*_, command, _, reason),) = await rig.rows(ACTIONS)
    assert (reason, command.endswith("--rate 25 --reason lost")) == ("lost", True)


async def test_a_question_that_has_been_answered_is_not_measured_any_more(rig: Rig) -> None:
    """What it asks for at its last moment comes when its parts are gone; that ended the console once."""
    await asked(rig, "space", "space", "r")
    question = rig.screen
    await rig.press("y")
    await rig.until(lambda: "Job 1 sends 2 events again" in rig.text() and not question.is_attached)
    assert not question.query("#dialog")
    question._fit()
    question.show_keys()


@pytest.fixture
def hostile(path: Path) -> Path:
    with database(path) as conn:
        conn.execute("UPDATE resources SET name = ? WHERE name = 'contacts'", ("a[/]b\x1b[2J[b ",))
    return path


async def test_hostile_names_are_shown_as_they_are(hostile: Path) -> None:
    async with console(hostile) as rig:
        await rig.press("2")
        await asked(rig, "r")
        assert "a[/]b\\x1b[2J[b" in rig.text()


async def test_both_sizes_show_the_whole_question(path: Path) -> None:
    for size in ((80, 24), (120, 40)):
        async with console(path, size=size) as rig:
            await rig.press("2")
            await asked(rig, "asterisk", "r")
            for words in (
                "Send 40 events again?",
                "older records",
                "Events a second: 10",
                "Reason",
                "y send again",
                "esc go back",
            ):
                assert words in rig.text(), size


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_what_to_know_before_stands_before_the_events(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await rig.write("UPDATE instances SET held_ms = 5 WHERE name = 'acme'")
        await rig.until(lambda: any(row.held for row in rig.app.fleet.values()))
        await rig.press("2")
        await asked(rig, "asterisk", "r")
        text = rig.text()
        assert -1 < text.index("older records") < text.index("Where deliveries are held") < text.index("Which:")


async def test_a_refusal_that_new_numbers_would_not_lift_is_said_as_it_is(path: Path) -> None:
    async with console(path, read_only_instances=("locked",)) as rig:
        await rig.press("2")
        await asked(rig, "space", "space", "r")
        await rig.write("UPDATE instances SET name = 'locked' WHERE name = 'acme'")
        await rig.press("y")
        await rig.until(lambda: any("locked" in one.message for one in rig.app._notifications))
        told = [one.message for one in rig.app._notifications]
        assert not any("numbers have changed" in message for message in told)
        assert not isinstance(rig.app.screen, Confirm)
        assert await rig.rows(JOBS) == []
