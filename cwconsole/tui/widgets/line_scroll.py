"""A view that scrolls over lines which it draws itself, and whose number changes while one looks."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.widget import Widget

from cwconsole.tui.widgets.toned import Toned

EIGHTHS = 8  # of a cell, in which a scrollbar is drawn


class LineScroll(Toned, ScrollView):
    """See the module. Its scrollbar has a place of its own (`scrollbar-gutter: stable`)."""

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
        thumb = self._thumb()
        self.set_reactive(Widget.virtual_size, size)
        if self.scroll_offset.y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.set_reactive(ScrollBar.window_virtual_size, count)
            if self._thumb() != thumb:
                self.vertical_scrollbar.refresh()

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
            self.vertical_scrollbar.set_reactive(ScrollBar.position, new_value)
            if self._thumb(round(old_value)) != self._thumb():
                self.vertical_scrollbar.refresh()

    def _thumb(self, top: int | None = None) -> tuple[int, int]:
        """Where the scrollbar's thumb begins, and its length. top: the first line in view, None for what it is now."""
        top = self.scroll_offset.y if top is None else top
        height, total = self.scrollable_content_region.height, max(self.virtual_size.height, 1)
        share = EIGHTHS * height / total
        return round(top * share), round(height * share)
