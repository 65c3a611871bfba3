"""Events written to a file, newest first: JSON (one list), NDJSON (a line each) or CSV, for screen and command line.

1. A piece is one page: what is held does not grow with what is exported. Pages are reads of their own, so that an
   export of hours keeps nobody from tidying the log; what is recorded meanwhile stands above its beginning.
2. An event is the document that `events list --json` shows, with its record. In CSV the record is one field of JSON.
3. The file is its owner's alone. It is written beside its place under a hidden name, and takes its own when it is
   complete: what was there before stays until then, and an export that does not come to its end leaves nothing.
"""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cwconsole.core.counted import counted
from cwconsole.core.document import Json
from cwconsole.core.errors import UsageError
from cwconsole.core.moments import iso
from cwconsole.store import event_list
from cwconsole.store.connection import is_open_database
from cwconsole.store.event_list import EventRow
from cwconsole.store.listing import Listing
from cwconsole.store.selection import Selection

PAGE: Final = 500  # events of a piece
HEAD: Final = ("id", "event_id", "instance_id", "instance", "resource", "object_id", "type", "seen", "record_date",
               "future", "poll_id", "previous_id", "delivery", "held", "record")  # fmt: skip


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
              iso(row.seen_ms), date, row.future, row.poll_id, row.previous_id, row.delivery, row.held,
              _read(record))  # fmt: skip
    return dict(zip(HEAD, values, strict=True))


def piece(conn: sqlite3.Connection, wanted: Selection, how: Format, *, after: int | None, first: bool) -> Piece:
    """The next events of a selection, below the number `after`. first: nothing was written before.

    Raises UsageError as the list does.
    """
    listing = _page(conn, wanted, after)
    records = event_list.records(conn, [row.id for row in listing.rows])
    documents = [document(row, records.get(row.id, b"")) for row in listing.rows]
    return Piece(text=_WRITERS[how](documents, first), events=len(documents), next_after=listing.next_after)


def _page(conn: sqlite3.Connection, wanted: Selection, after: int | None) -> Listing[EventRow]:
    if wanted.numbers is None:
        listing = event_list.page(conn, replace(wanted.chosen, limit=PAGE, after=after))
        left_out = frozenset(wanted.but)
        return replace(listing, rows=[row for row in listing.rows if row.id not in left_out])
    numbers = sorted((one for one in set(wanted.numbers) if after is None or one < after), reverse=True)
    some = numbers[:PAGE]
    return Listing(rows=event_list.some(conn, some), next_after=some[-1] if len(numbers) > PAGE else None)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Already:
    """What stands where an export is to go. size: bytes."""

    path: Path
    size: int
    changed_ms: int


def already(path: str) -> Already | None:
    """The file that an export would replace. Blocks. Raises UsageError for what cannot be replaced."""
    where = _where(path)
    try:
        found = where.lstat()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unwritable(where, error) from error
    if not where.is_file():
        raise UsageError(f"{where} is no ordinary file; name another.")
    if is_open_database(where):
        raise UsageError(f"{where} is a database that is open; name another file.")
    return Already(path=where, size=found.st_size, changed_ms=int(found.st_mtime * 1000))


def _where(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except (RuntimeError, ValueError) as error:  # `~nobody`, NUL
        raise _unwritable(Path(path), error) from error


def _unwritable(path: Path, error: Exception) -> UsageError:
    return UsageError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}; name another file.")


class EventFile:
    """The file that is written; a block around it ends it well, or leaves nothing of it. Blocks: keep it off the loop.

    overwrite: take the place of a file that is there. Raises UsageError for a path that cannot be written, or where
    something is already.
    """

    def __init__(self, path: str, wanted: Format, *, overwrite: bool = False) -> None:
        self.path = Path(path)
        self._wanted = wanted
        self._overwrite = overwrite
        self._part = self.path
        self._file: io.TextIOWrapper | None = None
        self.events = 0

    def __enter__(self) -> Self:
        self.path = _where(str(self.path))
        if already(str(self.path)) is not None and not self._overwrite:
            raise UsageError(f"{self.path} is there already; name another file.")
        self._part = self.path.with_name(f".{self.path.name[:100]}.{secrets.token_hex(4)}.part")
        try:
            number = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except (OSError, ValueError) as error:
            raise _unwritable(self.path, error) from error
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
                self._file.flush()
                os.fsync(self._file.fileno())  # the name must not stand for less than all of it
            self._file.close()
            if kind is None:
                self._take_the_name()
        except OSError as full:
            self._part.unlink(missing_ok=True)
            raise UsageError(f"{self.path} cannot be written to its end: {full.strerror}.") from full
        if kind is not None:
            self._part.unlink(missing_ok=True)

    def _take_the_name(self) -> None:
        """Nobody's file is replaced unasked: the name is claimed first, which only one can."""
        if not self._overwrite:
            try:
                os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                raise UsageError(
                    f"{self.path} is there by now; {counted(self.events, 'event is', 'events are')} in {self._part}"
                ) from None
        self._part.replace(self.path)
