"""Events: the whole history, newest first, with the one under the cursor beside it where there is room."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import tzinfo
from typing import Any, ClassVar

from textual.containers import Horizontal
from textual.widget import Widget

from cwconsole.core.errors import UsageError
from cwconsole.store import event_list
from cwconsole.store.event_list import EventDetail, EventRow
from cwconsole.store.selection import Selection
from cwconsole.tui import things
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.event_rows import EVENT_COLUMNS, change_lines, delivery_lines, fact_lines, record_lines
from cwconsole.tui.screens.configured import zone_of
from cwconsole.tui.screens.copies import EventCopies, RowCopies
from cwconsole.tui.screens.history import HistoryScreen
from cwconsole.tui.screens.places import Places
from cwconsole.tui.screens.replays import Replays, selection_of
from cwconsole.tui.screens.saves import Saves
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import spec
from cwconsole.tui.widgets.text_view import TextView
from cwconsole.tui.widgets.virtual_table import VirtualTable
from cwconsole.tui.work import start

BESIDE_FROM = 120  # cells of width


class EventsScreen(Replays, Places, EventCopies, RowCopies, Saves, HistoryScreen):
    """See the module."""

    SCOPES = (Scope.EVENTS, Scope.HISTORY, Scope.COPIES, Scope.LIST, Scope.TABLE, Scope.PLACE)
    columns = EVENT_COLUMNS
    page = staticmethod(event_list.page)
    empty: ClassVar[str] = "No events here. Escape leads back; / changes the filter."

    DEFAULT_CSS = """
    EventsScreen #beside { display: none; width: 50; border-left: solid $panel; padding: 0 1; }
    EventsScreen.-normal #beside, EventsScreen.-wide #beside { display: block; }
    EventsScreen.-wide #beside { width: 70; }
    """

    def body(self) -> Iterable[Widget]:
        with Horizontal():
            yield self.make_table()
            yield TextView(id="beside")

    def subject(self) -> Subject:
        row: EventRow | None = self.table.current if self.ready else None
        if row is None:
            return self.bare_subject()
        marked = self.table.marks.count(self.table.rows.total)
        return self.bare_subject(
            instance=row.instance,
            resource=row.resource,
            event=row.id,
            object_id=row.object_id,
            marked=marked,
            thing=things.event(row.id),
        )

    def thing_at(self, key: Hashable) -> Thing:
        return things.event(int(str(key)))

    def chosen_events(self) -> Selection | None:
        return selection_of(self.table, self.spec.filter(now_ms=self.console.now_ms()))

    async def open_row(self, table: VirtualTable[Any], row: Any) -> None:
        await self.console.drill(spec("event", id=row.id))

    def rested(self, row: EventRow | None) -> None:
        """Show the row beside the list, if the cursor is still on it."""
        super().rested(row)
        if self.size.width >= BESIDE_FROM and row is not None and self.table.current == row:
            start(self, self._show_beside(row), what="Reading the event", group="beside", exclusive=True)

    async def _show_beside(self, row: EventRow) -> None:
        try:
            detail = await self.console.store.read(event_list.show, row.id)
            zone = await self.console.store.read(zone_of, str(row.instance_id))
        except UsageError as error:  # pruned meanwhile
            self.query_one("#beside", TextView).show([(Cell(error.message, Tone.WARN),)])
            return
        current: EventRow | None = self.table.current
        if current is not None and current.id == row.id:
            self.query_one("#beside", TextView).show(self._in_short(detail, zone))

    def _in_short(self, detail: EventDetail, zone: tzinfo) -> list[Line]:
        glyphs, now = self.console.glyphs, self.console.now_ms()
        return [
            *fact_lines(detail, glyphs, now, zone),
            (),
            (Cell("What changed", Tone.STRONG),),
            *change_lines(detail, glyphs),
            (),
            (Cell("Deliveries", Tone.STRONG),),
            *delivery_lines(detail, glyphs, now),
            (),
            (Cell("Record", Tone.STRONG),),
            *record_lines(detail),
        ]
