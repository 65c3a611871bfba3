"""Classes of screens by their width, which style sheets go by.

Textual gives them when a screen hears of its size, which is after it was laid out and perhaps painted: what is wide
would first be seen narrow. So a dialog takes its own when it is put together.
"""

from __future__ import annotations

from typing import Any, Final

from textual.screen import Screen

BREAKPOINTS: Final = [(0, "-tiny"), (80, "-narrow"), (120, "-normal"), (160, "-wide")]  # least width, from low to high


def take_width(screen: Screen[Any]) -> None:
    """Give a screen its class before it is first laid out."""
    screen.add_class(next(name for least, name in reversed(BREAKPOINTS) if screen.app.size.width >= least))
