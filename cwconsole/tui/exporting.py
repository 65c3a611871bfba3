"""Exports of lists beside everything else: one at a time, seen and stopped from wherever one is.

They are this console's alone: it writes to its operator's files, so nobody else could go on with one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cwconsole.core.counted import counted
from cwconsole.core.errors import CwconsoleError
from cwconsole.core.filters import Noun
from cwconsole.store import list_export, list_window
from cwconsole.store.database import Store
from cwconsole.store.export_file import ExportFile, Format, said
from cwconsole.store.selection import Selection
from cwconsole.tui.render.job_rows import Saving


@dataclass(slots=True, kw_only=True)
class Export:
    """number: of this console's exports. path, wanted: where, and how. noun: which list; about: its rows, for people.

    share: how much has been gone through, 0 to 1. stopped: the operator wants no more of it. state: as a job's.
    outcome: what came of it, as a sentence.
    """

    noun: Noun
    number: int
    path: str
    wanted: Format
    selection: Selection
    about: str
    operator: str
    created_ms: int
    overwrite: bool = False
    share: float = 0.0
    rows: int = 0
    stopped: bool = False
    state: str = "running"
    outcome: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state != "running"

    @property
    def words(self) -> str:
        """For the crumbs, while it runs."""
        return "" if self.ended else f"saving {self.share:.0%}, S stops"

    @property
    def row(self) -> Saving:
        """As it is now, for the list of jobs."""
        return Saving(
            id=f"s{self.number}",
            state=self.state,
            created_ms=self.created_ms,
            share=1.0 if self.state == "done" else self.share,
            rows=self.rows,
            noun=self.noun,
            path=self.path,
            rows_about=self.about,
            operator=self.operator,
            outcome=self.outcome,
        )

    async def run(self, store: Store) -> None:
        """To the end. Whatever comes of it stands in `outcome`; unless it is done there is no file."""
        try:
            self.outcome = await self._run(store)
        except CwconsoleError as error:
            self.state, self.outcome = "failed", error.message
        except BaseException:
            self.state, self.outcome = "failed", "It was broken off."
            raise

    async def _run(self, store: Store) -> str:
        extent = await store.read(list_window.extent, self.noun)
        names = list_export.names_of(self.noun)
        file = ExportFile(self.path, self.wanted, noun=self.noun, names=names, overwrite=self.overwrite)
        await asyncio.to_thread(file.__enter__)
        self.path = str(file.path)
        try:
            await self._write(store, file, extent.high, max(extent.most, 1))
        except BaseException as error:
            await asyncio.shield(asyncio.to_thread(file.__exit__, type(error), error, None))
            if isinstance(error, _Stopped):
                self.state = "cancelled"
                done = counted(self.rows, self.noun.one, self.noun.value)
                return f"The export is stopped after {done}; nothing is left of it."
            raise
        await asyncio.to_thread(file.__exit__, None, None, None)
        self.state = "done"
        return f"{said(self.noun, self.rows)} in {file.path}"

    async def _write(self, store: Store, file: ExportFile, high: int, most: int) -> None:
        after: int | None = high + 1
        while after is not None:
            if self.stopped:
                raise _Stopped
            first = self.rows == 0
            one = await store.read(list_export.piece, self.noun, self.selection, self.wanted, after=after, first=first)
            await asyncio.to_thread(file.add, one)
            self.rows, after = file.rows, one.next_after
            if after is not None:
                self.share = min((high - after + 1) / most, 0.99)


class _Stopped(Exception):  # not an error: the way out of the loop
    pass
