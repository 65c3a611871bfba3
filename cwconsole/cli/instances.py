"""`cwconsole instances`: what is polled, and where it is delivered to."""

from __future__ import annotations

import secrets
import sys

import click

from cwconsole.cli import instance_views, output
from cwconsole.cli.common import INSTANCE, REASON, YES, common_options, pass_invocation
from cwconsole.cli.invocation import Invocation
from cwconsole.cli.text import moment
from cwconsole.core.config import Origin
from cwconsole.core.counted import counted
from cwconsole.core.errors import RefusedError, UsageError
from cwconsole.core.instance_body import restore_secrets, stored_body
from cwconsole.core.reconfiguration import Change, Step
from cwconsole.store import instance_list
from cwconsole.store import instances as store
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.instances import Draft, Instance
from cwconsole.store.once import Connection


@click.group()
@common_options
def instances() -> None:
    """Add, show, edit, enable, disable, remove and export instances."""


@instances.command(short_help="Add an instance from a file.")
@click.argument("file", metavar="FILE")
@REASON
@common_options
@pass_invocation
def add(invocation: Invocation, file: str, reason: str | None) -> None:
    """Add an instance from FILE (TOML, or JSON as Open Connectors takes it; - for stdin)."""
    from cwconsole.cli.instance_files import draft_of, read_file  # noqa: PLC0415 - with it comes reading files

    body = read_file(file)
    draft = draft_of(body, invocation.vault)
    if invocation.prepare() and invocation.named:
        output.say(f"{invocation.path} is a new database.")
    token = secrets.token_urlsafe(32)
    asked = invocation.asked(ActionKind.ADD, reason=reason)
    number = invocation.write(store.add, draft, origin=Origin.LOCAL, token=token, asked=asked, now_ms=invocation.now_ms)
    names = [resource.name for resource in draft.config.resources]
    if invocation.as_json:
        added = {"id": number, "token": token, "name": draft.config.name}
        output.print_json({**added, "enabled": draft.config.enabled, "resources": names})
        return
    output.print_line(f"Added {draft.config.name} as instance {number}, with {', '.join(names) or 'no resources'}.")
    if not draft.config.enabled:
        output.print_line("It is not polled: event.notification.enabled is false. Switch it on by `instances enable`.")
    elif not invocation.engine_runs():
        output.print_line("No engine runs; start one with `cwconsole run`.")


@instances.command("list")
@common_options
@pass_invocation
def list_instances(invocation: Invocation) -> None:
    """List instances."""
    rows = invocation.read(instance_list.every)
    if invocation.as_json:
        output.print_json([instance_list.document(row) for row in rows])
    else:
        output.print_table(
            instance_views.HEAD, [instance_views.cells(row) for row in rows], empty="There is no instance yet."
        )


@instances.command(short_help="Show an instance, its resources and its configuration.")
@INSTANCE
@common_options
@pass_invocation
def show(invocation: Invocation, instance: str) -> None:
    """Show an instance, its resources and its configuration; secrets are masked."""
    from cwconsole.cli.instance_files import exported  # noqa: PLC0415

    row = invocation.read(instance_list.show, instance)
    if invocation.as_json:
        output.print_json(instance_list.full_document(row))
        return
    output.print_facts(
        [
            ("instance", f"{row.instance.id}: {row.instance.name}"),
            ("state", row.state),
            ("callback", instance_views.callback(row)),
            ("added", f"{moment(row.instance.created_ms)}, changed {moment(row.instance.updated_ms)}"),
            *(("resource", instance_views.resource_line(resource)) for resource in row.resources),
        ]
    )
    output.print_line("")
    output.print_block(exported(row.instance, as_toml=True).rstrip())


@instances.command(short_help="Change an instance.")
@INSTANCE
@click.argument("file", metavar="[FILE]", required=False)
@click.option(
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set a key, as typed; a list, an object or a quoted text is JSON.",
)
@click.option("--unset", "removed", metavar="KEY", multiple=True, help="Take a key away.")
@YES
@REASON
@common_options
@pass_invocation
def edit(
    invocation: Invocation,
    /,
    *,
    instance: str,
    file: str | None,
    assignments: tuple[str, ...],
    removed: tuple[str, ...],
    yes: bool,
    reason: str | None,
) -> None:
    """Change an instance: by a whole FILE, by --set and --unset, or in your editor if neither is given.

    Masked secrets (********) stay as they are. Another address, company or path makes a resource start anew, and one
    that is left out is polled no more; both want --yes. Another name alone loses nothing.
    """
    from cwconsole.cli import instance_files as files  # noqa: PLC0415
    from cwconsole.core.instance_file import parse_instance  # noqa: PLC0415

    stored = invocation.read(store.load, instance)
    before = body = stored_body(stored.body)
    if file is not None:
        body = restore_secrets(files.read_file(file), before)
    elif not assignments and not removed:
        body = restore_secrets(parse_instance(_in_editor(files.exported(stored, as_toml=True))), before)
    body = restore_secrets(files.with_assignments(body, assignments, removed), before)
    draft = files.draft_of(body, invocation.vault)
    asked = invocation.asked(ActionKind.EDIT, reason=reason)
    made = invocation.write(store.edit, stored, draft, confirmed=yes, asked=asked, now_ms=invocation.now_ms)
    _tell_edit(invocation, stored, draft, made)


