"""A question for a file's path."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from cwconsole.tui.render.plain import plain, plain_lines
from cwconsole.tui.widgets.dialog_keys import DialogKeys
from cwconsole.tui.widgets.modal import Modal


class Typed(Struct, frozen=True, kw_only=True):
    """reason: for the audit log, None if none was given."""

    path: str
    reason: str | None = None


class FileDialog(Modal[Typed | None]):
    """What was typed; None for leaving it. Reading and writing is for whoever asked.

    reasoned: a reason can be given.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Go back", show=False)]

    def __init__(
        self, title: str, note: str, *, yes: str, path: str = "", reasoned: bool = False, reason: str | None = None
    ) -> None:
        super().__init__()
        self._title, self._note, self._yes, self._path = title, note, yes, path
        self._reasoned, self._reason = reasoned, reason or ""

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(plain(self._title), id="dialog-title", markup=False)
            yield Static(plain_lines(self._note), id="dialog-lines", markup=False)
            yield self._field("path", self._path, "path")
            if self._reasoned:
                yield self._field("reason", self._reason, "Reason, for the audit log (optional)")
            yield DialogKeys(
                ("enter", self._yes), ("esc", "go back"), *((("tab", "reason"),) if self._reasoned else ())
            )

    def _field(self, name: str, value: str, placeholder: str) -> Input:
        field = Input(value, id=name, placeholder=placeholder, compact=True, select_on_focus=False)
        field.cursor_blink = False
        return field

    def on_mount(self) -> None:
        self.query_one("#path").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        path, *reasons = (field.value.strip() for field in self.query(Input))
        if path:
            self.dismiss(Typed(path=path, reason="".join(reasons) or None))

    def action_leave(self) -> None:
        self.dismiss(None)
