"""Saving a list to a file, the marked ones or the filtered list, beside everything else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from cwconsole.core.counted import counted
from cwconsole.core.errors import UsageError
from cwconsole.core.filters import Noun
from cwconsole.store.export_file import Already, Format, format_of, place_of
from cwconsole.store.selection import Selection, about
from cwconsole.tui.asking import ask
from cwconsole.tui.exporting import Export
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.times import ago
from cwconsole.tui.screens.file_dialog import FileDialog, Typed
from cwconsole.tui.screens.replays import selection_of
from cwconsole.tui.widgets.confirm import Answer, Question
from cwconsole.tui.work import QUESTION, start

if TYPE_CHECKING:
    from cwconsole.tui.screens.listing import ListScreen

PROGRESS_SECONDS: Final = 1.0


class Saves:
    """Mixed into the lists of histories. No node of Textual, as `Places` is none."""

    def _rows_to_save(self) -> Selection:
        """The marked ones; if none is, what the filter shows."""
        screen = self._save_screen
        listed = screen.spec.filter(now_ms=screen.console.now_ms())
        marked = None if screen.table.marks.none else selection_of(screen.table, listed)
        return marked or Selection(chosen=listed)

    def badge(self) -> str:
        """What the crumbs say, an export that goes on first."""
        export = self._save_screen.console.running_export
        saving = "" if export is None else export.words
        return "  ".join(part for part in (saving, cast("Any", super()).badge()) if part)

    @property
    def _save_screen(self) -> ListScreen:
        return cast("ListScreen", self)

    @property
    def _noun(self) -> Noun:
        noun = self._save_screen.spec.kind.noun
        assert noun is not None, "a history lists something"
        return noun

    def do_list_save(self) -> None:
        screen = self._save_screen
        if (running := screen.console.running_export) is not None:
            screen.app.notify(f"{running.path} is being written ({running.share:.0%}); S stops it, 6 shows it.")
            return
        now = datetime.fromtimestamp(screen.console.now_ms() / 1000, tz=UTC)
        self._ask_where(self._rows_to_save(), Typed(path=f"{self._noun}-{now:%Y%m%d-%H%M}.ndjson"))

    def _ask_where(self, wanted: Selection, asked: Typed, refused: str = "") -> None:
        """asked: what stands there at first. refused: why that path cannot be."""
        screen = self._save_screen
        what = about(wanted, self._noun) if wanted.numbers is None else f"the {len(wanted.numbers):,} marked"
        note = f"Which: {plain(what)}\nThe ending says how: .{', .'.join(Format)}"
        lines = "\n".join(filter(None, (note, refused)))
        title = f"Save these {self._noun} to a file"
        dialog = FileDialog(title, lines, yes="save", path=asked.path, reasoned=True, reason=asked.reason)

        def answered(typed: Typed | None) -> None:
            if typed is not None:
                start(screen, self._save_to(typed, wanted, what), what=f"Saving to {typed.path}", group=QUESTION)

        screen.app.push_screen(dialog, answered)

    async def _save_to(self, typed: Typed, wanted: Selection, what: str) -> None:
        """At once if there is no such file, after a question if there is; what cannot be is asked for again."""
        screen = self._save_screen
        try:
            how = format_of(typed.path)
            path, there = await asyncio.to_thread(place_of, typed.path)
        except UsageError as error:
            if screen.in_front:
                self._ask_where(wanted, typed, refused=error.message)
            return
        export = Export(noun=self._noun, path=path, wanted=how, selection=wanted, about=what, reason=typed.reason)
        if there is None:
            self._begin_export(export)
        else:

            def agreed(_: Answer) -> None:
                export.overwrite = True
                self._begin_export(export)

            ask(screen, _replacing(there, screen.console.now_ms()), agreed)

    def _begin_export(self, export: Export) -> None:
        screen = self._save_screen
        app = screen.console
        marks = screen.table.marks
        app.export = export
        timer = app.set_interval(PROGRESS_SECONDS, app.exports_changed)

        async def work() -> None:
            try:
                await export.run(app.operator)
            finally:
                timer.stop()
                app.exports_changed()
            app.notify(export.outcome, severity="error" if export.failed else "information")
            if export.done and screen.is_attached and screen.table.marks == marks:
                screen.drop_marks()  # what was marked has been dealt with

        start(app, work(), what=f"Saving to {export.path}", group="export")  # of the app: it survives the screen
        app.exports_changed()

    def do_list_save_stop(self) -> None:
        export = self._save_screen.console.running_export
        if export is None:
            self._save_screen.app.notify("Nothing is being saved.")
        else:
            export.stopped = True


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
