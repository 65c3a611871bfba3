"""A thousand instances of five resources, each polled once a minute with few changes: CPU, memory, lateness, growth.

    python -m tests.benchmarks.steady [SECONDS] [INSTANCES]

The simulator runs in a process of its own and answers for a thousand companies; the engine runs in this process. The
measurement begins after every baseline is read. A poll is late by the time between its place on the resource's grid and
its start; the file's growth is what was added while measuring, times the seconds of a day.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.support import (
    SERVE_RECEIVER,
    SERVE_SIMULATOR,
    body,
    cpu_seconds,
    create,
    engine_on,
    peak_mb,
    served,
)

RESOURCES = ["contacts", "companies", "tickets", "activities", "opportunities"]
CHANGES_PER_SECOND = 5.0


async def main(seconds: float, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cw.db"
        settings = {"any_company": True, "records": 20, "rate": CHANGES_PER_SECOND}
        async with served(SERVE_SIMULATOR, **settings) as simulator, served(SERVE_RECEIVER, keep="counts") as receiver:
            names = [f"company{number}" for number in range(count)]
            create(
                path,
                *(
                    body(
                        name,
                        simulator["base_url"],
                        company=name,
                        callback=receiver["url"] + "/hook",
                        resources=RESOURCES,
                    )
                    for name in names
                ),
            )
            async with engine_on(path):
                while _one(path, "SELECT count(*) FROM resources WHERE baseline_done = 0 AND active = 1"):  # noqa: ASYNC110
                    await asyncio.sleep(1)
                await asyncio.sleep(60)  # the first round after the baselines
                size, cpu, began = _bytes(path), cpu_seconds(), time.time()
                await asyncio.sleep(seconds)
                took, used, grown = time.time() - began, cpu_seconds() - cpu, _bytes(path) - size
            _report(path, began, took, used, grown)


def _report(path: Path, began: float, took: float, used: float, grown: int) -> None:
    polls = _all(
        path,
        """
        SELECT p.started_ms, r.next_poll_ms FROM polls p JOIN resources r ON r.id = p.resource_id
        WHERE p.started_ms >= ? AND p.kind = 'window'
        """,
        int(began * 1000),
    )
    late = sorted((started - due) % 60_000 / 1000 for started, due in polls)
    failed = _one(path, "SELECT count(*) FROM polls WHERE outcome NOT IN ('ok', 'stopped')")
    events = _one(path, f"SELECT count(*) FROM events WHERE seen_ms >= {int(began * 1000)}")
    print(f"{len(polls)} polls in {took:.0f} s ({len(polls) / took:.1f}/s), {events} events, {failed} failed")
    print(f"CPU {100 * used / took:.0f} % of one core, peak memory {peak_mb():.0f} MB")
    median, most_of_them, most = late[len(late) // 2], late[int(len(late) * 0.95)], late[-1]
    print(f"late by {median:.2f} s (median), {most_of_them:.2f} s (p95), {most:.2f} s (most)")
    print(f"the file grows by {grown / took * 86_400 / 1e6:,.0f} MB a day before thinning")


def _bytes(path: Path) -> int:
    return int(
        _one(path, "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)")
    )


def _one(path: Path, sql: str) -> Any:
    return _all(path, sql)[0][0]


def _all(path: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    conn = sqlite3.connect(path)
    try:
        return conn.execute(sql, parameters).fetchall()
    finally:
        conn.close()


if __name__ == "__main__":
    arguments = [*sys.argv[1:], "180", "1000"][:2] if len(sys.argv) > 1 else ["180", "1000"]
    asyncio.run(main(float(arguments[0]), int(arguments[1]) if len(sys.argv) > 2 else 1000))
