"""Jobs: what runs for long, how far it is, and when it will be done."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Final, cast

from textual.widget import Widget

from cwconsole.store import export_jobs, jobs
from cwconsole.store.jobs import Job
from cwconsole.tui import things
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.job_rows import JOB_COLUMNS, about
from cwconsole.tui.render.orders import JOB_ORDERS, ordered
from cwconsole.tui.rows import MemoryRows
from cwconsole.tui.screens.copies import RowCopies
from cwconsole.tui.screens.job_keys import JobKeys
from cwconsole.tui.screens.listing import ListScreen
from cwconsole.tui.screens.whole_saves import WholeSaves
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.widgets.virtual_table import VirtualTable

SHOWN: Final = 500  # the newest jobs


NO_JOB: Final = "No job yet. r sends marked events again; * marks all that the filter shows."


class JobsScreen(JobKeys, RowCopies, WholeSaves, ListScreen):
    """`jobs`: newest first, or as `sort:` says.

    Words of the filter are looked for in what a job is about, its state, who, and why.
    """

    SCOPES = (Scope.COPIES, Scope.WHOLE, Scope.JOBS, Scope.LIST, Scope.TABLE)
    saves = ("job", "jobs")
    document = staticmethod(jobs.document)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._rows = MemoryRows[Job](lambda job: job.id)

    def body(self) -> Iterable[Widget]:
        yield VirtualTable(
            self._rows, JOB_COLUMNS, look=self.console.look(), id="list",
            empty=NO_JOB, is_wanted=self.is_listed,
        )  # fmt: skip

    async def load(self) -> None:
        recent = await self.console.store.read(jobs.recent, SHOWN)
        wanted = self.spec
        self._rows.replace(ordered((job for job in recent if self._fits(job)), JOB_ORDERS, wanted))
        self._listed = wanted
        self.table.set_sort(wanted.sort or "job", wanted.descending or not wanted.sort)
        self.table.empty = self.no_rows(NO_JOB)
        self.table.show_changed()
        self.begin()
        self.listen_for(recent)
        self.update_frame()

    def _fits(self, job: Job) -> bool:
        silent = "silent" if export_jobs.is_silent(job, self.console.now_ms()) else ""
        told = " ".join((about(job), job.state, silent, job.operator, job.reason or "")).lower()
        return all(
            (word.removeprefix("!").removeprefix("text:").lower() in told) != word.startswith("!")
            for word in self.spec.words
        )

    def job(self) -> Job | None:
        row: Job | None = self.table.current if self.ready else None
        return row

    def subject(self) -> Subject:
        return self.job_subject()

    def thing_at(self, key: Hashable) -> Thing:
        return things.job(cast("int", key))

    async def open_row(self, table: VirtualTable[Any], row: Job) -> None:
        await self.console.drill(spec("job", id=row.id))
