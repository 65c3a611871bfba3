"""What the app does to itself: the mouse, themes, and saying what is wrong with the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import structlog

from cwconsole.tui.terminal import Colours
from cwconsole.tui.themes import NAMES

if TYPE_CHECKING:
    from cwconsole.tui.app import ConsoleApp

log = structlog.get_logger(__name__)

SHOWN_WARNINGS: Final = 3


class Switches:
    """Mixed into `ConsoleApp`."""

    _mouse_taken = True

    @property
    def _app(self) -> ConsoleApp:
        return cast("ConsoleApp", self)

    def toggle_mouse(self) -> None:
        """Let the terminal select text, or take the mouse back."""
        driver: Any = self._app._driver
        self._mouse_taken = not self._mouse_taken
        if driver is not None:
            (getattr(driver, "_enable_mouse_support" if self._mouse_taken else "_disable_mouse_support"))()
        self._app.notify(
            "The console has the mouse again." if self._mouse_taken else "The mouse is the terminal's: select text."
        )

    def next_theme(self) -> None:
        """The next of our themes, where the terminal has colours for them."""
        app = self._app
        if app.terminal.colours is not Colours.ALL:
            app.notify("This terminal shows its own colours; there are no other themes.")
            return
        at = NAMES.index(app.theme) if app.theme in NAMES else -1
        app.theme = NAMES[(at + 1) % len(NAMES)]

    def say_warnings(self) -> None:
        """What is wrong with the settings: all of it in the log and on the debug screen, the first of it here."""
        app = self._app
        for warning in app.warnings:
            log.warning("settings", warning=warning)
        shown = app.warnings[:SHOWN_WARNINGS]
        if (left := len(app.warnings) - len(shown)) > 0:
            shown.append(f"There are {left} more warnings; :debug shows them.")
        for warning in shown:
            app.notify(warning, title="Settings", severity="warning", markup=False)
