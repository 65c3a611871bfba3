"""Running the asynchronous part of a command: signals end it in order, and one error comes out of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from cwconsole.cli.door import Ended
from cwconsole.core.errors import CwconsoleError

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end. Raises Ended when a signal came first, after everything was closed in order."""
    try:
        return asyncio.run(_ended_by_signals(main))
    except BaseExceptionGroup as group:
        raise first_error(group) from group


async def _ended_by_signals(main: Coroutine[Any, Any, T]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    caught: list[int] = []

    def end(number: int) -> None:
        caught.append(number)
        task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, end, number)
    try:
        return await main
    except asyncio.CancelledError:
        if caught:
            raise Ended(caught[0]) from None
        raise
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


def first_error(error: BaseException) -> BaseException:
    """What went wrong, out of its task groups: one of ours if there is any, since it says what to do."""
    leaves: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        else:
            leaves.append(one)
    return next((leaf for leaf in leaves if isinstance(leaf, CwconsoleError)), leaves[0])
