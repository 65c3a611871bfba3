"""One poll in full: what it read, what it found, how it ended."""

from __future__ import annotations

from cwconsole.store import poll_list
from cwconsole.store.poll_list import PollRow
from cwconsole.tui import things
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.poll_rows import detail_lines, fact_lines
from cwconsole.tui.screens.configured import zone_of
from cwconsole.tui.screens.copies import Copies
from cwconsole.tui.screens.detail import DetailScreen, Tab
from cwconsole.tui.screens.places import Places
from cwconsole.tui.viewspec import ViewSpec


class PollScreen(Places, Copies, DetailScreen):
    """`poll id:5`."""

    SCOPES = (Scope.COPIES, Scope.DETAIL, Scope.TEXT, Scope.PLACE)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._row: PollRow | None = None

    def title_of(self) -> str:
        return f"poll {self.spec.value('id')}"

    def subject(self) -> Subject:
        row = self._row
        if row is None:
            return self.bare_subject()
        return self.bare_subject(instance=row.instance, resource=row.resource, thing=things.poll(row.id))

    async def load(self) -> None:
        row = await self.console.store.read(poll_list.show, int(self.spec.value("id") or 0))
        self._row = row
        zone = await self.console.store.read(zone_of, row.instance)
        self.show(
            fact_lines(row, self.console.look(), zone),
            (Tab(title="What it read", lines=detail_lines(row, zone)),),
        )
