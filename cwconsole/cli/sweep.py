"""`cwconsole sweep`: find deleted records, and whatever polling cannot see."""

from __future__ import annotations

import click

from cwconsole.cli.asking import ask
from cwconsole.cli.common import INSTANCE, OPTIONAL_RESOURCE, REASON, WAIT, common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.store.actions import ActionKind
from cwconsole.store.operations import scope
from cwconsole.store.requests import ask_sweep


@click.command()
@INSTANCE
@OPTIONAL_RESOURCE
@WAIT
@click.option(
    "--confirm-deletes",
    metavar="N",
    type=click.IntRange(min=1),
    help="Agree to up to N deletions, after a sweep found suspiciously many records gone.",
)
@REASON
@common_options
@pass_invocation
def sweep(
    invocation: Invocation,
    /,
    *,
    instance: str,
    resource: str | None,
    wait: bool,
    confirm_deletes: int | None,
    reason: str | None,
) -> None:
    """List every id of an instance's resources, or of one RESOURCE, and compare them with what is known."""
    asked = invocation.asked(ActionKind.SWEEP, reason=reason)
    now_ms = invocation.now_ms
    ask(
        invocation,
        lambda conn: [
            ask_sweep(
                conn, scope(conn, instance, resource), confirm_deletes=confirm_deletes, asked=asked, now_ms=now_ms
            )
        ],
        what="The sweep",
        wait=wait,
    )
