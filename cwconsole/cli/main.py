"""The command `cwconsole`. Commands are loaded when they are called, so that `--help` and `status` start fast."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import click

from cwconsole import loading
from cwconsole.cli import output
from cwconsole.cli.common import common_options
from cwconsole.cli.door import end_in_order, guarded
from cwconsole.cli.invocation import Invocation
from cwconsole.core.errors import UsageError

# name -> module below cwconsole.cli, and the line that `--help` shows.
COMMANDS = {
    "instances": ("instances", "Add, show, edit, enable, disable, remove and export instances."),
    "run": ("run", "Run the engine: poll and deliver, without a screen."),
    "status": ("status", "Say how every resource does."),
    "poll": ("poll", "Poll now."),
    "sweep": ("sweep", "Look for deleted records, and for whatever polling cannot see, now."),
    "pause": ("pausing", "Stop polling, or hold deliveries."),
    "resume": ("pausing", "Go on polling, or let held deliveries go."),
    "watermark": ("watermark", "Show or set up to when everything is known to be recorded."),
    "polls": ("polls", "List, show and export polls and sweeps."),
    "events": ("events", "List, show and export events."),
    "deliveries": ("deliveries", "List, show, export, retry and cancel deliveries."),
    "actions": ("actions", "List, show, export and call off what operators asked for: the audit log."),
    "replay": ("replay", "Send events again."),
    "jobs": ("jobs", "List, show, pause, resume and cancel jobs: replays of many events."),
    "keys": ("keys", "List the console's keys, and the ids by which to change them."),
    "config": ("config", "Show and check the settings, or begin a file of them."),
    "simulate": ("simulate", "Serve a ConnectWise look-alike on this machine."),
    "listen": ("listen", "Take notifications on this machine and print them."),
    "demo": ("demo", "Try everything: simulator, receiver and engine together."),
}


class Commands(click.Group):
    """The commands of the table. Listing them imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"cwconsole.cli.{COMMANDS[cmd_name][0]}")
        loading.done()
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of that name."""
        from difflib import get_close_matches  # noqa: PLC0415 - only for a slip of the pen

        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"There is no command {args[0]!r}{hint}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from cwconsole import __version__  # noqa: PLC0415

        click.echo(f"cwconsole {__version__}")
        ctx.exit()


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.option(
    "--read-only/--no-read-only",
    default=None,
    help="A console that changes nothing and runs no engine; the default is what the settings say, of all or some.",
)
@click.option("--ascii", "ascii_only", is_flag=True, help="A console drawn with ASCII alone.")
@click.option("--sixteen", is_flag=True, help="A console in the terminal's own sixteen colours.")
@click.option("--fresh", is_flag=True, help="A console that begins anew, and not where the last one was left.")
@common_options
@click.pass_context
def cli(ctx: click.Context, read_only: bool | None, ascii_only: bool, sixteen: bool, fresh: bool) -> int:
    """Poll ConnectWise for changes and deliver them as events, without losing one.

    Without a command: the console, which runs the engine if nobody else does. Press ? in it for help.

    Every command takes --json (one JSON document instead of text; on stderr one object a line, an error last) and
    --db PATH (another database; also CWCONSOLE_DB).
    INSTANCE is an id or a name. Times are UTC; 2h means two hours ago.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    if ctx.obj.as_json:
        raise UsageError("The console prints no JSON; name a command, such as `cwconsole status --json`.")
    from cwconsole.cli import console  # noqa: PLC0415 - the screen, and all it needs

    return console.run(ctx.obj, read_only=read_only, ascii_only=ascii_only, sixteen=sixteen, fresh=fresh)


def invoke(args: Sequence[str], **more: Any) -> int:
    """Run one command line; returns the exit code."""
    words = list(args)
    invocation = Invocation(args=words, **more)
    return guarded(
        lambda: _dispatch(words, invocation), as_json="--json" in words, given=lambda: invocation.given_secrets
    )


def _dispatch(words: list[str], invocation: Invocation) -> object:
    """Without `cli.main`, which would end the process for a reader that has gone."""
    with cli.make_context("cwconsole", words, obj=invocation) as context:
        ended = cli.invoke(context)
    if words[:1] != ["config"] and (broken := invocation.broken_settings()) is not None:
        output.say(f"{broken.rstrip('.')}. This command needs no settings; engine and console do not start with these.")
    return ended


def main() -> None:
    """The entry point."""
    sys.stdin, sys.stdout, sys.stderr = (
        stream or open(os.devnull, mode)  # noqa: PTH123, SIM115 - who started us closed it
        for stream, mode in ((sys.stdin, "r"), (sys.stdout, "w"), (sys.stderr, "w"))
    )
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter shows its number
    if "_CWCONSOLE_COMPLETE" in os.environ:
        cli.main(prog_name="cwconsole")  # a shell asks for completions
    signal.signal(signal.SIGTERM, end_in_order)
    loading.main_begins()
    sys.exit(invoke(sys.argv[1:]))
