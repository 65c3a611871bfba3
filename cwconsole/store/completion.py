"""Waiting for work on another thread that must run to its end."""

from __future__ import annotations

import asyncio
from typing import TypeVar

T = TypeVar("T")


async def completed(future: asyncio.Future[T]) -> T:
    """The future's result. A cancellation is held back until the future is done, and then raised instead.

    So whoever is cancelled while it writes knows, when it goes on, that the write is over.
    """
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait((future,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from future.exception()
    return future.result()
