"""Copying an event, and saving the list: what arrives in clipboard and files, and what never does."""

from __future__ import annotations

import base64
import json
import shlex
import stat
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cwconsole.core.errors import UsageError
from cwconsole.store import export_file
from cwconsole.tui.clipboard import MOST_ENCODED, encoded_length
from cwconsole.tui.engine_state import EngineState
from cwconsole.tui.widgets.confirm import Confirm
from tests.store.rows import NOW, add_events, resource_id
from tests.tui.commands import printed
from tests.tui.rig import Rig, console, database, export_slowly, small_fleet

BODY: dict[str, Any] = {
    "name": "acme",
    "element": {"key": "connectwisecrmrest"},
    "tags": ["eu"],
    "configuration": {
        "baseUrl": "http://127.0.0.1:9/v4_6_release/apis/3.0",
        "company": "acme_c",
        "public.key": "pub",
        "private.key": "sealed:PRIVATE",
        "event.notification.enabled": True,
        "event.notification.callback.url": "http://127.0.0.1:9/hook?x=1",
        "event.notification.basic.username": "ada",
        "event.notification.basic.password": "sealed:TOPSECRET",
        "event.notification.signature.key": "sealed:SIGNATURE",
        "event.notification.callback.headers": {"X-Api-Key": "TOPSECRET"},
        "event.poller.configuration": {"contacts": {}},
    },
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file = tmp_path / "cw.db"
    with database(file) as conn:
        small_fleet(conn)
        conn.execute("UPDATE instances SET body = ? WHERE name = 'acme'", (json.dumps(BODY),))
    return file


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        await rig.press("2")
        yield rig


def kept(path: str) -> tuple[str, int]:
    """What a file holds, and what others than its owner may do with it."""
    file = Path(path)
    return file.read_text(), file.stat().st_mode & 0o077


async def copied(rig: Rig, key: str) -> str:
    before = rig.app.clipboard
    await rig.press(key)
    await rig.until(lambda: rig.app.clipboard != before)
    return rig.app.clipboard


async def test_as_json_it_is_the_event_with_its_record(rig: Rig) -> None:
    await rig.press("j")
    document = json.loads(await copied(rig, "y"))
    assert (document["id"], document["instance"], document["record"]) == (39, "acme", {"id": 1, "name": "Ada L."})
    sent = "Event 39 as JSON was sent to the terminal's clipboard; if it does not take it: "
    await rig.until(lambda: len(rig.app._notifications) == 1)
    (said,) = [one.message for one in rig.app._notifications]
    assert said.startswith(sent)
    text, others_may = kept(said.removeprefix(sent))
    assert (json.loads(text), others_may) == (document, 0)


async def test_as_command_it_is_the_one_that_shows_the_event_on_the_detail_too(rig: Rig) -> None:
    await rig.press("enter")
    await rig.until(lambda: "[What changed]" in rig.text())
    assert await copied(rig, "Y") == "cwconsole events show 40"


async def test_as_curl_it_is_the_notification_without_secrets(rig: Rig) -> None:
    text = await copied(rig, "u")
    assert not any(secret in text for secret in ("TOPSECRET", "SIGNATURE", "PRIVATE", "sealed", "hidden"))
    words = shlex.split(text)
    assert words[:4] == ["curl", "-sS", "-X", "POST"]
    assert words[-1] == "http://127.0.0.1:9/hook?x=1"
    assert "X-Api-Key: ********" in words
    assert words[words.index("-u") + 1] == "ada:********"
    body = json.loads(words[words.index("--data-binary") + 1])
    assert body["message"]["raw"]["contacts"] == [{"id": 1, "name": "Ada L."}]
    assert body["message"]["instanceTags"] == ["eu"]


async def test_an_instance_that_only_records_has_no_request(rig: Rig) -> None:
    plain: dict[str, Any] = json.loads(json.dumps(BODY))
    del plain["configuration"]["event.notification.callback.url"]
    await rig.write("UPDATE instances SET body = ? WHERE name = 'acme'", json.dumps(plain))
    await rig.press("u")
    await rig.until(lambda: "acme only records" in rig.text())


async def test_what_is_too_long_for_the_clipboard_becomes_a_file_of_ones_own(rig: Rig, tmp_path: Path) -> None:
    record = json.dumps({"id": 7, "text": "[/] x" * 20_000})
    await rig.store.write(lambda conn: add_events(conn, resource_id(conn, 1, "contacts"), [7], record=record))
    await rig.until(lambda: rig.screen.table.current.id == 41)
    await rig.press("y")
    await rig.until(lambda: bool(list(tmp_path.glob("cwconsole-*.json"))))
    file = next(tmp_path.glob("cwconsole-*.json"))  # noqa: ASYNC240
    await rig.until(lambda: file.stat().st_size > len(record))
    assert json.loads(file.read_text())["record"] == json.loads(record)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert rig.app.clipboard == ""


def test_the_cap_counts_what_is_sent() -> None:
    for text in ("", "a", "ab", "abc", "漢" * 50):
        assert encoded_length(text) == len(base64.b64encode(text.encode()))
    assert encoded_length("a" * 56_250) == MOST_ENCODED


async def save_to(rig: Rig, name: str, *, noun: str = "events") -> None:
    await rig.press("s")
    field = rig.screen.query_one("Input")
    assert field.value.startswith(f"{noun}-20260921-1413"), "a name is offered"
    field.value = name
    await rig.press("enter")


async def test_saving_writes_what_the_filter_shows(rig: Rig, tmp_path: Path) -> None:
    await rig.press("slash", *"object:8", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 2)
    await save_to(rig, "found.ndjson")
    await rig.until(lambda: "2 events are in" in rig.text())
    lines = (tmp_path / "found.ndjson").read_text().splitlines()
    assert [json.loads(line)["object_id"] for line in lines] == [8, 8]
    await save_to(rig, "found.xml")
    await rig.until(lambda: "found.xml says no format" in rig.text())
    await rig.press(*["backspace"] * 3, *"csv", "enter")
    await rig.until(lambda: "found.csv" in "".join(note.message for note in rig.app._notifications))
    assert len((tmp_path / "found.csv").read_text().splitlines()) == 3


async def test_the_marked_ones_alone_are_saved(rig: Rig, tmp_path: Path) -> None:
    await rig.press("space", "space", "s")
    assert "Which: the 2 marked" in rig.text()
    rig.screen.query_one("Input").value = "marked.json"
    await rig.press("enter")
    await rig.until(lambda: "2 events are in" in rig.text())
    assert [one["id"] for one in json.loads((tmp_path / "marked.json").read_text())] == [40, 39]
    assert "marked" not in rig.lines()[1], "what was marked has been dealt with"
    await rig.press("asterisk", "j", "space", "s")
    assert "all events but 1" in rig.text()
    rig.screen.query_one("Input").value = "rest.json"
    await rig.press("enter")
    await rig.until(lambda: "39 events are in" in rig.text())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_file_that_is_there_is_replaced_only_after_a_question(
    path: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    file = tmp_path / "mine.json"
    file.write_text("[1]")
    async with console(path, size=size) as rig:
        await rig.press("2")
        await save_to(rig, "mine.json")
        await rig.until(lambda: isinstance(rig.app.screen, Confirm))
        await rig.until(lambda: "is there already, 3 bytes" in rig.text())
        await rig.press("s", "enter")
        assert isinstance(rig.app.screen, Confirm), "neither the key that asked nor Enter confirms"
        await rig.press("escape")
        assert file.read_text() == "[1]"
        assert rig.app.export is None
        await save_to(rig, "mine.json")
        await rig.until(lambda: isinstance(rig.app.screen, Confirm))
        await rig.press("y")
        await rig.until(lambda: any("40 events are in" in one.message for one in rig.app._notifications))
        assert len(json.loads(file.read_text())) == 40
        await save_to(rig, str(tmp_path))
        await rig.until(
            lambda: "says no format; let it end in .json, .ndjson" in " ".join(rig.text().replace("│", " ").split())
        )


def said(rig: Rig, words: str) -> bool:
    """Whether it was said; on a narrow screen a message breaks into lines anywhere."""
    return any(words in note.message for note in rig.app._notifications)


@pytest.fixture
def slow(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Writing takes its time: an event a piece, and a while for each."""
    export_slowly(monkeypatch)
    with database(path) as conn:
        add_events(conn, resource_id(conn, 1, "contacts"), range(100, 1_000), record='{"id":1}')
    return path


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_export_is_shown_among_the_jobs_and_stopped_there(
    slow: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with console(slow, size=size) as rig:
        await rig.press("2")
        await save_to(rig, "all.json")
        await rig.until(lambda: rig.app.running_export is not None and rig.app.running_export.rows > 0)
        await rig.press("6")
        await rig.until(lambda: rig.screen.table.rows.total == 1)
        for words in ("running", "saved", "to all.json"):
            assert words in rig.text()
        seen = rig.screen.table.current.done
        await rig.until(lambda: rig.screen.table.current.done > seen)
        await rig.press("x")
        await rig.until(lambda: said(rig, "An export cannot be paused; c cancels it."))
        await rig.until(lambda: "c cancel" in rig.lines()[-1])
        await rig.press("c")
        await rig.until(lambda: "Cancel job 1?" in rig.text())
        await rig.press("c", "enter")
        assert isinstance(rig.app.screen, Confirm)
        await rig.press("y")
        await rig.until(lambda: rig.screen.table.current.state == "cancelled")
        await rig.until(lambda: said(rig, "The export is stopped after"))
        assert [one.name for one in tmp_path.iterdir() if ".json" in one.name] == []  # noqa: ASYNC240
        await rig.press("enter")
        await rig.until(lambda: "it was not written to its end" in " ".join(rig.text().split()))


async def test_a_reason_given_with_the_path_stands_in_the_audit_log(rig: Rig, tmp_path: Path) -> None:
    await rig.press("s")
    rig.screen.query_one("#path").value = "all.csv"
    await rig.press("tab", *"for the audit", "enter")
    await rig.until(lambda: said(rig, "40 events are in"))
    (row,) = await rig.rows("SELECT kind, state, operator, outcome, command, reason FROM actions WHERE kind = 'export'")
    file = tmp_path / "all.csv"
    assert row[:3] == ("export", "done", "ada")
    assert row[3:] == (
        f"A job writes events to {file}: all events.",
        f"cwconsole events export {file}",
        "for the audit",
    )
    await rig.press("6", "enter")
    await rig.until(lambda: "for the audit" in rig.text())


async def test_marks_stay_when_the_file_cannot_be_written(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise UsageError("all.csv cannot be written on: No space left on device; nothing is left of it.")

    monkeypatch.setattr(export_file.ExportFile, "add", full)
    await rig.press("space", "space")
    await save_to(rig, "all.csv")
    await rig.until(lambda: said(rig, "No space left"))
    assert "2 marked" in rig.lines()[1]


async def test_where_the_file_is_stands_among_the_jobs(rig: Rig, tmp_path: Path) -> None:
    await save_to(rig, "all.csv")
    await rig.until(lambda: any("40 events are in" in one.message for one in rig.app._notifications))
    await rig.press("6", "enter")
    await rig.until(lambda: "40 events are in" in " ".join(rig.text().split()))
    assert "".join(str(tmp_path / "all.csv").split()) in "".join(rig.text().replace("│", "").split())


async def test_an_export_that_fails_says_why_among_the_jobs(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise UsageError("all.csv cannot be written on: No space left on device; nothing is left of it.")

    monkeypatch.setattr(export_file.ExportFile, "add", full)
    await save_to(rig, "all.csv")
    await rig.until(lambda: any("No space left" in one.message for one in rig.app._notifications))
    await rig.press("6")
    await rig.until(lambda: "failed" in rig.text())


async def test_leaving_says_that_an_export_is_broken_off(slow: Path, tmp_path: Path) -> None:
    async with console(slow, engine=EngineState()) as rig:
        await rig.press("2")
        await save_to(rig, "all.json")
        await rig.until(lambda: rig.app.running_export is not None and rig.app.running_export.rows > 0)
        await rig.press("q")
        await rig.until(lambda: "Leave, and stop the export?" in rig.text())
        await rig.press("escape")
        assert rig.app.running_export is not None
    assert [one.name for one in tmp_path.iterdir() if ".json" in one.name] == []  # noqa: ASYNC240


async def test_saving_can_be_stopped_from_elsewhere_and_leaves_nothing(slow: Path, tmp_path: Path) -> None:
    async with console(slow) as rig:
        await rig.press("2")
        await save_to(rig, "all.json")
        assert "saving" in rig.lines()[1]
        await rig.press("1")
        await rig.press("2", "s")
        await rig.until(lambda: said(rig, "is being written"))
        await rig.press("S")
        await rig.until(lambda: any("is stopped after" in one.message for one in rig.app._notifications))
        assert not (tmp_path / "all.json").exists()
        await rig.until(lambda: "saving" not in rig.lines()[1])


async def test_a_read_only_console_copies_and_saves(path: Path, tmp_path: Path) -> None:
    async with console(path, read_only=True, size=(120, 40)) as rig:
        await rig.press("2")
        assert await copied(rig, "Y") == "cwconsole events show 40"
        await save_to(rig, "a.csv")
        await rig.until(lambda: "40 events are in" in rig.text())
        assert (tmp_path / "a.csv").read_text().count("\n") == 41


async def to_the_notification(rig: Rig) -> None:
    """Open the event under the cursor, and turn to its notification once it has been read."""
    await rig.press("enter")
    await rig.until(lambda: "[What changed]" in rig.text())
    await rig.press("tab", "tab")
    await rig.until(lambda: "[Notification]" in rig.text())


async def test_the_event_shows_the_notification_with_its_secrets_masked(rig: Rig) -> None:
    await to_the_notification(rig)
    text = rig.screen.query_one("#text").text
    assert text.startswith("POST http://127.0.0.1:9/hook?x=1\nContent-Type: application/json\n")
    assert "X-Api-Key: ********\nbasic auth: ada:********\n" in text
    assert '"objectType": "contacts"' in text
    assert "TOPSECRET" not in text
    assert "SIGNATURE" not in text


async def test_what_was_sent_before_an_edit_is_not_said_to_be_what_stands_here(rig: Rig) -> None:
    await rig.write("UPDATE instances SET updated_ms = ? WHERE name = 'acme'", NOW - 7_200_000)
    (delivery,) = await rig.rows("SELECT id FROM deliveries WHERE event_id = 40")
    await rig.write(
        "INSERT INTO attempts (delivery_id, number, trigger, url, started_ms, duration_ms)"
        " VALUES (?, 1, 'first', 'x', ?, 1)",
        delivery[0],
        NOW - 3_600_000,
    )
    await to_the_notification(rig)
    text = rig.screen.query_one("#text")
    assert text.text.startswith("POST http://127.0.0.1:9/hook")
    await rig.write("UPDATE instances SET updated_ms = ? WHERE name = 'acme'", NOW)
    await rig.until(
        lambda: text.text.startswith(
            "acme was edited or switched at 2026-09-21 14:13:20 UTC, after an attempt: its name"
        )
    )
    assert "This is what would be sent now.\n\nPOST http://127.0.0.1:9/hook" in text.text


async def test_what_is_recorded_only_or_has_been_removed_has_no_notification(rig: Rig) -> None:
    only = {**BODY, "configuration": {**BODY["configuration"], "event.notification.callback.url": ""}}
    await rig.write("UPDATE instances SET body = ? WHERE name = 'acme'", json.dumps(only))
    await to_the_notification(rig)
    await rig.until(lambda: "acme only records its events" in rig.text())
    await rig.write("UPDATE instances SET removed_ms = 1 WHERE name = 'acme'")
    await rig.until(lambda: "Its instance has been removed" in rig.text())


@pytest.mark.parametrize(
    ("key", "noun", "words", "number"),
    [("3", "deliveries", "state:delivered", 37), ("4", "polls", "state:failed", 2), ("5", "actions", "type:add", 2)],
)
async def test_every_history_is_saved_as_the_command_line_saves_it(
    path: Path, tmp_path: Path, key: str, noun: str, *, words: str, number: int
) -> None:
    async with console(path) as rig:
        for _ in range(2):
            await rig.write(
                "INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, outcome, error)"
                " VALUES (1, 'window', 'schedule', 1, 5, 'failed', 'no route')"
            )
        await rig.press(key, "slash", *words, "enter")
        await rig.until(lambda: rig.screen.table.rows.total == number)
        await save_to(rig, "all.ndjson", noun=noun)
        await rig.until(lambda: said(rig, f"{number} {noun} are in"))
        told = await printed(f"cwconsole --db {path} {noun} export {tmp_path / 'cli.ndjson'} {words}")
        assert told[noun] == number
        assert (tmp_path / "all.ndjson").read_text() == (tmp_path / "cli.ndjson").read_text()
        await rig.press("space")
        await save_to(rig, "marked.csv", noun=noun)
        (row,) = [rig.screen.table.rows.at(0)]
        await rig.until(lambda: said(rig, f"1 {'delivery' if noun == 'deliveries' else noun[:-1]} is in"))
        head, line = (tmp_path / "marked.csv").read_text().splitlines()
        assert head.startswith("id,")
        assert line.startswith(f"{rig.screen.key_of(row)},")
        await rig.press("6", "enter")
        await rig.until(lambda: f"export of {noun}" in rig.text())
