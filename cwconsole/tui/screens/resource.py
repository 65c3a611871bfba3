"""One resource: how it does and why, its watermark and the poll under way, charts, polls, events, configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import ClassVar

from cwconsole.core.config import ResourceConfig
from cwconsole.core.health import Health
from cwconsole.core.instance_body import stored_body
from cwconsole.core.zones import find_zone
from cwconsole.store import resource_view
from cwconsole.store.resource_view import ResourceView
from cwconsole.store.status import StatusRow
from cwconsole.tui.action import Subject
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.charts import height_in
from cwconsole.tui.render.instance_lines import callback_line, config_lines
from cwconsole.tui.render.resource_lines import BESIDE_FROM, chart_lines, standing_lines, state_line, why
from cwconsole.tui.screens.configured import configured
from cwconsole.tui.screens.page import PageScreen, Pane
from cwconsole.tui.viewspec import ViewSpec
from cwconsole.tui.widgets.text_view import TextView


class ResourceScreen(PageScreen):
    """`resource instance:acme resource:contacts`."""

    fact_lines: ClassVar[int] = 3

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._view: ResourceView | None = None

    def panes(self) -> Sequence[Pane]:
        return (
            Pane(title="Now", widget=TextView(id="text")),
            self.polls_pane(),
            self.events_pane(),
            Pane(title="Configuration", widget=TextView(id="configuration")),
        )

    def title_of(self) -> str:
        return f"{self.spec.value('instance')}/{self.spec.value('resource')}"

    def subject(self) -> Subject:
        view, status = self._view, self._status()
        if view is None:
            return self.bare_subject(instance=self.spec.value("instance"), resource=self.spec.value("resource"))
        row = view.resource
        shown_paused = status is not None and status.state is Health.PAUSED  # the fleet may be read before the page is
        return self.bare_subject(
            instance=row.instance_name,
            resource=row.name,
            paused=row.paused_ms is not None or row.instance_paused_ms is not None or shown_paused,
            held=row.holds or (status is not None and status.held),
            asking=None if status is None else status.asking,
            left_out=not row.active,
            state=None if status is None else status.state.value,
            event=self.event_under_cursor(),
            marked=self.marked_events(),
            thing=self.thing_here(self.place_thing(row.instance_name, row.name)),
        )

    def _status(self) -> StatusRow | None:
        view = self._view
        if view is None:
            return None
        return self.console.fleet.get(view.resource.id)

    def fleet_changed(self) -> None:
        if self.ready and self._view is not None:
            self._show(self._view)

    async def load(self) -> None:
        place = (self.spec.value("instance") or "", self.spec.value("resource") or "")
        self._view = await self.console.store.read(resource_view.resource, *place)
        self._show(self._view)
        await self.load_histories()

    def _show(self, view: ResourceView) -> None:
        look, status = self.console.look(), self._status()
        instance, own = configured(view)
        zone = UTC if instance is None else find_zone(instance.timezone)
        facts: list[Line] = [state_line(view, status, look)]
        if status is not None:
            facts.append((Cell(why(view, status, look, engine_runs=self.console.engine.runs), Tone.STRONG),))
        self.show_facts(facts)
        self.query_one("#text", TextView).show(self._now(view, status, own, zone), keep_place=True)
        body = stored_body(view.instance.body)
        lines = [*_facts_of(own), callback_line(view.callback, look), (), *config_lines(body, view.resource.name)]
        self.query_one("#configuration", TextView).show(lines, keep_place=True)
        self.update_frame()

    def _now(
        self, view: ResourceView, status: StatusRow | None, own: ResourceConfig | None, zone: tzinfo
    ) -> list[Line]:
        """The facts of this moment, and charts in the room that is left."""
        standing = standing_lines(view, status, self.console.look(), zone)
        text = self.query_one("#text", TextView)
        cells = max((text.scrollable_content_region.width or self.app.size.width - 3), 20)
        room = (text.size.height or self.app.size.height - 9) - len(standing) - 1
        charts = chart_lines(
            view.points,
            overlap=0 if own is None else own.overlap,
            cells=cells,
            height=height_in(room if cells >= BESIDE_FROM else room // 3),
            glyphs=self.console.glyphs,
            now_ms=self.console.now_ms(),
        )
        return [*standing, *charts]


def _facts_of(own: ResourceConfig | None) -> list[Line]:
    if own is None:
        return []
    facts = [
        ("path", own.path),
        ("filter", own.filter or "none"),
        ("objectId", own.id_field),
        ("updated", own.updated.path),
        ("created", "by the ids we know" if own.created is None else own.created.path),
        ("overlap", f"{own.overlap} s are read again by each poll"),
        ("page", f"at most {own.page_size} records"),
    ]
    return [(Cell(f"{name:<11}", Tone.MUTED), Cell(value)) for name, value in facts]
