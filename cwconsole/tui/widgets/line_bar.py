"""One line of text that is sent again only when it reads differently: header, crumbs and footer."""

from __future__ import annotations

from collections.abc import Callable

from textual.strip import Strip

from cwconsole.tui.render.cells import Line
from cwconsole.tui.widgets.toned import Toned


class LineBar(Toned):
    """build: makes the line for a width in cells."""

    DEFAULT_CSS = """
    LineBar { height: 1; width: 1fr; }
    """

    def __init__(self, build: Callable[[int], Line], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._build = build
        self._line: Line = ()

    @property
    def text(self) -> str:
        """What stands there."""
        return "".join(cell.text for cell in self._line)

    def update(self) -> None:
        """Build the line again."""
        if not self.size.width:
            return  # not laid out yet
        line = self._build(self.size.width)
        if line != self._line:
            self._line = line
            self.refresh()

    def on_resize(self) -> None:
        self.update()

    def render_line(self, y: int) -> Strip:
        return self.strip(self._line if y == 0 else (), self.own_style, self.size.width)
