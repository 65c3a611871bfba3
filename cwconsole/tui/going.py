"""Going places: areas, views that are named, views on top of this one, and where Escape came from."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, cast

from textual.app import App

from cwconsole.tui import routes
from cwconsole.tui.line_completion import judge, remark
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.trail import Trail, Where, where
from cwconsole.tui.viewspec import ViewSpec, spec

if TYPE_CHECKING:
    from cwconsole.tui.app import ConsoleApp


class Going(App[None], inherit_bindings=False):
    """A base of `ConsoleApp`."""

    def __init__(self, *, ansi_color: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.trail = Trail()

    def console_screens(self) -> list[ConsoleScreen]:
        """The screens of the area in front, the first one first; no dialogs."""
        return [screen for screen in self.screen_stack if isinstance(screen, ConsoleScreen)]

    @property
    def here(self) -> Where:
        """Where the operator is."""
        return where(self.console_screens())

    async def go_to_mode(self, name: str) -> None:
        """A top-level area, as it was left; asked for once more, from its beginning: its list, and all of it.

        Escape leads back to the filter that was there.
        """
        if name == self.current_mode:
            self._pop_to_the_first()
            self.console_screens()[0].set_spec(spec(name))
        else:
            await self.switch_mode(name)
            cast("ConsoleApp", self).show_fleet()

    def _pop_to_the_first(self) -> None:
        """Not awaited: it may be the screen in front that asks, which could not end while it waits for its own end."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    async def go(self, wanted: ViewSpec) -> None:
        """A view that was named: a step from here, which Escape takes back. An area by its bare name is no step."""
        app = cast("ConsoleApp", self)
        judge(wanted, app.known, now_ms=app.now_ms())
        if (said := remark(wanted, app.known)) is not None:
            self.notify(said)
        front = self.screen
        if wanted.line == wanted.kind.mode:
            await self.go_to_mode(wanted.kind.mode)
            self._pop_to_the_first()
            front = self.screen
        if isinstance(front, ConsoleScreen) and front.spec.view == wanted.view and not wanted.kind.required:
            front.set_spec(wanted)
        else:
            await self.drill(wanted)

    async def drill(self, wanted: ViewSpec, cursor: Hashable = None) -> None:
        """A view on top of this one; Escape leads back here. cursor: the key of the row to begin on."""
        screen = routes.screen_for(wanted)
        screen.begin_at(cursor)
        await self.push_screen(screen)
