"""Drawing lines of cells: what a widget needs whose text is made of tones."""

from __future__ import annotations

from itertools import groupby
from typing import cast

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.dom import DOMNode
from textual.strip import Strip
from textual.widget import Widget

from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.plain import width


class TonedApp(App[None], inherit_bindings=False):
    """An app whose widgets draw in tones. What they look like is a matter of the theme alone, so it is known here once.

    As component classes of each widget they would be found out anew whenever a widget's state may have changed: that
    made a third of the time in which a screen opens.
    """

    def __init__(self, *, ansi_color: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._tones: dict[Tone, Style] = {}

    def refresh_css(self, animate: bool = True) -> None:
        """Another theme."""
        self._tones.clear()
        super().refresh_css(animate)

    def tone(self, tone: Tone) -> Style:
        """How it is drawn; the background is the widget's own."""
        style = self._tones.get(tone)
        if style is None:
            node = DOMNode(classes=tone.value)
            node._attach(self)
            self.stylesheet.apply(node)
            style = self._tones[tone] = node.styles.partial_rich_style
        return style


class Toned(Widget):
    """A widget that draws `Line`s itself. The styles of its component classes are looked up once for each theme."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._known_styles: dict[str, Style] = {}
        self._background: Color | None = None

    def notify_style_update(self) -> None:
        """Another theme, or another state of the widget: nothing that was looked up is right any more."""
        super().notify_style_update()
        self._known_styles.clear()
        self._background = None

    def component(self, name: str) -> Style:
        """The style of a component class."""
        style = self._known_styles.get(name)
        if style is None:
            style = self._known_styles[name] = self.get_component_rich_style(name)
        return style

    @property
    def own_style(self) -> Style:
        """The widget's style, looked up once for each theme: Textual asks all that it stands in each time."""
        style = self._known_styles.get("")
        if style is None:
            style = self._known_styles[""] = self.rich_style
        return style

    def strip(self, line: Line, style: Style, cells: int, *, tones: bool = True) -> Strip:
        """A line in exactly so many cells. tones: False draws everything in the one style.

        Neighbours of one tone become one piece: each piece brings its own codes for the terminal.
        """
        style_of = cast("TonedApp", self.app).tone
        segments = [
            Segment(
                "".join(cell.text for cell in same),
                style + style_of(tone) if tones and tone is not Tone.PLAIN else style,
            )
            for tone, same in groupby(line, _tone if tones else _no_tone)
        ]
        room = cells - sum(width(text) for text, _, _ in segments)
        if room > 0:
            segments.append(Segment(" " * room, style))
        return Strip(segments, max(cells - room, cells)).adjust_cell_length(cells, style)

    def finished(self, line: Line, style: Style, cells: int, *, tones: bool = True) -> Strip:
        """The same, as it goes to the screen."""
        if self._background is None:
            self._background = self.background_colors[1]
        strip = self.strip(line, style, cells, tones=tones)
        for line_filter in self.get_line_filters():
            strip = strip.apply_filter(line_filter, self._background)
        return strip


def _tone(cell: Cell) -> Tone:
    return cell.tone


def _no_tone(_: Cell) -> Tone:
    return Tone.PLAIN
