"""`cwconsole events`: what changed, when we saw it, and whether the receiver got it."""

from __future__ import annotations

import json

import click

from cwconsole.cli import output
from cwconsole.cli.common import common_options, pass_invocation
from cwconsole.cli.deliveries import print_delivery
from cwconsole.cli.exporting import export_command
from cwconsole.cli.filtering import filter_options, listed, nothing
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.text import ABSENT, maybe, moment, server_moment
from cwconsole.core.event_id import number_of
from cwconsole.core.filters import Noun
from cwconsole.core.json_values import read_json
from cwconsole.store import event_list, meta
from cwconsole.store.event_list import EventDetail, EventRow

HEAD = ("ID", "SEEN", "INSTANCE", "RESOURCE", "OBJECT", "TYPE", "RECORD DATE", "DELIVERY")


@click.group()
@common_options
def events() -> None:
    """List, show and export events."""


@events.command("list")
@filter_options(Noun.EVENTS)
@common_options
@pass_invocation
def list_events(
    invocation: Invocation, /, words: tuple[str, ...], limit: int, after: str | None, **given: str | None
) -> None:
    """List events, newest first. WORD:VALUE narrows, !WORD:VALUE excludes, other words are looked for in the record."""
    below = None if after is None else event_number(invocation, after)
    rows = listed(invocation, Noun.EVENTS, event_list.page, words, given, limit=limit, below=below)
    if invocation.as_json:
        output.print_json(rows)
    else:
        output.print_table(HEAD, [cells(row) for row in rows], empty=nothing(Noun.EVENTS, words, given, after=after))


@events.command("show", short_help="Show an event, what changed, and its deliveries.")
@click.argument("event", metavar="ID")
@common_options
@pass_invocation
def show_event(invocation: Invocation, event: str) -> None:
    """Show one event, by its number or its public id: the record, what changed, and its deliveries."""
    detail = invocation.read(event_list.show, event_number(invocation, event))
    if invocation.as_json:
        output.print_json(event_list.document(detail))
    else:
        _print(detail, invocation.now_ms)


events.add_command(export_command(Noun.EVENTS))


def event_number(invocation: Invocation, typed: str) -> int:
    """The number of an event that was named by its number or its public id. Raises UsageError."""
    return number_of(invocation.read(meta.get, "tag") or "", typed)


def _print(detail: EventDetail, now_ms: int) -> None:
    row = detail.event
    output.print_facts(
        [
            ("event", f"{row.id} ({row.event_id})"),
            ("what", f"{row.type.lower()} {row.instance}/{row.resource} {row.object_id}"),
            ("seen", f"{moment(row.seen_ms)}, by poll {row.poll_id}"),
            ("record's date", server_moment(row.record_date) + (" (in the future)" if row.future else "")),
            ("before", ABSENT if row.previous_id is None else f"event {row.previous_id}"),
        ]
    )
    if detail.changes is not None:
        output.print_line("changes" if detail.changes else "changes: none (the record was touched)")
        for one in detail.changes:
            output.print_line(f"  {one.path}: {one.before or 'absent'} -> {one.after or 'absent'}")
    output.print_line("record")
    record = json.dumps(read_json(detail.record), ensure_ascii=False, indent=2)
    output.print_block("  " + record.replace("\n", "\n  "))
    for delivery in detail.deliveries:
        print_delivery(delivery, now_ms)


def cells(row: EventRow) -> list[str]:
    """A row of the table."""
    date = server_moment(row.record_date) + (" future" if row.future else "")
    return [
        str(row.id),
        moment(row.seen_ms),
        row.instance,
        row.resource,
        str(row.object_id),
        row.type.lower(),  # as filters and the console say it
        date,
        maybe(row.standing),
    ]
