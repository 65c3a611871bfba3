"""Which screen shows which view. A new screen is one more line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cwconsole.tui.action import Scope
from cwconsole.tui.screens.action import ActionScreen
from cwconsole.tui.screens.action_log import ActionsScreen
from cwconsole.tui.screens.dead_letters import DeadLettersScreen
from cwconsole.tui.screens.debug import DebugScreen
from cwconsole.tui.screens.deliveries import DeliveriesScreen
from cwconsole.tui.screens.delivery import DeliveryScreen
from cwconsole.tui.screens.event import EventScreen
from cwconsole.tui.screens.events import EventsScreen
from cwconsole.tui.screens.fleet import FleetScreen
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.screens.instance import InstanceScreen
from cwconsole.tui.screens.job import JobScreen
from cwconsole.tui.screens.jobs import JobsScreen
from cwconsole.tui.screens.log import LogScreen
from cwconsole.tui.screens.poll import PollScreen
from cwconsole.tui.screens.polls import PollsScreen
from cwconsole.tui.screens.resource import ResourceScreen
from cwconsole.tui.screens.unbuilt import UnbuiltScreen
from cwconsole.tui.viewspec import ViewSpec

SCREENS: Final[Mapping[str, type[ConsoleScreen]]] = {
    "fleet": FleetScreen,
    "events": EventsScreen,
    "event": EventScreen,
    "instance": InstanceScreen,
    "resource": ResourceScreen,
    "deliveries": DeliveriesScreen,
    "delivery": DeliveryScreen,
    "dead": DeadLettersScreen,
    "polls": PollsScreen,
    "poll": PollScreen,
    "actions": ActionsScreen,
    "action": ActionScreen,
    "jobs": JobsScreen,
    "job": JobScreen,
    "log": LogScreen,
    "debug": DebugScreen,
}


def screen_for(wanted: ViewSpec) -> ConsoleScreen:
    """A new screen that shows a view."""
    return SCREENS.get(wanted.view, UnbuiltScreen)(wanted)


def rooms() -> list[tuple[Scope, ...]]:
    """The scopes whose keys count together, screen by screen: either a table has the focus, or a text."""
    return [
        (Scope.APP, *(scope for scope in screen.SCOPES if scope is not other))
        for screen in SCREENS.values()
        for other in (Scope.TABLE, Scope.TEXT)
    ]
