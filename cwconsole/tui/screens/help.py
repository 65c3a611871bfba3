"""`?`: what one can do on the screen it was asked from, by its live keys; `/` looks for a key or a word."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from cwconsole.core.meanings import MEANINGS
from cwconsole.tui.action import Action, Scope, Subject, key_name
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.glyphs import UNICODE
from cwconsole.tui.render.plain import fit, plain
from cwconsole.tui.screens.view_keys import VIEW_WORDS
from cwconsole.tui.turns import WAYS
from cwconsole.tui.widgets.dialog_keys import DialogKeys
from cwconsole.tui.widgets.modal import Modal
from cwconsole.tui.widgets.text_view import TextView

_TITLES: Final = {
    Scope.PLACE: "Instance or resource under the cursor",
    Scope.INSTANCES: "Instances",
    Scope.TABLE: "In the list",
    Scope.TEXT: "In the text",
    Scope.APP: "Everywhere",
}
_STATES: Final = {
    "delivery": {Scope.DELIVERY, Scope.EVENTS},
    "poll": {Scope.POLLS},
    "action": {Scope.ACTIONS},
    "job": {Scope.JOBS},
    "resource": {Scope.PLACE},
}  # whose states stand on screens of these scopes; the more particular first
_VIEWS: Final = {f":{word} NAME": meaning for word, meaning in VIEW_WORDS.items()}
HERE: Final = "Here"  # whatever belongs to a kind of screen
KEYS_WIDTH: Final = 16

Lines = Callable[[str], Sequence[Line]]  # those that what was typed is found in


def help_lines(
    actions: Sequence[Action],
    subject: Subject,
    keys_of: Callable[[Action], Sequence[str]],
    wanted: str = "",
    *,
    scopes: Collection[Scope] = (),
) -> list[Line]:
    """One line for each action: keys, title, the word after `:`; and below it, why it cannot be done now.

    wanted: only those with such a key, title or word. scopes: of the screen, whose states are explained as well.
    """
    lines: list[Line] = []
    for title in (HERE, *_TITLES.values()):
        group = [one for one in actions if _title_of(one) == title and _is_found(one, keys_of(one), wanted)]
        if group:
            lines += [
                (Cell(title, Tone.STRONG),),
                *(line for one in group for line in _lines(one, subject, keys_of)),
                (),
            ]
    lines += _meanings("Saved views", _VIEWS, wanted)
    for noun, where in _STATES.items():
        if not where.isdisjoint(scopes):
            lines += _meanings(f"States of {'an' if noun == 'action' else 'a'} {noun}", MEANINGS[noun], wanted)
    if Scope.INSTANCES in scopes:
        signs = {getattr(UNICODE, way.value): meaning for way, meaning in WAYS.items()}
        lines += _meanings("Beside a state, for an hour after this console saw it change", signs, wanted)
    return lines or _nothing(actions, keys_of, wanted)


def _nothing(actions: Sequence[Action], keys_of: Callable[[Action], Sequence[str]], wanted: str) -> list[Line]:
    """What cannot be done here may be done elsewhere: the palette knows."""
    keys = [key_name(key) for action in actions if action.id == "palette" for key in keys_of(action)]
    elsewhere = [f"{' '.join(keys)} looks on every screen."] if keys else []
    sentences = (f"No key and no action here is called {plain(wanted)}.", *elsewhere)
    return [(Cell(sentence, Tone.MUTED),) for sentence in sentences]


def _meanings(title: str, meanings: Mapping[str, str], wanted: str) -> list[Line]:
    """What words or signs on the screen mean."""
    found = [
        (word, meaning)
        for word, meaning in meanings.items()
        if not wanted or (len(wanted) > 1 and wanted.lower() in f"{word} {meaning}".lower())
    ]
    if not found:
        return []
    rows: list[Line] = [
        (Cell(f"  {fit(word, KEYS_WIDTH, cut='')} ", Tone.KEY), Cell(meaning)) for word, meaning in found
    ]
    return [(Cell(title, Tone.STRONG),), *rows, ()]


def _title_of(action: Action) -> str:
    return next((_TITLES[scope] for scope in action.scopes if scope in _TITLES), HERE)


def _is_found(action: Action, keys: Sequence[str], wanted: str) -> bool:
    """A single character is a key as it is; anything longer is a part of a key's name, a title or a word."""
    names = [key_name(key) for key in keys]
    if len(wanted) <= 1:
        return not wanted or wanted in names
    names += [action.title, *action.names, *(f":{word}" for word in action.words)]
    return any(wanted.lower() in one.lower() for one in names)


def _lines(action: Action, subject: Subject, keys_of: Callable[[Action], Sequence[str]]) -> list[Line]:
    keys = fit(" ".join(key_name(key) for key in keys_of(action)), KEYS_WIDTH, cut="")
    line = [Cell(f"  {keys} ", Tone.KEY), Cell(action.title)]
    if action.words:
        line.append(Cell(f"  :{action.words[0]}{' [reason]' if action.writes else ''}", Tone.MUTED))
    reason = action.why_not(subject)
    not_now = [(Cell(f"{' ' * (KEYS_WIDTH + 3)}{plain(reason)}", Tone.WARN),)] if reason else []
    return [tuple(line), *not_now]


class Help(Modal[None]):
    """Lines to read; any of the keys that lead here leads back. lines: for what is looked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("q,question_mark", "close", "Close", show=False),
        Binding("slash", "look_for", "Look for", show=False),
    ]

    def __init__(self, title: str, lines: Lines) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-large"):
            yield Static(self._title, id="dialog-title", markup=False)
            field = Input(id="wanted", placeholder="a key as it is written here, or a part of a word", compact=True)
            field.cursor_blink = False
            field.display = False
            yield field
            yield TextView(self._lines(""), id="help")
            yield DialogKeys()

    def on_mount(self) -> None:
        self._read()

    def _read(self) -> None:
        self.set_focus(self.query_one("#help"))
        self.query_one(DialogKeys).show(("esc", "back"), ("j k", "scroll"), ("/", "look for a key or a word"))

    def action_look_for(self) -> None:
        field = self.query_one("#wanted", Input)
        field.display = True
        self.set_focus(field)
        self.query_one(DialogKeys).show(("enter", "read on"), ("esc", "everything again"))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one("#help", TextView).show(self._lines(event.value.strip()))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._read()

    def action_back(self) -> None:
        """Out of the search, out of the help."""
        field = self.query_one("#wanted", Input)
        if not field.display:
            self.dismiss(None)
            return
        field.value, field.display = "", False
        self._read()

    def action_close(self) -> None:
        self.dismiss(None)
