"""Actions: what operators asked for, from every console, the command line and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from cwconsole.store import action_list
from cwconsole.store.action_list import ActionRow
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.action_rows import ACTION_COLUMNS
from cwconsole.tui.screens.history import HistoryScreen
from cwconsole.tui.viewspec import spec
from cwconsole.tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen


class ActionKeys:
    """Mixed into screens that have the scope ACTIONS. No node of Textual, see `places`."""

    def do_action_call_off(self) -> None:
        screen = cast("ConsoleScreen", self)
        number = screen.subject().action
        if number is not None:
            screen.carry_out(screen.console.operator.call_off(number), what=f"Calling off action {number}")


class ActionsScreen(ActionKeys, HistoryScreen):
    """The audit log, newest first."""

    SCOPES = (Scope.ACTIONS, Scope.LIST, Scope.TABLE)
    columns = ACTION_COLUMNS
    page = staticmethod(action_list.page)
    empty: ClassVar[str] = "Nobody has asked for anything like this. Escape leads back; / changes the filter."

    @staticmethod
    def key_of(row: Any) -> int:
        return int(row.action.id)

    def subject(self) -> Subject:
        row: ActionRow | None = self.table.current if self.ready else None
        return self.bare_subject() if row is None else self.bare_subject(action=row.action.id, state=row.action.state)

    async def open_row(self, table: VirtualTable[Any], row: Any) -> None:
        await self.console.drill(spec("action", id=row.action.id))
