"""Deliveries: by state, newest first; above them the callback URLs that get nothing now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from msgspec.structs import replace
from textual.widget import Widget

from cwconsole.core.filters import STATES, Noun
from cwconsole.store import callback_list, chosen_deliveries, delivery_list
from cwconsole.store.callback_list import CallbackRow
from cwconsole.store.delivery_list import DeliveryRow
from cwconsole.tui import things
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.cells import Line
from cwconsole.tui.render.delivery_rows import DELIVERY_COLUMNS, state_tabs, trouble_lines
from cwconsole.tui.render.wrapped import wrapped
from cwconsole.tui.screens.copies import RowCopies
from cwconsole.tui.screens.delivery_keys import DeliveryKeys
from cwconsole.tui.screens.history import HistoryScreen
from cwconsole.tui.screens.places import Places
from cwconsole.tui.screens.saves import Saves
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.widgets.line_bar import LineBar
from cwconsole.tui.widgets.text_view import TextView
from cwconsole.tui.widgets.virtual_table import VirtualTable

TROUBLE_LINES: Final = 5
_COUNTED: Final = ("instance:", "resource:", "state:", "!state:")  # words besides which the fleet can count
_OF_FLEET: Final = ("pending", "sending", "retrying", "held", "dead")  # what its rows count
_STATES: Final = ("", *STATES[Noun.DELIVERIES])  # the first is all of them


class DeliveriesScreen(DeliveryKeys, Places, RowCopies, Saves, HistoryScreen):
    """Tab goes from state to state; the counts are those of the fleet that the app reads anyway."""

    SCOPES = (Scope.COPIES, Scope.HISTORY, Scope.DELIVERIES, Scope.DELIVERY, Scope.LIST, Scope.TABLE, Scope.PLACE)
    columns = DELIVERY_COLUMNS
    page = staticmethod(delivery_list.page)
    order, some = staticmethod(delivery_list.order), staticmethod(delivery_list.some)
    DEFAULT_CSS = """
    DeliveriesScreen #trouble { padding: 0 1; }
    """
    empty: ClassVar[str] = "No deliveries here. Tab shows another state; / changes the filter."

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._troubled: Sequence[CallbackRow] = ()
        self._trouble_lines = 0

    def body(self) -> Iterable[Widget]:
        yield LineBar(self._states, id="states")
        trouble = TextView(id="trouble")
        trouble.can_focus = False
        trouble.display = False
        yield trouble
        yield self.make_table()

    async def load(self) -> None:
        await super().load()
        self._troubled = await self.console.store.read(callback_list.troubled)
        self._show_trouble()

    def _show_trouble(self) -> None:
        """As many lines as there is to say, which is none as a rule."""
        lines = trouble_lines(self._troubled, self.console.glyphs, self.console.now_ms())
        room = max(self.size.width - 3, 1)
        needed = min(sum(len(wrapped(line, room)) for line in lines), TROUBLE_LINES)
        view = self.query_one("#trouble", TextView)
        if needed != self._trouble_lines:
            self._trouble_lines = needed
            view.display = bool(needed)
            view.styles.height = needed
        view.show(lines)

    def on_resize(self) -> None:
        if self.ready:
            self._show_trouble()

    def minute(self) -> None:
        super().minute()
        if self.ready:
            self._show_trouble()

    # --- by state ---------------------------------------------------------------------------------------------------

    def do_deliveries_state(self) -> None:
        self._turn(1)

    def do_deliveries_state_before(self) -> None:
        self._turn(-1)

    async def do_deliveries_dead(self) -> None:
        await self.console.drill(
            spec("dead", instance=self.spec.value("instance"), resource=self.spec.value("resource"))
        )

    def _turn(self, by: int) -> None:
        """The next state, in the place of the filter's own; not a step that Escape takes back."""
        state = _STATES[(self._state + by) % len(_STATES)]
        kept = [word for word in self.spec.words if not word.removeprefix("!").startswith("state:")]
        words = (*kept, *((f"state:{state}",) if state else ()))
        self.spec = replace(self.spec, words=words)
        self.show_spec()
        self.update_frame()

    @property
    def _state(self) -> int:
        """Which of the states is shown alone; 0 if several are."""
        state = self.spec.value("state") or ""
        return _STATES.index(state) if state in _STATES else 0

    def _states(self, cells: int) -> Line:
        counts = self._counts()
        return state_tabs(_STATES, [counts.get(state) for state in _STATES], self._state, cells, self.console.glyphs)

    def _counts(self) -> Mapping[str, int]:
        """By the fleet's maintained totals: it keeps none of what is done with, and knows places alone.

        In one walk through all resources, most of which have no delivery that is open or dead.
        """
        if not self.console.fleet_is_known or not all(
            word.startswith(_COUNTED) or word.removeprefix("!").startswith("state:") for word in self.spec.words
        ):
            return {}  # no number is better than one that leaves the filter out
        instance, resource = self.spec.value("instance"), self.spec.value("resource")
        counts = Counter(dict.fromkeys(_OF_FLEET, 0))
        for row in self.console.fleet.values():
            if (row.pending or row.sending or row.retrying or row.dead) and (
                instance in {None, row.instance, str(row.instance_id)} and resource in {None, row.resource}
            ):
                counts.update(row.standings)
        return counts

    # --- rows -------------------------------------------------------------------------------------------------------

    def delivery(self) -> DeliveryRow | None:
        row: DeliveryRow | None = self.table.current if self.ready else None
        return row

    def thing_at(self, key: Hashable) -> Thing:
        return things.delivery(int(str(key)))

    async def chosen_ids(self) -> Sequence[int]:
        marks, row = self.table.marks, self.delivery()
        if marks.none:
            return [] if row is None else [row.id]
        without = {int(str(key)) for key in marks.keys}
        if not marks.everything:
            return sorted(without)
        chosen = self.spec.filter(now_ms=self.console.now_ms())
        return await self.console.store.read(chosen_deliveries.ids, chosen, without)

    def subject(self) -> Subject:
        return self.delivery_subject(marked=self.table.marks.count(self.table.rows.total) if self.ready else 0)

    async def open_row(self, table: VirtualTable[Any], row: Any) -> None:
        await self.console.drill(spec("delivery", id=row.id))
