"""Events: the whole history, newest first, with the one under the cursor beside it where there is room, or below it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import tzinfo
from typing import Any, ClassVar, TypeAlias

from textual.containers import Container
from textual.widget import Widget

from cwconsole.core.errors import UsageError
from cwconsole.store import event_list
from cwconsole.store.callback_list import held_reasons
from cwconsole.store.event_list import EventDetail, EventRow
from cwconsole.store.once import Connection
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

InFull: TypeAlias = tuple[EventDetail, tzinfo, Mapping[str, str]]


class EventsScreen(Replays, Places, EventCopies, RowCopies, Saves, HistoryScreen):
    """See the module."""

    SCOPES = (Scope.EVENTS, Scope.EVENT_LIST, Scope.HISTORY, Scope.COPIES, Scope.LIST, Scope.TABLE, Scope.PLACE)
    columns = EVENT_COLUMNS
    page = staticmethod(event_list.page)
    empty: ClassVar[str] = "No events here. Escape leads back; / changes the filter."

    DEFAULT_CSS = """
    EventsScreen #beside { display: none; height: 1fr; border-top: solid $panel; }
    EventsScreen #detail { padding: 0 1; }
    EventsScreen.-normal #both, EventsScreen.-wide #both { layout: horizontal; }
    EventsScreen.-normal #beside, EventsScreen.-wide #beside {
        display: block; width: 50; height: 100%; border-top: none; border-left: solid $panel;
    }
    EventsScreen.-wide #beside { width: 70; }
    EventsScreen.-with #beside { display: block; }
    EventsScreen.-without #beside { display: none; }
    """

    _ahead: tuple[EventRow, InFull] | None = None  # read before the list shows it under the cursor
    _brought: EventRow | None = None  # what stands beside the list, if it came that way

    def body(self) -> Iterable[Widget]:
        with Container(id="both"):
            yield self.make_table(ahead=self._read_ahead)
            with Container(id="beside"):
                yield TextView(id="detail")

    async def load(self) -> None:
        """What a live list brings under the cursor is drawn with what stands beside it: at once, and not in turns."""
        self._ahead = None
        await super().load()
        row: EventRow | None = self.table.current
        if self._ahead is not None and row is not None and self._ahead[0] is row:
            self._brought = row
            self._detail.show(self._in_short(*self._ahead[1]))

    async def _read_ahead(self, row: EventRow) -> None:
        if not self._has_detail:
            return
        try:
            self._ahead = row, await self.console.store.read(_in_full, row.id)
        except UsageError:  # pruned meanwhile; if it stands there nevertheless, `_show_in_full` says so
            self._ahead = None

    @property
    def _detail(self) -> TextView:
        return self.query_one("#detail", TextView)

    @property
    def _has_detail(self) -> bool:
        return self.query_one("#beside").display

    def do_event_detail(self) -> None:
        """The event under the cursor in full beside the list, or below it on a narrow screen; or the list alone."""
        shown = self._has_detail
        self.set_class(not shown, "-with")
        self.set_class(shown, "-without")
        self._show_beside()

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
        if row is None or row is not self._brought:  # else all that follows the cursor was drawn along with it
            super().rested(row)
            self._show_beside()

    def show_spec(self) -> None:
        super().show_spec()
        if self.ready:
            self._show_beside()

    def _show_beside(self) -> None:
        """The event under the cursor in full; nothing, where there is none or it has not been read yet."""
        self._brought = None
        if not self._has_detail:
            return
        row: EventRow | None = self.table.current
        if row is None:
            self._detail.show([])
        else:
            start(self, self._show_in_full(row), what="Reading the event", group="beside", exclusive=True)

    async def _show_in_full(self, row: EventRow) -> None:
        try:
            detail, zone, reasons = await self.console.store.read(_in_full, row.id)
        except UsageError as error:  # pruned meanwhile
            self._detail.show([(Cell(error.message, Tone.WARN),)])
            return
        current: EventRow | None = self.table.current
        if current is not None and current.id == row.id:
            self._detail.show(self._in_short(detail, zone, reasons))

    def _in_short(self, detail: EventDetail, zone: tzinfo, reasons: Mapping[str, str]) -> list[Line]:
        look = self.console.look()
        return [
            *fact_lines(detail, look, zone),
            (),
            (Cell("What changed", Tone.STRONG),),
            *change_lines(detail, look.glyphs),
            (),
            (Cell("Deliveries", Tone.STRONG),),
            *delivery_lines(detail, reasons, look),
            (),
            (Cell("Record", Tone.STRONG),),
            *record_lines(detail),
        ]


def _in_full(conn: Connection, number: int) -> InFull:
    """An event, its instance's zone, and why callback URLs of its deliveries are held."""
    detail = event_list.show(conn, number)
    reasons = held_reasons(conn, {one.delivery.url for one in detail.deliveries})
    return detail, zone_of(conn, str(detail.event.instance_id)), reasons
