"""How the console takes the terminal, and gives it back, when signals come at any moment.

Textual takes a SIGCONT for the end of a stay in the shell (^z), and takes the terminal as it then finds it for what to
leave behind. But `timeout` and systemd send one to whatever they end, and so does whoever let a process stand still by
SIGSTOP: the terminal was the console's own then, and would be left so, without a cursor or an echo.
"""

from __future__ import annotations

import asyncio
from typing import Any

from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Gives the terminal back as it was before the console, whatever continues it."""

    _taken = False

    def start_application_mode(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._taken = True
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        self._taken = False
        super().stop_application_mode()

    def _sigcont_application(self, *_: Any) -> None:
        if self._must_signal_resume:  # after a stay in the shell
            super()._sigcont_application()
        elif self._taken:  # on the loop: here it might hold a lock of its own writer
            self._loop.call_soon_threadsafe(self._take_again)

    def _take_again(self) -> None:
        """A shell may have changed the terminal meanwhile."""
        if self._taken:
            self.suspend_application_mode()
            self.resume_application_mode()