def _in_editor(text: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal for an editor; give a FILE, or --set KEY=VALUE.")
    edited = click.edit(text, extension=".toml", require_save=True)
    if edited is None:
        raise UsageError("The editor was left without saving; nothing was changed.")
    return edited


def _tell_edit(invocation: Invocation, stored: Instance, draft: Draft, made: list[Change]) -> None:
    if invocation.as_json:
        steps = [{"resource": change.name, "step": str(change.step)} for change in made]
        settings = store.edited_settings(stored, draft, made)
        output.print_json({"id": stored.id, "name": draft.config.name, "settings": settings, "changes": steps})
        return
    output.print_line(store.edit_sentence(stored, draft, made))
    for change in made:
        if change.step is Step.REBASELINE:
            output.print_line(f"{change.name}: ids that the new filter brings in are read first, without events.")


@instances.command()
@INSTANCE
@REASON
@common_options
@pass_invocation
def enable(invocation: Invocation, instance: str, reason: str | None) -> None:
    """Switch an instance on; it is polled at once."""
    _switch(invocation, instance, True, invocation.asked(ActionKind.ENABLE, reason=reason))


@instances.command()
@INSTANCE
@REASON
@common_options
@pass_invocation
def disable(invocation: Invocation, instance: str, reason: str | None) -> None:
    """Switch an instance off; it is kept and not polled."""
    _switch(invocation, instance, False, invocation.asked(ActionKind.DISABLE, reason=reason))


def _switch(invocation: Invocation, instance: str, enabled: bool, asked: Asked) -> None:
    def unit(conn: Connection) -> tuple[Instance, str]:
        row = store.load(conn, instance)
        return row, store.set_enabled(conn, row.id, enabled, asked=asked, now_ms=invocation.now_ms)

    row, outcome = invocation.write(unit)
    if invocation.as_json:
        output.print_json({"id": row.id, "name": row.name, "enabled": enabled})
    else:
        output.print_line(outcome)


@instances.command()
@INSTANCE
@YES
@REASON
@common_options
@pass_invocation
def remove(invocation: Invocation, instance: str, yes: bool, reason: str | None) -> None:
    """Take an instance out of service. What waits to be sent is given up; wants --yes."""
    asked = invocation.asked(ActionKind.REMOVE, reason=reason)

    def unit(conn: Connection) -> tuple[Instance, int]:
        row = store.load(conn, instance)
        if not yes:
            raise RefusedError(_what_is_lost(conn, row))
        return row, store.remove(conn, row.id, asked=asked, now_ms=invocation.now_ms)

    row, cancelled = invocation.write(unit)
    if invocation.as_json:
        output.print_json({"id": row.id, "name": row.name, "cancelled": cancelled})
    else:
        output.print_line(store.removal_sentence(row.name, cancelled))


def _what_is_lost(conn: Connection, row: Instance) -> str:
    lost = store.losses(conn, row.id)
    return (
        f"{row.name}: {counted(lost.known, 'known record')} with all events and polls would be deleted, and "
        f"{counted(lost.waiting, 'open delivery', 'open deliveries')} given up. Nothing was changed; confirm it with "
        "--yes."
    )


@instances.command(short_help="Print an instance as a file, secrets masked.")
@INSTANCE
@click.option("--format", "style", type=click.Choice(["toml", "json"]), default="toml", show_default=True)
@common_options
@pass_invocation
def export(invocation: Invocation, instance: str, style: str) -> None:
    """Print an instance as a file; secrets are masked, and stay as they are when it is edited back in."""
    from cwconsole.cli.instance_files import exported  # noqa: PLC0415

    row = invocation.read(store.load, instance)
    as_toml = style == "toml" and not invocation.as_json
    click.echo(exported(row, as_toml=as_toml), nl=False)
