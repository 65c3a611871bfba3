"""A page about one thing: facts that stay, and panes below them of which one is shown, each a text or a table."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from textual.widget import Widget

from cwconsole.store import event_list, poll_list
from cwconsole.store.selection import Selection
from cwconsole.tui import things
from cwconsole.tui.action import Action, Scope
from cwconsole.tui.actions import of
from cwconsole.tui.render.columns import Column
from cwconsole.tui.render.event_rows import EVENT_COLUMNS
from cwconsole.tui.render.poll_rows import POLL_COLUMNS
from cwconsole.tui.rows import Marks
from cwconsole.tui.screens.copies import Copies, EventCopies
from cwconsole.tui.screens.detail import DetailScreen, Tab
from cwconsole.tui.screens.history import Page, listed, row_id
from cwconsole.tui.screens.instances import Instances
from cwconsole.tui.screens.places import Places
from cwconsole.tui.screens.replays import Replays, selection_of
from cwconsole.tui.session import Place
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.widgets.history_table import HistoryTable
from cwconsole.tui.widgets.text_view import TextView
from cwconsole.tui.widgets.virtual_table import VirtualTable


class Pane(Struct, frozen=True, kw_only=True):
    """A title, and the widget that stands below it."""

    title: str
    widget: TextView | VirtualTable[Any]


class PageScreen(Instances, Places, Replays, EventCopies, Copies, DetailScreen):
    """Subclasses say what panes there are, read in `load`, and call `load_histories` at its end."""

    SCOPES = (Scope.COPIES, Scope.DETAIL, Scope.PLACE, Scope.INSTANCES, Scope.EVENTS, Scope.TABLE, Scope.TEXT)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._panes: Sequence[Pane] = ()
        self._opened: set[str] = set()

    @abstractmethod
    def panes(self) -> Sequence[Pane]:
        """From left to right."""

    def tabbed(self) -> Iterable[Widget]:
        self._panes = self.panes()
        self._tabs = [Tab(title=pane.title, lines=()) for pane in self._panes]
        self._tab = min(self._tab, len(self._tabs) - 1)
        for at, pane in enumerate(self._panes):
            pane.widget.display = at == self._tab
            yield pane.widget

    def place(self) -> Place:
        """The pane, and in a table the row under the cursor if the operator has put it there."""
        table = self.pane.widget if self.ready else None
        if not isinstance(table, VirtualTable) or not table.cursor or table.current is None:
            return super().place()
        key = table.rows.key(table.current)
        return Place(line=self.spec.line, cursor=(self._tab, *(key if isinstance(key, tuple) else (key,))))

    def begins_on(self) -> Hashable:
        """The key of the row to put the cursor on, if this is the pane that was begun with; asked for once."""
        wanted, self.begins_at = self.begins_at, None
        match wanted:
            case (self._tab, key):
                return key
            case (self._tab, *key) if key:
                return tuple(key)
        return None

    @property
    def pane(self) -> Pane:
        """The one that is shown."""
        return self._panes[self._tab]

    def actions(self) -> tuple[Action, ...]:
        """What concerns events is offered while events are shown; elsewhere its keys say that there is none."""
        inner = Scope.TEXT if self._panes and isinstance(self.pane.widget, TextView) else Scope.TABLE
        events = self._events is not None
        copied = (Scope.COPIES, Scope.EVENTS) if events else (Scope.COPIES,)
        left_out = ("table.sort",) if events else ("table.sort", "table.mark")
        return tuple(
            action
            for action in of(Scope.APP, Scope.DETAIL, Scope.PLACE, Scope.INSTANCES, *copied, inner)
            if not action.id.startswith(left_out)
        )

    def focus_body(self) -> None:
        if self._panes:
            self.set_focus(self.pane.widget)

    def _turn(self, by: int) -> None:
        self.pane.widget.display = False
        self._tab = (self._tab + by) % len(self._panes)
        self.pane.widget.display = True
        self.focus_body()
        self.refresher.ask("other pane")
        self.update_frame()

    def minute(self) -> None:
        if self.ready:
            for pane in self._panes:
                if isinstance(pane.widget, VirtualTable):
                    pane.widget.tick(self.console.look())
            self.refresher.follow()

    def on_resize(self) -> None:
        if self.ready:
            self.refresher.ask("another width")

    # --- polls and events -------------------------------------------------------------------------------------------

    def polls_pane(self) -> Pane:
        """The polls of this place."""
        return Pane(title="Polls", widget=self._history("polls", POLL_COLUMNS, "No poll yet."))

    def events_pane(self) -> Pane:
        """The events of this place."""
        return Pane(title="Events", widget=self._history("events", EVENT_COLUMNS, "No event yet."))

    def _history(self, name: str, columns: Sequence[Column[Any]], empty: str) -> HistoryTable[Any]:
        """Without the columns that would say the same in each row, and in one order."""
        left_out = {"instance", "resource"} if self.spec.value("resource") else {"instance"}
        columns = [replace(column, sort=False) for column in columns if column.id not in left_out]
        return HistoryTable(columns, key=row_id, look=self.console.look(), id=name, empty=empty)

    async def load_histories(self) -> None:
        """Read the table that is shown, or what is new in it."""
        table = self.pane.widget
        if not isinstance(table, HistoryTable) or table.id is None:
            return
        if table.id in self._opened:
            await table.catch_up()
            return
        wanted = spec(table.id, instance=self.spec.value("instance"), resource=self.spec.value("resource"))
        page: Page = poll_list.page if table.id == "polls" else event_list.page
        await table.open(listed(self.console, wanted, page, row_id))
        if isinstance(key := self.begins_on(), int):
            await table.go_to_key(key)
        self._opened.add(table.id)

    @property
    def _events(self) -> HistoryTable[Any] | None:
        """The list of events, while it is shown."""
        table = self.pane.widget if self._panes else None
        return table if isinstance(table, HistoryTable) and table.id == "events" else None

    def event_under_cursor(self) -> int | None:
        """The event under the cursor, while events are shown."""
        row = None if self._events is None else self._events.current
        return None if row is None else int(row.id)

    def marked_events(self) -> int:
        """How many events are marked, while events are shown."""
        return 0 if self._events is None else self._events.marks.count(self._events.rows.total)

    def thing_here(self, page: Thing) -> Thing | None:
        """The poll or the event under the cursor, while some are shown; else what the page is about."""
        table = self.pane.widget
        if not isinstance(table, HistoryTable):
            return page
        if table.current is None:
            return None
        number = int(table.current.id)
        return things.event(number) if table is self._events else things.poll(number)

    def marked_in(self) -> VirtualTable[Any] | None:
        return self._events

    def thing_at(self, key: Hashable) -> Thing:
        return things.event(int(str(key)))

    def chosen_events(self) -> Selection | None:
        listed = spec("events", instance=self.spec.value("instance"), resource=self.spec.value("resource"))
        chosen = listed.filter(now_ms=self.console.now_ms())
        return None if self._events is None else selection_of(self._events, chosen)

    def badge(self) -> str:
        events = self._events
        return "" if events is None else events.marked_words()

    def drop_marks(self) -> bool:
        if self._events is None or self._events.marks.none:
            return False
        self._events.set_marks(Marks())
        return True

    def on_virtual_table_changed(self, _: VirtualTable.Changed) -> None:
        self.update_frame()

    def on_virtual_table_sort_asked(self, _: VirtualTable.SortAsked) -> None:
        self.app.notify("The resources of an instance stand worst first; 1 has a list to sort.")

    async def open_row(self, table: VirtualTable[Any], row: Any) -> None:
        await self.console.drill(spec({"events": "event", "polls": "poll"}[table.id or ""], id=row.id))

    def on_virtual_table_cursor_moved(self, _: VirtualTable.CursorMoved) -> None:
        self.update_frame()
