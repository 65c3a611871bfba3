"""Text for people: remote text made harmless, columns that line up, times and spans that read easily. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

ABSENT = "-"
NARROWEST = 6  # a column that must give way keeps at least so many characters


def harmless(text: str) -> str:
    """The text on one line, without characters that steer a terminal or turn the reading direction around."""
    if text.isascii() and text.isprintable():  # nearly always, and a table has many cells
        return text
    return "".join(char if _is_shown(char) else " " for char in text)


def harmless_lines(text: str) -> str:
    """As `harmless`, keeping line breaks."""
    return "\n".join(harmless(line) for line in text.split("\n"))


def _is_shown(char: str) -> bool:
    return char.isprintable() and unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"}


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def shortened(text: str, columns: int) -> str:
    """The text in at most so many columns, three dots where it was cut."""
    if width(text) <= columns:
        return text
    room, kept = max(columns - 3, 0), ""
    for char in text:
        room -= _columns(char)
        if room < 0:
            break
        kept += char
    return kept + "..."[: max(columns, 0)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, columns: int | None) -> str:
    """Aligned columns under their names. columns: the terminal's width, None for no limit. The last column is cut."""
    cells = [list(head), *([harmless(cell) for cell in row] for row in rows)]
    widths = [max(width(row[at]) for row in cells) for at in range(len(head))]
    if columns is not None:
        _narrow(widths, columns)
    return "\n".join(_line(row, widths) for row in cells)


def _narrow(widths: list[int], columns: int) -> None:
    """Take from the widest column, the last one first, until the line fits or nothing can be taken any more."""
    over = sum(widths) + 2 * (len(widths) - 1) - columns
    last = len(widths) - 1
    taken = min(over, max(widths[last] - 20, 0))
    if taken > 0:
        widths[last] -= taken
        over -= taken
    while over > 0:
        widest = max(range(len(widths)), key=lambda at: widths[at])
        if widths[widest] <= NARROWEST:
            return
        widths[widest] -= 1
        over -= 1


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cut = [shortened(cell, room) for cell, room in zip(row, widths, strict=True)]
    return "  ".join(cell + " " * (room - width(cell)) for cell, room in zip(cut, widths, strict=True)).rstrip()


def moment(ms: int | None) -> str:
    """`2026-09-01 08:00:00Z`, UTC."""
    if ms is None:
        return ABSENT
    return f"{datetime.fromtimestamp(ms // 1000, tz=UTC).isoformat(' ')[:19]}Z"


def silence(since_ms: int) -> str:
    """What is known of an engine that does not write: why, only its log can say."""
    return (
        f"The engine has written nothing since {moment(since_ms)}: the disk may be full, the file locked by another "
        "program, or its process stopped. Its log says more."
    )


def server_moment(seconds: int | None) -> str:
    """A time on ConnectWise's clock, whole seconds, in the same form."""
    return moment(None if seconds is None else seconds * 1000)


def span(seconds: float | None) -> str:
    """`45s`, `12m`, `3h05m`, `2d04h`: without blanks, by which scripts take a table's line apart."""
    if seconds is None:
        return ABSENT
    whole = int(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    if whole < 60:
        return f"{sign}{whole}s"
    if whole < 3600:
        return f"{sign}{whole // 60}m"
    if whole < 86_400:
        return f"{sign}{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{sign}{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def maybe(value: object) -> str:
    """The value's text, `-` for nothing."""
    return ABSENT if value is None or value == "" else str(value)
