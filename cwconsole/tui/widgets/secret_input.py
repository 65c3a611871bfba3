"""A field for a secret, drawn in stars: every terminal has them, and the mask of a stored one is made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Input

_BULLET: Final = "\u2022"  # what Textual draws instead of each character


class SecretInput(Input):
    """hides: whether a text is a secret itself. It is asked with each drawing, so nothing is ever seen for a moment."""

    def __init__(self, value: str, *, hides: Callable[[str], bool], **more: Any) -> None:
        super().__init__(value, **more)
        self._hides = hides

    def render_line(self, y: int) -> Strip:
        hidden = self._hides(self.value)
        self.set_reactive(Input.password, hidden)
        strip = super().render_line(y)
        if not hidden:
            return strip
        stars = [Segment(text.replace(_BULLET, "*"), style, control) for text, style, control in strip]
        return Strip(stars, strip.cell_length)
