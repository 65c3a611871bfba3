"""`ctrl+p`: every action, view, instance and resource by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from cwconsole.tui.render.plain import fit, plain, wrap
from cwconsole.tui.widgets.dialog_keys import DialogKeys
from cwconsole.tui.widgets.modal import Modal

SHOWN: Final = 50
KEYS_WIDTH: Final = 17
INSIDE: Final = 72  # cells of the dialog's inside, less the scroll bar


class Entry(Struct, frozen=True, kw_only=True):
    """Something to choose. command: what would be typed after `:` for it, or the id of an action after `do `.

    words: other names for it. keys: that do the same. refused: why it cannot be done now, as a sentence.
    """

    name: str
    command: str
    words: tuple[str, ...] = ()
    keys: str = ""
    refused: str = ""


def matching(entries: Sequence[Entry], query: str) -> list[Entry]:
    """The entries that fit, best first; all of them without a query.

    Best is what has that very name, then what every word typed begins a word of, then what has its letters in turn.
    """
    wanted = query.strip().lower()
    if not wanted:
        return list(entries[:SHOWN])
    matcher = Matcher(wanted)
    scored = [(_rank(entry, wanted), matcher.match(entry.name), entry) for entry in entries]
    found = [one for one in scored if one[0] or one[1] > 0]
    return [entry for _, _, entry in sorted(found, key=lambda one: (-one[0], -one[1]))][:SHOWN]


def _rank(entry: Entry, wanted: str) -> int:
    words = [*entry.words, *re.findall(r"\w+", entry.name.lower())]
    if wanted in entry.words:
        return 2
    return int(all(any(word.startswith(part) for word in words) for part in wanted.split()))


class Palette(Modal[Entry | None]):
    """Type a part of a name; Enter takes the one that is marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Back", show=False),
        Binding("down,ctrl+n", "next", "Next", show=False, priority=True),
        Binding("up,ctrl+p", "previous", "Previous", show=False, priority=True),
    ]

    def __init__(self, entries: Sequence[Entry], title: str = "Find anything by name") -> None:
        super().__init__()
        self._title = title
        self._entries = entries
        self._shown: list[Entry] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-large"):
            yield Static(self._title, id="dialog-title", markup=False)
            field = Input(compact=True)
            field.cursor_blink = False
            yield field
            found = OptionList(id="found", compact=True, markup=False)
            found.can_focus = False
            yield found
            yield DialogKeys(("enter", "take it"), ("up down", "choose"), ("esc", "back"))

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._show("")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        at = self.query_one(OptionList).highlighted
        if at is not None and self._shown:
            self.dismiss(self._shown[at])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._shown[event.option_index])

    def _show(self, query: str) -> None:
        self._shown = matching(self._entries, query)
        found = self.query_one(OptionList)
        found.clear_options()
        keys = KEYS_WIDTH if any(entry.keys for entry in self._entries) else 0
        found.add_options([Option(_prompt(entry, keys)) for entry in self._shown])
        if self._shown:
            found.highlighted = 0
        elif self._entries:
            found.add_option(Option(f"Nothing here is called {plain(query.strip())}.", disabled=True))

    def action_close(self) -> None:
        self.dismiss(None)

    def action_next(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_previous(self) -> None:
        self.query_one(OptionList).action_cursor_up()


def _prompt(entry: Entry, keys_width: int) -> Content:
    """Keys at the left, as in the help; below the name, why it cannot be done."""
    name = plain(entry.name)
    keys = Content.styled(fit(entry.keys, keys_width, cut=""), "$secondary")
    if not entry.refused:
        return keys + Content(name)
    reason = wrap(plain(entry.refused), INSIDE - keys_width)
    refused = Content.styled("".join(f"\n{' ' * keys_width}{line}" for line in reason), "$warning")
    return keys + Content.styled(name, "$foreground-darken-3") + refused
