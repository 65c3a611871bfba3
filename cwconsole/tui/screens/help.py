"""`?`: what one can do on the screen it was asked from, by its live keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from cwconsole.tui.actions import Action, Scope, Subject, key_name
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.plain import fit, plain
from cwconsole.tui.widgets.text_view import TextView

_GROUPS = (
    ("Here", (Scope.FLEET, Scope.EVENTS, Scope.EVENT_LIST, Scope.DELIVERIES, Scope.POLLS, Scope.ACTIONS,
              Scope.JOBS, Scope.LOG, Scope.DEBUG, Scope.DETAIL, Scope.LIST)),
    ("Instance or resource under the cursor", (Scope.PLACE,)),
    ("Instances", (Scope.INSTANCES,)),
    ("In the list", (Scope.TABLE,)),
    ("In the text", (Scope.TEXT,)),
    ("Everywhere", (Scope.APP,)),
)  # fmt: skip
KEYS_WIDTH = 16


def help_lines(actions: Sequence[Action], subject: Subject, keys_of: Callable[[Action], Sequence[str]]) -> list[Line]:
    """One line for each action: keys, title, the word after `:`, and why it cannot be done now."""
    lines: list[Line] = []
    for title, scopes in _GROUPS:
        group = [action for action in actions if set(action.scopes) & set(scopes)]
        if not group:
            continue
        lines += [(Cell(title, Tone.STRONG),)]
        for action in group:
            keys = fit(" ".join(key_name(key) for key in keys_of(action)), KEYS_WIDTH)
            word = f"  :{action.words[0]}" if action.words else ""
            reason = action.why_not(subject)
            line = [Cell(f"  {keys} ", Tone.KEY), Cell(action.title), Cell(word, Tone.MUTED)]
            if reason:
                line.append(Cell(f"  {plain(reason)}", Tone.WARN))
            lines.append(tuple(cell for cell in line if cell.text))
        lines.append(())
    return lines


class Help(ModalScreen[None]):
    """Lines to read; any of the keys that lead here leads back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "close", "Back", show=False)]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-large"):
            yield Static(self._title, id="dialog-title", markup=False)
            yield TextView(self._lines, id="help")
            yield Static("esc  back     j k  scroll", id="dialog-keys", markup=False)

    def action_close(self) -> None:
        self.dismiss(None)
