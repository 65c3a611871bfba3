"""The last thing before the terminal in ASCII mode: whatever a screen has drawn, only ASCII is sent.

Our own signs come from the glyph table, but a sentence may hold a dash, remote text anything, and Textual draws too.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from cwconsole.tui.render.glyphs import as_ascii


class AsciiOnly(LineFilter):
    """Writes each piece of a line in ASCII, in as many cells."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(as_ascii(text), style, control) for text, style, control in segments]
