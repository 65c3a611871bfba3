"""One job in full: how far it is, and what became of its replays."""

from __future__ import annotations

from collections.abc import Mapping

from cwconsole.store import jobs
from cwconsole.store.jobs import Job
from cwconsole.tui.action import Scope, Subject
from cwconsole.tui.render.job_rows import detail_lines, fact_lines
from cwconsole.tui.screens.copies import Copies
from cwconsole.tui.screens.detail import DetailScreen, Tab
from cwconsole.tui.screens.job_keys import JobKeys
from cwconsole.tui.viewspec import ViewSpec


class JobScreen(JobKeys, Copies, DetailScreen):
    """`job id:3`."""

    SCOPES = (Scope.COPIES, Scope.DETAIL, Scope.TEXT, Scope.JOBS)

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._job: Job | None = None
        self._sent: Mapping[str, int] = {}

    def title_of(self) -> str:
        return f"job {self.spec.value('id')}"

    def job(self) -> Job | None:
        return self._job

    def subject(self) -> Subject:
        return self.job_subject()

    async def load(self) -> None:
        number = int(self.spec.value("id") or 0)
        self._job = job = await self.console.store.read(jobs.load, number)
        self._sent = await self.console.store.read(jobs.sent, number)
        self.listen_for([job])
        self._show(job)

    def minute(self) -> None:
        if self.ready and self._job is not None:
            self._show(self._job)

    def _show(self, job: Job) -> None:
        look = self.console.look()
        self.show(
            fact_lines(job, look),
            (Tab(title="What became of it", lines=detail_lines(job, self._sent, look)),),
        )
