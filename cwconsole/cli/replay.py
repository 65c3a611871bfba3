"""`cwconsole replay`: send events again."""

from __future__ import annotations

import click

from cwconsole.cli.asking import ask
from cwconsole.cli.common import REASON, WAIT, common_options, pass_invocation
from cwconsole.cli.events import event_number
from cwconsole.cli.invocation import Invocation
from cwconsole.store.actions import ActionKind
from cwconsole.store.requests import ask_replay


@click.command()
@click.option("--event", "typed", metavar="ID", multiple=True, required=True, help="An event's number or public id.")
@WAIT
@REASON
@common_options
@pass_invocation
def replay(invocation: Invocation, /, *, typed: tuple[str, ...], wait: bool, reason: str | None) -> None:
    """Send events again: a new delivery each, with one attempt, behind what its object still has to send."""
    numbers = [event_number(invocation, one) for one in typed]
    asked = invocation.asked(ActionKind.REPLAY, reason=reason)
    ask(
        invocation,
        lambda conn: ask_replay(conn, numbers, asked=asked, now_ms=invocation.now_ms),
        what="The replay",
        wait=wait,
    )
