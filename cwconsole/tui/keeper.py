"""Keeps the session: looks where the operator is whenever a screen's frame changes, and writes that down soon after."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cwconsole.log import log
from cwconsole.tui import session
from cwconsole.tui.actions import MODES
from cwconsole.tui.routes import screen_for
from cwconsole.tui.session import Place, Session
from cwconsole.tui.viewspec import ViewSpec, spec
from cwconsole.tui.work import start

if TYPE_CHECKING:
    from cwconsole.tui.app import ConsoleApp
    from cwconsole.tui.screens.frame import ConsoleScreen

WRITE_SECONDS: Final = 1.0  # after a change, so that a walk through a list is written once


class Keeper:
    """path: where the session is kept; None for nowhere. last: the session before this one."""

    def __init__(self, app: ConsoleApp, path: Path | None, last: Session) -> None:
        self._app, self._path = app, path
        self._last = last
        self._now = self._written = last
        self._waits = False

    @property
    def mode(self) -> str:
        """The area to begin with."""
        return self._last.mode if self._last.mode in {mode.name for mode in MODES} else MODES[0].name

    @property
    def theme(self) -> str:
        """The theme to begin with, or nothing."""
        return self._last.theme

    def base(self, mode: str) -> ConsoleScreen:
        """The first screen of an area, as it was left. Escape leads out of its filter."""
        place = self._last.bases.get(mode)
        wanted = None if place is None else place.spec(now_ms=self._app.now_ms())
        if place is None or wanted is None or wanted.view != mode:
            return screen_for(spec(mode))
        screen = screen_for(wanted)
        screen.begin_at(place.cursor, before=spec(mode))
        return screen

    def above(self) -> list[tuple[ViewSpec, Place]]:
        """What stood on the first screen of the area in front."""
        places = [(place.spec(now_ms=self._app.now_ms()), place) for place in self._last.above]
        return [(wanted, place) for wanted, place in places if wanted is not None]

    def look(self) -> None:
        """Where is the operator now? Write it down in a while, if that is somewhere else."""
        if self._path is None:
            return
        places = [screen.place() for screen in self._app.console_screens()]
        if not places:
            return
        mode = self._app.current_mode
        self._now = Session(
            mode=mode,
            theme=self._last.theme if self._app.terminal.ansi else self._app.theme,
            bases={**self._now.bases, mode: places[0]},
            above=tuple(places[1:]),
        )
        if self._now != self._written and not self._waits:
            self._waits = True
            self._app.set_timer(WRITE_SECONDS, self._write_soon)

    def _write_soon(self) -> None:
        self._waits = False
        start(self._app, self.write(), what="Keeping the session", group="session")

    async def write(self) -> None:
        """Now, if anything has changed. A session that cannot be kept is no reason to bother the operator."""
        if self._path is None or self._now == self._written:
            return
        self._written = self._now
        try:
            await asyncio.to_thread(session.save, self._path, self._now)
        except OSError as error:
            log.warning("the session cannot be kept", file=str(self._path), why=str(error))
