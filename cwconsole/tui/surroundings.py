"""What a console runs on, as whoever started it knows it: where its settings came from, and its files.

Nothing secret is in it: a secret setting says only whether it is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# The variables that decide what a console looks like. No other variable is shown or copied.
VARIABLES: Final = (
    "TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "TZ", "TEXTUAL_THEME",
    "TEXTUAL_ANIMATIONS", "TEXTUAL_FPS", "TEXTUAL_COLOR_SYSTEM",
)  # fmt: skip
PRESENCE: Final = ("SSH_CONNECTION", "SSH_TTY", "TMUX", "STY")  # only whether they are set: they hold addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """settings, files: names and values, in the order in which to show them. env: the process's environment.

    database: what a command's `--db` must say to mean the database that is shown; None if it needs to say nothing.
    """

    settings: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    database: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    def variables(self) -> list[tuple[str, str]]:
        """The variables that count here, and what they say."""
        told = [(name, self.env.get(name, "not set")) for name in VARIABLES]
        return [*told, *((name, "set" if self.env.get(name) else "not set") for name in PRESENCE)]
