"""Ways from the place under the cursor: to its instance's page, its polls, and to another watermark."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

from cwconsole.core.later import Later
from cwconsole.tui import things
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import spec

if TYPE_CHECKING:
    from cwconsole.tui.screens import watermark
    from cwconsole.tui.screens.frame import ConsoleScreen
else:
    watermark = Later("cwconsole.tui.screens.watermark")


class PlacePages:
    """Part of `Places`."""

    @property
    def _from_screen(self) -> ConsoleScreen:
        return cast("ConsoleScreen", self)

    def place_thing(self, instance: str, resource: str | None) -> Thing:
        """A place as it is copied."""
        console = self._from_screen.console
        return things.place(instance, resource, now_ms=console.now_ms(), engine_runs=console.engine.runs)

    def do_place_instance(self) -> Coroutine[Any, Any, None]:
        screen = self._from_screen
        return screen.console.drill(spec("instance", instance=screen.subject().instance))

    def do_place_polls(self) -> Coroutine[Any, Any, None]:
        screen = self._from_screen
        subject = screen.subject()
        return screen.console.drill(spec("polls", instance=subject.instance, resource=subject.resource))

    def do_watermark_set(self, reason: str | None) -> None:
        watermark.ask_watermark(self._from_screen, reason)
