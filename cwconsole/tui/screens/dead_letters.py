"""Dead letters, grouped by callback URL and error: what is wrong once, however many events it hit."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from textual.widget import Widget

from cwconsole.core.json_values import as_json
from cwconsole.store import chosen_deliveries, dead_letters
from cwconsole.store.dead_letters import DeadGroup, DeadLetters
from cwconsole.tui import things
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.dead_rows import DEAD_COLUMNS, badge
from cwconsole.tui.render.orders import DEAD_ORDERS, ordered
from cwconsole.tui.rows import MemoryRows
from cwconsole.tui.screens.copies import RowCopies
from cwconsole.tui.screens.delivery_keys import DeliveryKeys
from cwconsole.tui.screens.listing import ListScreen
from cwconsole.tui.screens.whole_saves import WholeSaves
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.widgets.virtual_table import VirtualTable


class DeadLettersScreen(DeliveryKeys, RowCopies, WholeSaves, ListScreen):
    """`dead instance:acme`. Enter shows the deliveries of a group; `r` tries all of them again."""

    SCOPES = (Scope.COPIES, Scope.WHOLE, Scope.DELIVERY, Scope.LIST, Scope.TABLE)
    saves = ("group of dead letters", "groups of dead letters")
    document = staticmethod(as_json)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._rows = MemoryRows[DeadGroup](lambda group: (group.callback_id, group.error))
        self._letters = DeadLetters(groups=[], total=0)

    def title_of(self) -> str:
        return " ".join(("dead letters", self.spec.filter_line)).strip()

    def body(self) -> Iterable[Widget]:
        yield VirtualTable(
            self._rows, DEAD_COLUMNS, look=self.console.look(), id="list",
            empty="No dead letters: nothing was given up. Escape leads back.", is_wanted=self.is_listed,
        )  # fmt: skip

    async def load(self) -> None:
        wanted = self.spec
        chosen = wanted.filter(now_ms=self.console.now_ms())
        self._letters = await self.console.store.read(dead_letters.groups, chosen)
        self._listed = wanted
        self._rows.replace(ordered(self._letters.groups, DEAD_ORDERS, wanted))
        self.table.set_sort(wanted.sort or "count", wanted.descending or not wanted.sort)
        self.table.show_changed()
        self.begin()
        self.update_frame()

    def badge(self) -> str:
        told = badge(self._letters) if self.is_listed() else ""
        return "  ".join(part for part in (super().badge(), told) if part)

    def subject(self) -> Subject:
        group = self._group
        if group is None:
            return self.bare_subject()
        thing = self._thing_of(group)
        return self.bare_subject(instance=group.instance, state="dead", marked=group.count, thing=thing)

    def _thing_of(self, group: DeadGroup) -> Thing:
        return things.dead_letters(group, self._deliveries_of(group).words)

    def thing_at(self, key: Hashable) -> Thing:
        return next(self._thing_of(group) for group in self._rows.rows if self._rows.key(group) == key)

    @property
    def _group(self) -> DeadGroup | None:
        group: DeadGroup | None = self.table.current if self.ready else None
        return group

    def _deliveries_of(self, group: DeadGroup) -> ViewSpec:
        """The view that lists a group."""
        words = {name: self.spec.value(name) for name in ("instance", "resource")}
        return spec("deliveries", **words, state="dead", callback=group.url, error=group.error)

    async def chosen_ids(self) -> Sequence[int]:
        """All deliveries of the marked groups, or of the one under the cursor."""
        marks, rows = self.table.marks, self._rows.rows
        chosen = [group for group in rows if self._rows.key(group) in marks] if not marks.none else [self._group]
        found: list[int] = []
        for group in chosen:
            if group is not None:
                wanted = self._deliveries_of(group).filter(now_ms=self.console.now_ms())
                found += await self.console.store.read(chosen_deliveries.ids, wanted)
        return found

    async def open_row(self, table: VirtualTable[Any], row: DeadGroup) -> None:
        await self.console.drill(self._deliveries_of(row))
