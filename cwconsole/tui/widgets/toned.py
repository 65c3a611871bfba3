"""Drawing lines of cells: what a widget needs whose text is made of tones."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from cwconsole.tui.render.cells import TONES, Line, Tone


class Toned(Widget):
    """A widget that draws `Line`s itself. The styles of its component classes are looked up once for each theme."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONES)
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._known_styles: dict[str, Style] = {}

    def notify_style_update(self) -> None:
        """Another theme, or another state of the widget: nothing that was looked up is right any more."""
        super().notify_style_update()
        self._known_styles.clear()

    def component(self, name: str) -> Style:
        """The style of a component class; that of a tone leaves the background alone."""
        style = self._known_styles.get(name)
        if style is None:
            style = self.get_component_rich_style(name, partial=name in TONES)
            self._known_styles[name] = style
        return style

    def strip(self, line: Line, style: Style, cells: int, *, tones: bool = True) -> Strip:
        """A line in exactly so many cells. tones: False draws everything in the one style."""
        segments = [
            Segment(
                cell.text, style + self.component(cell.tone.value) if tones and cell.tone is not Tone.PLAIN else style
            )
            for cell in line
        ]
        return Strip(segments).adjust_cell_length(cells, style)
