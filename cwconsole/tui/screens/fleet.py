"""Fleet: every resource of every instance, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from cwconsole.store import fleet_view
from cwconsole.tui.actions import Scope, Subject
from cwconsole.tui.render.fleet_rows import FLEET_COLUMNS, NO_EXTRAS, Extras, FleetRow, fleet_rows
from cwconsole.tui.rows import MemoryRows
from cwconsole.tui.screens.instances import Instances
from cwconsole.tui.screens.listing import ListScreen
from cwconsole.tui.screens.places import Place, Places
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.widgets.virtual_table import VirtualTable

EXTRAS_MS = 5_000  # between two readings of last polls and hours, at least


class FleetScreen(Instances, Places, ListScreen):
    """The app reads the fleet, for the header needs it everywhere; this screen adds last polls and hours."""

    SCOPES = (Scope.FLEET, Scope.LIST, Scope.TABLE, Scope.PLACE, Scope.INSTANCES)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._rows = MemoryRows[FleetRow](lambda row: row.key)
        self._extras: Extras = NO_EXTRAS
        self._extras_ms = 0
        self._unfolded: frozenset[str] | None = None

    def body(self) -> Iterable[Widget]:
        yield VirtualTable(self._rows, FLEET_COLUMNS, look=self.console.look(), id="list",
                           empty="No instance yet. `cwconsole instances add FILE` adds one.")  # fmt: skip

    async def load(self) -> None:
        now = self.console.now_ms()
        if now - self._extras_ms >= EXTRAS_MS and self.console.fleet_is_known:
            self._extras_ms = now
            ids = [row.resource_id for row in self.console.fleet]
            last = await self.console.store.read(fleet_view.last_polls)
            hours = await self.console.store.read(fleet_view.by_hour, ids, now_ms=now)
            self._extras = Extras(last={one.resource_id: one for one in last}, hours=hours)
        self._show()

    def fleet_changed(self) -> None:
        self._show()
        if not self._extras_ms:
            self.refresher.ask("fleet is known")

    def show_spec(self) -> None:
        self._show()

    def _show(self) -> None:
        if not self.console.fleet_is_known or not self.ready:
            return
        self.table.set_sort(self.spec.sort or "health", self.spec.descending)
        rows = fleet_rows(self.console.fleet, self.spec, extras=self._extras, unfolded=self._unfolded)
        self._rows.replace(rows)
        self.table.show_changed()
        if self.begins_at is not None:
            self.table.move_to_key(self.begins_at)
            self.begins_at = None

    def subject(self) -> Subject:
        row: FleetRow | None = self.table.current if self.ready else None
        if row is None:
            return self.bare_subject()
        return self.bare_subject(
            instance=row.instance,
            resource=row.resource or None,
            paused=row.state.value == "paused",
            held=row.held,
            state=row.state.value,
            marked=len(marked := self._marked()),
            places=len(marked),
        )

    def _marked(self) -> list[FleetRow]:
        return [row for row in self._rows.rows if row.key in self.table.marks]

    def chosen_places(self) -> Sequence[Place]:
        """The marked ones; a resource whose instance is marked as a whole is within it."""
        marked = self._marked()
        if not marked:
            return super().chosen_places()
        whole = {row.instance for row in marked if not row.resource}
        return [(row.instance, row.resource or None) for row in marked if not row.resource or row.instance not in whole]

    async def on_virtual_table_opened(self, event: VirtualTable.Opened) -> None:
        row: FleetRow = event.row
        if row.folded is not None:
            self._unfolded = (self._unfolded or frozenset()) ^ {row.instance}
            self._show()
        else:
            await self.console.drill(spec("resource", instance=row.instance, resource=row.resource))

    def do_fleet_fold(self) -> None:
        """Group by instance, all folded; or not."""
        self._unfolded = frozenset() if self._unfolded is None else None
        self._show()
