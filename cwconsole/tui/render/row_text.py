"""A row of a table as text to be taken elsewhere: what its columns say, untruncated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

from cwconsole.store.export_file import no_formula
from cwconsole.tui.render.columns import Column, Look
from cwconsole.tui.render.plain import plain

R = TypeVar("R")


class Field(Struct, frozen=True, kw_only=True):
    """What one column says of a row. name: the column's title."""

    name: str
    text: str


def fields(row: R, columns: Iterable[Column[R]], look: Look) -> list[Field]:
    """Those that say something; columns without a title are pictures, or a word beside another column."""
    told = [Field(name=column.title, text=_text(row, column, look)) for column in columns if column.title]
    return [one for one in told if one.text]


def tab_separated(row: R, columns: Iterable[Column[R]], look: Look) -> str:
    """One line, for spreadsheets: `plain` writes tabs and line breaks as escapes, so a field never ends early."""
    texts = [_text(row, column, look) for column in columns]
    return "\t".join(text if text == look.glyphs.none else no_formula(text) for text in texts)


def _text(row: R, column: Column[R], look: Look) -> str:
    return plain(column.draw(row, look).text).strip()
