"""How instances are added, edited, copied, switched, removed, read from files and written to them."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from cwconsole.core.command_line import command_line
from cwconsole.core.counted import counted
from cwconsole.core.instance_body import InstanceBody, masked, stored_body
from cwconsole.store import instances as stored_instances
from cwconsole.store import reach
from cwconsole.store.actions import ActionKind
from cwconsole.store.instances import Instance, edit_sentence, removal_sentence
from cwconsole.store.once import Connection
from cwconsole.tui.action import Subject
from cwconsole.tui.actions import BY_ID
from cwconsole.tui.asking import ask
from cwconsole.tui.instance_fields import ENABLED, edit_command, empty_body
from cwconsole.tui.outside import Outside
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.reach_lines import sent_lines
from cwconsole.tui.screens.file_dialog import FileDialog, Typed
from cwconsole.tui.screens.instance_form import Form, InstanceForm, Save, ToStore
from cwconsole.tui.widgets.confirm import Question

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen


def add(screen: ConsoleScreen, reason: str | None) -> None:
    """In an empty form."""
    open_form(screen, Form(title="Add an instance", shown=empty_body(), save=adding(screen), reason=reason))


def add_from_file(screen: ConsoleScreen, reason: str | None) -> None:
    """In a form that is filled from a file."""

    def answered(typed: Typed | None) -> None:
        if typed is not None:
            screen.prepare(importing(screen, typed.path, reason), what=f"Reading {typed.path}")

    dialog = FileDialog("Add an instance from a file", "TOML, or JSON as Open Connectors takes it", yes="read it")
    screen.app.push_screen(dialog, answered)


def write_to_file(screen: ConsoleScreen, name: str) -> None:
    """To a file that is asked for."""

    def answered(typed: Typed | None) -> None:
        if typed is not None:
            screen.carry_out(exporting(screen, name, typed), what=f"Writing {name} to a file")

    dialog = FileDialog(
        f"Write {name} to a file", "Secrets are masked in it; an ending of .json writes JSON.", yes="write it",
        path=f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-') or 'instance'}.toml",
        reasoned=True,
    )  # fmt: skip
    screen.app.push_screen(dialog, answered)


def switch(screen: ConsoleScreen, name: str, reason: str | None, *, enabled: bool) -> None:
    """On or off, now."""
    action, kind = ("instance.enable", ActionKind.ENABLE) if enabled else ("instance.disable", ActionKind.DISABLE)

    async def work() -> str:
        asked = screen.console.operator.asked(kind, BY_ID[action].command_for(Subject(instance=name)), reason)
        return await screen.console.operator.switch_instance(asked, name, enabled=enabled)

    screen.carry_out(work(), what=f"{BY_ID[action].title}: {name}")


def open_form(screen: ConsoleScreen, form: Form) -> None:
    """Show a form, where there is a vault to put its secrets in."""
    outside = _outside(screen)
    if outside is not None and screen.in_front:
        screen.app.push_screen(InstanceForm(form, outside))


def _outside(screen: ConsoleScreen) -> Outside | None:
    if screen.console.outside is None:
        screen.app.notify("This console cannot seal secrets or reach files.", severity="error")
    return screen.console.outside


async def _stored(screen: ConsoleScreen, name: str) -> tuple[Instance, InstanceBody]:
    row = await screen.console.store.read(stored_instances.load, name)
    return row, stored_body(row.body)


async def importing(screen: ConsoleScreen, path: str, reason: str | None) -> None:
    """Read a file, and show it in a form."""
    outside = _outside(screen)
    if outside is not None:
        body = await outside.read_file(path)
        title = f"Add an instance from {path}"
        open_form(screen, Form(title=title, shown=body, save=adding(screen, path), reason=reason))


async def exporting(screen: ConsoleScreen, name: str, typed: Typed) -> str | None:
    """Write one, its secrets masked; who took it, and why, stands in the audit log.

    Returns the outcome as a sentence, None where that cannot be done.
    """
    outside = _outside(screen)
    if outside is None:
        return None
    row, _ = await _stored(screen, name)
    written = await outside.write_file(typed.path, row)
    outcome = f"{row.name} is in {written}, its secrets masked."
    command = BY_ID["instance.export"].command_for(Subject(instance=row.name))
    await screen.console.operator.exported(row, outcome, command=command, reason=typed.reason)
    return plain(outcome)


async def editing(screen: ConsoleScreen, name: str, reason: str | None) -> None:
    """Show one in a form."""
    row, body = await _stored(screen, name)
    form = Form(title=f"Edit {row.name}", shown=masked(body), stored=body, save=_changing(screen, row, body),
                warned=row.name, reason=reason)  # fmt: skip
    open_form(screen, form)


async def copying(screen: ConsoleScreen, name: str, reason: str | None) -> None:
    """Show a copy in a form; it is off."""
    row, body = await _stored(screen, name)
    shown = masked(body)
    configuration = {**shown.configuration, ENABLED: False}
    shown = InstanceBody(document={**shown.document, "name": f"{row.name} copy", "configuration": configuration})
    form = Form(title=f"Copy {row.name}; the copy is not polled until you tick it", shown=shown, stored=body,
                save=adding(screen), reason=reason)  # fmt: skip
    open_form(screen, form)


def adding(screen: ConsoleScreen, path: str = "FILE") -> Save:
    """Saves a new instance. Nothing asks for its token yet, so it is not shown."""

    async def save(made: ToStore, *, confirmed: bool) -> None:
        app, name = screen.console, made.draft.config.name
        token = secrets.token_urlsafe(32)
        asked = app.operator.asked(ActionKind.ADD, command_line("instances", "add", path), made.reason)
        number = await app.operator.add_instance(asked, made.draft, token)
        names = ", ".join(one.name for one in made.draft.config.resources) or "no resources"
        polled = "It is polled from now on." if made.draft.config.enabled else "It is not polled: n switches it on."
        app.notify(f"{name} is instance {number}, with {names}. {polled}")

    return save


def _changing(screen: ConsoleScreen, seen: Instance, before: InstanceBody) -> Save:
    """Saves another configuration of an instance."""

    async def save(made: ToStore, *, confirmed: bool) -> None:
        app, name = screen.console, made.draft.config.name
        command = edit_command(seen.name, before, made.body) + (" --yes" if confirmed else "")
        asked = app.operator.asked(ActionKind.EDIT, command, made.reason)
        changes = await app.operator.edit_instance(asked, seen, made.draft, confirmed=confirmed)
        _renamed(screen, seen.name, name)
        app.notify(edit_sentence(seen, made.draft, changes))

    return save


async def switching_off(screen: ConsoleScreen, name: str, reason: str | None) -> None:
    """Ask, then switch."""
    found = await screen.console.store.read(reach.reach, name)
    stops = counted(len(found.polled), "resource is", "resources are")
    question = Question(
        title=f"Switch {plain(found.label)} off?",
        lines=(
            f"{stops} not polled until it is switched on again.",
            *sent_lines([found]),
            "Changes made meanwhile are found then, for its watermarks stay.",
        ),
        yes="switch it off",
        reasoned=True,
        reason=reason,
    )

    ask(screen, question, lambda answer: switch(screen, found.label, answer.reason, enabled=False))


async def removing(screen: ConsoleScreen, name: str, reason: str | None) -> None:
    """Ask, then remove."""

    def read(conn: Connection) -> tuple[Instance, stored_instances.Losses]:
        row = stored_instances.load(conn, name)
        return row, stored_instances.losses(conn, row.id)

    row, losses = await screen.console.store.read(read)
    question = Question(
        title=f"Remove {plain(row.name)}?",
        lines=(
            f"{counted(losses.known, 'known record is', 'known records are')} deleted, with all events and polls.",
            f"{counted(losses.waiting, 'open delivery is', 'open deliveries are')} given up.",
            "It cannot be brought back: added again, it begins anew.",
        ),
        yes="remove it",
        typed=row.name,
        reasoned=True,
        reason=reason,
    )
    ask(screen, question, lambda answer: _remove(screen, row, answer.reason))


def _remove(screen: ConsoleScreen, row: Instance, reason: str | None) -> None:
    async def work() -> str:
        operator = screen.console.operator
        asked = operator.asked(
            ActionKind.REMOVE, BY_ID["instance.remove"].command_for(Subject(instance=row.name)), reason
        )
        cancelled = await operator.remove_instance(asked, row.id)
        _leave(screen, row.name)
        return removal_sentence(row.name, cancelled)

    screen.carry_out(work(), what=f"Removing {row.name}")


def _leave(screen: ConsoleScreen, name: str) -> None:
    """Screens about something that is gone are left."""
    app = screen.console
    while len(app.screen_stack) > 1 and (spec := getattr(app.screen, "spec", None)) and spec.value("instance") == name:
        app.pop_screen()


def _renamed(screen: ConsoleScreen, before: str, after: str) -> None:
    """What is on the screen, and under it, goes by the new name."""
    if before == after:
        return
    for one in screen.app.screen_stack:
        spec = getattr(one, "spec", None)
        if spec is not None and spec.value("instance") == before:
            words = tuple(f"instance:{after}" if word == f"instance:{before}" else word for word in spec.words)
            cast("ConsoleScreen", one).spec = replace(spec, words=words)
