"""Which screen shows which view. A new screen is one more line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cwconsole.tui.screens.action import ActionScreen
from cwconsole.tui.screens.action_log import ActionsScreen
from cwconsole.tui.screens.dead_letters import DeadLettersScreen
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

SCREENS: Final[Mapping[str, Callable[[ViewSpec], ConsoleScreen]]] = {
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
}


def screen_for(wanted: ViewSpec) -> ConsoleScreen:
    """A new screen that shows a view."""
    return SCREENS.get(wanted.view, UnbuiltScreen)(wanted)
