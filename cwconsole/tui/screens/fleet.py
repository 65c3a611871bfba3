"""Fleet: every resource of every instance, worst first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, cast

from textual.widget import Widget

from cwconsole.store import fleet_view, status
from cwconsole.store.status import BareInstance, StatusRow
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.freshness import Freshness, Phase
from cwconsole.tui.render.fleet_columns import FLEET_COLUMNS
from cwconsole.tui.render.fleet_rows import FleetRow, arranged, bare_row, fleet_row, same_place
from cwconsole.tui.render.plain import plain
from cwconsole.tui.rows import MemoryRows
from cwconsole.tui.screens.copies import RowCopies
from cwconsole.tui.screens.instances import Instances
from cwconsole.tui.screens.listing import ListScreen
from cwconsole.tui.screens.places import Place, Places
from cwconsole.tui.screens.whole_saves import WholeSaves
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.widgets.virtual_table import VirtualTable


class FleetScreen(Instances, Places, RowCopies, WholeSaves, ListScreen):
    """The app reads the fleet, for the header needs it everywhere; this screen adds each resource's course.

    Rows are made anew only of what the app has read anew.
    """

    SCOPES = (Scope.COPIES, Scope.WHOLE, Scope.FLEET, Scope.LIST, Scope.TABLE, Scope.PLACE, Scope.INSTANCES)
    saves = ("resource", "resources")
    document = staticmethod(status.document)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._rows = MemoryRows[FleetRow](lambda row: row.key)
        self._made: dict[int, FleetRow] = {}  # by resource
        self._read: Mapping[int, StatusRow] = {}  # of what they were made
        self._bare: Sequence[BareInstance] = ()
        self._unfolded: frozenset[str] | None = None

    def body(self) -> Iterable[Widget]:
        yield VirtualTable(self._rows, FLEET_COLUMNS, look=self.console.look(), id="list",
                           empty=self._no_instance())  # fmt: skip

    def _no_instance(self) -> str:
        """Which file that is stands there too: it may not be the one that was meant."""
        path = plain(str(self.console.store.path))
        return f"No instance yet. a adds one, or `cwconsole instances add FILE`.\nThe database is {path}"

    async def load(self) -> None:
        if not self.console.fleet_is_known:
            return  # `fleet_changed` asks again; what is not known must not be shown as nothing
        fleet, turns = self.console.fleet, self.console.turns
        anew = [one for one, row in fleet.items() if self._read.get(one) is not row]
        courses = await self.console.store.read(fleet_view.courses, anew, now_ms=self.console.now_ms())
        rows = {one: fleet_row(fleet[one], courses[one], turns.get(one)) for one in anew}
        bare, self._bare = self._bare, self.console.bare_instances
        in_place = (
            bare == self._bare
            and len(fleet) == len(self._made)
            and all(self._stands_as_before(one, row) for one, row in rows.items())
        )
        self._made |= rows
        self._read = fleet
        if in_place:
            self._rows.update(rows.values())
            self.table.show_changed()
        else:
            self._made = {one: self._made[one] for one in fleet}
            self._show()

    def _stands_as_before(self, one: int, row: FleetRow) -> bool:
        before = self._made.get(one)
        return before is not None and self._unfolded is None and same_place(before, row, self.spec)

    def store_changed(self) -> None:
        """What is written shows in the fleet, which the app follows."""

    def fleet_changed(self) -> None:
        if not self._made:  # the first look does not wait for courses
            turns = self.console.turns
            self._made = {one: fleet_row(row, turn=turns.get(one)) for one, row in self.console.fleet.items()}
            self._bare = self.console.bare_instances
            self._show()
        self.refresher.ask("fleet")

    @property
    def freshness(self) -> Freshness:
        """That of the fleet, until its courses have been read too, and as long as it could not be read."""
        fleet, courses = self.console.fleet_refresher.freshness, self.refresher.freshness
        return fleet if fleet.phase is not Phase.CURRENT or courses.phase is Phase.LOADING else courses

    def show_spec(self) -> None:
        self._show()

    def _show(self) -> None:
        if not self.console.fleet_is_known or not self.ready:
            return
        self.table.set_sort(self.spec.sort or "health", self.spec.descending)
        rows = [*self._made.values(), *map(bare_row, self._bare)]
        self._rows.replace(arranged(rows, self.spec, self._unfolded))
        self.table.empty = self.no_rows(self._no_instance())
        self.table.show_changed()
        self.begin()

    def subject(self) -> Subject:
        row: FleetRow | None = self.table.current if self.ready else None
        if row is None:
            return self.bare_subject()
        return self.bare_subject(
            instance=row.instance,
            resource=row.resource or None,
            paused=row.state.value == "paused",
            held=row.held,
            asking=row.asking,
            left_out=row.left_out,
            state=row.state.value,
            marked=len(marked := self._marked()),
            places=len(marked),
            instances=frozenset(one.instance for one in marked),
            thing=self.thing_at(row.key),
        )

    def thing_at(self, key: Hashable) -> Thing:
        instance, resource = cast("tuple[str, str]", key)
        return self.place_thing(instance, resource or None)

    def _marked(self) -> list[FleetRow]:
        marks = self.table.marks
        return [] if marks.none else [row for row in self._rows.rows if row.key in marks]

    def rows_to_save(self) -> Sequence[StatusRow]:
        """As the command `status` says them: of an instance its resources that the filter shows."""
        shown = arranged(self._made.values(), self.spec)
        keys: dict[tuple[str, str], None] = {}  # each once, where it comes first
        for row in super().rows_to_save():
            members = [one for one in shown if one.instance == row.instance] if row.folded is not None else [row]
            keys |= dict.fromkeys(one.key for one in members)
        by_key = {(one.instance, one.resource): one for one in self.console.fleet.values()}
        return [by_key[key] for key in keys if key in by_key]

    def chosen_places(self) -> Sequence[Place]:
        """The marked ones; a resource whose instance is marked as a whole is within it."""
        marked = self._marked()
        if not marked:
            return super().chosen_places()
        whole = {row.instance for row in marked if not row.resource}
        return [(row.instance, row.resource or None) for row in marked if not row.resource or row.instance not in whole]

    async def open_row(self, table: VirtualTable[Any], row: FleetRow) -> None:
        if row.folded is not None:
            self._unfolded = (self._unfolded or frozenset()) ^ {row.instance}
            self._show()
        elif row.bare:
            await self.console.drill(spec("instance", instance=row.instance))
        else:
            await self.console.drill(spec("resource", instance=row.instance, resource=row.resource))

    def way_to_whole(self, instance: str) -> str:
        return f"f groups by instance; H on the row of {instance} lets them go."

    def do_fleet_fold(self) -> None:
        """Group by instance, all folded; or not."""
        self._unfolded = frozenset() if self._unfolded is None else None
        self._show()
