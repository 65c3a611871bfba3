"""The dialog before something dangerous: it lists what will happen, and no key that one may still hold confirms it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from cwconsole.core.errors import UsageError
from cwconsole.tui.render.plain import plain
from cwconsole.tui.widgets.dialog_keys import DialogKeys, Keys
from cwconsole.tui.widgets.dialog_lines import READ_ON, Dialog, DialogLines


class Choice(Struct, frozen=True, kw_only=True):
    """Something to choose before saying yes. name: beside its field. value: what stands there at first.

    told: what a value would mean, as a sentence. Raises UsageError, with a plain one, for what cannot be.
    """

    name: str
    value: str
    told: Callable[[str], str]


class Question(Struct, frozen=True, kw_only=True):
    """title: what is about to be done. lines: exactly what will happen. yes, no: the words for doing it or not.

    typed: what must be typed before it is done, for what cannot be undone or concerns many; None for a single key.
    reasoned: whether a reason can be given, for the audit log; reason: what stands there at first.
    """

    title: str
    lines: Sequence[str]
    yes: str = "do it"
    no: str = "go back"
    typed: str | None = None
    reasoned: bool = False
    reason: str | None = None
    choice: Choice | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """Yes. reason: as typed, None if none was. chosen: what stood in the field of the choice, which has been judged."""

    reason: str | None = None
    chosen: str = ""


class Confirm(Dialog[Answer | None]):
    """Asks a question; None is no. `y` confirms where nothing has to be typed; Enter never does by itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "no", "Go back", show=False),
        Binding("y", "yes", "Do it", show=False),
    ]
    DEFAULT_CSS = """
    Confirm #choice-row { height: auto; }
    Confirm #choice-name { width: auto; }
    Confirm #choice { width: 1fr; }
    Confirm #typed-told { height: auto; display: none; margin-bottom: 1; }
    """

    AUTO_FOCUS = ""  # else Textual gives the keys to the field of the reason

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self._asked_at = inf

    def compose(self) -> ComposeResult:
        asked = self.question
        with Vertical(id="dialog"):
            yield Static(plain(asked.title), id="dialog-title", markup=False)
            yield DialogLines(asked.lines, id="dialog-lines")
            if asked.choice is not None:
                yield Static(asked.choice.told(asked.choice.value), id="choice-told", markup=False)
                with Horizontal(id="choice-row"):
                    yield Static(f"{asked.choice.name}: ", id="choice-name", markup=False)
                    yield self._field("choice", "", asked.choice.value)
            if asked.reasoned:
                yield self._field("reason", "Reason, for the audit log (optional)", asked.reason or "")
            if asked.typed is not None:
                yield self._field("typed", plain(f"Type {asked.typed} to {asked.yes}"))
                yield Static("", id="typed-told", markup=False)
            yield DialogKeys()

    def _field(self, name: str, placeholder: str, value: str = "") -> Input:
        field = Input(value, id=name, placeholder=placeholder, compact=True)
        field.cursor_blink = False
        return field

    def _keys(self) -> Keys:
        """The keys that work where the cursor is: within a field, `y` is a letter."""
        asked = self.question
        if asked.typed is None and isinstance(self.focused, Input):
            return (("enter", "done with the field"), ("esc", asked.no))
        fields = [asked.choice.name.lower()] if asked.choice is not None else []
        fields += ["reason"] if asked.reasoned else []
        more: Keys = (("tab", ", ".join(fields)),) if fields else ()
        if self.query_one(DialogLines).is_cut:
            more = (*more, READ_ON)
        return (("enter" if asked.typed is not None else "y", asked.yes), ("esc", asked.no), *more)

    def on_mount(self) -> None:
        """A reason is asked for second: the first key must still be able to say yes."""
        self._asked_at = monotonic()
        self._to_the_question()
        self.show_keys()

    def was_asked_by(self, when: float) -> bool:
        """Whether it had been put together then, by the clock of Textual's messages."""
        return when >= self._asked_at

    def _to_the_question(self) -> None:
        if self.question.typed is not None:
            self.set_focus(self.query_one("#typed"))
        else:
            self.set_focus(None)

    def on_descendant_focus(self) -> None:
        self.show_keys()

    def on_descendant_blur(self) -> None:
        self.show_keys()

    def show_keys(self) -> None:
        if self.display:
            self.query_one(DialogKeys).show(*self._keys())

    def on_input_changed(self, event: Input.Changed) -> None:
        """What a choice means is said while it is typed."""
        event.stop()
        if event.input.id == "choice":
            self._judge()
        elif event.input.id == "typed":
            self._refuse("")

    def _judge(self) -> bool:
        """Say what the choice means, or what is wrong with it; whether it can be."""
        choice = self.question.choice
        if choice is None:
            return True
        try:
            told, right = choice.told(self._value("choice")), True
        except UsageError as error:
            told, right = error.message, False
        self.query_one("#choice-told", Static).update(plain(told))
        self.fit()
        return right

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field confirms if what stands there is right, since it has been typed."""
        event.stop()
        if event.input.id == "typed":
            self.action_yes()
        elif event.input.id == "reason" or self._judge():
            self._to_the_question()

    def action_no(self) -> None:
        self.dismiss(None)

    def action_yes(self) -> None:
        """Done only if what has to be typed has been, and what is chosen can be."""
        asked = self.question
        if asked.typed is not None and self._value("typed") != asked.typed:
            self._refuse(f"Nothing is done yet: that is not {asked.typed}." if self._value("typed") else "")
            return
        if not self._judge():
            self.set_focus(self.query_one("#choice"))
            return
        reason = self._value("reason") if asked.reasoned else ""
        self.dismiss(Answer(reason=reason or None, chosen=self._value("choice") if asked.choice is not None else ""))

    def _refuse(self, sentence: str) -> None:
        """Say under the field what is wrong in it: silence would look as if it were being done."""
        told = self.query_one("#typed-told", Static)
        told.update(plain(sentence))
        told.display = bool(sentence)
        self.fit()

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()
