"""Actions: what operators asked for, from every console, the command line and the API."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from cwconsole.store import action_list
from cwconsole.store.action_list import ActionRow
from cwconsole.store.actions import Action
from cwconsole.tui import things
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.action_rows import ACTION_COLUMNS
from cwconsole.tui.screens.copies import RowCopies
from cwconsole.tui.screens.history import HistoryScreen
from cwconsole.tui.screens.mixed import OnScreen
from cwconsole.tui.screens.saves import Saves
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import spec
from cwconsole.tui.widgets.virtual_table import VirtualTable


class ActionKeys(OnScreen):
    """Mixed into screens that have the scope ACTIONS."""

    def action_subject(self, action: Action | None) -> Subject:
        """What the keys would be done to."""
        if action is None:
            return self.bare_subject()
        thing = things.action(action.id)
        return self.bare_subject(action=action.id, state=action.state, thing=thing, asked=action.command)

    def do_action_call_off(self, reason: str | None) -> None:
        number = self.subject().action
        if number is not None:
            self.carry_out(self.console.operator.call_off(number, reason), what=f"Calling off action {number}")


class ActionsScreen(ActionKeys, RowCopies, Saves, HistoryScreen):
    """The audit log, newest first."""

    SCOPES = (Scope.COPIES, Scope.HISTORY, Scope.ACTIONS, Scope.LIST, Scope.TABLE)
    columns = ACTION_COLUMNS
    page = staticmethod(action_list.page)
    empty: ClassVar[str] = "Nobody has asked for anything like this. Escape leads back; / changes the filter."

    @staticmethod
    def key_of(row: Any) -> int:
        return int(row.action.id)

    def subject(self) -> Subject:
        row: ActionRow | None = self.table.current if self.ready else None
        return self.action_subject(None if row is None else row.action)

    def thing_at(self, key: Hashable) -> Thing:
        return things.action(int(str(key)))

    async def open_row(self, table: VirtualTable[Any], row: Any) -> None:
        await self.console.drill(spec("action", id=row.action.id))
