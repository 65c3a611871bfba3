"""When a view reads again: one reading at a time, bounded rests, what was shown stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest
from textual.app import App

from cwconsole.core.errors import UsageError
from cwconsole.tui import refresh
from cwconsole.tui.freshness import Phase
from cwconsole.tui.refresh import Refresher, retry_seconds
from tests.fair_clock import fair_clock


async def until(holds: Callable[[], bool]) -> None:
    deadline = fair_clock() + 15
    while not holds():
        assert fair_clock() < deadline
        await asyncio.sleep(0.005)


async def test_who_asks_during_a_reading_is_answered_by_one_more_afterwards() -> None:
    gate, began, at_once = asyncio.Event(), 0, 0

    async def load() -> None:
        nonlocal began, at_once
        began += 1
        at_once += 1
        assert at_once == 1
        await gate.wait()
        at_once -= 1

    app: App[None] = App()
    async with app.run_test():
        refresher = Refresher(app, load, what="Reading", now_ms=lambda: 7)
        refresher.ask("first")
        await until(lambda: began == 1)
        for _ in range(5):
            refresher.ask("again")
        gate.set()
        await until(lambda: began == 2 and not refresher.wanted)
        await until(lambda: not refresher._running)
        assert began == 2


async def test_a_failure_leaves_what_was_read_with_its_age() -> None:
    fails = True

    async def load() -> None:
        if fails:
            raise UsageError("The file is not there.")

    app: App[None] = App()
    async with app.run_test():
        now = 7
        refresher = Refresher(app, load, what="Reading", now_ms=lambda: now)
        refresher.ask("first")
        await until(lambda: refresher.freshness.phase is Phase.UNAVAILABLE)
        fails = False
        refresher.ask("second")
        await until(lambda: refresher.freshness.phase is Phase.CURRENT)
        fails, now = True, 9
        refresher.ask("third")
        await until(lambda: refresher.freshness.phase is Phase.STALE)
        assert (refresher.freshness.since_ms, refresher.freshness.error) == (7, "The file is not there.")


@pytest.mark.parametrize("frozen", [False, True])
async def test_after_a_failure_it_tries_again_by_itself_until_it_can_read(
    monkeypatch: pytest.MonkeyPatch, logged: list[MutableMapping[str, Any]], frozen: bool
) -> None:
    monkeypatch.setattr(refresh, "RETRY_SECONDS", 0.01)
    looks: list[Phase] = []
    read = 0

    async def load() -> None:
        nonlocal read
        read += 1
        if 1 < read < 5:
            raise UsageError("The file is not there.")

    app: App[None] = App()
    async with app.run_test():
        refresher = Refresher(
            app,
            load,
            what="Reading",
            now_ms=lambda: 7,
            frozen=lambda: frozen,
            changed=lambda: looks.append(refresher.freshness.phase),
        )
        refresher.ask("first")
        await until(lambda: looks == [Phase.CURRENT])
        refresher.ask("second")
        await until(lambda: looks == [Phase.CURRENT, Phase.STALE, Phase.CURRENT])
        assert read == 5
    assert [entry["event"] for entry in logged if entry["log_level"] in {"warning", "info"}] == [
        "view cannot be read",
        "view can be read again",
    ], "once when it breaks, once when it recovers"


def test_it_tries_again_ever_more_slowly() -> None:
    assert [retry_seconds(failures) for failures in (1, 2, 3, 6, 1000)] == [1, 2, 4, 30, 30]


async def test_a_failure_of_its_own_is_told_once_and_tried_again_all_the_same(
    monkeypatch: pytest.MonkeyPatch, logged: list[MutableMapping[str, Any]]
) -> None:
    monkeypatch.setattr(refresh, "RETRY_SECONDS", 0.01)
    read = 0

    async def load() -> None:
        nonlocal read
        read += 1
        if read < 4:
            raise ValueError("unforeseen")

    app: App[None] = App()
    async with app.run_test():
        refresher = Refresher(app, load, what="Reading", now_ms=lambda: 7)
        refresher.ask("first")
        await until(lambda: refresher.freshness.phase is Phase.CURRENT)
    told = [entry for entry in logged if entry["event"] == "console worker failed"]
    assert len(told) == 1
    logged.remove(told[0])


async def test_a_view_that_was_left_after_a_failure_costs_nothing_until_it_is_in_front_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refresh, "RETRY_SECONDS", 0.01)
    read, in_front = 0, True

    async def load() -> None:
        nonlocal read, in_front
        read += 1
        if read == 1:
            in_front = False
            raise UsageError("The file is not there.")

    app: App[None] = App()
    async with app.run_test():
        refresher = Refresher(app, load, what="Reading", now_ms=lambda: 7, active=lambda: in_front)
        refresher.ask("first")
        await until(lambda: read == 1 and refresher.wanted)  # its turn to try again has come, and it has not
        assert (read, refresher.freshness.phase) == (1, Phase.UNAVAILABLE)
        in_front = True
        refresher.wake()
        await until(lambda: refresher.freshness.phase is Phase.CURRENT)


async def test_a_view_that_is_not_in_front_remembers_that_it_was_asked() -> None:
    read = 0
    in_front = False

    async def load() -> None:
        nonlocal read
        read += 1

    app: App[None] = App()
    async with app.run_test():
        refresher = Refresher(app, load, what="Reading", now_ms=lambda: 7, active=lambda: in_front)
        refresher.ask("first")
        assert (read, refresher.wanted) == (0, True)
        in_front = True
        refresher.wake()
        await until(lambda: read == 1)


async def test_an_operator_waits_for_no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PERIOD_SECONDS", "MOST_REST_SECONDS"):
        monkeypatch.setattr(refresh, name, 3600.0)
    read = 0

    async def load() -> None:
        nonlocal read
        read += 1

    app: App[None] = App()
    async with app.run_test():
        refresher = Refresher(app, load, what="Reading", now_ms=lambda: 7)
        refresher.ask("first")
        await until(lambda: read == 1)
        refresher.follow()
        await asyncio.sleep(0.05)
        assert read == 1, "what others write waits"
        refresher.ask("other view")
        await until(lambda: read == 2)


async def test_under_steady_writing_it_reads_a_few_times_and_every_change_is_read_within_a_second() -> None:
    """A value changes all the time, as the file does under load; none is older than a second when it is read."""
    unread: list[float] = []
    oldest: list[float] = []

    async def load() -> None:
        first = unread[0]
        unread.clear()
        oldest.append(await asyncio.to_thread(fair_clock) - first)
        await asyncio.sleep(0.02)  # as long as a large fleet takes

    app: App[None] = App()
    async with app.run_test():
        refresher = Refresher(app, load, what="Reading", now_ms=lambda: 7)
        clock = asyncio.get_running_loop().time
        began = clock()
        while clock() - began < 3:
            unread.append(fair_clock())
            refresher.follow()
            await asyncio.sleep(0.05)
    assert max(oldest) < 1
    assert len(oldest) <= 6
