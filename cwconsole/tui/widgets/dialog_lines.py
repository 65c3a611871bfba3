"""A dialog that stays whole on a low screen: what it says scrolls, so that title, fields and keys need not be cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.geometry import Size

from cwconsole.tui.render.cells import Cell, Line
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.wrapped import wrapped
from cwconsole.tui.widgets.modal import Modal, Result
from cwconsole.tui.widgets.text_view import TextView

READ_ON: Final = ("up down", "read on")


class DialogLines(TextView, can_focus=False):
    """Lines, as high as they are wrapped, as far as the dialog has room."""

    DEFAULT_CSS = "DialogLines { height: auto; scrollbar-size-horizontal: 0; }"

    def __init__(self, lines: Iterable[str] = (), *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(_lines(lines), id=id)
        self.is_cut = False  # whether some of it has to be scrolled for

    def say(self, lines: Iterable[str]) -> None:
        """Show these."""
        self.show(_lines(lines))
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        cells = max(width - self.styles.scrollbar_size_vertical, 1)
        return sum(len(wrapped(line, cells)) for line in self._lines)

    def fit(self, room: int) -> None:
        """Take at most so many lines."""
        self.styles.max_height = max(room, 1)
        self.is_cut = len(self._wrapped) > room


class Dialog(Modal[Result]):
    """`#dialog` and, in it, one `DialogLines` that takes the room which everything else leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "read_on(1)", "Down", show=False),
        Binding("up,k", "read_on(-1)", "Up", show=False),
        Binding("pagedown", "read_on(10)", "Page down", show=False),
        Binding("pageup", "read_on(-10)", "Page up", show=False),
    ]

    def show_keys(self) -> None:
        """Say which keys work now; `READ_ON` are among them if the text is cut."""

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """The screen, or what stands around the text, is another height now."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        if not self.display:
            return  # it has been answered meanwhile, and is taken down: its parts may be gone
        dialog, lines = self.query_one("#dialog"), self.query_one(DialogLines)
        others = dialog.virtual_size.height - lines.outer_size.height
        lines.fit(self.size.height - dialog.gutter.height - others)
        self.show_keys()

    def action_read_on(self, by: int) -> None:
        lines = self.query_one(DialogLines)
        lines.scroll_to(y=lines.scroll_offset.y + by, animate=False, force=True)


def _lines(texts: Iterable[str]) -> list[Line]:
    return [(Cell(plain(text)),) for text in texts]
