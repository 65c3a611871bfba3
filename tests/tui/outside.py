"""A world beside the database that answers as the test wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from cwconsole.core.errors import CwconsoleError
from cwconsole.core.instance_body import InstanceBody, map_secrets
from cwconsole.core.instance_config import to_config
from cwconsole.store.instances import Draft, Instance
from cwconsole.tui.outside import Counted, Sealed, Tested


@dataclass
class FakeOutside:
    """Failure switches: `fault` is raised by whatever asks ConnectWise; `gate`, if set, holds its answers back.

    counts: records in a window, by where it begins. files: bodies by their paths. written: what was exported.
    """

    counts: Callable[[int], int] = lambda since: 4321
    fault: CwconsoleError | None = None
    gate: asyncio.Event | None = None
    tested: Tested = field(
        default_factory=lambda: Tested(
            ok=True,
            sentence="ConnectWise 2025.1 answers, and the keys are right.",
            ahead_seconds=7.0,
            counted=(Counted(resource="contacts", records=12_345), Counted(resource="tickets", error="not yours")),
        )
    )
    files: dict[str, InstanceBody] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    bodies: list[InstanceBody] = field(default_factory=list)

    async def _answer(self) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault

    async def count(self, instance: str, resource: str, since: int) -> int:
        self.asked.append((instance, resource, since))
        await self._answer()
        return self.counts(since)

    async def test(self, body: InstanceBody) -> Tested:
        self.bodies.append(body)
        await self._answer()
        return self.tested

    async def seal(self, body: InstanceBody) -> Sealed:
        await self._answer()
        config = to_config(body)
        sealed = map_secrets(body, lambda text: text if text.startswith("sealed:") else f"sealed:{text[::-1]}")
        return Sealed(draft=Draft(body=json.dumps(sealed.document), config=config), notes=())

    async def read_file(self, path: str) -> InstanceBody:
        await self._answer()
        return self.files[path]

    async def write_file(self, path: str, instance: Instance) -> str:
        await self._answer()
        self.written[path] = instance.name
        return path
