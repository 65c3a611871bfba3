"""Where a list is to be saved: asked until it can be, and once more before a file is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from cwconsole.core.counted import counted
from cwconsole.core.errors import UsageError
from cwconsole.store.export_file import Already, Format, format_of, place_of
from cwconsole.tui.asking import ask
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.times import ago
from cwconsole.tui.screens.file_dialog import FileDialog, Typed
from cwconsole.tui.widgets.confirm import Answer, Question
from cwconsole.tui.work import QUESTION, start

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen


class ToSave(Struct, frozen=True, kw_only=True):
    """title: of the dialog. which: the rows that are saved, for people. order: theirs, if the list has another one.

    reasoned: whether a reason can be given.
    """

    title: str
    which: str
    order: str = ""
    reasoned: bool = False


class Target(Struct, frozen=True, kw_only=True):
    """Where to, and how. path: in full. reason: for the audit log. overwrite: the operator agreed to that."""

    path: str
    how: Format
    reason: str | None
    overwrite: bool


def ask_for_file(screen: ConsoleScreen, what: ToSave, name: str, save: Callable[[Target], None]) -> None:
    """name: the beginning of the file's name that stands there at first. save: is given what was agreed to."""
    now = datetime.fromtimestamp(screen.console.now_ms() / 1000, tz=UTC)
    _ask(screen, what, Typed(path=f"{name}-{now:%Y%m%d-%H%M}.ndjson"), save)


def _ask(
    screen: ConsoleScreen, what: ToSave, asked: Typed, save: Callable[[Target], None], *, refused: str = ""
) -> None:
    """asked: what stands there at first. refused: why that path cannot be."""
    note = "\n".join(
        filter(None, (f"Which: {plain(what.which)}", what.order, f"The ending says how: .{', .'.join(Format)}"))
    )
    lines = "\n".join(filter(None, (note, refused)))
    dialog = FileDialog(what.title, lines, yes="save", path=asked.path, reasoned=what.reasoned, reason=asked.reason)

    def answered(typed: Typed | None) -> None:
        if typed is not None:
            start(screen, _judge(screen, what, typed, save), what=f"Saving to {typed.path}", group=QUESTION)

    screen.app.push_screen(dialog, answered)


async def _judge(screen: ConsoleScreen, what: ToSave, typed: Typed, save: Callable[[Target], None]) -> None:
    """At once if there is no such file, after a question if there is; what cannot be is asked for again."""
    try:
        how = format_of(typed.path)
        path, there = await asyncio.to_thread(place_of, typed.path)
    except UsageError as error:
        if screen.in_front:
            _ask(screen, what, typed, save, refused=error.message)
        return
    if there is None:
        save(Target(path=path, how=how, reason=typed.reason, overwrite=False))
    else:

        def agreed(_: Answer) -> None:
            save(Target(path=path, how=how, reason=typed.reason, overwrite=True))

        ask(screen, _replacing(there, screen.console.now_ms()), agreed)


def _replacing(there: Already, now_ms: int) -> Question:
    return Question(
        title="Replace the file?",
        lines=(
            plain(str(there.path)),
            f"is there already, {counted(there.size, 'byte')}, written {ago(there.changed_ms, now_ms)} ago.",
            "It stays as it is until the new one is complete, and is gone then.",
        ),
        yes="replace it",
    )
