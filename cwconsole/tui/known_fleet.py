"""The fleet as this console has read it last: its rows, how they have turned, and what follows for all screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from textual.app import App

from cwconsole.store import status
from cwconsole.store.status import BareInstance, Reading, StatusRow
from cwconsole.tui.line_completion import Known
from cwconsole.tui.render.verdict import Verdict, verdict_of
from cwconsole.tui.turns import Turn, turns_after

if TYPE_CHECKING:
    from cwconsole.tui.app import ConsoleApp


class KnownFleet(App[None], inherit_bindings=False):
    """A base of `ConsoleApp`.

    turns: the last one of each resource, by its id. read_only_instances: by ids and names, as the fleet has them.
    """

    def __init__(self, *, ansi_color: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._reading: Reading | None = None
        self.turns: Mapping[int, Turn] = {}
        self.verdict: Verdict | None = None
        self.read_only_instances: frozenset[str] = frozenset()

    @property
    def fleet(self) -> Mapping[int, StatusRow]:
        """Every resource by its id; a row that has not changed is the same object as before."""
        return {} if self._reading is None else self._reading.rows

    @property
    def bare_instances(self) -> Sequence[BareInstance]:
        """Those without resources, of which the fleet has no row."""
        return () if self._reading is None else self._reading.bare

    @property
    def fleet_is_known(self) -> bool:
        """Whether the fleet has been read."""
        return self.verdict is not None

    @property
    def known(self) -> Known:
        """Names for completion."""
        return Known(
            instances=tuple(
                sorted({*(row.instance for row in self.fleet.values()), *(one.name for one in self.bare_instances)})
            ),
            resources=tuple(sorted({row.resource for row in self.fleet.values()})),
        )

    async def read_fleet(self) -> bool:
        """Read it again. Returns whether it is another one now."""
        app, before = cast("ConsoleApp", self), self._reading
        await app.store.data_version()  # refuses a file that a newer program has changed meanwhile
        now = await app.store.read(status.reread, before, now_ms=app.now_ms(), engine_runs=app.engine.works)
        if now is before:
            return False
        self.take_fleet(now)
        return True

    def take_fleet(self, now: Reading) -> None:
        """This is the fleet from now on."""
        app = cast("ConsoleApp", self)
        self.turns = turns_after(self.turns, self.fleet, now.rows, now_ms=app.now_ms())
        self._reading, self.verdict = now, verdict_of(now.rows.values())
        app.author, self.read_only_instances = app.author.meeting(now.instances())
