"""`cwconsole actions`: the audit log, and what is queued to the engine."""

from __future__ import annotations

import click

from cwconsole.cli import output
from cwconsole.cli.common import REASON, common_options, pass_invocation
from cwconsole.cli.exporting import export_command
from cwconsole.cli.filtering import filter_options, listed, nothing, whole_id
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.operator import operator, origin
from cwconsole.cli.text import maybe, moment, server_moment
from cwconsole.core.filters import Noun
from cwconsole.store import action_list
from cwconsole.store import actions as queue
from cwconsole.store.action_list import ActionRow

HEAD = ("ID", "ASKED", "WHO", "FROM", "TYPE", "ABOUT", "STATE", "OUTCOME")


@click.group()
@common_options
def actions() -> None:
    """List, show, export and call off what operators asked for: the audit log."""


@actions.command("list")
@filter_options(Noun.ACTIONS)
@common_options
@pass_invocation
def list_actions(
    invocation: Invocation, /, words: tuple[str, ...], limit: int, after: str | None, **given: str | None
) -> None:
    """List actions, newest first. WORD:VALUE narrows, !WORD:VALUE excludes, other words are looked for in all texts."""
    below = None if after is None else whole_id(after)
    rows = listed(invocation, Noun.ACTIONS, action_list.page, words, given, limit=limit, below=below)
    if invocation.as_json:
        output.print_json([action_list.document(row) for row in rows])
    else:
        output.print_table(HEAD, [_cells(row) for row in rows], empty=nothing(Noun.ACTIONS, words, given, after=after))
        output.say_what_stands_still(invocation, {row.action.state for row in rows})


@actions.command("show")
@click.argument("action_id", metavar="ID")
@common_options
@pass_invocation
def show_action(invocation: Invocation, action_id: str) -> None:
    """Show one action."""
    row = invocation.read(action_list.show, whole_id(action_id))
    if invocation.as_json:
        output.print_json(action_list.document(row))
        return
    action = row.action
    output.print_facts(
        [
            ("action", f"{action.id}: {action.kind} {_about(row)}"),
            ("state", action.state),
            ("outcome", maybe(action.outcome)),
            ("command", action.command),
            ("asked by", f"{action.operator}, {action.origin}"),
            ("reason", maybe(action.reason)),
            ("asked", moment(action.asked_ms)),
            ("started", moment(action.started_ms)),
            ("finished", moment(action.finished_ms)),
            *((name, _parameter(action.kind, value)) for name, value in action.params.items()),
        ]
    )
    output.say_what_stands_still(invocation, {action.state})


actions.add_command(export_command(Noun.ACTIONS))


@actions.command("cancel")
@click.argument("action_id", metavar="ID")
@REASON
@common_options
@pass_invocation
def cancel_action(invocation: Invocation, action_id: str, reason: str | None) -> None:
    """Call off an action that no engine has picked up yet. Its outcome says who did, and why."""
    outcome = invocation.write(
        queue.cancel,
        whole_id(action_id),
        operator=operator(invocation.env),
        origin=origin(invocation.env),
        reason=reason,
        now_ms=invocation.now_ms,
    )
    if invocation.as_json:
        output.print_json({"id": int(action_id), "state": "cancelled", "outcome": outcome})
    else:
        output.print_line(f"Action {action_id} was called off.")


def _parameter(kind: queue.ActionKind, value: object) -> str:
    """A watermark's are times on ConnectWise's clock."""
    return server_moment(value) if kind is queue.ActionKind.WATERMARK and isinstance(value, int) else maybe(value)


def _about(row: ActionRow) -> str:
    place = "/".join(name for name in (row.instance, row.resource) if name)
    target = "" if row.action.target_id is None else str(row.action.target_id)
    return " ".join(word for word in (place, target) if word) or "-"


def _cells(row: ActionRow) -> list[str]:
    action = row.action
    return [
        str(action.id),
        moment(action.asked_ms),
        action.operator,
        action.origin,
        action.kind.value,
        _about(row),
        action.state,
        maybe(action.outcome),
    ]
