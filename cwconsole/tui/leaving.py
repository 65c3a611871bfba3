"""Leaving the console, for good or for a while: what stops with it is said before."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec.structs import replace
from textual.app import App

from cwconsole.tui.asking import ask
from cwconsole.tui.engine_state import EngineWhere
from cwconsole.tui.widgets.confirm import Question

if TYPE_CHECKING:
    from textual.driver import Driver

    from cwconsole.tui.app import ConsoleApp

ENGINE_STOPS = Question(
    title="Leave, and stop the engine?",
    lines=(
        "The engine runs in this console. It finishes what it is sending, for at most 10 seconds.",
        "Another console that is open on this database, and not read-only, takes over within seconds.",
        "If there is none, nothing is polled or delivered until a console or `cwconsole run` is started.",
        "Nothing is lost: the next engine goes on where this one stopped.",
    ),
    yes="leave",
    no="stay",
)
EXPORT_STOPS = Question(
    title="Leave, and stop the export?",
    lines=("The file that is being written is dropped; nothing is left of it.",),
    yes="leave",
    no="stay",
)


class Leaving(App[None], inherit_bindings=False):
    """A base of `ConsoleApp`. leaving: what is asked where the engine stops; whoever goes on after it says so."""

    leaving = ENGINE_STOPS

    def ask_to_quit(self) -> None:
        """Leave, after saying what stops with this console."""
        app = cast("ConsoleApp", self)
        hosts, saves = app.engine.where is EngineWhere.HERE, app.running_export is not None
        if not (hosts or saves):
            self.exit()
            return
        question = self.leaving if hosts else EXPORT_STOPS
        if hosts and saves:
            question = replace(question, lines=(*question.lines, *EXPORT_STOPS.lines))
        ask(self.screen, question, lambda _: self.exit())

    def ask_to_suspend(self) -> None:
        """Stand still in the shell's background, unless the engine would stand still as well."""
        if cast("ConsoleApp", self).engine.where in {EngineWhere.HERE, EngineWhere.STARTING}:
            self.notify("The engine runs in this console, and would stand still with it; q leaves.", severity="warning")
        else:
            self.action_suspend_process()

    def get_driver_class(self) -> type[Driver]:
        """Textual's for this system; on Unix it gives the terminal back as it was, whatever signals came."""
        if (found := super().get_driver_class()).__name__ != "LinuxDriver":
            return found
        from cwconsole.tui.terminal_driver import TerminalDriver  # noqa: PLC0415 - Windows cannot import it

        return TerminalDriver

    async def action_quit(self) -> None:
        """Textual's own way out leads through the question too."""
        self.ask_to_quit()
