"""Which screen shows which view. A new screen is one more line here. Screens are loaded when they are first shown."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cwconsole.tui.action import Scope

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen
    from cwconsole.tui.viewspec import ViewSpec

# view -> module below cwconsole.tui.screens, and the screen in it.
SCREENS: Final[Mapping[str, tuple[str, str]]] = {
    "fleet": ("fleet", "FleetScreen"),
    "events": ("events", "EventsScreen"),
    "event": ("event", "EventScreen"),
    "instance": ("instance", "InstanceScreen"),
    "resource": ("resource", "ResourceScreen"),
    "deliveries": ("deliveries", "DeliveriesScreen"),
    "delivery": ("delivery", "DeliveryScreen"),
    "dead": ("dead_letters", "DeadLettersScreen"),
    "polls": ("polls", "PollsScreen"),
    "poll": ("poll", "PollScreen"),
    "actions": ("action_log", "ActionsScreen"),
    "action": ("action", "ActionScreen"),
    "jobs": ("jobs", "JobsScreen"),
    "job": ("job", "JobScreen"),
    "log": ("log", "LogScreen"),
    "debug": ("debug", "DebugScreen"),
}


def screen_for(wanted: ViewSpec) -> ConsoleScreen:
    """A new screen that shows a view."""
    return _screen(*SCREENS[wanted.view])(wanted)


def load() -> None:
    """All screens, and what they open."""
    for module, _ in SCREENS.values():
        importlib.import_module(f"cwconsole.tui.screens.{module}")


def rooms() -> list[tuple[Scope, ...]]:
    """The scopes whose keys count together, screen by screen: either a table has the focus, or a text."""
    return [
        (Scope.APP, *(scope for scope in _screen(*named).SCOPES if scope is not other))
        for named in SCREENS.values()
        for other in (Scope.TABLE, Scope.TEXT)
    ]


def _screen(module: str, name: str) -> type[ConsoleScreen]:
    screen: type[ConsoleScreen] = getattr(importlib.import_module(f"cwconsole.tui.screens.{module}"), name)
    return screen
