"""`cwconsole run`: the engine without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cwconsole.cli import output, settings
from cwconsole.cli.asking import NOTHING_RUNS, host
from cwconsole.cli.clock import now_ms
from cwconsole.cli.common import Amount, common_options, pass_invocation
from cwconsole.cli.door import Failed
from cwconsole.cli.invocation import Invocation
from cwconsole.core.errors import UsageError
from cwconsole.core.moments import iso

if TYPE_CHECKING:
    from cwconsole.cli.hosting import Once


@click.command()
@click.option("--for", "seconds", metavar="SECONDS", type=Amount(min=0), help="Stop after so long.")
@click.option("--once", is_flag=True, help="Poll everything once, do what is queued, deliver what is due, and end.")
@common_options
@pass_invocation
def run(invocation: Invocation, /, *, seconds: float | None, once: bool) -> int:
    """Run the engine: poll, sweep and deliver until a signal comes. At most one engine runs on a database.

    --once finishes an interrupted poll, polls every active resource once, sees queued actions and running jobs through,
    delivers until nothing is due now, and ends; with 1 if a poll failed or found a record that cannot be decoded, or an
    instance cannot be used. A job keeps its rate, so a large one takes its time: a pause of it ends the wait, and a
    signal leaves it to the next run.
    """
    from cwconsole.cli.logs import log_to_stderr  # noqa: PLC0415 - only engines log

    if once and seconds is not None:
        raise UsageError("--once and --for exclude each other; give one of them.")
    level, given = invocation.settings.log_level, invocation.vault.given
    with log_to_stderr(level, settings.log_file(), given, as_json=invocation.as_json):
        is_new = invocation.prepare()
        if is_new:  # the path may have been mistyped, and an engine without instances looks as well as any
            output.say(
                f"{invocation.path} is a new database, without instances; `cwconsole instances add FILE` adds one."
            )
        return _once(invocation) if once else _until_ended(invocation, seconds)


def _until_ended(invocation: Invocation, seconds: float | None) -> int:
    from cwconsole.cli import hosting, loop  # noqa: PLC0415 - the engine, and all it needs

    signal = loop.run(hosting.run(host(invocation), seconds=seconds))
    if invocation.as_json:
        times = {"started": iso(invocation.now_ms), "ended": iso(now_ms())}
        output.print_json({**times, "signal": signal})
    return 0 if signal is None else 128 + signal


def _once(invocation: Invocation) -> int:
    from cwconsole.cli import hosting, loop  # noqa: PLC0415 - the engine, and all it needs
    from cwconsole.engine.actions import poll_sentence  # noqa: PLC0415

    once = loop.run(hosting.run_once(invocation.path, host(invocation)))
    if invocation.as_json:
        output.print_json(_document(once))
    else:
        for report in once.polls:
            if report.complete:
                output.print_line(poll_sentence(report))
    faults = [poll_sentence(report) for report in once.polls if not report.complete]
    faults += [one.sentence for one in once.unusable]
    if any(report.outcome == "failed" for report in once.polls) and not invocation.engine_runs():
        faults.append(NOTHING_RUNS)
    if faults:
        raise Failed("\n".join(faults))
    return 0


def _document(once: Once) -> list[dict[str, object]]:
    """The polls, and what could not be polled at all: that is why the exit code is 1."""
    polled: list[dict[str, object]] = [
        {
            "instance": report.resource.instance_name,
            "resource": report.resource.name,
            "outcome": report.outcome,
            "records": report.records,
            "events": report.events,
            "set_aside": report.set_aside,
            "error": None if report.fault is None else report.fault.message,
        }
        for report in once.polls
    ]
    nothing = {"resource": None, "outcome": "unusable", "records": 0, "events": 0, "set_aside": 0}
    return polled + [{"instance": one.instance, **nothing, "error": one.why} for one in once.unusable]
