"""Charts of several lines: one column for each value, the newest at the right, the scale at the left, time below.

Drawn with the glyphs of the terminal, so that they need nothing that ASCII or a screen without colour lacks; and a line
that reads the same is not sent again, which a plotting widget would not know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median_low
from typing import Final

from msgspec import Struct

from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.glyphs import Glyphs
from cwconsole.tui.render.plain import Align, fit, shorten, width

SCALE: Final = 9  # cells of the scale, the line beside it included: `23h 59m` fits
HALVED_FROM: Final = 6  # lines of height from which half of the highest is marked too
LEAST, HIGHEST = 2, 14  # lines of height that a chart is drawn with


class Bar(Struct, frozen=True):
    """One column. value: None where there is nothing to measure. sign: stands at its foot instead of a bar."""

    value: float | None
    tone: Tone = Tone.BUSY
    sign: Cell | None = None


def height_in(room: int) -> int:
    """The height of a chart that has so many lines for itself and its title."""
    return max(min(room - 1, HIGHEST), LEAST)


def chart(
    title: str,
    bars: Sequence[Bar],
    *,
    cells: int,
    height: int,
    glyphs: Glyphs,
    scale: Callable[[float], str],
    newest: str = "now",
) -> list[Line]:
    """A title and `height` lines of exactly `cells` cells. scale: how a value reads, with its unit. newest: its name.

    The title tells the newest value and the usual one, the median; the scale tells the highest.
    """
    room = max(cells - SCALE, 1)
    shown = bars[-room:]
    top = max((bar.value or 0.0 for bar in shown), default=0.0)
    last = next((bar.value for bar in reversed(shown) if bar.value is not None), None)
    known = [bar.value for bar in shown if bar.value is not None]
    told = "" if last is None else f"  {newest} {scale(last)}, usually {scale(median_low(known))}"
    lines: list[Line] = [
        (Cell(title, Tone.STRONG), Cell(shorten(told, max(cells - width(title), 0), cut=glyphs.cut), Tone.MUTED))
    ]
    steps = len(glyphs.spark)
    half = height // 2 if height % 2 == 0 and height >= HALVED_FROM else 0
    heights = [_eighths(bar.value, top, height * steps) for bar in shown]
    for row in range(height - 1, -1, -1):
        label = scale(top * (row + 1) / height) if row + 1 in {height, half} else "0" if row == 0 else ""
        lead = f"{fit(label if top > 0 else '', SCALE - 2, align=Align.RIGHT, cut=glyphs.cut)} {glyphs.separator}"
        columns = [_piece(bar, filled - row * steps, row, glyphs) for bar, filled in zip(shown, heights, strict=True)]
        pad = Cell(" " * (room - len(shown)))
        lines.append((Cell(lead, Tone.MUTED), pad, *_joined(columns)))
    return lines


def axis(first: str, middle: str, last: str, count: int, *, cells: int) -> Line:
    """What stands below the columns, of which there are `count`: under the first one, between, under the last one."""
    room = max(cells - SCALE, 1)
    columns = min(count, room)
    free = columns - width(first) - width(last)
    if free < width(middle) + 2:
        text = fit(f"{middle} since {first}", room, align=Align.RIGHT, cut="")
    else:
        text = " " * (room - columns) + first + middle.center(free) + last
    return (Cell(" " * SCALE + text, Tone.MUTED),)


def _eighths(value: float | None, top: float, most: int) -> int:
    """How many steps a bar is high; anything above nothing shows something."""
    return 0 if not value or top <= 0 else max(round(value / top * most), 1)


def _piece(bar: Bar, filled: int, row: int, glyphs: Glyphs) -> Cell:
    """What one line shows of one column."""
    if row == 0 and bar.sign is not None:
        return bar.sign
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
