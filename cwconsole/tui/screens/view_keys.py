"""Saved views: `:save NAME` names what is shown, `:view NAME` goes there, `:forget NAME`, and `V` to pick one."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cwconsole.core.errors import UsageError
from cwconsole.core.later import Later
from cwconsole.tui.render.plain import plain
from cwconsole.tui.screens.mixed import EveryScreen

if TYPE_CHECKING:
    from cwconsole.tui.screens import palette
    from cwconsole.tui.screens.palette import Entry
else:
    palette = Later("cwconsole.tui.screens.palette")

VIEW_WORDS: Final = MappingProxyType(
    {
        "save": "keep what is shown, with filter and order, as a view",
        "view": "go there; V lists them all",
        "forget": "drop it",
    }
)  # each with a name behind it


class ViewKeys(EveryScreen):
    """Mixed into every screen by way of `Everywhere`."""

    @property
    def view_names(self) -> list[str]:
        """For completion, as they were when they were last looked at."""
        return list(self._screen.console.saved_views.seen)

    def do_views(self) -> None:
        self._screen.prepare(self._pick_view(), what="Reading the saved views")

    async def _pick_view(self) -> None:
        screen = self._screen
        views = await asyncio.to_thread(screen.console.saved_views.all)
        if not views:
            screen.app.notify("No view is saved yet; `:save NAME` saves what is shown here.")
            return
        entries = [
            palette.Entry(name=f"{plain(name)}: {plain(line)}", command=f"view {name}")
            for name, line in sorted(views.items())
        ]
        if screen.in_front:
            screen.app.push_screen(palette.Palette(entries, title="Saved views"), self._view_picked)

    async def _view_picked(self, entry: Entry | None) -> None:
        if entry is not None:
            await self._screen.run_command(entry.command)

    async def run_view_command(self, word: str, name: str) -> None:
        """One of `VIEW_WORDS`. Raises UsageError, and ConfigError for a file of views that cannot be used."""
        screen = self._screen
        if not name:
            raise UsageError(f"Say which view: `:{word} NAME`.")
        views = screen.console.saved_views
        if word == "view":
            await screen.console.go(await asyncio.to_thread(views.named, name))
        elif word == "forget":
            await asyncio.to_thread(views.forget, name)
            screen.app.notify(f"The view {plain(name)} is forgotten.")
        else:
            line = screen.spec.line
            changed = await asyncio.to_thread(views.save, name, line)
            told = "now means" if changed else "is"
            screen.app.notify(f"The view {plain(name)} {told}: {plain(line)}")
