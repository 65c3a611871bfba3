"""Events as files: every format holds every event of the filter, and a file that is not finished is not there."""

from __future__ import annotations

import csv
import json
import sqlite3
import stat
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from cwconsole.core.errors import UsageError
from cwconsole.core.filters import Noun, parse
from cwconsole.store import list_export
from cwconsole.store.database import prepared
from cwconsole.store.export_file import ExportFile, Format, already, format_of, said
from cwconsole.store.list_export import names_of, piece
from cwconsole.store.selection import Selection
from tests.store.rows import NOW, add, add_events, resource_id

HEAD = names_of(Noun.EVENTS)
HOSTILE = '{"id":1,"name":"=1+1 [b ] \\u001b[31m \\ud800 \\"x\\",\\n漢"}'


@pytest.fixture
def conn(conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    monkeypatch.setattr(list_export, "PAGE", 7)
    add(conn)
    add_events(conn, resource_id(conn, 1, "contacts"), range(1, 21))
    add_events(conn, resource_id(conn, 1, "tickets"), [5], kind="CREATED", record=HOSTILE)
    return conn


def event_file(path: str | Path, wanted: Format, *, overwrite: bool = False) -> ExportFile:
    return ExportFile(str(path), wanted, names=HEAD, said=partial(said, Noun.EVENTS), overwrite=overwrite)


def export(
    conn: sqlite3.Connection, path: Path, *, line: str = "", selection: Selection | None = None, overwrite: bool = False
) -> ExportFile:
    wanted, selection = format_of(str(path)), selection or Selection(chosen=parse(Noun.EVENTS, line, now_ms=NOW))
    with event_file(path, wanted, overwrite=overwrite) as file:
        after: int | None = None
        while True:
            one = piece(conn, Noun.EVENTS, selection, wanted, after=after, first=file.rows == 0)
            assert one.rows <= 7, "a piece is one page"
            file.add(one)
            if (after := one.next_after) is None:
                return file


def test_json_is_one_list_newest_first(conn: sqlite3.Connection, tmp_path: Path) -> None:
    assert export(conn, tmp_path / "a.json").rows == 21
    found = json.loads((tmp_path / "a.json").read_text())
    assert [one["id"] for one in found] == list(range(21, 0, -1))
    assert tuple(found[0]) == HEAD
    assert found[0]["record"] == json.loads(HOSTILE)
    assert (found[1]["seen"], found[1]["record_date"]) == ("2026-09-21T14:13:20.000Z", "2026-09-21T14:13:20Z")


@pytest.mark.parametrize("ending", ["ndjson", "jsonl"])
def test_ndjson_is_a_document_a_line(conn: sqlite3.Connection, tmp_path: Path, ending: str) -> None:
    export(conn, tmp_path / f"a.{ending}", line="type:updated object:5")
    (line,) = (tmp_path / f"a.{ending}").read_text().splitlines()
    assert (json.loads(line)["object_id"], json.loads(line)["resource"]) == (5, "contacts")


def test_csv_says_true_and_false_as_json_does(conn: sqlite3.Connection, tmp_path: Path) -> None:
    for ending in Format:
        export(conn, tmp_path / f"a.{ending}", line="object:1")
    with (tmp_path / "a.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    said = json.loads((tmp_path / "a.ndjson").read_text())
    flags = {name: value for name, value in said.items() if isinstance(value, bool)}
    assert flags
    assert {name: json.loads(row[name]) for name in flags} == flags


def test_csv_has_a_head_and_the_record_in_one_field(conn: sqlite3.Connection, tmp_path: Path) -> None:
    conn.execute("UPDATE instances SET name = '=HYPERLINK(1)'")
    export(conn, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 21
    assert json.loads(rows[0]["record"]) == json.loads(HOSTILE)
    assert rows[0]["instance"] == "'=HYPERLINK(1)", "a spreadsheet computes nothing of it"
    assert rows[0]["previous_id"] == ""


@pytest.mark.parametrize("wanted", Format)
def test_nothing_is_a_file_too(conn: sqlite3.Connection, tmp_path: Path, wanted: Format) -> None:
    assert export(conn, tmp_path / f"a.{wanted}", line="object:99").rows == 0
    text = (tmp_path / f"a.{wanted}").read_text()
    if wanted is Format.JSON:
        assert json.loads(text) == []
    else:
        assert text == {Format.NDJSON: "", Format.CSV: ",".join(HEAD) + "\n"}[wanted]


def test_the_file_is_new_and_its_owners_alone(conn: sqlite3.Connection, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    export(conn, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        export(conn, file)
    assert file.read_bytes() == before
    for bad in ("/nowhere/a.json", "~nobody-there/a.json", "a\0.json"):
        with pytest.raises(UsageError, match="cannot be written"), event_file(bad, Format.JSON):
            pass


def test_an_export_that_breaks_leaves_no_file(conn: sqlite3.Connection, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), event_file(tmp_path / "a.json", Format.JSON) as file:
        file.add(piece(conn, Noun.EVENTS, Selection(), Format.JSON, after=None, first=True))
        assert not (tmp_path / "a.json").exists(), "under its name it is complete"
        raise KeyboardInterrupt
    assert [one.name for one in tmp_path.iterdir() if not one.name.startswith("cw.db")] == []


def test_marked_events_are_written_and_the_filter_s_but_some(conn: sqlite3.Connection, tmp_path: Path) -> None:
    marked = tuple(range(1, 20, 2))
    assert export(conn, tmp_path / "a.json", selection=Selection(numbers=marked)).rows == 10
    assert [one["id"] for one in json.loads((tmp_path / "a.json").read_text())] == list(marked[::-1])
    export(conn, tmp_path / "b.json", selection=Selection(but=marked))
    assert {one["id"] for one in json.loads((tmp_path / "b.json").read_text())} == {*range(1, 22)} - {*marked}


def test_a_file_is_replaced_only_when_asked_to_and_only_by_a_complete_one(
    conn: sqlite3.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_text("before")
    found = already(str(file))
    assert found is not None
    assert (found.path, found.size) == (file, 6)
    with pytest.raises(KeyboardInterrupt), event_file(file, Format.JSON, overwrite=True):
        raise KeyboardInterrupt
    assert file.read_text() == "before"
    export(conn, file, overwrite=True)
    assert len(json.loads(file.read_text())) == 21
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert already(str(tmp_path / "b.json")) is None
    with pytest.raises(UsageError, match="no ordinary file"):
        already(str(tmp_path))


def test_a_database_that_is_open_is_never_replaced(conn: sqlite3.Connection, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    with closing(prepared(path)), pytest.raises(UsageError, match="a database that is open"):
        export(conn, path, overwrite=True)
    assert path.read_bytes().startswith(b"SQLite format 3")


def test_a_file_that_appears_meanwhile_is_kept_and_so_are_the_events(conn: sqlite3.Connection, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    with (
        pytest.raises(UsageError, match=r"is there by now; 7 events are in (.*)$"),
        event_file(file, Format.JSON) as one,
    ):
        one.add(piece(conn, Noun.EVENTS, Selection(), Format.JSON, after=None, first=True))
        file.write_text("somebody's")
    assert file.read_text() == "somebody's"
    (part,) = tmp_path.glob(".a.json.*.part")
    assert len(json.loads(part.read_text())) == 7


def test_an_ending_that_says_no_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"end in \.json, \.ndjson, \.csv"):
        format_of("events.xml")
