"""What sets of keys are mixed into: any screen of the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen

    OnScreen: TypeAlias = ConsoleScreen
else:
    OnScreen = object  # no node of Textual: style sheets would take a set of keys for the screen's only base


class EveryScreen:
    """The base of what every screen has. `OnScreen` cannot be that: `ConsoleScreen` is made of these."""

    @property
    def _screen(self) -> ConsoleScreen:
        return cast("ConsoleScreen", self)
