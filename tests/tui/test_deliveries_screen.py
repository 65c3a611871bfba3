"""Deliveries: by state, dead letters in groups, one in full; what is done to them, with its numbers and its author."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.store.status import StatusRow
from cwconsole.tui.screens.dead_letters import DeadLettersScreen
from cwconsole.tui.screens.deliveries import DeliveriesScreen
from cwconsole.tui.screens.delivery import DeliveryScreen
from cwconsole.tui.screens.event import EventScreen
from cwconsole.tui.screens.history import REACTION_MS
from cwconsole.tui.widgets.confirm import Confirm
from cwconsole.tui.widgets.line_bar import LineBar
from tests.store.rows import NOW, add_delivery, add_events, resource_id
from tests.tui.rig import Rig, console, database, small_fleet

HOOK = "http://127.0.0.1:9/hook"
MADE = "SELECT kind, operator, origin, command, target_id, reason FROM actions WHERE kind IN {} ORDER BY id"
HOSTILE = "[b]x[/] [ \x1b[31mred\x00 漢字 \u202eabc"


def fill(conn: sqlite3.Connection) -> None:
    """The small fleet, and 24 tickets: 10 dead with 503, 2 dead with refused, 3 retrying, 9 delivered."""
    small_fleet(conn)
    states = ["dead"] * 12 + ["retrying"] * 3 + ["delivered"] * 9
    made = add_events(conn, resource_id(conn, 1, "tickets"), range(100, 124), kind="CREATED", seen_ms=NOW - 1_800_000)
    for at, (event, state) in enumerate(zip(made, states, strict=True)):
        number = add_delivery(conn, event, state=state, created_ms=NOW - 1_700_000)
        if state == "delivered":
            continue
        status, code = (None, "refused") if at in {10, 11} else (503, "http_5xx")
        conn.execute(
            "UPDATE deliveries SET status = ?, error_code = ?, attempts = 2, settled_ms = ? WHERE id = ?",
            (status, code, NOW - 900_000 if state == "dead" else None, number),
        )
        add_attempt(conn, number, status, code)


def add_attempt(conn: sqlite3.Connection, number: int, status: int | None, code: str) -> None:
    headers = json.dumps([["Content-Type", "application/json"], ["X-Odd", HOSTILE]]) if status else "[]"
    conn.execute(
        """
        INSERT INTO attempts (delivery_id, number, trigger, started_ms, duration_ms, url, peer, status, error_code,
                              error, headers, body, next_ms)
        VALUES (?, 1, 'first', ?, 340, ?, '127.0.0.1:9', ?, ?, ?, ?, ?, ?)
        """,
        (
            number,
            NOW - 1_600_000,
            HOOK,
            status,
            code,
            "The receiver answered 503." if status else "The connection was refused.",
            headers,
            json.dumps({"note": HOSTILE}).encode() if status else b"",
            NOW - 1_000_000,
        ),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "cw.db"
    with database(file) as conn:
        fill(conn)
    return file


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        await rig.press("3")
        yield rig


async def only(rig: Rig, words: str, count: int) -> None:
    await rig.press("slash", *words, "enter")
    await rig.until(lambda: rig.screen.table.rows.total == count)


def said(rig: Rig) -> str:
    """All that was said at the right lower corner; there it is broken into lines."""
    return " ".join(one.message for one in rig.app._notifications)


def asked(rig: Rig) -> str:
    """What the dialog says."""
    assert isinstance(rig.screen, Confirm)
    return "\n".join((rig.screen.question.title, *rig.screen.question.lines))


def groups(rig: Rig) -> list[tuple[str | None, int]]:
    return [(row.error, row.count) for row in rig.screen.table.rows.rows]


async def made(rig: Rig, *kinds: str) -> list[tuple[object, ...]]:
    return await rig.rows(MADE.format(str((*kinds, ""))))


async def states(rig: Rig) -> dict[str, int]:
    return dict(await rig.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_states_counts_and_answers_are_seen_at_once(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await rig.press("3")
        assert all(len(line) == size[0] for line in rig.lines())
        for word in ("[all]", "pending 1", "retrying 4", "dead 13"):
            assert word in rig.lines()[2]
        await only(rig, "state:dead error:refused", 2)
        assert "✗ dead" in rig.text()
        assert "refused" in rig.lines()[5]
        for word in ("r retry", "c cancel"):
            assert word in rig.lines()[-1]


async def test_tab_goes_from_state_to_state_and_keeps_the_rest_of_the_filter(rig: Rig) -> None:
    await only(rig, "resource:tickets", 24)
    for state, count in (("pending", 0), ("sending", 0), ("retrying", 3), ("held", 0), ("delivered", 9), ("dead", 12)):
        await rig.press("tab")
        assert rig.screen.spec.line == f"deliveries resource:tickets state:{state}"
        await rig.until(lambda count=count: rig.screen.table.rows.total == count)  # type: ignore[misc]
    assert "[dead 12]" in rig.lines()[2]
    await rig.press("shift+tab")
    assert rig.screen.spec.value("state") == "delivered"
    await rig.press("escape")
    assert rig.screen.spec.line == "deliveries", "the state is not a step, the filter was"


async def test_r_tries_the_one_under_the_cursor_again_at_once(rig: Rig) -> None:
    await only(rig, "state:dead resource:tickets", 12)
    number = rig.screen.table.current.id
    await rig.press("r")
    command = f"cwconsole deliveries retry {number}"
    assert await made(rig, "retry") == [("retry", "ada", "ssh 10.0.0.7", command, number, None)]
    assert said(rig) == f"Delivery {number} is tried again."
    assert (await states(rig))["dead"] == 12
    await rig.until(lambda: rig.screen.table.rows.total == 11)
    assert rig.screen.table.current.id == number - 1, "it is dead no more, so it leaves this list"


async def test_what_cannot_be_tried_again_or_given_up_says_why(rig: Rig) -> None:
    await only(rig, "state:delivered resource:tickets", 9)
    number = rig.screen.table.current.id
    await rig.press("r")
    assert said(rig) == f"Delivery {number} is delivered; what is dead, cancelled or retrying can be tried again."
    await rig.press("c")
    assert said(rig).endswith(f"Delivery {number} is delivered; only what waits can be cancelled.")
    assert await made(rig, "retry", "cancel") == []


async def test_the_marked_ones_are_tried_again_after_a_question_with_the_numbers(rig: Rig) -> None:
    await only(rig, "resource:tickets", 24)
    await rig.press("G", "space", "k", "k", "space", "g", "g", "space")  # two dead, one delivered
    await rig.press("r")
    assert "Try 2 deliveries again?" in rig.text()
    assert "2 dead to:" in rig.text()
    assert asked(rig).count("delivery ") == 2, "each of them is named"
    assert HOOK in rig.text()
    assert "Left as they are: 1 delivered." in rig.text()
    await rig.press("enter")
    assert isinstance(rig.screen, Confirm), "Enter confirms nothing"
    await rig.press("y")
    await rig.until(lambda: "2 deliveries are tried again; 1 were left as they are" in said(rig))
    assert [row[0] for row in await made(rig, "retry")] == ["retry", "retry"]
    assert "marked" not in rig.lines()[1]
    assert (await states(rig))["dead"] == 11


async def test_giving_up_is_confirmed_and_takes_a_reason(rig: Rig) -> None:
    await only(rig, "state:retrying resource:tickets", 3)
    row = rig.screen.table.current
    number = row.id
    await rig.press("c")
    assert "Give up 1 delivery?" in rig.text()
    assert f"delivery {number}: {row.type.lower()} {row.instance}/{row.resource} {row.object_id}" in asked(rig)
    assert "1 retrying to:" in rig.text()
    assert "the next event of each object takes its turn" in asked(rig)
    await rig.press("tab", *"not needed", "enter", "y")
    command = f"cwconsole deliveries cancel {number} --reason 'not needed'"
    assert await made(rig, "cancel") == [("cancel", "ada", "ssh 10.0.0.7", command, number, "not needed")]
    assert (await states(rig))["cancelled"] == 1


async def test_escape_gives_nothing_up(rig: Rig) -> None:
    await only(rig, "state:retrying resource:tickets", 3)
    for key in ("escape", "n"):
        await rig.press("c")
        assert "Give up 1 delivery?" in asked(rig)
        await rig.press(key)
        assert isinstance(rig.screen, DeliveriesScreen)
    assert await made(rig, "cancel") == []


async def test_many_want_their_number_typed(rig: Rig) -> None:
    await rig.write("UPDATE deliveries SET state = 'dead', settled_ms = 1 WHERE state = 'delivered'")
    await only(rig, "state:dead", 59)
    await rig.press("asterisk", "r")
    await rig.press("y")
    assert isinstance(rig.screen, Confirm), "y is a letter here"
    await rig.press("backspace", *"58", "enter")
    assert isinstance(rig.screen, Confirm), "that is not the number"
    await rig.press("backspace", "9", "enter")
    await rig.until(lambda: "59 deliveries are tried again." in said(rig))
    assert len(await made(rig, "retry")) == 59
    assert "dead" not in await states(rig)


async def test_a_read_only_console_changes_no_delivery(path: Path) -> None:
    async with console(path, read_only=True) as rig:
        await rig.press("3")
        await only(rig, "state:dead resource:tickets", 12)
        await rig.press("r", "c", "space", "r")
        assert "read-only" in rig.text()
        assert not isinstance(rig.screen, Confirm)
        assert await made(rig, "retry", "cancel") == []


async def test_dead_letters_stand_in_groups_and_enter_shows_exactly_theirs(rig: Rig) -> None:
    await rig.press("D")
    assert isinstance(rig.screen, DeadLettersScreen)
    assert groups(rig) == [("503", 10), ("refused", 2), (None, 1)]
    assert "13 dead letters" in rig.lines()[1]
    await rig.press("j", "enter")
    assert isinstance(rig.screen, DeliveriesScreen)
    await rig.until(lambda: rig.screen.table.rows.total == 2)
    assert rig.screen.table.current.error_code == "refused"
    await rig.press("escape")
    assert isinstance(rig.screen, DeadLettersScreen)
    assert rig.screen.table.cursor == 1


async def test_a_whole_group_is_tried_again(rig: Rig) -> None:
    await rig.press("D", "r")
    assert "Try 10 deliveries again?" in rig.text()
    await rig.press("y")
    await rig.until(lambda: "10 deliveries are tried again." in said(rig))
    assert len(await made(rig, "retry")) == 10
    await rig.until(lambda: groups(rig) == [("refused", 2), (None, 1)])
    assert "3 dead letters" in rig.lines()[1]


async def test_dead_letters_cannot_be_given_up_again(rig: Rig) -> None:
    await rig.press("D", "c")
    assert said(rig) == "Nothing here can be cancelled (10 dead)."


async def test_dead_letters_of_one_instance_come_by_a_command(rig: Rig) -> None:
    await rig.press("colon", *"dead instance:globex", "enter")
    assert "No dead letters" in rig.text()
    assert "0 dead letters" in rig.lines()[1]


async def test_one_in_full_shows_attempts_answers_and_hostile_text_as_it_is(rig: Rig) -> None:
    await only(rig, "state:dead error:503", 10)
    await rig.press("enter")
    assert isinstance(rig.screen, DeliveryScreen)
    for words in ("acme/tickets 109, created", "✗ dead", HOOK, "340ms", "first", "The receiver answered 503."):
        assert words in rig.text()
    await rig.press("tab")
    for words in ("Content-Type: application/json", "X-Odd: [b]x[/] [ \\x1b[31mred\\x00 漢字 \\u202eabc", '"note"'):
        assert words in rig.text()
    assert "\x1b" not in rig.text()
    await rig.press("E")
    assert isinstance(rig.screen, EventScreen)
    await rig.press("escape", "escape")
    assert isinstance(rig.screen, DeliveriesScreen)


async def test_the_keys_work_on_the_one_in_full_as_well(rig: Rig) -> None:
    await only(rig, "state:dead error:503", 10)
    await rig.press("enter", "r")
    await rig.until(lambda: "○ pending" in rig.text())
    assert len(await made(rig, "retry")) == 1


async def test_a_held_callback_url_is_said_above_the_list_and_let_go_from_here(rig: Rig) -> None:
    await rig.write(
        "UPDATE callbacks SET held_ms = ?, held_reason = ?", NOW - 7_200_000, "it answered 410: it wants nothing more"
    )
    await rig.until(lambda: "held for 2h, H on one of them lets it go: it answered" in " ".join(rig.text().split()))
    assert "5 waiting" in rig.lines()[3]
    await only(rig, "state:held resource:tickets", 3)
    assert "held" in rig.lines()[6]
    await rig.press("H")
    assert "2 instances deliver there; 5 deliveries wait." in rig.text()
    await rig.press("y")
    await rig.until(lambda: "is not held any more" in said(rig))
    await rig.until(lambda: "held for" not in rig.text())
    assert await rig.rows("SELECT held_ms FROM callbacks") == [(None,)]
    assert await made(rig, "release") == [
        ("release", "ada", "ssh 10.0.0.7", "cwconsole resume acme --delivery", None, None)
    ]


async def test_a_resource_that_is_held_is_let_go_by_itself(rig: Rig) -> None:
    await rig.write("UPDATE resources SET held_ms = 5 WHERE name = 'tickets'")
    await rig.write("UPDATE deliveries SET held = 1 WHERE resource_id = 2 AND state = 'retrying'")
    await only(rig, "state:held", 3)
    await rig.press("H")
    await rig.press("y")
    await rig.until(lambda: "Deliveries of acme/tickets go on." in said(rig))
    assert [row[3] for row in await made(rig, "release")] == ["cwconsole resume acme tickets --delivery"]
    assert await rig.rows("SELECT held FROM deliveries WHERE resource_id = 2 AND held = 1") == []


async def test_what_is_not_held_cannot_be_let_go(rig: Rig) -> None:
    await rig.press("H")
    assert said(rig) == "Deliveries of acme/tickets are not held."


async def test_what_is_held_is_found_by_that_word_and_by_no_other(rig: Rig) -> None:
    assert "held 0" in rig.lines()[2]
    await rig.write("UPDATE callbacks SET held_ms = 5, held_reason = 'it answered 410'")
    await rig.until(lambda: any("pending 0" in line and "retrying 0" in line for line in rig.lines()[:9]))
    (tabs,) = [line for line in rig.lines() if "[all]" in line]
    assert "held 5" in tabs
    assert "dead 13" in tabs
    await rig.press("slash", *"state:he", "tab", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 5)
    assert rig.screen.spec.line == "deliveries state:held"
    await rig.until(lambda: any("[held 5]" in line for line in rig.lines()))
    for words, count in (("state:retrying", 0), ("state:pending,held", 5), ("state:held resource:tickets", 3)):
        await rig.press("slash", "ctrl+u", *words, "enter")
        await rig.until(lambda count=count: rig.screen.table.rows.total == count)  # type: ignore[misc]
    await rig.press("colon", *"events !state:held", "enter")
    await rig.until(lambda: rig.screen.spec.line == "events !state:held")
    await rig.until(lambda: rig.screen.table.rows.total == 59)
    await rig.until(lambda: "delivered" in rig.text() and "◇ held" not in rig.text())


async def test_a_tab_has_the_number_of_the_filter_or_none(rig: Rig) -> None:
    await rig.until(lambda: any("dead 13" in line for line in rig.lines()))
    await only(rig, "state:dead error:503", 10)
    await rig.until(lambda: any("[dead]" in line for line in rig.lines()))
    await rig.press("asterisk")
    await rig.until(lambda: " 10 marked" in rig.lines()[1])
    await rig.press("r")
    await rig.until(lambda: isinstance(rig.screen, Confirm))
    assert "Try 10 deliveries again?" in asked(rig)


async def test_an_open_breaker_says_when_it_tries_again(rig: Rig) -> None:
    await rig.write("UPDATE callbacks SET breaker_until_ms = ?", NOW + 30_000)
    await rig.until(lambda: "try at 14:13:50 UTC" in rig.text())
    await rig.press("enter")
    assert "mostly fails, so it is left alone: one try at 14:13:50 UTC" in rig.text()


async def test_a_key_meant_for_the_row_that_stood_there_is_not_done_to_a_newer_one(rig: Rig) -> None:
    await only(rig, "state:dead", 13)
    before = rig.screen.delivery()
    await rig.store.write(
        lambda conn: add_delivery(conn, *add_events(conn, resource_id(conn, 1, "tickets"), [500]), state="dead")
    )
    await rig.until(lambda: rig.screen.delivery() != before)
    newer = rig.screen.delivery()
    await rig.press("r")
    assert "a newer row has just come in under the cursor" in said(rig)
    assert await made(rig, "retry") == []
    rig.clock.ms += REACTION_MS
    await rig.press("r")
    await rig.until(lambda: f"Delivery {newer.id}" in said(rig))
    assert [row[4] for row in await made(rig, "retry")] == [newer.id]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_dead_letters_are_sorted_as_the_fleet_is(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        await rig.press("3", "D")
        await rig.until(lambda: rig.screen.table.rows.total > 1)

        def counts() -> list[int]:
            return [group.count for group in rig.screen.table.rows.rows]

        largest_first = counts()
        assert largest_first == sorted(largest_first, reverse=True)
        await rig.press("O")
        await rig.until(lambda: counts() == sorted(largest_first))
        await rig.press("o")
        await rig.until(lambda: rig.screen.spec.line == "dead sort:error")
        errors = [group.error or "" for group in rig.screen.table.rows.rows]
        await rig.until(lambda: [group.error or "" for group in rig.screen.table.rows.rows] == sorted(errors))


async def test_the_numbers_beside_the_states_take_one_walk_through_the_fleet(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.press("3")
    asked, standings = list[int](), vars(StatusRow)["standings"].fget

    def counted(row: StatusRow) -> dict[str, int]:
        asked.append(row.resource_id)
        numbers: dict[str, int] = standings(row)
        return numbers

    monkeypatch.setattr(StatusRow, "standings", property(counted))
    rig.screen.query_one("#states", LineBar).update()
    assert asked == [row.resource_id for row in rig.app.fleet.values() if row.pending + row.retrying + row.dead]
