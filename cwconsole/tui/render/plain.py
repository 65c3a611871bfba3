"""Remote text as data: nothing in it may steer the terminal, and every piece has a known width in cells.

What cannot be printed (control characters, escapes, direction marks, lone surrogates) is shown as the escape by which
one would type it (`\\x1b`, `\\u202e`), so that it is seen and does nothing. No text is ever read as markup.
"""

from __future__ import annotations

import unicodedata
from enum import Enum

from rich.cells import cell_len, set_cell_size


class Align(Enum):
    """Where a text stands in its column."""

    LEFT = "left"
    RIGHT = "right"


def plain(text: str) -> str:
    """The text with everything that is not printable written as an escape."""
    return text if text.isprintable() else "".join(map(_shown, text))


def plain_lines(text: str) -> str:
    """The same of a text of several lines, which stay."""
    return "\n".join(map(plain, text.split("\n")))


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    if unicodedata.category(char) == "Zs":
        return " "  # spaces of other widths
    return char.encode("unicode_escape").decode("ascii")


def width(text: str) -> int:
    """Cells that a plain text takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, cells: int, *, cut: str = "…", align: Align = Align.LEFT) -> str:
    """A plain text in exactly so many cells: filled up with spaces, or cut. cut: a sign of one cell, or nothing."""
    long = width(text)
    if long <= cells:
        fill = " " * (cells - long)
        return text + fill if align is Align.LEFT else fill + text
    if cells <= 0:
        return ""
    room = cells - len(cut)
    return (text[:room] if text.isascii() else set_cell_size(text, room)) + cut


def shorten(text: str, cells: int, *, cut: str = "…") -> str:
    """A plain text in at most so many cells."""
    return text if width(text) <= cells else fit(text, cells, cut=cut)


def wrap(text: str, cells: int) -> list[str]:
    """A plain text in lines of at most so many cells, broken at spaces where there are any. At least one line."""
    lines, line = [], ""
    for word in text.split(" "):
        rest = word
        if line and width(line) + 1 + width(rest) <= cells:
            line = f"{line} {rest}"
            continue
        if line:
            lines.append(line)
        while width(rest) > cells:
            piece = set_cell_size(rest, cells).rstrip() or rest[0]
            lines.append(piece)
            rest = rest[len(piece) :]
        line = rest
    lines.append(line)
    return lines
