"""A sentence above a view, on as many lines as it takes; gone when there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.strip import Strip

from cwconsole.tui.render.cells import Line
from cwconsole.tui.render.wrapped import wrapped
from cwconsole.tui.widgets.line_bar import LineBar

MOST_LINES: Final = 5


class NoticeBar(LineBar):
    """build: makes the sentence; an empty line is none."""

    DEFAULT_CSS = """
    NoticeBar { padding: 0 1; display: none; }
    """

    def __init__(self, build: Callable[[int], Line], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(build, id=id)
        self._lines: list[Line] = []

    def update(self) -> None:
        cells = max(self.screen.size.width - 2, 1)
        self._line = self._build(cells)
        lines = wrapped(self._line, cells)[:MOST_LINES] if self._line else []
        if lines != self._lines:
            self._lines = lines
            self.display = bool(lines)
            self.styles.height = max(len(lines), 1)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        shown: Line = self._lines[y] if y < len(self._lines) else ()
        return self.strip(shown, self.rich_style, self.size.width)
