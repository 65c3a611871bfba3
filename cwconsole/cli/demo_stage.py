"""What the acts of the demo work with: the play, and the weather at its servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from cwconsole.cli.demo_faults import Spell
from cwconsole.cli.demo_operator import DemoOperator
from cwconsole.cli.demo_pace import BRISK, Pace
from cwconsole.core.config import InstanceConfig
from cwconsole.engine.supervisor import Engine
from cwconsole.simulator.steering import Steering

RECORDS = 200  # of each endpoint at the start

Say = Callable[[str], None]


class Play(Struct, frozen=True, kw_only=True):
    """What the acts work with.

    members: configurations by instance id, in the order of their receivers. say: takes a line of progress.
    seconds: how long records change; None: until the person leaves. left: set when the person has; None: no screen.
    pace: how fast it all goes.
    """

    engine: Engine
    steering: Steering
    operator: DemoOperator
    members: dict[int, InstanceConfig]
    paths: tuple[str, ...]
    seed: int
    seconds: float | None
    say: Say
    pace: Pace = BRISK
    left: asyncio.Event | None = None

    def goes_on(self, lasted: float) -> bool:
        """Whether records change any longer."""
        watched = self.left is None or not self.left.is_set()
        return watched and (self.seconds is None or lasted < self.seconds)


class Weather:
    """The faults that are on at each server."""

    def __init__(self, steering: Steering, receivers: int) -> None:
        self._steering = steering
        self._on: dict[int | None, list[Spell]] = {place: [] for place in (None, *range(receivers))}

    async def turn(self, spells: list[Spell]) -> None:
        """These and no others from now on; a server whose faults stay the same is left alone."""
        for place, before in self._on.items():
            wanted = [spell for spell in spells if spell.receiver == place]
            if wanted != before:
                self._on[place] = wanted
                await self._set(place, wanted)

    async def _set(self, place: int | None, spells: list[Spell]) -> None:
        faults = [spell.fault for spell in spells]
        if place is None:
            await self._steering.set_source_faults(faults)
        else:
            await self._steering.set_receiver_faults(place, faults)
