"""One event in full: what changed, the record, its deliveries."""

from __future__ import annotations

from cwconsole.store import event_list
from cwconsole.store.event_list import EventDetail
from cwconsole.store.selection import Selection
from cwconsole.tui.actions import Scope, Subject
from cwconsole.tui.render.event_rows import change_lines, delivery_lines, fact_lines, record_lines
from cwconsole.tui.screens.copies import Copies
from cwconsole.tui.screens.detail import DetailScreen, Tab
from cwconsole.tui.screens.places import Places
from cwconsole.tui.screens.replays import Replays
from cwconsole.tui.viewspec import ViewSpec


class EventScreen(Replays, Places, Copies, DetailScreen):
    """`event id:42`."""

    SCOPES = (Scope.DETAIL, Scope.TEXT, Scope.PLACE, Scope.EVENTS)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._detail: EventDetail | None = None

    def title_of(self) -> str:
        return f"event {self.spec.value('id')}"

    def subject(self) -> Subject:
        if self._detail is None:
            return self.bare_subject()
        event = self._detail.event
        return self.bare_subject(instance=event.instance, resource=event.resource, event=event.id)

    def chosen_events(self) -> Selection | None:
        return None if self._detail is None else Selection(numbers=(self._detail.event.id,))

    async def load(self) -> None:
        detail = await self.console.store.read(event_list.show, int(self.spec.value("id") or 0))
        self._detail = detail
        glyphs, now = self.console.glyphs, self.console.now_ms()
        self.show(
            fact_lines(detail, now),
            (
                Tab(title="What changed", lines=change_lines(detail, glyphs)),
                Tab(title="Record", lines=record_lines(detail)),
                Tab(title="Deliveries", lines=delivery_lines(detail, glyphs, now)),
            ),
        )
