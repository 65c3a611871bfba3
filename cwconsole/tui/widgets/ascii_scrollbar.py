"""A scroll bar of whole cells, for terminals that can show ASCII only."""

from __future__ import annotations

from textual.scrollbar import ScrollBarRender


class AsciiScrollBar(ScrollBarRender):
    """Its ends are not drawn in parts of a cell."""

    VERTICAL_BARS = [" "] * 8
    HORIZONTAL_BARS = [" "] * 8
