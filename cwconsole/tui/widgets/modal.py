"""What stands over a screen until it is answered or left, once."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

from cwconsole.tui.widths import take_width

Result = TypeVar("Result")


class Modal(ModalScreen[Result]):
    """Every dialog's base. Textual's own takes away whatever is in front, whoever asked for it, and however often."""

    def on_mount(self) -> None:
        take_width(self)

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Take this one away, and the questions that it has asked; only the first answer counts.

        Enter pressed twice answers twice: the second comes by the field's queue when this one has gone already.
        """
        if self not in self.app.screen_stack:
            return AwaitComplete()
        while self.app.screen is not self:
            self.app.pop_screen()
        return super().dismiss(result)
