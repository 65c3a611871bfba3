"""Deliveries by the thousand leave the engine's process; nothing is lost or overtaken when the other one is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from cwconsole.callback import senders
from cwconsole.callback.sending_process import SendingProcess
from cwconsole.simulator.faults import Fault, FaultKind
from cwconsole.simulator.receiver import Delivery
from tests.engine.stage import WELL, Stage, stage

OBJECTS, TIMES = 500, 3
ALL = OBJECTS * TIMES
KILLS = 3


class Arrivals:
    """What came in, by object. Asked for by the receiver."""

    def __init__(self) -> None:
        self.events: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        self.count = 0

    def note(self, delivery: Delivery) -> None:
        self.count += 1
        self.events[delivery.object_id].append((delivery.message_id, int(delivery.attempt)))


async def until_away(it: Stage) -> SendingProcess:
    """Wait for the next process that has made an attempt."""
    async with asyncio.timeout(30):
        while (process := it.senders._process) is None or not process.proven:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    return process


async def test_deliveries_survive_the_process_that_sends_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "BUSY", 20)
    arrivals = Arrivals()
    async with stage(tmp_path, on_delivery=arrivals.note) as it:
        it.receiver.faults.add(Fault(kind=FaultKind.SLOW, seconds=0.05))  # so that a kill meets requests on their way
        await it.give(WELL, OBJECTS, times=TIMES)
        for _ in range(KILLS):
            process = (await until_away(it))._process
            assert process is not None
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
        await it.until_delivered(ALL)
        attempts = await it.store.read(
            lambda conn: conn.execute(
                "SELECT coalesce(error_code, 'none'), count(*) FROM attempts GROUP BY 1 ORDER BY 1"
            ).fetchall()
        )
        breakers = await it.store.read(
            lambda conn: conn.execute("SELECT breaker_until_ms, held_ms FROM callbacks").fetchall()
        )
    by_code = {row[0]: row[1] for row in attempts}
    assert by_code.keys() == {"none", "interrupted"}
    assert by_code["none"] == ALL
    assert [tuple(row) for row in breakers] == [(None, None)], "our own end is no verdict on the receiver"
    assert arrivals.count - ALL <= by_code["interrupted"], "nothing comes twice but what was being sent"
    for events in arrivals.events.values():
        assert len({message for message, _ in events}) == TIMES
        for (before, _), (message, attempt) in pairwise(events):
            assert message > before or (message == before and attempt > 1), "in order, and what comes twice says so"
