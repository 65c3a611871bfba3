"""What can be done to the instance or resource under the cursor, on whichever screen it is."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

from cwconsole.store import operations
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.operator import Steering
from cwconsole.tui.screens.place_pages import PlacePages
from cwconsole.tui.viewspec import spec

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen


class Places(PlacePages):
    """Mixed into screens that have the scope PLACE. The registry has seen to it that there is an instance.

    No node of Textual: style sheets would take it for the only base.
    """

    @property
    def _place_screen(self) -> ConsoleScreen:
        return cast("ConsoleScreen", self)

    def do_poll_now(self) -> None:
        screen = self._place_screen
        subject = screen.subject()
        assert subject.instance is not None

        async def work() -> str:
            asked = self._asked("poll.now", ActionKind.POLL)
            number = await screen.console.operator.poll(asked, subject.instance or "", subject.resource)
            return self._queued(f"The poll of {subject.place}", number)

        screen.carry_out(work(), what=f"Polling {subject.place}")

    def do_sweep_now(self) -> None:
        screen = self._place_screen
        subject = screen.subject()

        async def work() -> str:
            asked = self._asked("sweep.now", ActionKind.SWEEP)
            number = await screen.console.operator.sweep(asked, subject.instance or "", subject.resource)
            return self._queued(f"The sweep of {subject.place}", number)

        screen.carry_out(work(), what=f"Sweeping {subject.place}")

    def do_polling_pause(self) -> None:
        self._steer("polling.pause", ActionKind.PAUSE, operations.pause)

    def do_polling_resume(self) -> None:
        self._steer("polling.resume", ActionKind.RESUME, operations.resume)

    def do_deliveries_hold(self) -> None:
        self._steer("deliveries.hold", ActionKind.HOLD, operations.hold)

    def do_deliveries_release(self) -> None:
        self._steer("deliveries.release", ActionKind.RELEASE, operations.release)

    def do_fleet_events(self) -> Coroutine[Any, Any, None]:
        screen = self._place_screen
        subject = screen.subject()
        return screen.console.drill(spec("events", instance=subject.instance, resource=subject.resource))

    def _steer(self, name: str, kind: ActionKind, operation: Steering) -> None:
        screen = self._place_screen
        subject = screen.subject()
        instance = subject.instance or ""

        async def work() -> str:
            asked = self._asked(name, kind)
            return await screen.console.operator.steer(operation, asked, instance, subject.resource)

        screen.carry_out(work(), what=f"{BY_ID[name].title}: {subject.place}")

    def _asked(self, name: str, kind: ActionKind) -> Asked:
        screen = self._place_screen
        command = BY_ID[name].command
        return screen.console.operator.asked(kind, "" if command is None else command(screen.subject()))

    def _queued(self, what: str, number: int) -> str:
        if self._place_screen.console.engine.runs:
            return f"{what} is asked for (action {number})."
        return f"{what} waits for an engine (action {number}); none runs now, and after an hour it expires."
