"""Jobs for people, and seeing one through to its end."""

from __future__ import annotations

from collections.abc import Mapping

from cwconsole.cli import output, settings
from cwconsole.cli.asking import NOTHING_RUNS, host
from cwconsole.cli.door import Failed
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.text import maybe, moment, span
from cwconsole.core.delivery import OPEN
from cwconsole.store import export_jobs, jobs
from cwconsole.store.jobs import Job


def see_through(invocation: Invocation, job_id: int) -> None:
    """Wait for a job's end, hosting an engine if none runs. Raises Failed if not everything has arrived again."""
    from cwconsole.cli import hosting, loop  # noqa: PLC0415 - the engine, and all it needs
    from cwconsole.cli.logs import log_to_file  # noqa: PLC0415

    with log_to_file(invocation.settings.log_level, settings.log_file(), invocation.vault.given):
        job = loop.run(hosting.do_job(invocation.path, host(invocation), job_id))
    sent = invocation.read(jobs.sent, job_id)
    if invocation.as_json:
        output.print_json(jobs.document(job, sent))
    passed = f"; {job.passed_over:,} did not fit the filter any more" if job.passed_over else ""
    sentence = f"Job {job.id} is {job.state}: {progress(job, invocation.now_ms)} sent again{_outcomes(sent)}{passed}."
    if job.state != "done" or job.failed or sent.keys() - {"delivered"}:
        waits = sent.keys() & {*OPEN, "held"} and not invocation.engine_runs()
        raise Failed(" ".join(part for part in (sentence, job.error, NOTHING_RUNS if waits else "") if part))
    if not invocation.as_json:
        output.print_line(sentence)


def facts(job: Job, sent: Mapping[str, int], now_ms: int, *, engine_runs: bool) -> list[tuple[str, str]]:
    """A job in full."""
    return [
        *(_of_export(job, now_ms) if job.exports else _of_replay(job, sent, now_ms, engine_runs)),
        ("error", maybe(job.error)),
        ("command", job.command),
        ("asked by", f"{job.operator}, {job.origin}"),
        ("reason", maybe(job.reason)),
        ("asked", moment(job.created_ms)),
        ("started", moment(job.started_ms)),
        ("finished", moment(job.finished_ms)),
    ]


def _of_replay(job: Job, sent: Mapping[str, int], now_ms: int, engine_runs: bool) -> list[tuple[str, str]]:
    return [
        ("job", f"{job.id}: replay of {job.about}"),
        ("state", job.state),
        ("progress", f"{progress(job, now_ms)} at {job.rate:g} a second, {job.failed:,} could not be sent"),
        ("skipped", maybe(f"{job.passed_over:,} that did not fit the filter any more" if job.passed_over else None)),
        ("left", left(job, engine_runs=engine_runs)),
        ("deliveries", _outcomes(sent).lstrip(", ") or "none"),
    ]


def _of_export(job: Job, now_ms: int) -> list[tuple[str, str]]:
    return [
        ("job", f"{job.id}: export of {job.about}"),
        ("file", job.path),
        ("state", job.state),
        ("progress", f"{progress(job, now_ms)}, {job.share:.0%} of the list"),
    ]


def left(job: Job, *, engine_runs: bool) -> str:
    """The time that is left to it, `-` where that is not known or it stands still."""
    goes_on = engine_runs and job.state != "paused"
    return "-" if job.seconds_left is None or not goes_on else span(job.seconds_left)


def progress(job: Job, now_ms: int) -> str:
    """`12 of 1,204`; `12 saved`; `12 saved, silent for 40s` if nothing is heard of who writes it."""
    if job.exports:
        silent = export_jobs.is_silent(job, now_ms)
        return f"{job.done:,} saved{f', silent for {span((now_ms - (job.seen_ms or 0)) / 1000)}' if silent else ''}"
    return f"{job.done:,} of {'' if job.exact else 'at least '}{job.total:,}"


def _outcomes(sent: Mapping[str, int]) -> str:
    return "".join(f", {count:,} {state}" for state, count in sorted(sent.items()))
