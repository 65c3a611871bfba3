"""A question for a file's path."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from cwconsole.tui.render.plain import plain, plain_lines
from cwconsole.tui.widgets.dialog_keys import DialogKeys
from cwconsole.tui.widgets.modal import Modal


class FileDialog(Modal[str | None]):
    """The path that was typed; None for leaving it. Reading and writing is for whoever asked."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Go back", show=False)]

    def __init__(self, title: str, note: str, *, yes: str, path: str = "") -> None:
        super().__init__()
        self._title, self._note, self._yes, self._path = title, note, yes, path

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(plain(self._title), id="dialog-title", markup=False)
            yield Static(plain_lines(self._note), id="dialog-lines", markup=False)
            field = Input(self._path, placeholder="path", compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield DialogKeys(("enter", self._yes), ("esc", "go back"))

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        self.dismiss(None)
