"""Saving a list to a file, the marked ones or the filtered list, beside everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from cwconsole.core.filters import Noun
from cwconsole.store.selection import Selection, about
from cwconsole.tui.exporting import Export
from cwconsole.tui.screens.file_asking import Target, ToSave, ask_for_file
from cwconsole.tui.screens.replays import selection_of
from cwconsole.tui.work import start

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
        wanted = self._rows_to_save()
        which = about(wanted, self._noun) if wanted.numbers is None else f"the {len(wanted.numbers):,} marked"

        def begin(target: Target) -> None:
            export = Export(
                noun=self._noun,
                path=target.path,
                wanted=target.how,
                selection=wanted,
                about=which,
                reason=target.reason,
                overwrite=target.overwrite,
            )
            self._begin_export(export)

        order = "The file is newest first, whatever the order here." if screen.spec.sort else ""
        what = ToSave(title=f"Save these {self._noun} to a file", which=which, order=order, reasoned=True)
        ask_for_file(screen, what, self._noun, begin)

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
