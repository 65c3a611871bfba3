"""What the terminal can show, decided before Textual is imported: Textual reads its settings while it is imported.

1. NO_COLOR set and not empty: no colour code at all. Textual's own answer to NO_COLOR is greys, unless its theme is an
   ANSI one from the start; and it takes an empty NO_COLOR, which means nothing, for a wish. Both are put right here.
2. ASCII glyphs when asked for, or when the locale is C or POSIX. Any other locale that is not UTF-8 is refused: the
   frames would arrive as escapes.
3. Where no more than 16 colours are known to be there, the terminal's own palette is used. A theme would be mapped to
   the nearest of the 16, by which states, what is muted and what is not all become white on black: so it looked in GNU
   screen (TERM=screen), and over SSH from terminals whose name says nothing and whose COLORTERM stays at home.
4. In an SSH session nothing is animated, and at most 30 frames a second are sent.
5. A terminal that cannot move its cursor is refused.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, MutableMapping
from enum import Enum
from typing import Final

from msgspec import Struct

from cwconsole.core.errors import UsageError

REMOTE_FPS: Final = "30"
LOCALE_NAMES: Final = ("LC_ALL", "LC_CTYPE", "LANG")  # the first that is set decides
ANSI_THEME: Final = "ansi-dark"


class Colours(Enum):
    """How many colours are sent."""

    NONE = "none"  # bold, reverse and underline only
    SIXTEEN = "16"  # the terminal's own palette
    ALL = "all"  # as many as the terminal says it has


class Terminal(Struct, frozen=True, kw_only=True):
    """What was decided. unicode: whether other glyphs than ASCII are sent. remote: over SSH, where bytes count."""

    colours: Colours
    unicode: bool
    remote: bool

    @property
    def ansi(self) -> bool:
        """Whether the app is to be made with the terminal's own colours: `App(ansi_color=...)`."""
        return self.colours is not Colours.ALL


def look(env: Mapping[str, str], *, encoding: str | None, ascii_only: bool = False, sixteen: bool = False) -> Terminal:
    """Judge a terminal by its environment and by the encoding of the stream to it.

    Raises UsageError, with what to do, for a terminal that cannot show the console.
    """
    if env.get("TERM", "") in {"", "dumb", "unknown"}:
        raise UsageError(
            f"This terminal (TERM={env.get('TERM', '')}) cannot show the console; use a terminal that can move its "
            "cursor, or `cwconsole status` and the other commands."
        )
    if not _is_utf8(encoding):
        raise UsageError(
            f"The console needs a UTF-8 locale, and this one uses {encoding}; set LC_ALL=C.UTF-8 (or LC_ALL=C for "
            "ASCII only) and start it again."
        )
    return Terminal(
        colours=_colours(env, sixteen),
        unicode=not ascii_only and not _is_plain_locale(env),
        remote=bool(env.get("SSH_CONNECTION") or env.get("SSH_TTY")),
    )


def prepare(terminal: Terminal, env: MutableMapping[str, str]) -> None:
    """Set what Textual reads when it is imported. What the operator has set stands, colour and size apart."""
    for name in ("COLUMNS", "LINES"):  # a shell that exports them means its own size then; Textual would keep to it
        env.pop(name, None)
    if not env.get("NO_COLOR"):
        env.pop("NO_COLOR", None)
    if terminal.ansi:
        env["TEXTUAL_THEME"] = ANSI_THEME
    if terminal.remote:
        env.setdefault("TEXTUAL_ANIMATIONS", "none")
        env.setdefault("TEXTUAL_FPS", REMOTE_FPS)


def _colours(env: Mapping[str, str], sixteen: bool) -> Colours:
    if env.get("NO_COLOR"):
        return Colours.NONE
    return Colours.SIXTEEN if sixteen or not _has_many(env) else Colours.ALL


def _has_many(env: Mapping[str, str]) -> bool:
    """As Textual finds out, by the same variables; TEXTUAL_COLOR_SYSTEM is for operators who know better."""
    told = env.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if told != "auto":
        return told != "standard"
    if env.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return True
    return env.get("TERM", "").strip().lower().rpartition("-")[2] in {"256color", "kitty"}


def _is_utf8(encoding: str | None) -> bool:
    try:
        return encoding is not None and codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def _is_plain_locale(env: Mapping[str, str]) -> bool:
    """Python speaks UTF-8 under LC_ALL=C, but whoever sets it does not expect to see any."""
    locale = next((env[name] for name in LOCALE_NAMES if env.get(name)), "")
    return locale in {"C", "POSIX"}
