"""A list to tick: `[x] contacts`. Drawn line by line, in signs that every terminal has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cwconsole.tui.instance_fields import Offer
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.plain import fit, plain, shorten, width
from cwconsole.tui.widgets.toned import Toned

NAME_CELLS = 18


class TickList(Toned, ScrollView, can_focus=True):
    """Space or Enter ticks what the cursor is on. notes: what is said of a name at the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "move(10)", "Page down", show=False),
        Binding("pageup", "move(-10)", "Page up", show=False),
        Binding("home", "move(-1000)", "First", show=False),
        Binding("end", "move(1000)", "Last", show=False),
        Binding("space,enter", "tick", "Tick", show=False),
    ]
    DEFAULT_CSS = """
    TickList { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    class Pointed(Message):
        """The cursor has come to a name. refused: what was found wrong with it; beside it there is seldom room."""

        def __init__(self, offer: Offer, refused: str) -> None:
            super().__init__()
            self.offer, self.refused = offer, refused

    def __init__(self, offers: Sequence[Offer], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._offers = tuple(offers)
        self._chosen = {offer.name for offer in offers if offer.ticked}
        self._notes: dict[str, tuple[str, Tone]] = {}
        self.cursor = 0

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ticked names, in the order of the list."""
        return tuple(offer.name for offer in self._offers if offer.name in self._chosen)

    def say(self, notes: Mapping[str, tuple[str, Tone]]) -> None:
        """Say something of some names."""
        self._notes = dict(notes)
        self.refresh()

    def on_mount(self) -> None:
        self._resize()

    def on_resize(self) -> None:
        self._resize()

    def _resize(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._offers))

    def on_focus(self) -> None:
        self._refresh_line(self.cursor)
        self._point()

    def on_blur(self) -> None:
        self._refresh_line(self.cursor)

    def action_move(self, by: int) -> None:
        before = self.cursor
        self.cursor = max(min(before + by, len(self._offers) - 1), 0)
        self._refresh_line(before)
        self._refresh_line(self.cursor)
        top, page = self.scroll_offset.y, max(self.scrollable_content_region.height, 1)
        if not top <= self.cursor < top + page:
            self.scroll_to(
                y=self.cursor if self.cursor < top else self.cursor - page + 1, animate=False, force=True
            )  # fmt: skip

        self._point()

    def _point(self) -> None:
        if self._offers:
            offer = self._offers[self.cursor]
            found, tone = self._notes.get(offer.name, ("", Tone.MUTED))
            self.post_message(self.Pointed(offer, found if tone is Tone.BAD else ""))

    def action_tick(self) -> None:
        if self._offers:
            self._chosen ^= {self._offers[self.cursor].name}
            self._refresh_line(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """A click ticks."""
        place = event.get_content_offset(self)
        at = -1 if place is None else place.y + self.scroll_offset.y
        if 0 <= at < len(self._offers):
            self.action_move(at - self.cursor)
            self.action_tick()

    def _refresh_line(self, at: int) -> None:
        self.refresh(Region(0, at - self.scroll_offset.y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        at, cells = y + self.scroll_offset.y, self.scrollable_content_region.width
        if at >= len(self._offers):
            return self.strip((), self.rich_style, cells)
        has_cursor = at == self.cursor and self.has_focus
        style = self.rich_style + self.component("table--cursor") if has_cursor else self.rich_style
        return self.strip(self._line(self._offers[at], cells), style, cells, tones=not has_cursor)

    def _line(self, offer: Offer, cells: int) -> Line:
        ticked = offer.name in self._chosen
        room = max(cells - len("[x] ") - NAME_CELLS - 1, 0)
        found, tone = self._notes.get(offer.name, ("", Tone.MUTED))
        said = shorten(plain(found), room, cut="~")  # what was found out is whole, if anything is
        title = shorten(" - ".join(filter(None, (plain(offer.title), plain(offer.note)))),
                        max(room - width(said) - 2, 0) if said else room, cut="~")  # fmt: skip
        return (
            Cell("[x] " if ticked else "[ ] ", Tone.GOOD if ticked else Tone.MUTED),
            Cell(fit(plain(offer.name), NAME_CELLS, cut="~"), Tone.STRONG if ticked else Tone.PLAIN),
            Cell(f" {title}", Tone.MUTED),
            *((Cell("  " if title else ""), Cell(said, tone)) if said else ()),
        )
