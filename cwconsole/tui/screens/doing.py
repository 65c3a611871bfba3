"""How an action of the registry is run on a screen: by the screen's method of its name (`tui.actions`).

A key that comes too soon waits until what it is about has been read. What comes of it is said at the corner, and why it
cannot be done.
"""

from __future__ import annotations

import asyncio
import inspect
from contextlib import suppress
from typing import Any, Final, cast

from cwconsole.core.errors import CwconsoleError, RefusedError
from cwconsole.tui.action import Action, Subject
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.freshness import Phase
from cwconsole.tui.screens.mixed import EveryScreen
from cwconsole.tui.widgets.virtual_table import VirtualTable
from cwconsole.tui.work import QUESTION, Work, start

CATCH_UP_SECONDS: Final = 2.0  # so long a key waits for what it is about to be read


class Doing(EveryScreen):
    """Mixed into `ConsoleScreen`."""

    def __init__(self) -> None:
        super().__init__()
        self.in_turn = asyncio.Lock()  # keys that wait for what they are about are done one after the other

    async def action_do(self, name: str, reason: str | None = None) -> None:
        """Run an action, or say why it cannot be done here. No is said to nothing but what stands in the file now.

        reason: why it is done, if that was typed with it. What writes takes it, for the audit log.
        """
        screen, action = self._screen, BY_ID[name]
        await screen.console.loaded.wait()
        subject = screen.subject()
        if action.writes and not (action.dangerous or subject.marked) and screen.has_just_moved():
            said = f"{action.title}: a newer row has just come in under the cursor. Once more, if that is the one."
            screen.app.notify(said, severity="warning")
        elif (no := action.why_not(subject)) is None:
            await self._do(action, reason)
        elif action.is_locked(subject):
            screen.app.notify(no, severity="warning")
        else:
            screen.console.read_everything_again()
            group = QUESTION if action.dangerous else "operator"
            start(screen, self._do_when_read(action, subject, no, reason), what=action.title, group=group)

    async def _do_when_read(self, action: Action, before: Subject, no: str | None, reason: str | None) -> None:
        """Unless that takes too long, or the operator has gone elsewhere meanwhile: to another screen or row."""
        screen = self._screen
        async with self.in_turn:
            await self.caught_up()
            if not screen.in_front:
                return
            subject = screen.subject()
            if before.thing is None or subject.is_same(before):
                no = action.why_not(subject)
            if no is None:
                await self._do(action, reason)
                return
            if screen.freshness.phase is Phase.LOADING:
                no = f"{action.title}: this has not been read yet; try again when it is there."
            screen.app.notify(no, severity="warning")

    async def caught_up(self) -> None:
        """Wait until what the operator has asked for has been read or cannot be, but not for long."""
        screen = self._screen
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_SECONDS):
                await screen.console.fleet_refresher.caught_up()
                await screen.refresher.caught_up()
                for table in screen.query(VirtualTable):
                    await table.arrived()

    async def _do(self, action: Action, reason: str | None) -> None:
        screen = self._screen
        if action.id.startswith("mode."):
            await screen.console.go_to_mode(action.id.removeprefix("mode."))
            return
        handler = getattr(self, action.method, None)
        if handler is None:  # a table's or a text's own, named from palette or command line
            target = screen.focused or screen
            await cast("Any", target).run_action(f"do({action.id!r})")
        elif inspect.iscoroutine(outcome := handler(reason) if action.writes else handler()):
            await outcome

    def carry_out(self, work: Work, *, what: str) -> None:
        """Do something that writes, beside the messages, and say what came of it."""
        start(self._screen, work, what=what, group="operator", through=self._carried_out)

    def prepare(self, work: Work, *, what: str) -> None:
        """Read what a question or a form needs, and put it. Keys go nowhere meanwhile; what goes wrong is said."""
        start(self._screen, work, what=what, group=QUESTION, through=self._carried_out)

    async def _carried_out(self, work: Work) -> None:
        app = self._screen.app
        try:
            outcome = await work
        except CwconsoleError as error:
            app.notify(error.message, severity="warning" if isinstance(error, RefusedError) else "error")
        else:
            if outcome:
                app.notify(outcome)
