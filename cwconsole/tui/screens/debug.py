"""What this console runs on: versions, settings and their origins, files, terminal. `y` copies it, without secrets."""

from __future__ import annotations

import asyncio
import locale
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import version

from textual.widget import Widget

from cwconsole.store import file_facts
from cwconsole.tui.action import Scope
from cwconsole.tui.clipboard import copy
from cwconsole.tui.render.debug_lines import Screen, debug_lines
from cwconsole.tui.screens.frame import ConsoleScreen
from cwconsole.tui.widgets.text_view import TextView


class DebugScreen(ConsoleScreen):
    """`debug`."""

    SCOPES = (Scope.DEBUG, Scope.TEXT)

    def body(self) -> Iterable[Widget]:
        yield TextView(id="text")

    def on_mount(self) -> None:
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#text", TextView))

    def on_resize(self) -> None:
        if self.ready:
            self.refresher.ask("another size")

    async def load(self) -> None:
        file = await self.console.store.read(file_facts.facts)
        versions = await asyncio.to_thread(_versions)
        console = self.console
        screen = Screen(versions=versions, terminal=self._terminal(), warnings=console.warnings)
        lines = debug_lines(console.surroundings, screen, file, str(console.store.path))
        self.query_one("#text", TextView).show(lines, keep_place=True)

    def _terminal(self) -> list[tuple[str, str]]:
        app, terminal = self.console, self.console.terminal
        return [
            ("size", f"{app.size.width} x {app.size.height}"),
            ("colours", f"{terminal.colours.value}, sent as {app.console.color_system or 'none'}"),
            ("glyphs", "Unicode" if terminal.unicode else "ASCII"),
            ("over SSH", "yes" if terminal.remote else "no"),
            ("theme", app.theme),
            ("animation", app.animation_level),
            ("locale", f"{locale.setlocale(locale.LC_CTYPE)}, {sys.getfilesystemencoding()}"),
        ]

    def do_debug_copy(self) -> None:
        text = "cwconsole support bundle\n\n" + self.query_one("#text", TextView).text.rstrip() + "\n"
        self.carry_out(copy(self.app, text, what="What this console runs on", ending="txt"), what="Copying")


def _versions() -> list[tuple[str, str]]:
    named = [("cwconsole", "cwconsole"), ("Textual", "textual"), ("httpx", "httpx")]
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return [*((title, version(name)) for title, name in named), ("Python", python)]
