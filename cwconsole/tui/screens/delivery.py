"""One delivery in full: where it stands, its attempts, what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from cwconsole.store import callback_list, delivery_list
from cwconsole.store.delivery_list import DeliveryRow
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.delivery_rows import answer_lines, attempt_lines, fact_lines
from cwconsole.tui.screens.configured import zone_of
from cwconsole.tui.screens.copies import Copies
from cwconsole.tui.screens.delivery_keys import DeliveryKeys
from cwconsole.tui.screens.detail import DetailScreen, Tab
from cwconsole.tui.screens.places import Places
from cwconsole.tui.viewspec import ViewSpec


class DeliveryScreen(DeliveryKeys, Places, Copies, DetailScreen):
    """`delivery id:17`."""

    SCOPES = (Scope.COPIES, Scope.DETAIL, Scope.TEXT, Scope.DELIVERY, Scope.PLACE)
    fact_lines: ClassVar[int] = 6

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._row: DeliveryRow | None = None

    def title_of(self) -> str:
        return f"delivery {self.spec.value('id')}"

    def delivery(self) -> DeliveryRow | None:
        return self._row

    async def chosen_ids(self) -> Sequence[int]:
        return [] if self._row is None else [self._row.id]

    def subject(self) -> Subject:
        return self.delivery_subject()

    async def load(self) -> None:
        store = self.console.store
        detail = await store.read(delivery_list.show, int(self.spec.value("id") or 0))
        callback = await store.read(callback_list.of_url, detail.delivery.url)
        self._row = detail.delivery
        zone = await store.read(zone_of, detail.delivery.instance)
        self.show(
            fact_lines(detail, callback, self.console.look(), zone),
            (
                Tab(title="Attempts", lines=attempt_lines(detail)),
                Tab(title="Answers", lines=answer_lines(detail)),
            ),
        )
