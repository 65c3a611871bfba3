"""Jobs: what runs for long, how far it is, and when it will be done."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Final

from textual.widget import Widget

from cwconsole.store import replay_jobs
from cwconsole.store.export_file import said
from cwconsole.store.replay_jobs import Job
from cwconsole.tui import things
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.asking import ask
from cwconsole.tui.render.job_rows import JOB_COLUMNS, JobRow, Saving, saving_lines
from cwconsole.tui.render.plain import plain
from cwconsole.tui.rows import MemoryRows
from cwconsole.tui.screens.copies import RowCopies
from cwconsole.tui.screens.job_keys import JobKeys
from cwconsole.tui.screens.listing import ListScreen
from cwconsole.tui.screens.notice import Notice
from cwconsole.tui.things import Thing
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.widgets.confirm import Answer, Question
from cwconsole.tui.widgets.virtual_table import VirtualTable

SHOWN: Final = 500  # the newest jobs


NO_JOB: Final = "No job yet. r sends marked events again; * marks all that the filter shows."


class JobsScreen(JobKeys, RowCopies, ListScreen):
    """`jobs`: newest first, this console's exports among them.

    Words of the filter are looked for in what a job is about, its state, who, and why.
    """

    SCOPES = (Scope.COPIES, Scope.JOBS, Scope.LIST, Scope.TABLE)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._rows = MemoryRows[JobRow](lambda job: job.id)

    def body(self) -> Iterable[Widget]:
        yield VirtualTable(
            self._rows, JOB_COLUMNS, look=self.console.look(), id="list",
            empty=NO_JOB, is_wanted=self.is_listed,
        )  # fmt: skip

    async def load(self) -> None:
        jobs = await self.console.store.read(replay_jobs.recent, SHOWN)
        rows: list[JobRow] = [*jobs, *(export.row for export in self.console.exports)]
        rows.sort(key=lambda job: job.created_ms, reverse=True)
        self._rows.replace([job for job in rows if self._fits(job)])
        self._listed = self.spec
        self.table.empty = self.no_rows(NO_JOB)
        self.table.show_changed()
        self.update_frame()

    def exports_changed(self) -> None:
        self.refresher.follow()

    def _fits(self, job: JobRow) -> bool:
        reason = job.reason if isinstance(job, Job) else None
        told = " ".join((job.about, job.state, job.operator, reason or "")).lower()
        return all(
            (word.removeprefix("!").removeprefix("text:").lower() in told) != word.startswith("!")
            for word in self.spec.words
        )

    @property
    def _current(self) -> JobRow | None:
        row: JobRow | None = self.table.current if self.ready else None
        return row

    def job(self) -> Job | None:
        row = self._current
        return row if isinstance(row, Job) else None

    def subject(self) -> Subject:
        row = self._current
        return self.bare_subject(saving=True, state=row.state) if isinstance(row, Saving) else self.job_subject()

    def thing_at(self, key: Hashable) -> Thing | None:
        return things.job(key) if isinstance(key, int) else None  # no command shows an export

    def do_job_cancel(self, reason: str | None) -> None:
        row = self._current
        if not isinstance(row, Saving):
            super().do_job_cancel(reason)
            return
        lines = (
            plain(row.path),
            f"{said(row.noun, row.rows)} written so far; nothing is left of it.",
        )

        def agreed(_: Answer) -> None:
            running = self.console.running_export
            if running is not None and running.row.id == row.id:
                running.stopped = True

        ask(self, Question(title="Stop the export?", lines=lines, yes="stop it"), agreed)

    async def open_row(self, table: VirtualTable[Any], row: JobRow) -> None:
        if isinstance(row, Saving):
            console = self.console
            await console.push_screen(
                Notice(f"Export of {row.noun}", saving_lines(row, console.glyphs, console.now_ms()))
            )
        else:
            await self.console.drill(spec("job", id=row.id))
