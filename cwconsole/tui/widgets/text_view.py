"""Text of any length in tones, wrapped to the width, drawn line by line.

What a line makes is kept: one record reads much like the next. Padding at the left is drawn as a part of each line.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Region
from textual.strip import Strip

from cwconsole.tui.action import Scope
from cwconsole.tui.actions import bindings
from cwconsole.tui.render.cells import Cell, Line
from cwconsole.tui.render.wrapped import wrapped
from cwconsole.tui.widgets.line_scroll import KEPT_LINES, LineScroll


class TextView(LineScroll, can_focus=True):
    """Lines to read and scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Scope.TEXT)]
    DEFAULT_CSS = """
    TextView {
        height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    """

    def __init__(self, lines: Sequence[Line] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = tuple(lines)
        self._wrapped: list[Line] = []
        self._strips: dict[tuple[Line, int], Strip] = {}  # by their width too

    @property
    def text(self) -> str:
        """What stands there, before it was wrapped."""
        return "\n".join("".join(cell.text for cell in line) for line in self._lines)

    def show(self, lines: Sequence[Line], *, keep_place: bool = False) -> None:
        """Show other lines, from their beginning."""
        if tuple(lines) == self._lines:
            return
        self._lines = tuple(lines)
        before, top = self._wrapped, self.scroll_offset.y
        self._wrap()
        if not keep_place:
            self.scroll_to(y=0, animate=False, force=True)
        if self.scroll_offset.y == top:  # else all of it is sent anyhow
            self._refresh_differing(before, top)

    def _refresh_differing(self, before: Sequence[Line], top: int) -> None:
        width, height = self.size
        for y, (old, new) in enumerate(zip_longest(before[top : top + height], self._wrapped[top : top + height])):
            if old != new:
                self.refresh(Region(0, y, width, 1))

    def on_resize(self) -> None:
        self._wrap()

    def _wrap(self) -> None:
        cells = max(self.scrollable_content_region.width, 1)
        self._wrapped = [piece for line in self._lines for piece in wrapped(line, cells)]
        self.set_lines(len(self._wrapped))

    def notify_style_update(self) -> None:
        """Another theme: no strip is right any more."""
        super().notify_style_update()
        self._strips.clear()

    def strips(self, lines: Sequence[int]) -> list[Strip]:
        """Lines of the view."""
        top, cells, end = self.scroll_offset.y, self.outer_size.width, len(self._wrapped)
        return [self._strip(self._wrapped[top + y] if top + y < end else (), cells) for y in lines]

    def _strip(self, line: Line, cells: int) -> Strip:
        strip = self._strips.get((line, cells))
        if strip is None:
            if len(self._strips) >= KEPT_LINES:
                self._strips.clear()
            padded = (Cell(" " * self.styles.padding.left), *line)
            strip = self._strips[line, cells] = self.finished(padded, self.own_style, cells)
        return strip

    def action_do(self, name: str) -> None:
        """Scroll; see `tui.actions`."""
        page = max(self.scrollable_content_region.height, 1)
        by = {"down": 1, "up": -1, "page_down": page, "page_up": -page, "half_down": page // 2, "half_up": -page // 2}
        move = name.removeprefix("text.")
        top = {"top": 0, "end": len(self._wrapped)}.get(move, self.scroll_offset.y + by.get(move, 0))
        self.scroll_to(y=max(top, 0), animate=False, force=True)
