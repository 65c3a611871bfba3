"""A view that scrolls over lines which it draws itself, and whose number changes while one looks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from math import ceil
from typing import Final, TypeVar

from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

from cwconsole.tui.widgets.toned import Toned

T = TypeVar("T")

KEPT_LINES: Final = 1000
EIGHTHS: Final = 8  # of a cell, in which a scrollbar is drawn


class LineScroll(Toned, ScrollView):
    """See the module. Its scrollbar has a place of its own (`scrollbar-gutter: stable`). It can have no border."""

    @abstractmethod
    def strips(self, lines: Sequence[int]) -> list[Strip]:
        """Some lines of the view, from edge to edge, as they go to the screen."""

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        return self.strips((y,))[0]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a part of the view.

        Textual makes each anew to put border and padding around it, which takes longer than all the rest.
        """
        strips = self.strips(crop.line_range)
        if crop.column_span != (0, self.outer_size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def set_lines(self, count: int) -> None:
        """Say how many lines there are.

        Textual lays out the whole screen and sends all of it when a virtual size changes. As long as the scrollbar
        stays there, or away, nothing moves: then only it is drawn again, and only if it looks different.
        """
        size, before = Size(self.scrollable_content_region.width, count), self.virtual_size
        height = self.scrollable_content_region.height
        if size == before:
            return
        if (before.height > height) != (count > height):
            self.virtual_size = size
            # In the same layout: Textual finds out in the midst of it, and draws once without what has no place then.
            self.show_vertical_scrollbar = count > height
            return
        self.set_reactive(Widget.virtual_size, size)
        if self.scroll_offset.y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        if self.show_vertical_scrollbar:
            self._move_thumb(ScrollBar.window_virtual_size, count)

    def on_resize(self) -> None:
        """Draw all of it for this size: Textual has drawn it once by now, with what was there for another width.

        A subclass's `on_resize` runs before this one.
        """
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other lines are in view; the scrollbar is drawn again only if it looks different."""
        if round(old_value) == round(new_value):
            return
        self.refresh(self.size.region)
        if self.show_vertical_scrollbar:
            self._move_thumb(ScrollBar.position, new_value)

    def _move_thumb(self, part: Reactive[T], value: T) -> None:
        """The scrollbar stands for something else: draw again the lines of it at which its thumb ends now, and did."""
        bar = self.vertical_scrollbar
        before = _thumb(bar)
        bar.set_reactive(part, value)
        for old, new in zip(before, _thumb(bar), strict=True):
            if old != new:
                first, last = sorted((old // EIGHTHS, new // EIGHTHS))
                bar.refresh(Region(0, first, bar.size.width, last - first + 1))


def _thumb(bar: ScrollBar) -> tuple[int, int]:
    """Where the thumb begins and where it ends, in eighths of a cell: as `ScrollBarRender` reckons it."""
    height, window, total = bar.size.height, bar.window_size, bar.window_virtual_size
    if not height or total <= window:
        return 0, 0
    size = max(1, window / (total / height))
    begin = int((height - size) * (bar.position / (total - window)) * EIGHTHS)
    return begin, begin + ceil(size * EIGHTHS)
