"""`cwconsole watermark`: up to when everything is known to be recorded."""

from __future__ import annotations

from functools import partial

import click

from cwconsole.cli import output
from cwconsole.cli.common import INSTANCE, REASON, RESOURCE, YES, common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.steering import steer
from cwconsole.cli.text import server_moment, span
from cwconsole.cli.times import require_time
from cwconsole.core.moments import clock_words
from cwconsole.store import operations
from cwconsole.store.actions import ActionKind
from cwconsole.store.operations import Watermark


@click.command()
@INSTANCE
@RESOURCE
@click.option("--set", "typed", metavar="TIME", help="Read again from then on: 2h, 3d, 2026-09-01T08:00.")
@YES
@REASON
@common_options
@pass_invocation
def watermark(
    invocation: Invocation, /, *, instance: str, resource: str, typed: str | None, yes: bool, reason: str | None
) -> None:
    """Show a resource's watermark, or --set it.

    Setting it back makes the next poll read everything that changed since then; what was seen already makes no event.
    Setting it forward skips changes, and wants --yes.
    """
    if typed is None:
        _show(invocation, invocation.read(operations.watermark, instance, resource, now_ms=invocation.now_ms))
        return
    seconds = require_time(typed, now_ms=invocation.now_ms) // 1000
    steer(
        invocation,
        partial(operations.set_watermark, watermark=seconds, confirmed=yes),
        kind=ActionKind.WATERMARK,
        instance=instance,
        resource=resource,
        reason=reason,
    )


def _show(invocation: Invocation, row: Watermark) -> None:
    if invocation.as_json:
        output.print_json(row)
    elif row.watermark is None:
        output.print_line(f"{row.instance}/{row.resource} has no watermark yet: its first poll sets it.")
    else:
        behind = span(row.server_now - row.watermark)
        clock = clock_words(row.server_ahead_seconds)
        stands = "" if clock is None else f", which is {clock}"
        place = f"{row.instance}/{row.resource}"
        output.print_line(f"{place}: {server_moment(row.watermark)}, {behind} behind ConnectWise's clock{stands}.")
