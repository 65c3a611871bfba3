"""What the app does to itself and all that it shows: plain words, ASCII, mouse, themes, standing still, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import asdict
from textual.app import App
from textual.filter import LineFilter
from textual.notifications import Notify, SeverityLevel
from textual.theme import Theme

from cwconsole.log import log
from cwconsole.tui.render.plain import plain, plain_lines
from cwconsole.tui.themes import OURS, Palette
from cwconsole.tui.widgets.ascii_only import AsciiOnly
from cwconsole.tui.widgets.toned import TonedApp

if TYPE_CHECKING:
    from cwconsole.tui.app import ConsoleApp

SHOWN_WARNINGS: Final = 3
SAID_AT_ONCE: Final = 3  # sentences at the corner: more of them hide what they are about
ASCII_ONLY: Final = AsciiOnly()


class Switches(TonedApp, inherit_bindings=False):
    """The base of `ConsoleApp`."""

    _mouse_taken = True

    def __init__(self, *, ansi_color: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._theme_names: list[str] = []  # those to choose from; none where the terminal shows its own colours

    @property
    def _app(self) -> ConsoleApp:
        return cast("ConsoleApp", self)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through before it is sent."""
        filters = super().get_line_filters()
        return filters if self._app.terminal.unicode else [*filters, ASCII_ONLY]

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something at the corner. Names, paths and answers of others are in it: it is data, never markup."""
        super().notify(plain_lines(message), title=plain(title), severity=severity, timeout=timeout, markup=markup)

    def on_notify(self, event: Notify) -> None:
        """Make room for what is about to be said: the same, said before, goes, and what has been said longest."""
        new = event.notification
        others = [one for one in self._notifications if (one.message, one.severity) != (new.message, new.severity)]
        staying = others[-(SAID_AT_ONCE - 1) :]
        for one in list(self._notifications):
            if one not in staying:
                self._unnotify(one)

    def toggle_mouse(self) -> None:
        """Let the terminal select text, or take the mouse back."""
        switch = "_disable_mouse_support" if self._mouse_taken else "_enable_mouse_support"
        if (switched := getattr(self._app._driver, switch, None)) is None:
            self._app.notify("Textual does not take the mouse of this terminal.")
            return
        switched()
        self._mouse_taken = not self._mouse_taken
        self._app.notify(
            "The console has the mouse again." if self._mouse_taken else "The mouse is the terminal's: select text."
        )

    def begin_with_theme(self, wanted: str, own: Sequence[Palette] = ()) -> None:
        """One of ours or the operator's own, where the terminal has colours for them.

        Before anything is drawn: a theme that is set later has all style sheets read again.
        """
        if self._app.terminal.ansi:
            return
        for palette in (*OURS, *own):
            self.register_theme(Theme(**asdict(palette)))
            self._theme_names.append(palette.name)
        self.set_reactive(App.theme, wanted if wanted in self._theme_names else OURS[0].name)
        self.stylesheet.set_variables(self.get_css_variables())

    def next_theme(self) -> None:
        """The next one, where the terminal has colours for it."""
        app = self._app
        if app.terminal.ansi:
            app.notify("This terminal shows its own colours; there are no other themes.")
            return
        names = self._theme_names
        app.theme = names[(names.index(app.theme) + 1) % len(names)]

    def read_everything_again(self) -> None:
        """Whatever is in view."""
        app = self._app
        app.fleet_refresher.ask("operator")
        for screen in app.console_screens()[-1:]:
            screen.refresher.ask("operator")

    def freeze(self) -> None:
        """Let what is on the screen stand still, or go on."""
        app = self._app
        app.frozen = not app.frozen
        if not app.frozen:
            self.read_everything_again()
        for screen in app.console_screens():
            screen.update_frame()

    def say_warnings(self) -> None:
        """What is wrong with the settings: all of it in the log and on the debug screen, the first of it here."""
        app = self._app
        for warning in app.warnings:
            log.warning("settings", warning=warning)
        shown = app.warnings[:SHOWN_WARNINGS]
        if (left := len(app.warnings) - len(shown)) > 0:
            shown.append(f"There are {left} more warnings; :debug shows them.")
        for warning in shown:
            app.notify(warning, title="Settings", severity="warning")
