"""`cwconsole poll`: look now."""

from __future__ import annotations

import click

from cwconsole.cli.asking import ask
from cwconsole.cli.common import INSTANCE, OPTIONAL_RESOURCE, REASON, WAIT, common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.store.actions import ActionKind
from cwconsole.store.operations import scope
from cwconsole.store.requests import ask_poll


@click.command()
@INSTANCE
@OPTIONAL_RESOURCE
@WAIT
@REASON
@common_options
@pass_invocation
def poll(invocation: Invocation, /, *, instance: str, resource: str | None, wait: bool, reason: str | None) -> None:
    """Poll an instance, or one RESOURCE of it, now, even while it is paused. If it is being polled, once more after."""
    asked = invocation.asked(ActionKind.POLL, reason=reason)
    now_ms = invocation.now_ms
    ask(
        invocation,
        lambda conn: [ask_poll(conn, scope(conn, instance, resource), asked=asked, now_ms=now_ms)],
        what="The poll",
        wait=wait,
    )
