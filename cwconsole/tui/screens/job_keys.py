"""What can be done to a job, in the list and on its own page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.timer import Timer

from cwconsole.store import export_jobs, jobs
from cwconsole.store.actions import ActionKind
from cwconsole.store.jobs import Job
from cwconsole.tui import things
from cwconsole.tui.action import Subject
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.asking import ask
from cwconsole.tui.operator import Turning
from cwconsole.tui.render.job_rows import done
from cwconsole.tui.render.plain import plain
from cwconsole.tui.screens.mixed import OnScreen
from cwconsole.tui.widgets.confirm import Answer, Question


class JobKeys(OnScreen):
    """Mixed into screens that have the scope JOBS."""

    _listening: Timer | None = None

    def job(self) -> Job | None:
        """The one under the cursor, or on the page."""
        raise NotImplementedError

    def listen_for(self, jobs: Iterable[Job]) -> None:
        """Show at once that an export has fallen silent: a console that dies writes nothing that would be noticed."""
        if self._listening is not None:
            self._listening.stop()
        now_ms = self.console.now_ms()
        waits = [wait for job in jobs if (wait := export_jobs.silent_in(job, now_ms)) is not None]
        self._listening = self.set_timer(min(waits), self.minute) if waits else None

    def job_subject(self) -> Subject:
        """What the keys would be done to."""
        job = self.job()
        if job is None:
            return self.bare_subject()
        return self.bare_subject(
            job=job.id, saving=job.exports, state=job.state, thing=things.job(job.id), asked=job.command
        )

    def do_job_pause(self, reason: str | None) -> None:
        self._change("job.pause", ActionKind.PAUSE_JOB, jobs.pause, reason)

    def do_job_resume(self, reason: str | None) -> None:
        self._change("job.resume", ActionKind.RESUME_JOB, jobs.resume, reason)

    def do_job_cancel(self, reason: str | None) -> None:
        job = self.job()
        if job is None:
            return
        question = Question(
            title=f"Cancel job {job.id}?",
            lines=_what_ends(job),
            yes="cancel it",
            reasoned=True,
            reason=reason,
        )

        def agreed(answer: Answer) -> None:
            self._change("job.cancel", ActionKind.CANCEL_JOB, jobs.cancel, answer.reason, job)

        ask(self, question, agreed)

    def _change(self, name: str, kind: ActionKind, change: Turning, reason: str | None, job: Job | None = None) -> None:
        """job: the one that was asked about, which may not be under the cursor any more."""
        job = job or self.job()
        if job is None:
            return
        job_id, action = job.id, BY_ID[name]

        async def work() -> str:
            asked = self.console.operator.asked(kind, action.command_for(self.bare_subject(job=job_id)), reason)
            return await self.console.operator.turn_job(change, asked, job_id)

        self.carry_out(work(), what=f"{action.title} {job_id}")


def _what_ends(job: Job) -> Sequence[str]:
    if job.exports:
        return (
            f"Export of {plain(job.about)}, to",
            plain(job.path),
            f"{done(job)} so far; nothing is left of it.",
        )
    return (
        f"Replay of {plain(job.about)}: {done(job)} done.",
        "What is left is not sent again. Replays that it has made already are still sent.",
        "It cannot be taken up again; x would only pause it.",
    )
