"""`cwconsole config`: the settings that count here and where each is from, checking them, a file to begin with."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cwconsole.cli import output, settings
from cwconsole.cli.common import common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.core.errors import ConfigError, StoreError, UsageError

HEAD = ("NAME", "VALUE", "FROM")

TEMPLATE = """\
# Settings of cwconsole. All of it is optional; `cwconsole config show` says what counts, and why.

# ConnectWise's clientId for instances that name none. CWCONSOLE_CLIENT_ID goes before it.
# client_id = ""

# Private networks that instances from the HTTP API may deliver to.
# callback_networks = ["10.1.0.0/16"]

# For how many days events, deliveries, polls and actions are kept. The last version of each record, and what is still
# to be delivered, always stay.
# retention_days = 90

# debug, info, warning or error.
# log_level = "info"

# Consoles that change nothing and run no engine; or, as a list of ids and names, ["acme", "17"], that change nothing of
# these instances. `cwconsole --no-read-only` is an exception; commands are not concerned.
# read_only = false

# The theme that consoles begin with, instead of the one that was left: cwconsole-dark, cwconsole-light,
# cwconsole-contrast, or one of your own.
# theme = "cwconsole-light"

# Keys of the console, by the ids that `cwconsole keys` lists; commas between several.
# [keys]
# "poll.now" = "p,ctrl+x"

# A theme of your own, on top of one of ours; what it does not name is as there. Terminals of 16 colours, and NO_COLOR,
# show none.
# [themes.dusk]
# base = "cwconsole-dark"
# dark = true
# primary = "#af87d7"
# secondary = "#5fafaf"
# warning = "#d7af5f"
# error = "#ff5f5f"
# success = "#87af5f"
# accent = "#d7afff"
# foreground = "#d0d0d0"
# background = "#121212"
# surface = "#1c1c1c"
# panel = "#303030"
"""


@click.group()
@common_options
def config() -> None:
    """Show and check the settings, or begin a file of them."""


@config.command(short_help="Show every setting and where it is from.")
@common_options
@pass_invocation
def show(invocation: Invocation) -> None:
    """Show every setting and where it is from: an option, a variable, the file, or nowhere (the default)."""
    rows = invocation.described()
    if invocation.as_json:
        output.print_json(rows)
    else:
        output.print_table(HEAD, [(row.name, row.value, row.source) for row in rows], empty="There are no settings.")


@config.command(short_help="Check the settings file.")
@common_options
@pass_invocation
def validate(invocation: Invocation) -> None:
    """Check the settings file: exit 1 and a sentence for what cannot be used, warnings for what does nothing."""
    warnings = key_warnings(invocation) + _instance_warnings(invocation)
    path = settings.settings_file()
    if invocation.as_json:
        output.print_json({"file": str(path), "exists": path.exists(), "warnings": warnings})
        return
    for warning in warnings:
        output.say(warning)
    if not path.exists():
        output.print_line(f"There is no {path}, and need not be: every setting has a default.")
    elif not warnings:
        output.print_line(f"All is well in {path}.")


@config.command(short_help="Write a settings file that explains itself.")
@common_options
@pass_invocation
def init(invocation: Invocation) -> None:
    """Write a settings file in which everything is explained and nothing is set. One that exists is left alone."""
    path = settings.settings_file()
    _write_new(path)
    if invocation.as_json:
        output.print_json({"file": str(path)})
    else:
        output.print_line(f"Wrote {path}; edit it, then check it with `cwconsole config validate`.")


def _write_new(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            raise UsageError(f"There is a settings file already: {path}. Edit that, or move it away first.") from error
        raise ConfigError(str(path), f"what cannot be written ({error.strerror})", "a folder that takes it") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(TEMPLATE)


def _instance_warnings(invocation: Invocation) -> list[str]:
    """Which read-only instances there are not, if there is a database to tell."""
    named = invocation.settings.read_only_instances
    if not named or not invocation.path.exists():
        return []
    from cwconsole.store import read_only  # noqa: PLC0415 - only for those who name some

    try:
        return invocation.read(read_only.unknown, named)
    except StoreError as error:
        return [f"read_only: which instances there are is not known: {error.message}"]


def key_warnings(invocation: Invocation) -> list[str]:
    """What is wrong with the operator's own keys. Raises ConfigError for a file that cannot be used."""
    own = invocation.settings.keys
    if not own:
        return []
    from cwconsole.tui.keymap import keymap_warnings  # noqa: PLC0415 - only for those who have keys of their own
    from cwconsole.tui.routes import rooms  # noqa: PLC0415 - all of the screens

    return keymap_warnings(own, rooms())
