"""Events written to a file, newest first: JSON (one list), NDJSON (a line each) or CSV, for screen and command line.

1. A piece is one page: what is held does not grow with what is exported. Pages are reads of their own, so that an
   export of hours keeps nobody from tidying the log; what is recorded meanwhile stands above its beginning.
2. An event is the document that `events list --json` shows, with its record. In CSV the record is one field of JSON.
3. The file is its owner's alone, and a new one. An export that does not come to its end leaves none.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cwconsole.core.document import Json
from cwconsole.core.errors import UsageError
from cwconsole.core.filters import Filter
from cwconsole.core.moments import iso
from cwconsole.store import event_list
from cwconsole.store.event_list import EventRow

PAGE: Final = 500  # events of a piece
HEAD: Final = ("id", "event_id", "instance_id", "instance", "resource", "object_id", "type", "seen", "record_date",
               "future", "poll_id", "previous_id", "delivery", "record")  # fmt: skip


class Format(StrEnum):
    """How events are written. The value is the file's ending too."""

    JSON = "json"  # one list
    NDJSON = "ndjson"  # one document a line
    CSV = "csv"  # one line each, with a head


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some events as text. events: how many. next_after: where the next piece begins; None: this was the last."""

    text: str
    events: int
    next_after: int | None


def format_of(path: str) -> Format:
    """By the file's ending. Raises UsageError for one that is none of ours."""
    ending = Path(path).suffix.removeprefix(".").lower()
    ending = {"jsonl": "ndjson"}.get(ending, ending)
    if ending not in {*Format}:
        raise UsageError(f"{path} says no format; let it end in .{', .'.join(Format)}.")
    return Format(ending)


def document(row: EventRow, record: bytes) -> dict[str, Json]:
    """An event as JSON. Times are ISO in UTC; the record's date is on ConnectWise's clock, in whole seconds."""
    date = None if row.record_date is None else iso(row.record_date * 1000).replace(".000Z", "Z")
    values = (row.id, row.event_id, row.instance_id, row.instance, row.resource, row.object_id, row.type,
              iso(row.seen_ms), date, row.future, row.poll_id, row.previous_id, row.delivery,
              _read(record))  # fmt: skip
    return dict(zip(HEAD, values, strict=True))


def piece(conn: sqlite3.Connection, chosen: Filter, wanted: Format, *, first: bool) -> Piece:
    """The next events of a filter. first: nothing was written before. Raises UsageError as the list does."""
    listing = event_list.page(conn, replace(chosen, limit=PAGE))
    records = event_list.records(conn, [row.id for row in listing.rows])
    documents = [document(row, records.get(row.id, b"")) for row in listing.rows]
    return Piece(text=_WRITERS[wanted](documents, first), events=len(documents), next_after=listing.next_after)


def _read(record: bytes) -> Json:
    """The record itself, or its text if it is no JSON that Python reads."""
    try:
        read: Json = json.loads(record)
    except (ValueError, RecursionError):
        return record.decode("utf-8", "replace")
    return read


def _text(value: object) -> str:
    """Half characters in remote text become escapes, which JSON knows as well."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def _json(documents: Sequence[dict[str, Json]], first: bool) -> str:
    before = "" if first else ",\n"
    return before + ",\n".join(_text(one) for one in documents) if documents else ""


def _ndjson(documents: Sequence[dict[str, Json]], _: bool) -> str:
    return "".join(f"{_text(one)}\n" for one in documents)


def _csv(documents: Sequence[dict[str, Json]], _: bool) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    for one in documents:
        writer.writerow([*(_field(one[name]) for name in HEAD[:-1]), _text(one["record"])])
    return written.getvalue()


def _field(value: Json) -> str:
    """A field. What a spreadsheet would take for a formula becomes text: names come from others."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(("=", "+", "-", "@", "\t")) else text


_WRITERS: Final = {Format.JSON: _json, Format.NDJSON: _ndjson, Format.CSV: _csv}
_BEFORE: Final = {Format.JSON: "[\n", Format.NDJSON: "", Format.CSV: ",".join(HEAD) + "\n"}
_AFTER: Final = {Format.JSON: "\n]\n", Format.NDJSON: "", Format.CSV: ""}


class EventFile:
    """The file that is written; a block around it ends it well, or removes it. Blocks: keep it off the loop.

    Raises UsageError for a path that cannot be written, or where something is already.
    """

    def __init__(self, path: str, wanted: Format) -> None:
        self.path = Path(path)
        self._wanted = wanted
        self._file: io.TextIOWrapper | None = None
        self.events = 0

    def __enter__(self) -> Self:
        try:
            self.path = self.path.expanduser().absolute()
            number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise UsageError(f"{self.path} is there already; name another file.") from None
        except (OSError, RuntimeError, ValueError) as error:  # `~nobody`, NUL
            why = getattr(error, "strerror", None) or error
            raise UsageError(f"{self.path} cannot be written: {why}; name another file.") from error
        self._file = open(number, "w", encoding="utf-8", errors="backslashreplace", newline="")  # noqa: PTH123
        self._file.write(_BEFORE[self._wanted])
        return self

    def add(self, one: Piece) -> None:
        """Write a piece. Raises UsageError when the disk takes no more."""
        assert self._file is not None, "within the block"
        try:
            self._file.write(one.text)
        except OSError as error:
            raise UsageError(f"{self.path} cannot be written on: {error.strerror}; nothing is left of it.") from error
        self.events += one.events

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        assert self._file is not None, "entered before"
        try:
            if kind is None:
                self._file.write(_AFTER[self._wanted])
            self._file.close()
        except OSError as full:
            self.path.unlink(missing_ok=True)
            raise UsageError(f"{self.path} cannot be written to its end: {full.strerror}.") from full
        if kind is not None:
            self.path.unlink(missing_ok=True)
