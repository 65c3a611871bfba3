"""`cwconsole jobs`: what runs for long, how far it is, and stopping it."""

from __future__ import annotations

from collections.abc import Callable

import click

from cwconsole.cli import output
from cwconsole.cli.common import REASON, common_options, pass_invocation
from cwconsole.cli.filtering import whole_id
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.job_views import facts, left, progress
from cwconsole.cli.text import maybe, moment
from cwconsole.core.filters import DEFAULT_LIMIT, LONGEST_PAGE
from cwconsole.store import jobs as store
from cwconsole.store.actions import ActionKind
from cwconsole.store.jobs import Job

HEAD = ("ID", "ASKED", "WHO", "STATE", "DONE", "FAILED", "RATE", "LEFT", "ABOUT")


@click.group()
@common_options
def jobs() -> None:
    """List, show, pause, resume and cancel jobs: replays of many events, and exports that consoles write."""


@jobs.command("list")
@click.option("--limit", type=click.IntRange(1, LONGEST_PAGE), default=DEFAULT_LIMIT, show_default=True,
              help="At most so many.")  # fmt: skip
@common_options
@pass_invocation
def list_jobs(invocation: Invocation, limit: int) -> None:
    """List jobs, newest first."""
    rows = invocation.read(store.recent, limit)
    if invocation.as_json:
        output.print_json([store.document(row) for row in rows])
    else:
        runs = invocation.engine_runs()
        output.print_table(HEAD, [_cells(row, invocation.now_ms, runs) for row in rows], empty="There is no job.")
        output.say_what_stands_still(invocation, {row.state for row in rows if not row.exports})


@jobs.command("show")
@click.argument("job_id", metavar="ID")
@common_options
@pass_invocation
def show_job(invocation: Invocation, job_id: str) -> None:
    """Show one job, and what became of its replays."""
    job = invocation.read(store.load, whole_id(job_id))
    sent = invocation.read(store.sent, job.id)
    if invocation.as_json:
        output.print_json(store.document(job, sent))
    else:
        output.print_facts(facts(job, sent, invocation.now_ms, engine_runs=invocation.engine_runs()))
        output.say_what_stands_still(invocation, sent.keys() | ({job.state} if not job.exports else set()))


@jobs.command()
@click.argument("job_id", metavar="ID")
@REASON
@common_options
@pass_invocation
def pause(invocation: Invocation, job_id: str, reason: str | None) -> None:
    """Let a job stand still."""
    _change(invocation, store.pause, ActionKind.PAUSE_JOB, job_id, reason=reason)


@jobs.command()
@click.argument("job_id", metavar="ID")
@REASON
@common_options
@pass_invocation
def resume(invocation: Invocation, job_id: str, reason: str | None) -> None:
    """Let a paused job go on."""
    _change(invocation, store.resume, ActionKind.RESUME_JOB, job_id, reason=reason)


@jobs.command()
@click.argument("job_id", metavar="ID")
@REASON
@common_options
@pass_invocation
def cancel(invocation: Invocation, job_id: str, reason: str | None) -> None:
    """End a job before its time. Replays that it has made already are still sent; of an export no file is left."""
    _change(invocation, store.cancel, ActionKind.CANCEL_JOB, job_id, reason=reason)


def _change(
    invocation: Invocation, change: Callable[..., str], kind: ActionKind, job_id: str, *, reason: str | None
) -> None:
    asked = invocation.asked(kind, reason=reason)
    outcome = invocation.write(change, whole_id(job_id), asked=asked, now_ms=invocation.now_ms)
    if invocation.as_json:
        output.print_json({"job": int(job_id), "outcome": outcome})
    else:
        output.print_line(outcome)


def _cells(job: Job, now_ms: int, engine_runs: bool) -> list[str]:
    return [
        str(job.id),
        moment(job.created_ms),
        job.operator,
        job.state,
        progress(job, now_ms),
        maybe(job.failed or None),
        "-" if job.exports else f"{job.rate:g}/s",
        left(job, engine_runs=engine_runs),
        job.about,
    ]
