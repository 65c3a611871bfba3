"""What can be copied of one row of a table, whichever it is: a cell, the row, and where there is one its document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cwconsole.core.later import Later
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.screens.view_keys import ViewKeys

if TYPE_CHECKING:
    from cwconsole.tui import clipboard
    from cwconsole.tui.render.row_text import Field
    from cwconsole.tui.screens import copy_dialog
    from cwconsole.tui.screens.copy_dialog import Copyable
else:
    clipboard = Later("cwconsole.tui.clipboard")
    copy_dialog = Later("cwconsole.tui.screens.copy_dialog")

_OTHERS: Final = ("copy.json", "copy.command")  # which take what is marked, if anything is


class CellCopies(ViewKeys):
    """Mixed into every screen by way of `Everywhere`."""

    def choose_copy(self, fields: Sequence[Field], line: str) -> None:
        """Ask what to copy of a row. fields: what its columns say. line: the row, tab-separated."""
        screen = self._screen
        here = {action.id for action in screen.actions()}
        offered = [
            copy_dialog.Copyable(name="The row, its columns separated by tabs", key="t"),
            *(copy_dialog.Copyable(name=BY_ID[one].title, key=BY_ID[one].keys[0], action=one)
              for one in _OTHERS if one in here),
            *(copy_dialog.Copyable(name=field.name, text=field.text) for field in fields),
        ]  # fmt: skip
        thing = screen.subject().thing
        title = "Copy what of this row?" if thing is None else f"Copy what of {thing.name}?"

        async def chosen(one: Copyable | None) -> None:
            if one is None:
                return
            if one.action:
                await screen.action_do(one.action)
            elif one.text:
                self._copy(one.text, f"{one.name} of this row", "txt")
            else:
                self._copy(line, "This row", "tsv")

        screen.app.push_screen(copy_dialog.CopyDialog(title, offered), chosen)

    def _copy(self, text: str, what: str, ending: str) -> None:
        screen = self._screen
        screen.carry_out(clipboard.copy(screen.app, text, what=what, ending=ending), what=f"Copying {what.lower()}")
