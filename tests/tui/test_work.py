"""Work beside the messages that ends before it has begun."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from cwconsole.tui.work import Work, start
from tests.tui.rig import console


async def awaited(work: Work) -> None:
    await work


@pytest.mark.parametrize("through", [None, awaited])
async def test_what_is_called_off_before_it_has_begun_is_closed_and_python_complains_of_nothing(
    path: Path, through: Callable[[Work], Work] | None
) -> None:
    begun = []

    async def work() -> None:
        begun.append(True)

    async with console(path) as rig:
        never = work()
        start(rig.app, never, what="Working", group="test", through=through)
        rig.app.workers.cancel_group(rig.app, "test")
        await rig.until(lambda: inspect.getcoroutinestate(never) == inspect.CORO_CLOSED)
        assert begun == []
