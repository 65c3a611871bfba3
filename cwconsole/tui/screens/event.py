"""One event in full: what changed, the record, its deliveries."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import TabbedContent, TabPane

from cwconsole.store import event_list
from cwconsole.store.event_list import EventDetail
from cwconsole.tui.actions import Scope, Subject
from cwconsole.tui.render.event_rows import change_lines, delivery_lines, fact_lines, record_lines
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.screens.places import Places
from cwconsole.tui.viewspec import ViewSpec
from cwconsole.tui.widgets.text_view import TextView


class EventScreen(Places, ConsoleScreen):
    """`event id:42`."""

    SCOPES = (Scope.DETAIL, Scope.TEXT, Scope.PLACE)
    DEFAULT_CSS = """
    EventScreen #facts { height: 5; padding: 0 1; }
    EventScreen TabbedContent { height: 1fr; }
    EventScreen TabPane { padding: 0 1; }
    """

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._detail: EventDetail | None = None

    def body(self) -> Iterable[Widget]:
        facts = TextView(id="facts")
        facts.can_focus = False
        yield facts
        with TabbedContent():
            for name, title in (("changes", "What changed"), ("record", "Record"), ("deliveries", "Deliveries")):
                with TabPane(title, id=name):
                    yield TextView(id=f"{name}-text")

    def title_of(self) -> str:
        return f"event {self.spec.value('id')}"

    def subject(self) -> Subject:
        if self._detail is None:
            return self.bare_subject()
        event = self._detail.event
        return self.bare_subject(instance=event.instance, resource=event.resource, event=event.id)

    async def load(self) -> None:
        detail = await self.console.store.read(event_list.show, int(self.spec.value("id") or 0))
        self._detail = detail
        glyphs, now = self.console.glyphs, self.console.now_ms()
        for name, lines in (
            ("facts", fact_lines(detail, now)),
            ("changes-text", change_lines(detail, glyphs)),
            ("record-text", record_lines(detail)),
            ("deliveries-text", delivery_lines(detail, glyphs, now)),
        ):
            self.query_one(f"#{name}", TextView).show(lines, keep_place=True)
        self.update_frame()
        if self.focused is None:
            self.focus_body()

    def focus_body(self) -> None:
        name = self.query_one(TabbedContent).active
        self.query_one(f"#{name}-text", TextView).focus()

    def on_tabbed_content_tab_activated(self, _: TabbedContent.TabActivated) -> None:
        self.focus_body()

    def do_detail_next(self) -> None:
        tabs = self.query_one(TabbedContent)
        names = [str(pane.id) for pane in tabs.query(TabPane)]
        tabs.active = names[(names.index(tabs.active) + 1) % len(names)]
