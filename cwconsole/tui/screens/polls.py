"""Polls: the history of every poll and sweep, newest first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from cwconsole.store import poll_list
from cwconsole.store.poll_list import PollRow
from cwconsole.tui import things
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.poll_rows import POLL_COLUMNS
from cwconsole.tui.screens.copies import RowCopies
from cwconsole.tui.screens.history import HistoryScreen
from cwconsole.tui.screens.places import Places
from cwconsole.tui.screens.saves import Saves
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import spec
from cwconsole.tui.widgets.virtual_table import VirtualTable


class PollsScreen(Places, RowCopies, Saves, HistoryScreen):
    """Those without news are kept for 48 hours only; their totals by the hour are on the resource's page."""

    SCOPES = (Scope.COPIES, Scope.HISTORY, Scope.POLLS, Scope.LIST, Scope.TABLE, Scope.PLACE)
    columns = POLL_COLUMNS
    page = staticmethod(poll_list.page)
    order, some = staticmethod(poll_list.order), staticmethod(poll_list.some)
    empty: ClassVar[str] = "No polls here. Those without news are kept for 48 hours; / changes the filter."

    def subject(self) -> Subject:
        row: PollRow | None = self.table.current if self.ready else None
        if row is None:
            return self.bare_subject()
        marked = self.table.marks.count(self.table.rows.total)
        return self.bare_subject(
            instance=row.instance, resource=row.resource, state=row.outcome, marked=marked, thing=things.poll(row.id)
        )

    def thing_at(self, key: Hashable) -> Thing:
        return things.poll(int(str(key)))

    async def open_row(self, table: VirtualTable[Any], row: Any) -> None:
        await self.console.drill(spec("poll", id=row.id))
