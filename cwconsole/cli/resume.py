"""`cwconsole resume`: polling goes on, or held deliveries are let go."""

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
@click.option("--delivery", is_flag=True, help="Let held deliveries go, in order; for an instance, its URL too.")
@REASON
@common_options
@pass_invocation
def resume(
    invocation: Invocation, /, *, instance: str, resource: str | None, delivery: bool, reason: str | None
) -> None:
    """Go on polling an instance, or one RESOURCE of it."""
    kind = ActionKind.RELEASE if delivery else ActionKind.RESUME
    operation = operations.release if delivery else operations.resume
    steer(
        invocation,
        lambda conn, target, asked: operation(conn, target, asked=asked, now_ms=invocation.now_ms),
        kind=kind,
        instance=instance,
        resource=resource,
        reason=reason,
    )
