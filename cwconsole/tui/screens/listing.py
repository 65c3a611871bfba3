"""Screens with one list: the table has the keys, `/` filters, marks are counted, the order is a word of the view."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from textual.timer import Timer

from cwconsole.core.errors import UsageError
from cwconsole.tui.freshness import Phase
from cwconsole.tui.line_completion import completed, judge, remark
from cwconsole.tui.rows import Marks
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.session import Place
from cwconsole.tui.viewspec import ViewSpec
from cwconsole.tui.widgets.prompt import Prompt
from cwconsole.tui.widgets.virtual_table import VirtualTable

TYPING_SECONDS = 0.15
REST_SECONDS = 0.1


class ListScreen(ConsoleScreen):
    """A screen around one table, which has the id `list`."""

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._listed: ViewSpec | None = None  # what was read last, for lists that are read when the view changes
        self._before_filter: tuple[ViewSpec, Hashable] | None = None  # with the row under the cursor
        self._typing: Timer | None = None
        self._resting: Timer | None = None

    @property
    def table(self) -> VirtualTable[Any]:
        """The list."""
        return self.query_one("#list", VirtualTable)

    def on_mount(self) -> None:
        self.focus_body()

    def is_listed(self) -> bool:
        """Whether the rows are those that are asked for."""
        return self._listed == self.spec

    def place(self) -> Place:
        """The cursor is kept where the operator has put it: the first row is whichever is first."""
        row = self.table.current if self.ready and self.table.cursor else None
        return Place(line=self.spec.line, cursor=None if row is None else self.table.rows.key(row))

    def begin(self) -> None:
        """Put the cursor where it is to begin, of a list that is here as a whole."""
        if self.begins_at is not None:
            self.table.move_to_key(self.begins_at)
            self.begins_at = None

    def focus_body(self) -> None:
        self.set_focus(self.table)

    def minute(self) -> None:
        if self.ready:
            self.table.tick(self.console.look())

    def badge(self) -> str:
        if not self.ready:
            return ""
        if not self.table.is_wanted():
            return "loading" if self.freshness.phase is Phase.CURRENT else ""  # else the crumbs say so anyway
        return self.table.marked_words()

    def show_spec(self) -> None:
        super().show_spec()
        if self.ready and not self.table.rows.total:
            self.table.tick(self.console.look())  # nobody can say yet that there is nothing of it

    def no_rows(self, nothing: str) -> str:
        """What stands where no row is: `nothing` only if there really is none, and not where the filter hides all."""
        return "Nothing matches the filter. Escape clears it." if self.spec.words else nothing

    def has_marks(self) -> bool:
        return self.ready and not self.table.marks.none

    def drop_marks(self) -> bool:
        if not self.has_marks():
            return False
        self.table.set_marks(Marks())
        return True

    def on_virtual_table_changed(self, _: VirtualTable.Changed) -> None:
        self.update_frame()

    def on_virtual_table_cursor_moved(self, event: VirtualTable.CursorMoved) -> None:
        """The cursor's own lines come first; the footer, and whatever else follows it, when the fingers rest."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST_SECONDS, lambda: self.rested(event.row))

    def rested(self, row: Any) -> None:
        """The cursor has stood on a row for a moment; None if there are no rows."""
        self.update_frame()

    def on_virtual_table_sort_asked(self, event: VirtualTable.SortAsked) -> None:
        """The order is a word of the view; it is not a step that Escape takes back."""
        self.spec = self.spec.sorted_by(event.column, event.descending)
        self.show_spec()
        self.update_frame()

    # --- filter -----------------------------------------------------------------------------------------------------

    def do_filter(self) -> None:
        self._before_filter = self.spec, self.place().cursor
        line = self.spec.filter_line
        self.query_one(Prompt).ask("/", f"{line} " if line else "", self._complete_filter)

    def _complete_filter(self, line: str) -> list[str]:
        return completed(self.spec.kind, line, self.console.known)

    def filter_typed(self, text: str, *, final: bool) -> None:
        """While it is typed, the list follows as soon as the fingers rest; a filter that is not right yet waits."""
        if self._typing is not None:
            self._typing.stop()
            self._typing = None
        if final:
            self._filter_entered(text)
        else:
            self._typing = self.set_timer(TYPING_SECONDS, lambda: self._try_filter(text))

    def _try_filter(self, text: str) -> None:
        try:
            wanted = self._wanted(text)
        except UsageError:
            return
        if wanted != self.spec:
            self.spec = wanted
            self.show_spec()

    def _filter_entered(self, text: str) -> None:
        before, cursor = self._before_filter or (self.spec, self.place().cursor)
        try:
            wanted = self._wanted(text)
        except UsageError as error:
            self.app.notify(error.message, severity="error")
            wanted = before
            self.query_one(Prompt).again(text)
        else:
            if (said := remark(wanted, self.console.known)) is not None:
                self.app.notify(said)
        shown, self.spec = self.spec, wanted
        if wanted != before:
            self._past.append((before, cursor))
            self.show_spec()
        elif shown != before:
            self.begins_at = cursor
            self.show_spec()
        self.update_frame()

    def _wanted(self, text: str) -> ViewSpec:
        wanted = self.spec.filtered(text.strip())
        judge(wanted, self.console.known, now_ms=self.console.now_ms())
        return wanted
