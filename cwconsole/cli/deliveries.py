"""`cwconsole deliveries`: what is to be sent, what was, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

import click

from cwconsole.cli import output
from cwconsole.cli.common import REASON, common_options, pass_invocation
from cwconsole.cli.exporting import export_command
from cwconsole.cli.filtering import filter_options, listed, nothing, whole_id
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.text import maybe, moment, span
from cwconsole.core.filters import Noun
from cwconsole.store import delivery_list, operations
from cwconsole.store.actions import ActionKind
from cwconsole.store.delivery_list import AttemptRow, DeliveryDetail, DeliveryRow
from cwconsole.store.once import Connection

HEAD = ("ID", "CREATED", "INSTANCE", "RESOURCE", "OBJECT", "TYPE", "STATE", "TRIES", "NEXT", "STATUS", "EVENT")


@click.group()
@common_options
def deliveries() -> None:
    """List, show, export, retry and cancel deliveries."""


@deliveries.command("list")
@filter_options(Noun.DELIVERIES)
@common_options
@pass_invocation
def list_deliveries(
    invocation: Invocation, /, words: tuple[str, ...], limit: int, after: str | None, **given: str | None
) -> None:
    """List deliveries, newest first. WORD:VALUE narrows, !WORD:VALUE excludes."""
    below = None if after is None else whole_id(after)
    rows = listed(invocation, Noun.DELIVERIES, delivery_list.page, words, given, limit=limit, below=below)
    if invocation.as_json:
        output.print_json(rows)
        return
    empty = nothing(Noun.DELIVERIES, words, given, after=after)
    output.print_table(HEAD, [_cells(row, invocation.now_ms) for row in rows], empty=empty)
    output.say_what_stands_still(invocation, {row.state for row in rows})


@deliveries.command("show")
@click.argument("delivery_id", metavar="ID")
@common_options
@pass_invocation
def show_delivery(invocation: Invocation, delivery_id: str) -> None:
    """Show one delivery and its attempts."""
    detail = invocation.read(delivery_list.show, whole_id(delivery_id))
    if invocation.as_json:
        output.print_json(detail)
    else:
        print_delivery(detail, invocation.now_ms)
        output.say_what_stands_still(invocation, {detail.delivery.state})


deliveries.add_command(export_command(Noun.DELIVERIES))


@deliveries.command("retry")
@click.argument("delivery_ids", metavar="ID...", nargs=-1, required=True)
@REASON
@common_options
@pass_invocation
def retry(invocation: Invocation, delivery_ids: tuple[str, ...], reason: str | None) -> None:
    """Try deliveries again now, with a fresh schedule of attempts. All of them, or none."""
    _change_all(invocation, operations.retry, delivery_ids, ActionKind.RETRY, reason)


@deliveries.command("cancel")
@click.argument("delivery_ids", metavar="ID...", nargs=-1, required=True)
@REASON
@common_options
@pass_invocation
def cancel(invocation: Invocation, delivery_ids: tuple[str, ...], reason: str | None) -> None:
    """Give deliveries up; the next one of the object takes its turn. All of them, or none."""
    _change_all(invocation, operations.cancel, delivery_ids, ActionKind.CANCEL, reason)


def _change_all(
    invocation: Invocation, change: Callable[..., str], ids: tuple[str, ...], kind: ActionKind, reason: str | None
) -> None:
    asked = invocation.asked(kind, reason=reason)

    def unit(conn: Connection) -> list[str]:
        return [change(conn, whole_id(one), asked=asked, now_ms=invocation.now_ms) for one in ids]

    outcomes = invocation.write(unit)
    if invocation.as_json:
        output.print_json({"outcome": " ".join(outcomes), "count": len(outcomes)})
    else:
        for outcome in outcomes:
            output.print_line(outcome)


def print_delivery(detail: DeliveryDetail, now_ms: int) -> None:
    """A delivery and its attempts for people."""
    row = detail.delivery
    what = f"{row.type.lower()} {row.instance}/{row.resource} {row.object_id}"
    output.print_facts(
        [
            ("delivery", f"{row.id}{', a replay' if row.replay else ''}, to {row.url}"),
            ("event", f"{row.event} ({row.event_id}): {what}"),
            ("state", f"{row.state}{', held' if row.held else ''}"),
            ("created", moment(row.created_ms)),
            ("settled", moment(row.settled_ms)),
            ("next try", _due(row, now_ms)),
            ("attempts", str(row.attempts)),
        ]
    )
    for attempt in detail.attempts:
        _print_attempt(attempt)


def _print_attempt(attempt: AttemptRow) -> None:
    answer = maybe(attempt.status if attempt.delivered else attempt.error or attempt.error_code)
    output.print_line(
        f"  {attempt.number}. {attempt.trigger}, {moment(attempt.started_ms)}, {attempt.duration_ms} ms, "
        f"to {attempt.peer or 'no connection'}: {answer}"
    )
    if attempt.body and not attempt.delivered:
        text = attempt.body.decode("utf-8", "replace").rstrip()
        output.print_block("     " + text.replace("\n", "\n     ") + (" [cut]" if attempt.truncated else ""))


def _due(row: DeliveryRow, now_ms: int) -> str:
    if row.held:
        return "when let go"
    if row.due_ms is None:
        return maybe("waits its turn" if row.state in {"pending", "retrying"} else None)
    return "due" if row.due_ms <= now_ms else f"in {span((row.due_ms - now_ms) / 1000)}"


def _cells(row: DeliveryRow, now_ms: int) -> list[str]:
    return [
        str(row.id),
        moment(row.created_ms),
        row.instance,
        row.resource,
        str(row.object_id),
        row.type.lower(),
        row.standing,
        str(row.attempts),
        _due(row, now_ms),
        maybe(row.error_code or row.status),
        str(row.event),
    ]
