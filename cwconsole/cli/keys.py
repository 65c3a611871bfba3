"""`cwconsole keys`: what can be done on the console, with which keys; they are changed in the settings file."""

from __future__ import annotations

import click

from cwconsole.cli import output
from cwconsole.cli.common import common_options, pass_invocation
from cwconsole.cli.config import key_warnings
from cwconsole.cli.invocation import Invocation

HEAD = ("ID", "KEYS", "TITLE")


@click.command()
@common_options
@pass_invocation
def keys(invocation: Invocation) -> None:
    """List the console's actions: id, keys and title. `[keys]` in settings.toml changes keys by id."""
    from cwconsole.tui.actions import REGISTRY  # noqa: PLC0415 - the console's modules

    own = invocation.settings.keys
    rows = [(one.id, own.get(one.id, ",".join(one.keys)), one.title) for one in REGISTRY]
    if invocation.as_json:
        output.print_json([{"id": name, "keys": bound.split(","), "title": title} for name, bound, title in rows])
    else:
        output.print_table(HEAD, rows, empty="There are no keys.")
    for warning in key_warnings(invocation):
        output.say(warning)
