"""`cwconsole pause` and `cwconsole resume`: polling stands still or goes on, deliveries are held or let go."""

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
    kind, operation = (ActionKind.HOLD, operations.hold) if delivery else (ActionKind.PAUSE, operations.pause)
    steer(invocation, operation, kind=kind, instance=instance, resource=resource, reason=reason)


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
    kind, operation = (ActionKind.RELEASE, operations.release) if delivery else (ActionKind.RESUME, operations.resume)
    steer(invocation, operation, kind=kind, instance=instance, resource=resource, reason=reason)
