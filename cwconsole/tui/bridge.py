"""From the store to the screen: the one place where a change of the file becomes a message.

The file says that somebody has committed something, not what; whoever hears of it reads again what is in view. At most
four messages a second are sent, however much is written, and none when nothing is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from textual.message import Message

from cwconsole.store.database import Store

LOOK_SECONDS: Final = 0.25


class StoreChanged(Message, bubble=False):
    """Somebody, this process included, has written to the database."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, StoreChanged)


async def follow(store: Store, tell: Callable[[], object]) -> None:
    """Call `tell` after each change, at most once in `LOOK_SECONDS`; runs until it is cancelled.

    Also once at the start, for what was written between the first reading of a view and the first look here.
    """
    seen = -1
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        version = await store.data_version()
        if version != seen:
            seen = version
            tell()
