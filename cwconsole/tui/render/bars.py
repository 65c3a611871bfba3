"""Small pictures in a line of text: bars and sparklines."""

from __future__ import annotations

from collections.abc import Sequence

from cwconsole.tui.render.glyphs import Glyphs


def bar(share: float, cells: int, glyphs: Glyphs) -> str:
    """A bar that is filled from the left; share is cut to 0..1. Anything above nothing shows something."""
    share = min(max(share, 0.0), 1.0)
    steps = len(glyphs.bar_parts) + 1
    filled = round(share * cells * steps)
    if share > 0:
        filled = max(filled, 1)
    whole, part = divmod(filled, steps)
    drawn = glyphs.bar_full * whole + (glyphs.bar_parts[part - 1] if part else "")
    return drawn + glyphs.bar_empty * (cells - len(drawn))


def spark(values: Sequence[float], cells: int, glyphs: Glyphs) -> str:
    """The last values, one cell each, scaled to the highest of them; nothing is a blank."""
    shown = [0.0] * max(cells - len(values), 0) + [float(value) for value in values[-cells:]] if cells > 0 else []
    top = max(shown, default=0.0)
    if top <= 0:
        return " " * cells
    last = len(glyphs.spark) - 1
    return "".join(glyphs.spark[min(int(value / top * last + 0.5), last)] if value > 0 else " " for value in shown)


def count(number: int) -> str:
    """A number in at most four cells: `999`, `1.2k`, `34k`, `999k`, `1.2M`."""
    if number < 1000:
        return str(number)
    for size, unit in ((1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G")):
        value = number / size
        if value < 9.95:
            return f"{value:.1f}{unit}"
        if value < 999.5:
            return f"{value:.0f}{unit}"
    return f"{number / 1_000_000_000_000:.0f}T"
