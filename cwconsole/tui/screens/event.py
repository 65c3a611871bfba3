"""One event in full: what changed, the record, the notification, its deliveries."""

from __future__ import annotations

from typing import ClassVar

from cwconsole.core.errors import UsageError
from cwconsole.store import event_list, instances
from cwconsole.store.callback_list import held_reasons
from cwconsole.store.event_list import EventDetail
from cwconsole.store.instances import Instance
from cwconsole.store.once import Connection
from cwconsole.store.selection import Selection
from cwconsole.tui import things
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.event_rows import change_lines, delivery_lines, fact_lines, record_lines
from cwconsole.tui.render.notification import notification_lines, request_of
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.times import second
from cwconsole.tui.screens.configured import zone_of
from cwconsole.tui.screens.copies import Copies, EventCopies
from cwconsole.tui.screens.detail import DetailScreen, Tab
from cwconsole.tui.screens.places import Places
from cwconsole.tui.screens.replays import Replays
from cwconsole.tui.viewspec import ViewSpec


class EventScreen(Replays, Places, EventCopies, Copies, DetailScreen):
    """`event id:42`."""

    SCOPES = (Scope.DETAIL, Scope.TEXT, Scope.PLACE, Scope.EVENTS, Scope.COPIES)
    fact_lines: ClassVar[int] = 5

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._detail: EventDetail | None = None

    def title_of(self) -> str:
        return f"event {self.spec.value('id')}"

    def subject(self) -> Subject:
        if self._detail is None:
            return self.bare_subject()
        event = self._detail.event
        return self.bare_subject(
            instance=event.instance,
            resource=event.resource,
            event=event.id,
            object_id=event.object_id,
            thing=things.event(event.id),
        )

    def chosen_events(self) -> Selection | None:
        return None if self._detail is None else Selection(numbers=(self._detail.event.id,))

    async def load(self) -> None:
        detail = await self.console.store.read(event_list.show, int(self.spec.value("id") or 0))
        instance = await self.console.store.read(_instance_of, detail)
        zone = await self.console.store.read(zone_of, str(detail.event.instance_id))
        reasons = await self.console.store.read(held_reasons, {one.delivery.url for one in detail.deliveries})
        self._detail = detail
        look = self.console.look()
        self.show(
            fact_lines(detail, look, zone),
            (
                Tab(title="What changed", lines=change_lines(detail, look.glyphs)),
                Tab(title="Record", lines=record_lines(detail)),
                Tab(title="Notification", lines=_notification(detail, instance)),
                Tab(title="Deliveries", lines=delivery_lines(detail, reasons, look)),
            ),
        )


def _instance_of(conn: Connection, detail: EventDetail) -> Instance | None:
    """None once it has been removed; its events are deleted in the minutes after that."""
    try:
        return instances.load(conn, str(detail.event.instance_id))
    except UsageError:
        return None


def _notification(detail: EventDetail, instance: Instance | None) -> list[Line]:
    if instance is None:
        return [(Cell("Its instance has been removed: nothing is sent any more.", Tone.MUTED),)]
    try:
        return [*_edited_since(detail, instance), *notification_lines(request_of(detail, instance))]
    except UsageError as error:
        return [(Cell(error.message, Tone.WARN),)]


def _edited_since(detail: EventDetail, instance: Instance) -> list[Line]:
    """What an attempt has sent is not kept: it is made of the event and the configuration, of which only today's is."""
    sent = [attempt.started_ms for one in detail.deliveries for attempt in one.attempts]
    if not sent or min(sent) >= instance.updated_ms:
        return []
    edited = f"{plain(instance.name)} was edited or switched at {second(instance.updated_ms)}, after an attempt"
    told = f"{edited}: its name, tags, URL and headers may have been others then. This is what would be sent now."
    return [(Cell(told, Tone.WARN),), ()]
