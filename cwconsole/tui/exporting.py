"""An export of a filtered list beside everything else: one at a time, seen and stopped from wherever one is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from cwconsole.core.filters import Filter, Noun
from cwconsole.store import event_export, list_window
from cwconsole.store.database import Store
from cwconsole.store.event_export import EventFile, Format


@dataclass(slots=True, kw_only=True)
class Export:
    """share: how much of the list has been gone through, 0 to 1. stopped: the operator wants no more of it."""

    path: str
    wanted: Format
    chosen: Filter
    share: float = 0.0
    events: int = 0
    stopped: bool = False
    ended: bool = False

    @property
    def words(self) -> str:
        """For the crumbs, while it runs."""
        return "" if self.ended else f"saving {self.share:.0%}, S stops"

    async def run(self, store: Store) -> str:
        """To the end. Returns what came of it, as a sentence. Raises CwconsoleError; then there is no file."""
        try:
            return await self._run(store)
        finally:
            self.ended = True

    async def _run(self, store: Store) -> str:
        extent = await store.read(list_window.extent, Noun.EVENTS)
        file = EventFile(self.path, self.wanted)
        await asyncio.to_thread(file.__enter__)
        try:
            await self._write(store, file, extent.high, max(extent.most, 1))
        except BaseException as error:
            await asyncio.shield(asyncio.to_thread(file.__exit__, type(error), error, None))
            if isinstance(error, _Stopped):
                return f"The export is stopped after {self.events:,} events; {file.path} is gone."
            raise
        await asyncio.to_thread(file.__exit__, None, None, None)
        return f"{self.events:,} events are in {file.path}"

    async def _write(self, store: Store, file: EventFile, high: int, most: int) -> None:
        after: int | None = high + 1
        while after is not None:
            if self.stopped:
                raise _Stopped
            chosen = replace(self.chosen, after=after)
            one = await store.read(event_export.piece, chosen, self.wanted, first=self.events == 0)
            await asyncio.to_thread(file.add, one)
            self.events, after = file.events, one.next_after
            if after is not None:
                self.share = min((high - after + 1) / most, 0.99)


class _Stopped(Exception):  # not an error: the way out of the loop
    pass
