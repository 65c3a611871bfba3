"""Our colours: quiet, with colour kept for what somebody should look at. Checked at 256 colours too."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

THEMES: Final = (
    Theme(
        name="cwconsole-dark",
        primary="#5f87d7",
        secondary="#5fafaf",
        warning="#d7af5f",
        error="#ff5f5f",
        success="#87af5f",
        accent="#87afd7",
        foreground="#d0d0d0",
        background="#1c1c1c",
        surface="#262626",
        panel="#303030",
        dark=True,
    ),
    Theme(
        name="cwconsole-light",
        primary="#005faf",
        secondary="#005f5f",
        warning="#875f00",
        error="#af0000",
        success="#005f00",
        accent="#005f87",
        foreground="#262626",
        background="#ffffff",
        surface="#eeeeee",
        panel="#e4e4e4",
        dark=False,
    ),
    Theme(
        name="cwconsole-contrast",
        primary="#87d7ff",
        secondary="#87ffff",
        warning="#ffff00",
        error="#ff8787",
        success="#87ff87",
        accent="#ffffff",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#303030",
        dark=True,
    ),
)
NAMES: Final = tuple(theme.name for theme in THEMES)
