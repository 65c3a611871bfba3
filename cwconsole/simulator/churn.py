"""Random changes: which record, and what happens to it. The same seed and the same calls give the same changes."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from cwconsole.simulator.catalogue import BUSY_PATHS, SHAPES
from cwconsole.simulator.world import Late, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """How many of a hundred random changes are of each kind, more or less."""

    create: int = 15
    update: int = 70
    touch: int = 5
    delete: int = 10


class Churn:
    """Makes random changes. late_share: of the updates and creations, so many are committed `late_seconds` later."""

    def __init__(
        self,
        *,
        seed: int,
        paths: Sequence[str] = BUSY_PATHS,
        mix: Mix | None = None,
        late_share: float = 0.0,
        late_seconds: float = 30.0,
    ) -> None:
        self._random = random.Random(seed)
        self._paths = tuple(paths)
        self._mix = mix or Mix()
        self._late_share = late_share
        self._late_seconds = late_seconds
        self._written: list[tuple[float, int, World, Late]] = []
        self._turn = 0

    def change(
        self, worlds: Sequence[World], count: int, *, kind: str | None = None, path: str | None = None
    ) -> dict[str, int]:
        """Make so many changes, each in one of these worlds. kind: create, update, touch or delete. Returns counts."""
        done: dict[str, int] = {}
        for _ in range(count if worlds else 0):
            world = self._random.choice(worlds)
            what = self._one(world, path or self._random.choice(self._paths), kind or self._kind())
            done[what] = done.get(what, 0) + 1
        return done

    @property
    def uncommitted(self) -> int:
        """How many late changes are written and not committed yet."""
        return len(self._written)

    def commit_due(self) -> None:
        """Commit the late changes whose time has come."""
        while self._written and self._written[0][0] <= self._written[0][2].clock.now():
            _, _, world, late = heapq.heappop(self._written)
            world.commit(late)

    def commit_all(self) -> None:
        """Commit every late change, whatever the time."""
        while self._written:
            _, _, world, late = heapq.heappop(self._written)
            world.commit(late)

    def _kind(self) -> str:
        names = [field.name for field in fields(Mix)]
        return self._random.choices(names, [getattr(self._mix, name) for name in names])[0]

    def _one(self, world: World, path: str, kind: str) -> str:
        collection = world.endpoint(path).collection
        if kind == "create" or not len(collection):
            self._write(world, path, None, {})
            return "create"
        number = collection.nth(self._random.randrange(len(collection)))
        if kind == "delete":
            world.delete(path, number)
        elif kind == "touch":
            world.touch(path, number)
        else:
            self._write(world, path, number, self._edit(world, path, number))
        return kind

    def _write(self, world: World, path: str, number: int | None, members: dict[str, Any]) -> None:
        if self._late_share and self._random.random() < self._late_share:
            late = world.begin(path, number, members)
            self._turn += 1
            heapq.heappush(self._written, (world.clock.now() + self._late_seconds, self._turn, world, late))
        elif number is None:
            world.create(path, members)
        else:
            world.update(path, number, members)

    def _edit(self, world: World, path: str, number: int) -> dict[str, Any]:
        """One member, moved on to another value than it has."""
        name, values = self._random.choice(list(SHAPES[path].changing.items()))
        present = world.record(path, number).get(name)
        return {name: self._random.choice([value for value in values if value != present])}
