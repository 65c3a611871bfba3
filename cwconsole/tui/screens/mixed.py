"""What sets of keys are mixed into: any screen of the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen

    OnScreen: TypeAlias = ConsoleScreen
else:
    OnScreen = object  # no node of Textual: style sheets would take a set of keys for the screen's only base
