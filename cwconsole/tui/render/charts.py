"""Charts of several lines: one column for each value, the newest at the right, the scale at the left.

Drawn with the glyphs of the terminal, so that they need nothing that ASCII or a screen without colour lacks; and a line
that reads the same is not sent again, which a plotting widget would not know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.glyphs import Glyphs
from cwconsole.tui.render.plain import Align, fit, shorten, width

SCALE: Final = 7  # cells of the scale, the line beside it included


@dataclass(frozen=True, slots=True)
class Bar:
    """One column. value: None where there is nothing to measure. sign: stands at its foot instead of a bar."""

    value: float | None
    tone: Tone = Tone.BUSY
    sign: str = ""


def chart(
    title: str, bars: Sequence[Bar], *, cells: int, height: int, glyphs: Glyphs, scale: Callable[[float], str]
) -> list[Line]:
    """A title and `height` lines of exactly `cells` cells. scale: how a value reads, in at most six cells."""
    room = max(cells - SCALE, 1)
    shown = bars[-room:]
    top = max((bar.value or 0.0 for bar in shown), default=0.0)
    last = next((bar.value for bar in reversed(shown) if bar.value is not None), None)
    told = "" if last is None else f"  now {scale(last)}, highest {scale(top)}"
    lines: list[Line] = [
        (Cell(title, Tone.STRONG), Cell(shorten(told, max(cells - width(title), 0), cut=glyphs.cut), Tone.MUTED))
    ]
    steps = len(glyphs.spark)
    heights = [_eighths(bar.value, top, height * steps) for bar in shown]
    for row in range(height - 1, -1, -1):
        label = scale(top) if row == height - 1 else "0" if row == 0 else ""
        lead = f"{fit(label if top > 0 else '', SCALE - 2, align=Align.RIGHT, cut=glyphs.cut)} {glyphs.separator}"
        columns = [_piece(bar, filled - row * steps, row, glyphs) for bar, filled in zip(shown, heights, strict=True)]
        pad = Cell(" " * (room - len(shown)))
        lines.append((Cell(lead, Tone.MUTED), pad, *_joined(columns)))
    return lines


def _eighths(value: float | None, top: float, most: int) -> int:
    """How many steps a bar is high; anything above nothing shows something."""
    return 0 if not value or top <= 0 else max(round(value / top * most), 1)


def _piece(bar: Bar, filled: int, row: int, glyphs: Glyphs) -> Cell:
    """What one line shows of one column."""
    if row == 0 and bar.sign:
        return Cell(bar.sign, bar.tone)
    if filled <= 0:
        return Cell(" ")
    return Cell(glyphs.spark[min(filled, len(glyphs.spark)) - 1], bar.tone)


def _joined(columns: Sequence[Cell]) -> list[Cell]:
    """Neighbours of one tone as one cell: fewer pieces to style and send."""
    joined: list[Cell] = []
    for cell in columns:
        if joined and joined[-1].tone is cell.tone:
            joined[-1] = Cell(joined[-1].text + cell.text, cell.tone)
        else:
            joined.append(cell)
    return joined
