"""What commands print: tables and facts for people, one JSON document with `--json`.

What is said beside it goes to stderr: lines for people, with `--json` one object a line.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

import click

from cwconsole.cli import text
from cwconsole.cli.invocation import Invocation
from cwconsole.core.json_values import json_text

_UNDER_WAY: Final = frozenset({"running", "sending"})


def print_json(value: object) -> None:
    """One JSON document."""
    click.echo(json_text(value, indent=2))


def print_json_line(value: object, *, to_stderr: bool = False) -> None:
    """One JSON value on a line of its own, for whoever reads line by line."""
    click.echo(json_text(value), err=to_stderr)


def print_line(line: str) -> None:
    """One line for people. Remote text in it must be harmless already, or is made so here."""
    click.echo(text.harmless(line))


def print_block(lines: str) -> None:
    """Several lines for people."""
    click.echo(text.harmless_lines(lines))


def say(line: str) -> None:
    """A word beside the data, on stderr."""
    context = click.get_current_context(silent=True)
    invocation = None if context is None else context.find_object(Invocation)
    if invocation is not None and invocation.as_json:
        print_json_line({"note": line}, to_stderr=True)
    else:
        click.echo(text.harmless(line), err=True)


def say_what_stands_still(invocation: Invocation, states: Iterable[str]) -> None:
    """Where no engine runs: that what is shown in these states is under way no more, if any of it would be."""
    if not _UNDER_WAY.isdisjoint(states) and not invocation.engine_runs():
        say("No engine runs: what is running or sending here stands still. `cwconsole run` goes on with it.")


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """A table that fits the terminal, or whole if the output goes elsewhere; `empty` on stderr if there are no rows."""
    if not rows:
        say(empty)
        return
    click.echo(text.table(head, rows, columns=terminal_columns()))


def print_facts(facts: Sequence[tuple[str, str]], *, to_read: bool = False) -> None:
    """Names and values, one a line, values aligned.

    to_read: values are sentences, which go on below themselves at the edge; commands, which are copied, do not.
    """
    room = max(len(name) for name, _ in facts) + 2
    columns = terminal_columns() if to_read else None
    for name, value in facts:
        lines = [text.harmless(value)]
        if columns is not None:
            lines = click.wrap_text(lines[0], max(columns - room - 1, 20)).splitlines() or lines
        for head, line in zip_longest((name,), lines, fillvalue=""):
            click.echo(f"{head:<{room}}{line}")


def terminal_columns() -> int | None:
    """The terminal's width; None if the output is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
