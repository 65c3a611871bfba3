"""`cwconsole polls`: the history of polls and sweeps."""

from __future__ import annotations

import click

from cwconsole.cli import output
from cwconsole.cli.common import common_options, pass_invocation
from cwconsole.cli.exporting import export_command
from cwconsole.cli.filtering import filter_options, listed, nothing, whole_id
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.text import maybe, moment, server_moment, span
from cwconsole.core.counted import counted
from cwconsole.core.filters import Noun
from cwconsole.store import poll_list
from cwconsole.store.poll_list import PollRow, sweep_found

HEAD = ("ID", "STARTED", "INSTANCE", "RESOURCE", "TYPE", "OUTCOME", "TOOK", "RECORDS", "C/U/D", "ERROR")


@click.group()
@common_options
def polls() -> None:
    """List, show and export polls and sweeps. Those without news are kept for 48 hours."""


@polls.command("list")
@filter_options(Noun.POLLS)
@common_options
@pass_invocation
def list_polls(
    invocation: Invocation, /, words: tuple[str, ...], limit: int, after: str | None, **given: str | None
) -> None:
    """List polls, newest first. WORD:VALUE narrows, !WORD:VALUE excludes, other words are looked for in the error."""
    below = None if after is None else whole_id(after)
    rows = listed(invocation, Noun.POLLS, poll_list.page, words, given, limit=limit, below=below)
    if invocation.as_json:
        output.print_json(rows)
    else:
        output.print_table(HEAD, [_cells(row) for row in rows], empty=nothing(Noun.POLLS, words, given, after=after))
        output.say_what_stands_still(invocation, {row.outcome for row in rows})


@polls.command("show")
@click.argument("poll_id", metavar="ID")
@common_options
@pass_invocation
def show_poll(invocation: Invocation, poll_id: str) -> None:
    """Show one poll."""
    row = invocation.read(poll_list.show, whole_id(poll_id))
    if invocation.as_json:
        output.print_json(row)
        return
    swept = row.kind == "sweep"
    window = [("reads from", server_moment(row.window_from)), ("server's time", server_moment(row.server_time))]
    compared = [("compared", sweep_found(row) if row.outcome == "ok" else "all ids with what is known")]
    output.print_facts(
        [
            ("poll", str(row.id)),
            ("of", f"{row.instance}/{row.resource}"),
            ("kind", f"{row.kind}, by {row.trigger}" + (f" (action {row.action_id})" if row.action_id else "")),
            ("outcome", row.outcome),
            ("error", maybe(row.trouble)),
            ("started", moment(row.started_ms)),
            ("took", _took(row)),
            *(compared if swept else window),
            (
                "pages",
                f"{row.pages:,}, {counted(row.records, 'id' if swept else 'record')}, {counted(row.bytes, 'byte')}",
            ),
            ("events", f"{row.created} created, {row.updated} updated, {row.deleted} deleted"),
            ("learned", f"{row.learned} without an event"),
        ]
    )
    output.say_what_stands_still(invocation, {row.outcome})


polls.add_command(export_command(Noun.POLLS))


def _took(row: PollRow) -> str:
    return span(None if row.finished_ms is None else (row.finished_ms - row.started_ms) / 1000)


def _cells(row: PollRow) -> list[str]:
    return [
        str(row.id),
        moment(row.started_ms),
        row.instance,
        row.resource,
        row.kind,
        row.outcome,
        _took(row),
        str(row.records),
        f"{row.created}/{row.updated}/{row.deleted}",
        maybe(row.trouble),
    ]
