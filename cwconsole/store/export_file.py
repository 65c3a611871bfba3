"""The file of an export: JSON (one list), NDJSON (a line each) or CSV, for screen and command line. Blocks.

The file is its owner's alone. It is written beside its place under a hidden name, and takes its own when it is
complete: what was there before stays until then, and an export that does not come to its end leaves nothing.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from cwconsole.core.counted import counted
from cwconsole.core.errors import UsageError
from cwconsole.core.filters import Noun
from cwconsole.core.json_values import json_text
from cwconsole.store.connection import is_open_database


class Format(StrEnum):
    """How rows are written. The value is the file's ending too."""

    JSON = "json"  # one list
    NDJSON = "ndjson"  # one document a line
    CSV = "csv"  # one line each, with a head


class Piece(Struct, frozen=True, kw_only=True):
    """Some rows as text. rows: how many. next_after: where the next piece begins; None: this was the last."""

    text: str
    rows: int
    next_after: int | None


def format_of(path: str) -> Format:
    """By the file's ending. Raises UsageError for one that is none of ours."""
    ending = Path(path).suffix.removeprefix(".").lower()
    ending = {"jsonl": "ndjson"}.get(ending, ending)
    if ending not in {*Format}:
        raise UsageError(f"{path} says no format; let it end in .{', .'.join(Format)}.")
    return Format(ending)


def written(documents: Sequence[dict[str, Any]], how: Format, names: Sequence[str], *, first: bool) -> str:
    """Rows as the text of a piece. names: of the members, the columns of CSV. first: nothing was written before."""
    if how is Format.NDJSON:
        return "".join(f"{json_text(one)}\n" for one in documents)
    if how is Format.JSON:
        before = "" if first or not documents else ",\n"
        return before + ",\n".join(map(json_text, documents))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_field(one[name]) for name in names] for one in documents)
    return text.getvalue()


def _field(value: object) -> str:
    """A field, `true` and `false` as JSON has them."""
    if isinstance(value, dict | list | bool):
        return json_text(value)
    return no_formula(value) if isinstance(value, str) else "" if value is None else str(value)


def no_formula(text: str) -> str:
    """What a spreadsheet would take for a formula as text: names come from others."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def said(noun: Noun, number: int) -> str:
    """`12 deliveries are`."""
    return counted(number, f"{noun.one} is", f"{noun} are")


class Already(Struct, frozen=True, kw_only=True):
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


def place_of(path: str) -> tuple[str, Already | None]:
    """Where an export would be, in full, and what is there. Blocks. Raises UsageError as `already` does."""
    there = already(path)
    return str(_where(path)), there


def _where(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except (RuntimeError, ValueError) as error:  # `~nobody`, NUL
        raise _unwritable(Path(path), error) from error


def _unwritable(path: Path, error: Exception) -> UsageError:
    return UsageError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}; name another file.")


class ExportFile:
    """The file that is written; a block around it ends it well, or leaves nothing of it. Blocks: keep it off the loop.

    names: the head of a CSV. said: so many rows, as the beginning of a sentence. overwrite: take the place of a file
    that is there. Raises UsageError for a path that cannot be written, or where something is already.
    """

    def __init__(
        self,
        path: str,
        wanted: Format,
        *,
        names: Sequence[str],
        said: Callable[[int], str],
        overwrite: bool = False,
    ) -> None:
        self.path = Path(path)
        self._names, self._said = names, said
        self._wanted = wanted
        self._overwrite = overwrite
        self._part = self.path
        self._file: io.TextIOWrapper | None = None
        self.rows = 0

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
        self._file.write({Format.JSON: "[\n", Format.CSV: ",".join(self._names) + "\n"}.get(self._wanted, ""))
        return self

    def add(self, one: Piece) -> None:
        """Write a piece. Raises UsageError when the disk takes no more."""
        assert self._file is not None, "within the block"
        try:
            self._file.write(one.text)
        except OSError as error:
            raise UsageError(f"{self.path} cannot be written on: {error.strerror}; nothing is left of it.") from error
        self.rows += one.rows

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        assert self._file is not None, "entered before"
        try:
            if kind is None:
                self._file.write("\n]\n" if self._wanted is Format.JSON else "")
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
                raise UsageError(f"{self.path} is there by now; {self._said(self.rows)} in {self._part}") from None
        self._part.replace(self.path)
