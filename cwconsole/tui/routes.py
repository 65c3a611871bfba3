"""Which screen shows which view. A new screen is one more line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cwconsole.tui.screens.event import EventScreen
from cwconsole.tui.screens.events import EventsScreen
from cwconsole.tui.screens.fleet import FleetScreen
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.screens.unbuilt import UnbuiltScreen
from cwconsole.tui.viewspec import ViewSpec

SCREENS: Final[Mapping[str, Callable[[ViewSpec], ConsoleScreen]]] = {
    "fleet": FleetScreen,
    "events": EventsScreen,
    "event": EventScreen,
}


def screen_for(wanted: ViewSpec) -> ConsoleScreen:
    """A new screen that shows a view."""
    return SCREENS.get(wanted.view, UnbuiltScreen)(wanted)
