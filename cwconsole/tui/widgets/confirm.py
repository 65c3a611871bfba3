"""The dialog before something dangerous: it lists what will happen, and no key that one may still hold confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """title: what is about to be done. lines: exactly what will happen. yes: the word for doing it.

    typed: what must be typed before it is done, for what cannot be undone or concerns many; None for a single key.
    reasoned: whether a reason can be given, for the audit log.
    """

    title: str
    lines: Sequence[str]
    yes: str = "do it"
    typed: str | None = None
    reasoned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Yes. reason: as typed, None if none was."""

    reason: str | None = None


class Confirm(ModalScreen[Answer | None]):
    """Asks a question; None is no. `y` confirms where nothing has to be typed; Enter never does by itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "no", "Leave it", show=False),
        Binding("y", "yes", "Do it", show=False),
    ]

    AUTO_FOCUS = ""  # else Textual gives the keys to the field of the reason

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        asked = self.question
        with Vertical(id="dialog"):
            yield Static(asked.title, id="dialog-title", markup=False)
            yield Static("\n".join(asked.lines), id="dialog-lines", markup=False)
            if asked.reasoned:
                yield self._field("reason", "Reason, for the audit log (optional)")
            if asked.typed is not None:
                yield self._field("typed", f"Type {asked.typed} to {asked.yes}")
            confirm = "enter" if asked.typed is not None else "y"
            reason = "     tab  give a reason" if asked.reasoned else ""
            yield Static(f"{confirm}  {asked.yes}     esc  leave it{reason}", id="dialog-keys", markup=False)

    def _field(self, name: str, placeholder: str) -> Input:
        field = Input(id=name, placeholder=placeholder, compact=True)
        field.cursor_blink = False
        return field

    def on_mount(self) -> None:
        """A reason is asked for second: the first key must still be able to say yes."""
        if self.question.typed is not None:
            self.query_one("#typed").focus()
        else:
            self.set_focus(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field confirms if what stands there is right, since it has been typed."""
        event.stop()
        if event.input.id == "typed" and event.value.strip() == self.question.typed:
            self.action_yes()
        elif event.input.id == "reason":
            self.set_focus(None)

    def action_no(self) -> None:
        self.dismiss(None)

    def action_yes(self) -> None:
        """Done only if what has to be typed has been."""
        asked = self.question
        if asked.typed is not None and self.query_one("#typed", Input).value.strip() != asked.typed:
            return
        reason = self.query_one("#reason", Input).value.strip() if asked.reasoned else ""
        self.dismiss(Answer(reason=reason or None))
