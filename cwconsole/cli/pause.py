"""`cwconsole pause`: polling stands still, or deliveries are held."""

from __future__ import annotations

import click

from cwconsole.cli.common import INSTANCE, OPTIONAL_RESOURCE, REASON, common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.steering import steer
from cwconsole.store import operations
from cwconsole.store.actions import ActionKind


@click.command()
@INSTANCE
@OPTIONAL_RESOURCE
@click.option("--delivery", is_flag=True, help="Go on polling and recording events, and hold deliveries.")
@REASON
@common_options
@pass_invocation
def pause(
    invocation: Invocation, /, *, instance: str, resource: str | None, delivery: bool, reason: str | None
) -> None:
    """Stop polling an instance, or one RESOURCE of it, until it is resumed. Nothing is lost: resuming catches up."""
    kind = ActionKind.HOLD if delivery else ActionKind.PAUSE
    operation = operations.hold if delivery else operations.pause
    steer(
        invocation,
        lambda conn, target, asked: operation(conn, target, asked=asked, now_ms=invocation.now_ms),
        kind=kind,
        instance=instance,
        resource=resource,
        reason=reason,
    )
