"""One instance: its resources worst first, charts, its polls and events, its configuration with secrets masked."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from time import monotonic
from typing import Any, ClassVar, Final

from msgspec.structs import replace
from textual.timer import Timer

from cwconsole.core.health import Health
from cwconsole.core.instance_body import stored_body
from cwconsole.store import resource_view
from cwconsole.store.resource_view import HourPoint, InstanceView, ResourceView
from cwconsole.store.status import StatusRow
from cwconsole.tui.action import Subject
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Look
from cwconsole.tui.render.fleet_columns import FLEET_COLUMNS
from cwconsole.tui.render.fleet_rows import FleetRow, arranged, fleet_row
from cwconsole.tui.render.hour_charts import hour_lines
from cwconsole.tui.render.instance_lines import config_lines, instance_lines
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.resource_lines import why
from cwconsole.tui.rows import MemoryRows
from cwconsole.tui.screens.page import PageScreen, Pane
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.widgets.text_view import TextView
from cwconsole.tui.widgets.virtual_table import VirtualTable

CHARTS_SECONDS: Final = 1.0  # between two readings of the charts: the bar of this hour changes with every poll
OWN_COLUMNS = tuple(
    replace(column, from_width=0) if column.id == "turned" else column  # there is room for it
    for column in FLEET_COLUMNS
    if column.id not in {"instance", "last", "hours"}
)


class InstanceScreen(PageScreen):
    """`instance instance:acme`."""

    fact_lines: ClassVar[int] = 6  # a sentence of two lines moves nothing

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._view: InstanceView | None = None
        self._rows = MemoryRows[FleetRow](lambda row: row.key)
        self._current: ResourceView | None = None  # the resource under the cursor
        self._hours: Sequence[HourPoint] = ()
        self._charts_due = -inf  # when they may be read again
        self._charts_timer: Timer | None = None

    def panes(self) -> Sequence[Pane]:
        table = VirtualTable(
            self._rows, OWN_COLUMNS, look=self.console.look(), id="resources", empty="No resources. E adds some."
        )
        return (
            Pane(title="Resources", widget=table),
            self.polls_pane(),
            self.events_pane(),
            Pane(title="Charts", widget=TextView(id="charts")),
            Pane(title="Configuration", widget=TextView(id="configuration")),
        )

    def title_of(self) -> str:
        return self.spec.value("instance") or ""

    def subject(self) -> Subject:
        """The resource under the cursor while resources are shown; else the instance as a whole."""
        view = self._view
        if view is None:
            return self.bare_subject(instance=self.spec.value("instance"))
        row: FleetRow | None = self._resources.current if self.pane.title == "Resources" else None
        if row is not None:
            return self.bare_subject(
                instance=row.instance,
                resource=row.resource,
                paused=row.state.value == "paused",
                held=row.held,
                asking=row.asking,
                left_out=row.left_out,
                state=row.state.value,
                thing=self.place_thing(row.instance, row.resource),
            )
        return self.bare_subject(
            instance=view.instance.name,
            paused=view.instance.paused_ms is not None,
            state=None if view.instance.enabled else Health.OFF.value,
            event=self.event_under_cursor(),
            marked=self.marked_events(),
            thing=self.thing_here(self.place_thing(view.instance.name, None)),
        )

    @property
    def _resources(self) -> VirtualTable[FleetRow]:
        return self.query_one("#resources", VirtualTable)

    def _own(self) -> list[StatusRow]:
        view = self._view
        return (
            [] if view is None else [row for row in self.console.fleet.values() if row.instance_id == view.instance.id]
        )

    def fleet_changed(self) -> None:
        if self.ready and self._view is not None:
            self._show(self._view)

    async def load(self) -> None:
        self._view = await self.console.store.read(resource_view.instance, self.spec.value("instance") or "")
        if not self._rows.total:
            self._show(self._view)  # the worst resource is under the cursor now
        await self._load_current()
        self._show(self._view)
        await self._load_charts(self._view.instance.id)
        await self.load_histories()

    async def _load_current(self) -> None:
        """Why the resource under the cursor is as it is."""
        row: FleetRow | None = self._resources.current
        if row is not None and self.pane.title == "Resources":
            self._current = await self.console.store.read(resource_view.resource, row.instance, row.resource)

    def on_virtual_table_cursor_moved(self, event: VirtualTable.CursorMoved) -> None:
        super().on_virtual_table_cursor_moved(event)
        if self.pane.title == "Resources":
            self.refresher.ask("other row")

    async def _load_charts(self, instance_id: int) -> None:
        """While they are shown. What is written too soon after a reading is read when its time has come."""
        if self.pane.title != "Charts":
            return
        if (wait := self._charts_due - monotonic()) <= 0:
            self._charts_due = monotonic() + CHARTS_SECONDS
            self._hours = await self.console.store.read(resource_view.hours, instance_id, now_ms=self.console.now_ms())
        elif self._charts_timer is None:
            self._charts_timer = self.set_timer(wait, self._charts_are_due)
        if self.query_one("#charts", TextView).size:
            self._draw_charts()
        else:
            self.call_after_refresh(self._draw_charts)  # its tab has just been turned to: it has no place yet

    def _draw_charts(self) -> None:
        if not self.display:
            return  # the page has been left, and is taken down
        text = self.query_one("#charts", TextView)
        room, look = text.scrollable_content_region, self.console.look()
        text.show(hour_lines(self._hours, cells=room.width, room=room.height, look=look), keep_place=True)

    def _charts_are_due(self) -> None:
        self._charts_timer = None
        self.refresher.ask("charts")

    def way_to_whole(self, instance: str) -> str:
        return "Tab, then H lets them go."

    def _show(self, view: InstanceView) -> None:
        rows, look = self._own(), self.console.look()
        self.show_facts([*instance_lines(view, rows, look), *self._why(look)])
        turns = self.console.turns
        made = [fleet_row(row, turn=turns.get(row.resource_id)) for row in rows]
        self._rows.replace(arranged(made, spec("fleet")))
        self._resources.set_sort("health", False)
        self._resources.show_changed()
        if self._rows.total and self.pane.title == "Resources" and (key := self.begins_on()) is not None:
            self._resources.move_to_key(key)
        body = stored_body(view.instance.body)
        self.query_one("#configuration", TextView).show(config_lines(body), keep_place=True)
        self.update_frame()

    def _why(self, look: Look) -> list[Line]:
        status = None if self._current is None else self.console.fleet.get(self._current.resource.id)
        if self._current is None or status is None:
            return []
        sentence = why(self._current, status, look, engine_runs=self.console.engine.runs)
        return [(Cell(f"{plain(status.resource)}: ", Tone.MUTED), Cell(sentence))]

    async def open_row(self, table: VirtualTable[Any], row: Any) -> None:
        if table.id == "resources":
            await self.console.drill(spec("resource", instance=row.instance, resource=row.resource))
        else:
            await super().open_row(table, row)
