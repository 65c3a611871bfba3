"""Something to read at leisure, in the middle of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from cwconsole.tui.render.cells import Line
from cwconsole.tui.render.plain import plain
from cwconsole.tui.widgets.dialog_keys import DialogKeys
from cwconsole.tui.widgets.modal import Modal
from cwconsole.tui.widgets.text_view import TextView


class Notice(Modal[None]):
    """Lines to read."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "close", "Back", show=False)]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="-large"):
            yield Static(plain(self._title), id="dialog-title", markup=False)
            yield TextView(self._lines)
            yield DialogKeys(("esc", "back"), ("j k", "scroll"))

    def action_close(self) -> None:
        self.dismiss(None)
