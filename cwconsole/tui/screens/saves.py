"""Saving the filtered list of events to a file, beside everything else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from cwconsole.core.errors import UsageError
from cwconsole.store.event_export import Format, format_of
from cwconsole.tui.exporting import Export
from cwconsole.tui.screens.file_dialog import FileDialog
from cwconsole.tui.work import start

if TYPE_CHECKING:
    from cwconsole.tui.screens.frame import ConsoleScreen

PROGRESS_SECONDS = 1.0


class Saves:
    """Mixed into the list of events. No node of Textual, as `Places` is none."""

    @property
    def _save_screen(self) -> ConsoleScreen:
        return cast("ConsoleScreen", self)

    def do_events_save(self) -> None:
        screen = self._save_screen
        if (running := screen.console.export) is not None and not running.ended:
            screen.app.notify(f"{running.path} is being written ({running.share:.0%}); S stops it.", markup=False)
            return
        now = datetime.fromtimestamp(screen.console.now_ms() / 1000, tz=UTC)
        what = screen.spec.filter_line or "everything"
        note = f"What is listed: {what}\nThe ending says how: .{', .'.join(Format)}. The file must be a new one."
        dialog = FileDialog("Save these events to a file", note, yes="save", path=f"events-{now:%Y%m%d-%H%M}.ndjson")
        screen.app.push_screen(dialog, self._save_to)

    def _save_to(self, path: str | None) -> None:
        if path is None:
            return
        screen = self._save_screen
        try:
            chosen = screen.spec.filter(now_ms=screen.console.now_ms())
            export = Export(path=path, wanted=format_of(path), chosen=chosen)
        except UsageError as error:
            screen.app.notify(error.message, severity="error", markup=False)
            return
        app = screen.console
        app.export = export
        timer = app.set_interval(PROGRESS_SECONDS, screen.update_frame)

        async def work() -> None:
            try:
                app.notify(await export.run(app.store), markup=False)
            except UsageError as error:
                app.notify(error.message, severity="error", markup=False)
            finally:
                timer.stop()
                if screen.is_attached:
                    screen.update_frame()

        start(app, work(), what=f"Saving to {path}", group="export")  # of the app: it survives the screen
        screen.update_frame()

    def do_events_save_stop(self) -> None:
        export = self._save_screen.console.export
        if export is None or export.ended:
            self._save_screen.app.notify("Nothing is being saved.")
        else:
            export.stopped = True

    def saving_words(self) -> str:
        """For the crumbs."""
        export = self._save_screen.console.export
        return "" if export is None else export.words
