"""Ways from the place under the cursor: to its instance's page, its polls, and to another watermark."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from cwconsole.core.later import Later
from cwconsole.tui import things
from cwconsole.tui.screens.mixed import OnScreen
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import spec

if TYPE_CHECKING:
    from cwconsole.tui.screens import watermark
else:
    watermark = Later("cwconsole.tui.screens.watermark")


class PlacePages(OnScreen):
    """Part of `Places`."""

    def place_thing(self, instance: str, resource: str | None) -> Thing:
        """A place as it is copied."""
        console = self.console
        return things.place(instance, resource, now_ms=console.now_ms(), engine_runs=console.engine.runs)

    def do_place_instance(self) -> Coroutine[Any, Any, None]:
        return self.console.drill(spec("instance", instance=self.subject().instance))

    def do_place_polls(self) -> Coroutine[Any, Any, None]:
        subject = self.subject()
        return self.console.drill(spec("polls", instance=subject.instance, resource=subject.resource))

    def do_watermark_set(self, reason: str | None) -> None:
        watermark.ask_watermark(self, reason)
