"""The line at the bottom in which one types a command or a filter; it takes the footer's place while it is open.

Tab completes the last word, and goes through what it could become; up and down go through what was typed before;
Escape gives up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

Complete = Callable[[str], Sequence[str]]


class Asker(Protocol):
    """The screen around it. sign: `:` or `/`."""

    async def prompt_entered(self, sign: str, text: str) -> None:
        """The text is complete. Awaited, and no message: the next key is for what has come to the front."""

    def prompt_given_up(self, sign: str, text: str) -> None:
        """Nothing is wanted any more; text: what stood there when it was opened."""


class PromptInput(Input):
    """Where the text stands. Enter is heard at once."""

    async def action_submit(self) -> None:
        await cast("Prompt", self.parent).enter()


class Prompt(Horizontal):
    """Hidden until `ask`."""

    DEFAULT_CSS = """
    Prompt { height: 1; width: 1fr; display: none; }
    Prompt.-open { display: block; }
    Prompt > Label { width: auto; padding: 0 0 0 1; text-style: bold; }
    Prompt > Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Give up", show=False),
        Binding("tab", "complete", "Complete", show=False),
        Binding("up", "older", "Typed before", show=False),
        Binding("down", "newer", "Typed after", show=False),
    ]

    class Typed(Message):
        """The text has changed, and may have again by the time this is heard. sign: `:` or `/`."""

        def __init__(self, sign: str, text: str) -> None:
            super().__init__()
            self.sign, self.text = sign, text

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Prompt.Typed)

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._sign = ""
        self._before = ""
        self._complete: Complete = lambda _: ()
        self._offered: list[str] = []
        self._history: dict[str, list[str]] = {}
        self._at = 0
        self._draft = ""  # what stood there before the first step back

    def compose(self) -> ComposeResult:
        yield Label("", markup=False)
        field = PromptInput(compact=True, select_on_focus=False)
        field.cursor_blink = False
        yield field

    @property
    def _asker(self) -> Asker:
        return cast("Asker", self.screen)

    @property
    def is_open(self) -> bool:
        """Whether somebody types."""
        return self.has_class("-open")

    @property
    def text(self) -> str:
        """What stands there now."""
        return self.query_one(Input).value

    def is_open_for(self, sign: str) -> bool:
        """Whether it asks for this: a command (`:`) or a filter (`/`)."""
        return self.is_open and self._sign == sign

    def ask(self, sign: str, text: str, complete: Complete) -> None:
        """Open it. complete: what the whole text could become."""
        self._sign, self._before, self._complete = sign, text, complete
        self._offered, self._at = [], len(self._history.get(sign, ()))
        self.query_one(Label).update(sign)
        self.add_class("-open")
        self.screen.add_class("-typing")
        field = self.query_one(Input)
        with self.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.screen.set_focus(field)

    def again(self, text: str) -> None:
        """What was entered is not right: it stands there again, to be mended. Escape still gives up as before."""
        self.ask(self._sign, self._before, self._complete)
        field = self.query_one(Input)
        with self.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)

    def close(self) -> None:
        """Hide it."""
        self.remove_class("-open")
        self.screen.remove_class("-typing")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value not in self._offered:
            self._offered = []
        if self.is_open:
            self.post_message(self.Typed(self._sign, event.value))

    async def enter(self) -> None:
        """The text is complete."""
        text = self.text.strip()
        past = self._history.setdefault(self._sign, [])
        if text and text not in past[-1:]:
            past.append(text)
        self.close()
        await self._asker.prompt_entered(self._sign, text)

    def action_give_up(self) -> None:
        self.close()
        self._asker.prompt_given_up(self._sign, self._before)

    def action_complete(self) -> None:
        """The first completion, or the one after that which stands there now."""
        field = self.query_one(Input)
        if field.value not in self._offered:  # or it was typed a moment ago, and the word of it is still on its way
            self._offered = list(self._complete(field.value))
            if not self._offered:
                return
            chosen = self._offered[0]
        else:
            chosen = self._offered[(self._offered.index(field.value) + 1) % len(self._offered)]
        field.value = chosen
        field.cursor_position = len(chosen)

    def action_older(self) -> None:
        self._recall(-1)

    def action_newer(self) -> None:
        self._recall(1)

    def _recall(self, by: int) -> None:
        past = self._history.get(self._sign, [])
        if not past:
            return
        field = self.query_one(Input)
        if self._at == len(past):
            self._draft = field.value
        self._at = max(min(self._at + by, len(past)), 0)
        text = past[self._at] if self._at < len(past) else self._draft
        field.value = text
        field.cursor_position = len(text)
