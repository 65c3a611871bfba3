"""Keys, one after the other: what a key asks for is done, and has the keys, before the next one is looked at.

Textual sends each key through the queues of whatever has the focus and of all that is around it, and moves the focus by
a queue as well. So keys that come in one burst, from a slow line or fast fingers, would go to the list that had them
before: the letters of a command would do what they do there. Here only fields and actions take keys, and both can be
asked directly.

1. A key waits until what is in front has been put together.
2. While a question is on its way (`work.QUESTION`), keys go nowhere: they were not meant for the list below, and nobody
   has read what they would answer. Escape calls the question off.
3. Nor does a key answer a question that was pressed before the question was there to be read.
4. Once it is decided to leave, keys do nothing.
5. Over a screen Ctrl-C is Escape: it leads out, and nobody leaves the console by it who wanted out of a dialog.
"""

from __future__ import annotations

from collections import deque

from rich.console import RenderableType
from textual.app import App
from textual.events import Event, Key, Paste
from textual.widgets import Input

from cwconsole.tui.widgets.confirm import Confirm
from cwconsole.tui.widgets.modal import Modal
from cwconsole.tui.work import QUESTION


class KeysInTurn(App[None], inherit_bindings=False):
    """A base of `ConsoleApp`."""

    def __init__(self, *, ansi_color: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._in_turn: deque[Key | Paste] = deque()
        self._leaves = False

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End once what is in front has been put together: Textual puts nothing together any more when this was called.

        Called again, it ends at once. The return code counts from now on: when a line drops, reading from the terminal
        fails too, which ends the console without one.
        """
        self._return_code = return_code or self._return_code or 0
        if self._leaves:
            super().exit(result, self._return_code, message)
            return
        self._leaves = True
        self._in_turn.clear()
        self.call_later(self._end, message)

    def _end(self, message: RenderableType | None) -> None:
        if self.screen.is_mounted:
            super().exit(None, self._return_code or 0, message)
        else:
            self.screen.call_later(self.call_later, self._end, message)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            self.app_focus = True
            if not self._leaves:
                self._in_turn.append(event)
                await self._take_turns()
        else:
            await super().on_event(event)

    async def _take_turns(self) -> None:
        """Called again, once what is in front has been put together, by way of both queues."""
        while self._in_turn:
            if not self.screen.is_mounted:
                self.screen.call_later(self.call_later, self._take_turns)
                return
            event = self._in_turn.popleft()
            if isinstance(event, Key):
                await self._press(event)
            elif isinstance(self.focused, Input):
                await self.focused.on_event(event)

    async def _press(self, event: Key) -> None:
        if self._asks_soon():
            if event.key == "escape":
                self.workers.cancel_group(self.screen, QUESTION)
            return
        front, focused = self.screen, self.focused
        if isinstance(front, Confirm) and not front.was_asked_by(event.time):
            return
        if event.key == "ctrl+c" and isinstance(front, Modal):
            event = Key("escape", None)
        if event.key == "escape":
            front.clear_selection()
        if await self._check_bindings(event.key, priority=True):
            return
        if focused is not None and focused.check_consume_key(event.key, event.character):
            await focused.on_event(event)
        else:
            await self._check_bindings(event.key)

    def _asks_soon(self) -> bool:
        return any(one.group == QUESTION and one.node is self.screen and not one.is_finished for one in self.workers)
