"""Our colours, quiet, with colour kept for what somebody should look at; and themes that operators make on top of them.

Ours are checked at 256 colours too. What the settings file has is read without Textual, which no command loads; so a
colour is known by its form alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.errors import ConfigError


class Palette(Struct, frozen=True, kw_only=True):
    """A theme, by Textual's names for its colours. dark: whether light stands on dark."""

    name: str
    dark: bool
    primary: str
    secondary: str
    warning: str
    error: str
    success: str
    accent: str
    foreground: str
    background: str
    surface: str
    panel: str


OURS: Final = (
    Palette(
        name="cwconsole-dark",
        dark=True,
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
    ),
    Palette(
        name="cwconsole-light",
        dark=False,
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
    ),
    Palette(
        name="cwconsole-contrast",
        dark=True,
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
    ),
)
NAMES: Final = tuple(palette.name for palette in OURS)

_OURS: Final[Mapping[str, Palette]] = {palette.name: palette for palette in OURS}
_KEYS: Final = ("base", *(key for key in Palette.__struct_fields__ if key != "name"))
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_WORDS: Final = ("foreground", "primary", "secondary", "warning", "error", "success", "accent")
_GROUNDS: Final = ("background", "surface", "panel")
LEAST_CONTRAST: Final = 2.0


def own_palettes(value: object, key: str) -> tuple[Palette, ...]:
    """The tables of `[themes.NAME]`. key: where they stand. Raises ConfigError that names the key within them."""
    if not isinstance(value, dict):
        raise ConfigError(key, "no table", 'tables such as [themes.dusk] with primary = "#5f87d7"')
    return tuple(_palette(name, table, f"{key}.{name}") for name, table in value.items())


def theme_named(value: object, own: tuple[Palette, ...], key: str) -> str:
    """The name of a theme that there is. Raises ConfigError."""
    names = [*NAMES, *(palette.name for palette in own)]
    if value not in names:
        raise ConfigError(key, repr(value), f"one of {', '.join(names)}")
    return str(value)


def _palette(name: str, table: object, key: str) -> Palette:
    if not _NAME.fullmatch(name) or name in NAMES:
        found = "the name of one of ours" if name in NAMES else "no such name"
        raise ConfigError(key, found, "another name, of letters, digits, - and _")
    if not isinstance(table, dict):
        raise ConfigError(key, "no table", f'a table such as [themes.{name}] with primary = "#5f87d7"')
    for one in table:
        if one not in _KEYS:
            raise ConfigError(f"{key}.{one}", "an unknown name", f"one of {', '.join(_KEYS)}")
    given = dict(table)
    base = given.pop("base", NAMES[0])
    if base not in NAMES:
        raise ConfigError(f"{key}.base", repr(base), f"one of {', '.join(NAMES)}")
    colours: dict[str, Any] = {one: _member(one, found, f"{key}.{one}") for one, found in given.items()}
    palette = replace(_OURS[base], name=name, **colours)
    _must_be_readable(palette, key)
    return palette


def _member(name: str, value: object, key: str) -> object:
    if name == "dark":
        if not isinstance(value, bool):
            raise ConfigError(key, repr(value), "true or false")
    elif not (isinstance(value, str) and _COLOUR.fullmatch(value)):
        raise ConfigError(key, repr(value), "a colour such as #5f87d7")
    return value


def _must_be_readable(palette: Palette, key: str) -> None:
    """Words that say what is wrong are drawn in these colours: one that nobody can see would hide a fault."""
    for words in _WORDS:
        for ground in _GROUNDS:
            colour, behind = getattr(palette, words), getattr(palette, ground)
            if _contrast(colour, behind) < LEAST_CONTRAST:
                expected = f"a colour that can be read there (a contrast of {LEAST_CONTRAST:g} or more)"
                raise ConfigError(f"{key}.{words}", f"{colour} on the {ground} {behind}", expected)


def _contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black on white: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
