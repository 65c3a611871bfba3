"""One thing in full: facts that stay, and tabs of text below them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import ClassVar, Final

from msgspec import Struct
from textual.widget import Widget

from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.plain import fit, width
from cwconsole.tui.render.wrapped import wrapped
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.session import Place
from cwconsole.tui.viewspec import ViewSpec
from cwconsole.tui.widgets.line_bar import LineBar
from cwconsole.tui.widgets.text_view import TextView

MOST_FACT_LINES: Final = 10
FACTS_MARGIN: Final = 2  # cells beside the facts: padding, scrollbar


class Tab(Struct, frozen=True, kw_only=True):
    """A title, and what stands below it."""

    title: str
    lines: Sequence[Line]


class DetailScreen(ConsoleScreen):
    """Subclasses read in `load` and call `show`. fact_lines: how many lines the facts take at first, and at least."""

    fact_lines: ClassVar[int] = 4

    def __init__(self, spec: ViewSpec) -> None:
        super().__init__(spec)
        self._tabs: Sequence[Tab] = ()
        self._tab = 0

    def body(self) -> Iterable[Widget]:
        facts = TextView(id="facts")
        facts.can_focus = False
        facts.styles.height = self.fact_lines
        yield facts
        yield LineBar(self._titles, id="tabs")
        yield from self.tabbed()

    def tabbed(self) -> Iterable[Widget]:
        """What stands below the tabs."""
        yield TextView(id="text")

    def place(self) -> Place:
        """The tab stands where lists have the row under the cursor; the first one is where one begins anyway."""
        return Place(line=self.spec.line, cursor=(self._tab,) if self._tab else None)

    def begin_at(self, cursor: Hashable, before: ViewSpec | None = None) -> None:
        super().begin_at(cursor, before)
        match cursor:
            case (int(tab), *_) if tab > 0:
                self._tab = tab

    def show(self, facts: Sequence[Line], tabs: Sequence[Tab]) -> None:
        """What was read; the tab and its place stay."""
        self._tabs = tabs
        self._tab = min(self._tab, len(tabs) - 1)
        self.show_facts(facts)
        self.query_one("#text", TextView).show(tabs[self._tab].lines, keep_place=True)
        self.update_frame()

    def show_facts(self, facts: Sequence[Line]) -> None:
        """All of them, however they have to be wrapped: what is to be done often stands last."""
        view = self.query_one("#facts", TextView)
        room = max(self.size.width - FACTS_MARGIN, 1)
        needed = sum(len(wrapped(line, room)) for line in facts)
        view.styles.height = max(min(needed, MOST_FACT_LINES), self.fact_lines)
        view.show(facts, keep_place=True)

    def on_mount(self) -> None:
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#text", TextView))

    def do_detail_next(self) -> None:
        self._turn(1)

    def do_detail_previous(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        if self._tabs:
            self._tab = (self._tab + by) % len(self._tabs)
            self.query_one("#text", TextView).show(self._tabs[self._tab].lines)
            self.update_frame()

    def _titles(self, cells: int) -> Line:
        line: list[Cell] = [Cell(" ")]
        for at, tab in enumerate(self._tabs):
            chosen = at == self._tab
            line += [
                Cell(f"[{tab.title}]" if chosen else f" {tab.title} ", Tone.STRONG if chosen else Tone.MUTED),
                Cell(" "),
            ]
        used = sum(width(cell.text) for cell in line)
        return (*line, Cell(fit("", cells - used)))
