"""Log: the lines that engines and consoles of this user write, live.

Only the last `KEPT` lines are held. While the cursor stands on the newest line the list follows; once the operator has
moved up nothing moves by itself, and new lines are counted. The file is looked at on a thread, while this is in front.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec.structs import replace
from textual.containers import Container
from textual.widget import Widget

from cwconsole.tui.action import Scope
from cwconsole.tui.engine_state import EngineWhere
from cwconsole.tui.log_tail import Bite, LogTail
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.log_lines import LOG_COLUMNS, LogLine, chooser, document, entry_lines, read_line
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.wrapped import wrapped
from cwconsole.tui.rows import MemoryRows
from cwconsole.tui.screens.listing import ListScreen
from cwconsole.tui.screens.whole_saves import WholeSaves
from cwconsole.tui.viewspec import LEVELS, ViewSpec
from cwconsole.tui.widgets.text_view import TextView
from cwconsole.tui.widgets.virtual_table import VirtualTable
from cwconsole.tui.work import start

KEPT: Final = 5_000
LOOK_SECONDS: Final = 0.5
_LEVELS: Final = ("", *LEVELS[1:])  # the first is all of them


NO_LINE: Final = "No lines here yet."


class LogScreen(WholeSaves, ListScreen):
    """`log level:warning contacts`."""

    SCOPES = (Scope.WHOLE, Scope.LOG, Scope.LIST, Scope.TABLE)
    saves = ("line of the log", "lines of the log")
    document = staticmethod(document)
    DEFAULT_CSS = """
    LogScreen #where { max-height: 4; padding: 0 1; }
    LogScreen #entry { height: 9; display: none; border-top: solid $panel; }
    LogScreen #in-full { padding: 0 1; }
    """

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._rows = MemoryRows[LogLine](lambda line: line.number)
        self._lines: deque[LogLine] = deque(maxlen=KEPT)
        self._number = 0
        self._following = True
        self._held: list[LogLine] | None = None  # the lines that stand still, while they do
        self._only_matching = True
        self._times = 0
        self._new = 0
        self._where: Line = ()

    def body(self) -> Iterable[Widget]:
        where = TextView(id="where")
        where.can_focus = False
        yield where
        yield VirtualTable(self._rows, LOG_COLUMNS[0], look=self.console.look(), id="list", empty=NO_LINE)
        entry = TextView(id="in-full")
        entry.can_focus = False
        yield Container(entry, id="entry")

    def on_mount(self) -> None:
        path = self.console.log_file
        if path is not None:
            start(self, self._tail(LogTail(path)), what=f"Following the log {path}", group="tail")

    async def load(self) -> None:
        self._show()

    def update_frame(self) -> None:
        super().update_frame()
        if self.ready and (where := self._where_it_is()) != self._where:
            self._where = where
            view = self.query_one("#where", TextView)
            view.styles.height = len(wrapped(where, max(self.size.width - 3, 1)))
            view.show([where])

    def _where_it_is(self) -> Line:
        path, engine = self.console.log_file, self.console.engine
        own = "This console writes no log." if path is None else f"This console's log: {plain(str(path))}"
        if engine.where is not EngineWhere.ELSEWHERE:
            return (Cell(own, Tone.MUTED),)
        process = "another process" if engine.pid is None else f"process {engine.pid}"
        journal = "" if engine.pid is None else f"; under systemd: journalctl -f _PID={engine.pid}"
        return (
            Cell(f"The engine runs in {process}. ", Tone.PLAIN),
            Cell(f"If that is yours its lines stand here too; another user's go to a log of that user{journal}. "),
            Cell(own, Tone.MUTED),
        )

    # --- lines ------------------------------------------------------------------------------------------------------

    async def _tail(self, tail: LogTail) -> None:
        while True:
            if self.ready and self.in_front and not (self.console.frozen and self._lines):
                self._came(await asyncio.to_thread(tail.look))
            await asyncio.sleep(LOOK_SECONDS)

    def _came(self, bite: Bite) -> None:
        if not bite.lines:
            return
        told = [f"({bite.skipped:,} bytes were written too fast to be shown)"] if bite.skipped else []
        before = self._number
        for raw in (*told, *bite.lines):
            self._number += 1
            self._lines.append(read_line(self._number, raw))
        if self._held is not None or not self._following:
            fits = self._fits()
            self._new += sum(1 for line in self._lines if line.number > before and fits(line))
        if self._held is None:
            self._show()
        self.update_frame()

    def _show(self) -> None:
        fits, follow = self._fits(), self._following
        lines = self._lines if self._held is None else self._held
        if self._only_matching:
            self._rows.replace([line for line in lines if fits(line)])
        else:
            self._rows.replace([line if fits(line) else replace(line, aside=True) for line in lines])
        self.table.empty = self.no_rows(NO_LINE)
        self.table.show_changed()
        if follow and self._held is None:
            self._to_the_end()

    def minute(self) -> None:
        super().minute()
        if self.ready and self.spec.slides:
            self._show()

    def _fits(self) -> Callable[[LogLine], bool]:
        return chooser(self.spec, self.console.now_ms())

    def _to_the_end(self) -> None:
        self._following, self._new = True, 0
        self.table.move_to(self._rows.total - 1)

    def badge(self) -> str:
        if not self.ready:
            return ""
        new = f"{self._new:,} new"
        all_lines = "" if self._only_matching else "all lines"
        state = "PAUSED, p goes on" if self._held is not None else "following" if self._following else "f follows"
        return "  ".join(part for part in (super().badge(), all_lines, new if self._new else "", state) if part)

    def show_spec(self) -> None:
        if self.ready:
            self._show()

    def _wanted(self, text: str) -> ViewSpec:
        wanted = super()._wanted(text)
        chooser(wanted, self.console.now_ms())
        return wanted

    # --- keys -------------------------------------------------------------------------------------------------------

    def on_virtual_table_cursor_moved(self, event: VirtualTable.CursorMoved) -> None:
        super().on_virtual_table_cursor_moved(event)
        self._following = self.table.cursor >= self._rows.total - 1
        if self._following and self._held is None:
            self._new = 0
        if self.query_one("#entry").display and event.row is not None:
            self.query_one("#in-full", TextView).show(entry_lines(event.row))
        self.update_frame()

    async def open_row(self, table: VirtualTable[Any], row: LogLine) -> None:
        self.do_log_wrap()

    def has_marks(self) -> bool:
        return (self.ready and self.query_one("#entry").display) or super().has_marks()

    def drop_marks(self) -> bool:
        entry = self.query_one("#entry")
        if entry.display:
            entry.display = False
            self.update_frame()
            return True
        return super().drop_marks()

    def do_log_level(self) -> None:
        """All, info, warning, error, and round again; not a step that Escape takes back."""
        now = self.spec.value("level") or ""
        level = _LEVELS[(_LEVELS.index(now) + 1) % len(_LEVELS)] if now in _LEVELS else ""
        kept = [word for word in self.spec.words if not word.startswith("level:")]
        self.spec = ViewSpec(view="log", words=(*([f"level:{level}"] if level else []), *kept))
        self.show_spec()
        self.update_frame()

    def do_log_follow(self) -> None:
        self._held = None
        self._following = True
        self._show()
        self.update_frame()

    def do_log_wrap(self) -> None:
        """The entry in full below the list; the same key, or Escape, takes it away."""
        entry, row = self.query_one("#entry"), self.table.current
        entry.display = not entry.display and row is not None
        if row is not None:
            self.query_one("#in-full", TextView).show(entry_lines(row))
        self.update_frame()

    def do_log_matching(self) -> None:
        self._only_matching = not self._only_matching
        self._show()
        self.update_frame()

    def do_log_times(self) -> None:
        self._times = (self._times + 1) % len(LOG_COLUMNS)
        self.table.set_columns(LOG_COLUMNS[self._times])

    def do_log_pause(self) -> None:
        self._held = list(self._lines) if self._held is None else None
        self._show()
        self.update_frame()
