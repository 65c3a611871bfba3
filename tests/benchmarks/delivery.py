"""Deliveries a second to a receiver that answers at once, every attempt recorded; beside a loop that records nothing.

    python -m tests.benchmarks.delivery [EVENTS]

Both run in turn in one process against the same receiver, which runs in a process of its own, with 16 in flight, and
send the same notifications.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cwconsole.callback.sender import CallbackSender
from cwconsole.core.attempts import EventFacts, Parcel
from cwconsole.core.config import CallbackConfig
from cwconsole.core.event_id import public_id
from cwconsole.core.records import EventType
from cwconsole.core.secret import Secret
from cwconsole.engine.crawl import Why
from cwconsole.http.pool import open_pool
from tests.benchmarks.support import SERVE_RECEIVER, SERVE_SIMULATOR, body, cpu_seconds, create, engine_on, served

KEY = "a-signature-key"


async def bare(url: str, facts: list[EventFacts]) -> float:
    """The same sender in a bare loop of 16 tasks. Returns deliveries a second."""
    async with open_pool() as pool:
        config = CallbackConfig(url=url, signature_key=Secret(KEY))
        sender = CallbackSender(config, pool.client(), lambda: time.time_ns() // 1_000_000)
        waiting = iter(facts)

        async def work() -> None:
            for one in waiting:
                outcome = await sender.send(Parcel(delivery_id=one.number, attempt=1, facts=one))
                assert outcome.delivered, outcome

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(16):
                group.create_task(work())
        return len(facts) / (time.perf_counter() - began)


def recorded(path: Path) -> list[EventFacts]:
    """What the notifications of the recorded events say."""
    rows = _execute(path, "SELECT id, type, object_id, record, record_date, seen_ms FROM events")
    return [
        EventFacts(
            event_id=public_id("bare", number),
            number=number,
            type=EventType(kind),
            object_type="contacts",
            object_id=object_id,
            record=record,
            record_date=date * 1000,
            poll_date=seen_ms,
            instance_id=1,
            instance_name="first",
            instance_tags=(),
            element_key="connectwisecrmrest",
        )
        for number, kind, object_id, record, date, seen_ms in rows
    ]


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cw.db"
        async with (
            served(SERVE_SIMULATOR, counts={"/company/contacts": count}) as simulator,
            served(SERVE_RECEIVER, key=KEY, keep="counts") as receiver,
        ):
            more = {"cwconsole__start": "everything", "event__notification__signature__key": KEY}
            create(path, body("first", simulator["base_url"], callback=receiver["url"] + "/hook", **more))
            _execute(path, "UPDATE instances SET held_ms = 1")
            async with engine_on(path, scheduled=False) as engine:
                await engine.poll_all(Why(trigger="once"))
            _execute(path, "UPDATE instances SET held_ms = NULL")
            _execute(path, "UPDATE deliveries SET held = 0")
            facts, url = recorded(path), receiver["url"] + "/hook"

            first = await bare(url, facts)
            cpu, began = cpu_seconds(), time.perf_counter()
            async with engine_on(path, scheduled=False) as engine:
                await engine.drained()
            ours, used = count / (time.perf_counter() - began), cpu_seconds() - cpu
            second = await bare(url, facts)
        states = _execute(path, "SELECT state, count(*) FROM deliveries GROUP BY state")
        attempts = _execute(path, "SELECT count(*) FROM attempts")[0][0]
    assert states == [("delivered", count)], states
    assert attempts == count
    loop = (first + second) / 2
    print(f"{count} deliveries: {ours:,.0f}/s with every attempt recorded ({1e6 * used / count:.0f} us of CPU each)")
    print(f"bare loop: {first:,.0f}/s before, {second:,.0f}/s after; ratio {ours / loop:.2f}")


def _execute(path: Path, sql: str) -> list[tuple[Any, ...]]:
    conn = sqlite3.connect(path)
    try:
        with conn:
            return conn.execute(sql).fetchall()
    finally:
        conn.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
