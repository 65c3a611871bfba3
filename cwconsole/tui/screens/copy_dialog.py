"""`^y`: what to copy of the row under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from cwconsole.tui.render.plain import fit, plain, wrap
from cwconsole.tui.widgets.dialog_keys import DialogKeys
from cwconsole.tui.widgets.modal import Modal

KEY_WIDTH: Final = 3
NAME_WIDTH: Final = 29
INSIDE: Final = 72  # cells of the dialog's inside, less the scroll bar


class Copyable(Struct, frozen=True, kw_only=True):
    """name: what it is. text: what it says, for what is copied as it stands there. key: takes it; none for most.

    action: that copies it, instead of the text.
    """

    name: str
    text: str = ""
    key: str = ""
    action: str = ""


class CopyDialog(Modal[Copyable | None]):
    """Everything that can be copied, in full; Enter takes the one that is marked, its key at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Back", show=False),
        Binding("down,j", "move('down')", "Next", show=False),
        Binding("up,k", "move('up')", "Previous", show=False),
        Binding("home,g", "move('first')", "First", show=False),
        Binding("end,G", "move('last')", "Last", show=False),
        Binding("enter", "take", "Take it", show=False),
        *(Binding(key, f"take_by({key!r})", "Take it", show=False) for key in "tyY"),
    ]

    def __init__(self, title: str, offered: Sequence[Copyable]) -> None:
        super().__init__()
        self._title, self._offered = title, offered

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-large"):
            yield Static(plain(self._title), id="dialog-title", markup=False)
            found = OptionList(*map(_option, self._offered), id="found", compact=True, markup=False)
            found.can_focus = False
            yield found
            yield DialogKeys(("enter", "copy it"), ("up down", "choose"), ("esc", "back"))

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._offered[event.option_index])

    def action_take(self) -> None:
        at = self.query_one(OptionList).highlighted
        self.dismiss(None if at is None else self._offered[at])

    def action_take_by(self, key: str) -> None:
        one = next((one for one in self._offered if one.key == key), None)
        if one is not None:
            self.dismiss(one)

    async def action_move(self, to: str) -> None:
        found = self.query_one(OptionList)
        await found.run_action({"down": "cursor_down", "up": "cursor_up"}.get(to, to))

    def action_close(self) -> None:
        self.dismiss(None)


def _option(one: Copyable) -> Option:
    """The key, the name, and all of the text beside it, on as many lines as it takes."""
    key = Content.styled(fit(one.key, KEY_WIDTH, cut=""), "$secondary")
    if not one.text:
        return Option(key + Content(plain(one.name)))
    first, *more = wrap(plain(one.text), INSIDE - KEY_WIDTH - NAME_WIDTH)
    lines = "".join(f"\n{' ' * (KEY_WIDTH + NAME_WIDTH)}{line}" for line in more)
    return Option(
        key
        + Content.styled(fit(plain(one.name), NAME_WIDTH - 1) + " ", "$foreground-darken-3")
        + Content(first + lines)
    )
