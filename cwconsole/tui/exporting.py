"""Exports of lists beside everything else, one at a time: this console writes the file, all see the job."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial

from cwconsole.core.command_line import command_line
from cwconsole.core.counted import counted
from cwconsole.core.errors import CwconsoleError, StaleError
from cwconsole.core.filters import Noun, line_of
from cwconsole.store import export_jobs, list_export, list_window
from cwconsole.store.export_file import ExportFile, Format, said
from cwconsole.store.selection import Selection
from cwconsole.tui.operator import Operator

BROKEN_OFF = "Its console was left before it was done; nothing is left of it."


@dataclass(slots=True, kw_only=True)
class Export:
    """path, wanted: where, and how. noun: which list; about: its rows, for people. reason: for the audit log.

    passed: how much has been gone through, out of most. stopped: nobody wants more of it. over: set when nothing more
    comes of it. done, failed, outcome: what came of it, the last as a sentence.
    """

    noun: Noun
    path: str
    wanted: Format
    selection: Selection
    about: str
    reason: str | None = None
    overwrite: bool = False
    job: int = 0
    rows: int = 0
    passed: int = 0
    most: int = 1
    stopped: bool = False
    done: bool = False
    failed: bool = False
    outcome: str = field(default="", init=False)
    over: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.over.is_set()

    @property
    def share(self) -> float:
        """How much of the list has been gone through, 0 to 1."""
        return min(self.passed / self.most, 0.99)

    @property
    def words(self) -> str:
        """For the crumbs."""
        return f"saving {self.share:.0%}, S stops"

    async def run(self, operator: Operator) -> None:
        """To the end. Whatever comes of it stands in `outcome` and in its job; unless it is done there is no file."""
        try:
            extent = await operator.store.read(list_window.extent, self.noun)  # before the order, which is a row too
            self.most = max(extent.most, 1)
            self.job = await self._ordered(operator)
            await self._carried_out(operator, extent.high)
        except CwconsoleError as error:
            self.failed, self.outcome = True, error.message
        finally:
            self.over.set()

    async def _ordered(self, operator: Operator) -> int:
        words = [] if self.selection.numbers is not None else [line_of(self.selection.chosen)]
        command = " ".join(filter(None, (command_line(self.noun.value, "export", self.path), *words)))
        return await operator.order_export(
            self.noun, self.path, self.about, most=self.most, command=command, reason=self.reason
        )

    async def _carried_out(self, operator: Operator, high: int) -> None:
        says = asyncio.create_task(self._say_so(operator))
        state, error = "failed", BROKEN_OFF
        try:
            self.outcome = await self._written(operator, high)
            self.done, state = True, ""
        except _Stopped:
            state, error = "cancelled", ""
            written = counted(self.rows, self.noun.one, self.noun.value)
            self.outcome = f"The export is stopped after {written}; nothing is left of it."
        except CwconsoleError as refused:
            error = refused.message
            raise
        finally:
            says.cancel()
            if state:
                end = operator.store.write(
                    export_jobs.end, self.job, state, error or None, rows=self.rows, now_ms=operator.now_ms()
                )
                await asyncio.shield(end)

    async def _say_so(self, operator: Operator) -> None:
        """Once a second; a job that was ended from elsewhere is stopped by what that answers."""
        while True:
            await asyncio.sleep(export_jobs.SAID_SECONDS)
            try:
                await self._go_on(operator)
            except StaleError:
                self.stopped = True
                return
            except CwconsoleError:
                continue  # a file that is locked for a moment; who is silent for too long is told so

    async def _go_on(self, operator: Operator) -> None:
        await operator.store.write(
            export_jobs.go_on, self.job, rows=self.rows, passed=self.passed, now_ms=operator.now_ms()
        )

    async def _written(self, operator: Operator, high: int) -> str:
        names, told = list_export.names_of(self.noun), partial(said, self.noun)
        file = ExportFile(self.path, self.wanted, names=names, said=told, overwrite=self.overwrite)
        await asyncio.to_thread(file.__enter__)
        try:
            await self._write(operator, file, high)
        except BaseException as error:
            await asyncio.shield(asyncio.to_thread(file.__exit__, type(error), error, None))
            raise
        await asyncio.to_thread(file.__exit__, None, None, None)
        await operator.store.write(export_jobs.done, self.job, rows=self.rows, now_ms=operator.now_ms())
        return f"{said(self.noun, self.rows)} in {file.path}"

    async def _write(self, operator: Operator, file: ExportFile, high: int) -> None:
        after: int | None = high + 1
        while after is not None:
            if self.stopped:
                raise _Stopped
            first = self.rows == 0
            one = await operator.store.read(
                list_export.piece, self.noun, self.selection, self.wanted, after=after, first=first
            )
            await asyncio.to_thread(file.add, one)
            self.rows, after = file.rows, one.next_after
            if after is not None:
                self.passed = high - after + 1
        try:
            await self._go_on(operator)  # whoever has cancelled it gets no file
        except StaleError:
            raise _Stopped from None


class _Stopped(Exception):  # not an error: the way out of the loop
    pass
