"""Work beside the messages that ends before it has begun."""

from __future__ import annotations

import inspect
from pathlib import Path

from cwconsole.tui.work import start
from tests.tui.rig import console


async def test_what_is_called_off_before_it_has_begun_is_closed_and_python_complains_of_nothing(path: Path) -> None:
    begun = []

    async def work() -> None:
        begun.append(True)

    async with console(path) as rig:
        never = work()
        start(rig.app, never, what="Working", group="test")
        rig.app.workers.cancel_group(rig.app, "test")
        await rig.until(lambda: inspect.getcoroutinestate(never) == inspect.CORO_CLOSED)
        assert begun == []
