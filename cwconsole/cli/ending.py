"""Between the decision to end and the end: what the engine still finishes is said, and Ctrl-C cuts it off."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from cwconsole.cli import output
from cwconsole.core.counted import counted
from cwconsole.core.later import Later

if TYPE_CHECKING:
    from cwconsole.engine import supervisor
    from cwconsole.engine.supervisor import Engine
else:
    supervisor = Later("cwconsole.engine.supervisor")

SAY_SECONDS: Final = 1.0


class Ending:
    """Of one process. engine: the one that runs in it, if any does."""

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self._said = False

    async def say(self) -> None:
        """Say what is waited for, unless that is over within a moment: whoever ends the wait cancels this."""
        await asyncio.sleep(SAY_SECONDS)
        if self.engine is not None:
            with suppress(OSError):  # the terminal may have gone: that must not cut anything off
                output.say(_sentence(self.engine.dispatcher.sending))
            self._said = True

    def signalled(self, number: int) -> None:
        """A signal that comes while it ends. Only Ctrl-C cuts off, and only once it has been said that it would."""
        if number == signal.SIGINT and self._said and self.engine is not None:
            self.engine.cut_off()


def _sentence(sending: int) -> str:
    what = counted(sending, "delivery that is", "deliveries that are") + " being sent" if sending else "what has begun"
    cut = "is sent again" if sending else "is gone on with"
    limit = f"{supervisor.STOP_SECONDS:g}"
    return f"Waiting for {what}, for at most {limit} seconds. Ctrl-C cuts it off: it {cut} by the next engine."
