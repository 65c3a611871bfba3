"""From the store to the screen: the one place where a change of the file becomes a message.

The file says that somebody has committed something, not what; whoever hears of it reads again what is in view. What
comes after a rest is told of at once; while much is written, every 0.9 s: often enough for all consoles to show the
same within a second, and seldom enough to read them. That is longer than what views rest (`refresh.PERIOD_SECONDS`), so
that all of them read as soon as they are told, one after the other, and the processor wakes once for them. When nothing
is written, nothing is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from textual.message import Message

from cwconsole.core.errors import CwconsoleError
from cwconsole.log import log
from cwconsole.store.database import Store

LOOK_SECONDS: Final = 0.25
PAUSE_SECONDS: Final = 0.9  # after something was told
UNREADABLE: Final = -1  # no version that SQLite counts


class StoreChanged(Message, bubble=False):
    """Somebody, this process included, has written to the database."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, StoreChanged)


async def follow(store: Store, tell: Callable[[], object]) -> None:
    """Call `tell` after each change, at most once in `PAUSE_SECONDS`; runs until it is cancelled.

    Also once at the start, for what was written between the first reading of a view and the first look here; and once
    when the file cannot be looked at any more, so that whoever is told finds that out, and once when it can again.
    """
    seen: int | None = None
    pause = LOOK_SECONDS
    while True:
        await asyncio.sleep(pause)
        try:
            version = await store.data_version()
        except CwconsoleError as error:
            if seen != UNREADABLE:
                log.warning("changes of the database cannot be seen", why=error.message)
            version = UNREADABLE
        pause = LOOK_SECONDS
        if version != seen:
            seen, pause = version, PAUSE_SECONDS
            tell()
