"""What is typed behind the word of an action is the reason for it: in the audit log, or in the dialog that asks."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.widgets import Input

from cwconsole.core.errors import UsageError
from cwconsole.core.instance_body import canonical
from cwconsole.store import actions
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.tui import routes
from cwconsole.tui.action import Scope
from cwconsole.tui.actions import BY_ID, of
from cwconsole.tui.reason import reason_of
from cwconsole.tui.screens.file_dialog import FileDialog
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.widgets.confirm import Confirm
from cwconsole.tui.widgets.prompt import Prompt
from tests.store.rows import NOW, add_delivery, add_events, resource_id
from tests.tui.instance_rows import add_stored, stored_body
from tests.tui.outside import FakeOutside
from tests.tui.rig import Rig, console, database
from tests.tui.test_jobs_screen import order

REASON = "it's for ticket 17"
QUOTED = "--reason 'it'\"'\"'s for ticket 17'"
ACTIONS = "SELECT kind, command, reason FROM actions WHERE operator = 'ada' AND id > 3 ORDER BY id"
PLACES = {"acme", "contacts", "acme contacts", "Example Co"}
WRITING = [
    (module, name, action.id)
    for module, name in routes.SCREENS.values()
    for action in of(*routes._screen(module, name).SCOPES)
    if action.writes
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """One resource that is paused and asks; a dead delivery; job 1 waits; the newest of three actions is queued."""
    with database(tmp_path / "cw.db") as conn:
        add_stored(conn, "acme", **{"event.poller.configuration": {"contacts": {}}})
        contacts = resource_id(conn, 1, "contacts")
        add_delivery(conn, *add_events(conn, contacts, [1]), state="dead")
        conn.execute("UPDATE resources SET paused_ms = 5, sweep_vanished = 34")
        order(conn, "instance:acme")
        queued = Asked(kind=ActionKind.POLL, operator="bob", origin="tty pts/1", command="cwconsole poll acme")
        actions.queue(conn, queued, now_ms=NOW)
    return tmp_path / "cw.db"


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        rig.app.outside = FakeOutside(files={"acme.toml": canonical(stored_body("other"))})
        yield rig


def said(rig: Rig) -> str:
    return " ".join(one.message for one in rig.app._notifications)


async def type_line(rig: Rig, line: str) -> None:
    await rig.press("colon", *line, "enter")


@pytest.mark.parametrize(
    ("area", "word", "kind", "command"),
    [
        ("1", "poll", "poll", "cwconsole poll acme contacts"),
        ("1", "sweep", "sweep", "cwconsole sweep acme contacts"),
        ("1", "resume", "resume", "cwconsole resume acme contacts"),
        ("1", "enable", "enable", "cwconsole instances enable acme"),
        ("3", "retry", "retry", "cwconsole deliveries retry 1"),
        ("6", "pause_job", "pause_job", "cwconsole jobs pause 1"),
    ],
)
async def test_what_acts_at_once_keeps_the_reason_typed_behind_its_word(
    rig: Rig, area: str, word: str, kind: str, command: str
) -> None:
    await rig.press(area)
    await rig.until(lambda: rig.screen.table.rows.total > 0)
    await type_line(rig, f"{word} {REASON}")
    await rig.until(lambda: said(rig) != "")
    assert await rig.rows(ACTIONS) == [(kind, f"{command} {QUOTED}", REASON)]
    if word == "pause_job":
        await rig.until(lambda: rig.screen.subject().state == "paused")
        await type_line(rig, "resume_job the receiver is back")
        await rig.until(lambda: "goes on" in said(rig))
        assert (await rig.rows(ACTIONS))[1][2] == "the receiver is back"


async def test_the_row_of_what_is_called_off_says_who_did_and_why(rig: Rig) -> None:
    await rig.press("5")
    await rig.until(lambda: rig.screen.subject().state == "queued")
    await type_line(rig, f"cancel_action {REASON}")
    await rig.until(lambda: "called off" in said(rig))
    outcome = f"Called off by ada from ssh 10.0.0.7: {REASON}."
    assert await rig.rows("SELECT state, outcome FROM actions WHERE id = 3") == [("cancelled", outcome)]


@pytest.mark.parametrize(
    ("area", "word"),
    [
        ("1", "hold"),
        ("1", "confirm"),
        ("1", "watermark"),
        ("1", "add"),
        ("1", "import"),
        ("1", "edit"),
        ("1", "copy"),
        ("1", "disable"),
        ("1", "remove"),
        ("2", "replay"),
        ("6", "cancel_job"),
    ],
)
async def test_what_asks_has_the_reason_in_its_dialog(rig: Rig, area: str, word: str) -> None:
    await rig.press(area)
    await rig.until(lambda: rig.screen.table.rows.total > 0)
    await type_line(rig, f"{word} {REASON}")
    await rig.until(lambda: not isinstance(rig.screen, ConsoleScreen) and rig.screen.is_mounted)
    if isinstance(rig.screen, FileDialog):
        await rig.press(*"acme.toml", "enter")
    await rig.until(lambda: bool(rig.screen.query("#reason")))
    assert rig.screen.query_one("#reason", Input).value == REASON
    assert await rig.rows(ACTIONS) == []


@pytest.mark.parametrize(
    ("change", "area", "word"),
    [
        ("UPDATE resources SET paused_ms = NULL", "1", "pause"),
        ("UPDATE resources SET held_ms = 5", "1", "release"),
        ("UPDATE callbacks SET held_ms = 5, held_reason = 'it is gone (410)'", "3", "release"),
        ("UPDATE deliveries SET state = 'retrying', due_ms = 5", "3", "cancel"),
    ],
)
async def test_so_has_what_can_be_done_in_another_state_only(rig: Rig, change: str, area: str, word: str) -> None:
    await rig.write(change)
    await rig.press(area)
    await rig.until(lambda: rig.screen.table.rows.total > 0)
    await type_line(rig, f"{word} {REASON}")
    await rig.until(lambda: isinstance(rig.screen, Confirm) and bool(rig.screen.query("#reason")))
    assert rig.screen.query_one("#reason", Input).value == REASON


async def test_the_dialog_decides_whether_the_reason_stays(rig: Rig) -> None:
    for keys, reason in (((), REASON), (("tab", "ctrl+u", "enter"), None)):
        await type_line(rig, f"hold {REASON}")
        await rig.until(lambda: isinstance(rig.screen, Confirm) and rig.screen.is_mounted)
        await rig.press(*keys, "y")
        await rig.until(lambda: "are held" in said(rig))
        assert (await rig.rows(ACTIONS))[-1][2] == reason
        await rig.until(lambda: rig.screen.subject().held)
        await rig.press("H")
        await rig.until(lambda: isinstance(rig.screen, Confirm) and rig.screen.is_mounted)
        assert rig.screen.query_one("#reason", Input).value == "", "a key brings no reason of before"
        await rig.press("y")
        await rig.until(lambda: "go on" in said(rig) and not rig.screen.subject().held)
        rig.app.clear_notifications()


async def test_a_word_alone_and_a_key_keep_no_reason(rig: Rig) -> None:
    await type_line(rig, f"poll {REASON}")
    await type_line(rig, "poll")
    await rig.press("p")
    await rig.until(lambda: len(rig.app._notifications) == 3)
    assert [row[2] for row in await rig.rows(ACTIONS)] == [REASON, None, None]


async def test_the_view_that_shares_an_actions_word_is_still_reached_by_its_own(rig: Rig) -> None:
    await type_line(rig, "poll id:1")
    await rig.until(lambda: rig.screen.spec.line == "poll id:1" or "no poll 1" in said(rig))
    assert await rig.rows(ACTIONS) == []


async def test_where_something_else_is_named_nothing_is_done_and_the_line_stays(rig: Rig) -> None:
    await type_line(rig, "resume acme/contacts")
    assert "takes a reason after it, and 'acme/contacts' is none: it is done to what is under the cursor" in said(rig)
    prompt = rig.screen.query_one(Prompt)
    assert prompt.is_open
    assert prompt.text == "resume acme/contacts"
    assert await rig.rows(ACTIONS) == []


async def test_a_reason_is_completed_by_nothing(rig: Rig) -> None:
    for line, completed in (("poll i", "poll id:"), ("poll the i", "poll the i"), ("resume i", "resume i")):
        await rig.press("colon", *line, "tab")
        assert rig.screen.query_one(Prompt).text == completed
        await rig.press("escape")


@pytest.mark.parametrize("said", ["maintenance", "INC-17", "17 tickets are missing", "acme asked", "see id:17", "no."])
def test_words_are_a_reason(said: str) -> None:
    assert reason_of(BY_ID["poll.now"], "poll", said, PLACES) == said


@pytest.mark.parametrize(
    "said",
    ["acme", "contacts", "acme contacts", "acme/contacts", "Example Co", "17", "17 18", "2h", "id:17", "other/tickets",
     "acme.toml", "--reason maintenance"],
)  # fmt: skip
def test_a_name_of_something_else_is_none(said: str) -> None:
    with pytest.raises(UsageError, match="it is done to what is under the cursor or marked"):
        reason_of(BY_ID["poll.now"], "poll", said, PLACES)


@pytest.mark.parametrize("action", ["theme", "instance.export", "copy.json", "list.save"])
def test_what_changes_nothing_has_no_use_for_one(action: str) -> None:
    with pytest.raises(UsageError, match="takes nothing after it"):
        reason_of(BY_ID[action], "word", "it is late", PLACES)


@pytest.mark.parametrize(("module", "name", "action"), WRITING)
def test_whatever_writes_takes_a_reason(module: str, name: str, action: str) -> None:
    handler = getattr(routes._screen(module, name), BY_ID[action].method)
    assert [*inspect.signature(handler).parameters] == ["self", "reason"]
    assert Scope.APP not in BY_ID[action].scopes
