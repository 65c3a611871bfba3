"""Jobs: what runs for long, how far it is, and when it will be done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.widget import Widget

from cwconsole.store import replay_jobs
from cwconsole.store.replay_jobs import Job
from cwconsole.tui.actions import Scope, Subject
from cwconsole.tui.render.job_rows import JOB_COLUMNS
from cwconsole.tui.rows import MemoryRows
from cwconsole.tui.screens.job_keys import JobKeys
from cwconsole.tui.screens.listing import ListScreen
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.widgets.virtual_table import VirtualTable

SHOWN: Final = 500  # the newest jobs


class JobsScreen(JobKeys, ListScreen):
    """`jobs`: newest first. Words of the filter are looked for in what a job is about, its state, who, and why."""

    SCOPES = (Scope.JOBS, Scope.LIST, Scope.TABLE)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._rows = MemoryRows[Job](lambda job: job.id)

    def body(self) -> Iterable[Widget]:
        yield VirtualTable(
            self._rows, JOB_COLUMNS, look=self.console.look(), id="list",
            empty="No job yet. On events, r sends again what is marked: * marks all that the filter shows.",
        )  # fmt: skip

    async def load(self) -> None:
        jobs = await self.console.store.read(replay_jobs.recent, SHOWN)
        self._rows.replace([job for job in jobs if self._fits(job)])
        self.table.show_changed()
        self.update_frame()

    def _fits(self, job: Job) -> bool:
        told = " ".join((job.about, job.state, job.operator, job.reason or "")).lower()
        return all(
            (word.removeprefix("!").removeprefix("text:").lower() in told) != word.startswith("!")
            for word in self.spec.words
        )

    def job(self) -> Job | None:
        row: Job | None = self.table.current if self.ready else None
        return row

    def subject(self) -> Subject:
        return self.job_subject()

    async def on_virtual_table_opened(self, event: VirtualTable.Opened) -> None:
        await self.console.drill(spec("job", id=event.row.id))
