"""Pieces of styled text. A tone says what a piece means; the style sheets say how that looks."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from cwconsole.tui.render.plain import width


class Tone(Enum):
    """What a piece of text means. The value is the component class that styles it."""

    PLAIN = "tone--plain"  # nothing particular
    MUTED = "tone--muted"  # of less interest
    STRONG = "tone--strong"  # what the eye should find first
    GOOD = "tone--good"  # as it should be
    BUSY = "tone--busy"  # under way
    WARN = "tone--warn"  # not as it should be; may pass by itself
    BAD = "tone--bad"  # somebody must do something
    KEY = "tone--key"  # a key to press, the name of a member
    TEXT = "tone--text"  # a string value
    NUMBER = "tone--number"  # a number, true, false, null
    PROD = "tone--prod"  # belongs to production
    PROD_SIGN = "tone--prod-sign"  # the word PROD in the header


class Cell(Struct, frozen=True):
    """One field of a row, or one piece of a line. The text is plain already (`render.plain`)."""

    text: str
    tone: Tone = Tone.PLAIN


Line = tuple[Cell, ...]

NEAR = 6  # cells between two differences that are sent along: going there costs as much


def differing(before: Line, after: Line) -> list[tuple[int, int]] | None:
    """Where two lines differ: first cell and number of cells of each part. None: everywhere, their pieces do not match.

    Both are drawn for the same columns, so that a piece that changes keeps its width.
    """
    if len(before) != len(after):
        return None
    parts: list[tuple[int, int]] = []
    at = 0
    for old, new in zip(before, after, strict=True):
        cells = width(new.text)
        if old != new:
            if width(old.text) != cells:
                return None
            if parts and at - sum(parts[-1]) <= NEAR:
                parts[-1] = parts[-1][0], at + cells - parts[-1][0]
            else:
                parts.append((at, cells))
        at += cells
    return parts
