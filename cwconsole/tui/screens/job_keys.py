"""What can be done to a job, in the list and on its own page."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cwconsole.store import replay_jobs
from cwconsole.store.actions import ActionKind
from cwconsole.store.replay_jobs import Job
from cwconsole.tui import things
from cwconsole.tui.action import Subject
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.operator import Turning
from cwconsole.tui.render.job_rows import done
from cwconsole.tui.render.plain import plain
from cwconsole.tui.widgets.confirm import Answer, Confirm, Question

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen


class JobKeys:
    """Mixed into screens that have the scope JOBS. No node of Textual, see `places`."""

    def job(self) -> Job | None:
        """The one under the cursor, or on the page."""
        raise NotImplementedError

    @property
    def _job_screen(self) -> ConsoleScreen:
        return cast("ConsoleScreen", self)

    def job_subject(self) -> Subject:
        """What the keys would be done to."""
        job = self.job()
        if job is None:
            return self._job_screen.bare_subject()
        return self._job_screen.bare_subject(job=job.id, state=job.state, thing=things.job(job.id), asked=job.command)

    def do_job_pause(self, reason: str | None) -> None:
        self._change("job.pause", ActionKind.PAUSE_JOB, replay_jobs.pause, reason)

    def do_job_resume(self, reason: str | None) -> None:
        self._change("job.resume", ActionKind.RESUME_JOB, replay_jobs.resume, reason)

    def do_job_cancel(self, reason: str | None) -> None:
        job, screen = self.job(), self._job_screen
        if job is None:
            return
        question = Question(
            title=f"Cancel job {job.id}?",
            lines=(
                f"Replay of {plain(job.about)}: {done(job)} done.",
                "What is left is not sent again. Replays that it has made already are still sent.",
                "It cannot be taken up again; x would only pause it.",
            ),
            yes="cancel it",
            reasoned=True,
            reason=reason,
        )

        def answered(answer: Answer | None) -> None:
            if answer is not None:
                self._change("job.cancel", ActionKind.CANCEL_JOB, replay_jobs.cancel, answer.reason, job=job)

        screen.app.push_screen(Confirm(question), answered)

    def _change(
        self, name: str, kind: ActionKind, change: Turning, reason: str | None, *, job: Job | None = None
    ) -> None:
        job, screen = job or self.job(), self._job_screen
        if job is None:
            return
        job_id = job.id

        async def work() -> str:
            command = BY_ID[name].command
            line = "" if command is None else command(screen.bare_subject(job=job_id))
            asked = screen.console.operator.asked(kind, line, reason)
            return await screen.console.operator.turn_job(change, asked, job_id)

        screen.carry_out(work(), what=f"{BY_ID[name].title} {job_id}")
