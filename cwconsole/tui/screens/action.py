"""One action in full: who asked for what, from where, why, what came of it, and the command that does the same."""

from __future__ import annotations

from cwconsole.store import action_list
from cwconsole.store.action_list import ActionRow
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.action_rows import detail_lines, fact_lines
from cwconsole.tui.screens.action_log import ActionKeys
from cwconsole.tui.screens.copies import Copies
from cwconsole.tui.screens.detail import DetailScreen, Tab
from cwconsole.tui.viewspec import ViewSpec


class ActionScreen(ActionKeys, Copies, DetailScreen):
    """`action id:3`."""

    SCOPES = (Scope.COPIES, Scope.DETAIL, Scope.TEXT, Scope.ACTIONS)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._row: ActionRow | None = None

    def title_of(self) -> str:
        return f"action {self.spec.value('id')}"

    def subject(self) -> Subject:
        return self.action_subject(None if self._row is None else self._row.action)

    async def load(self) -> None:
        row = await self.console.store.read(action_list.show, int(self.spec.value("id") or 0))
        self._row = row
        self.show(
            fact_lines(row, self.console.look()),
            (Tab(title="What came of it", lines=detail_lines(row)),),
        )
