"""First full read with events: records a second durably recorded with events and deliveries, and peak memory.

    python -m tests.benchmarks.first_read [RECORDS]

The simulator runs in a process of its own; the engine reads everything (`cwconsole.start` = everything), the request
limit is lifted, and deliveries are paused, as an operator would pause them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from cwconsole.engine.crawl import Why
from tests.benchmarks.support import SERVE_SIMULATOR, body, cpu_seconds, create, engine_on, peak_mb, served


async def main(records: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cw.db"
        async with served(SERVE_SIMULATOR, counts={"/company/contacts": records}) as simulator:
            create(
                path,
                body("first", simulator["base_url"], callback="http://127.0.0.1:9/", cwconsole__start="everything"),
            )
            with sqlite3.connect(path) as conn:
                conn.execute("UPDATE instances SET held_ms = 1")
            conn.close()
            async with engine_on(path, scheduled=False) as engine:
                cpu, began = cpu_seconds(), time.perf_counter()
                reports = await engine.poll_all(Why(trigger="once"))
                took, used = time.perf_counter() - began, cpu_seconds() - cpu
        with sqlite3.connect(path) as conn:
            counts = [conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("events", "deliveries")]
        conn.close()
        size = path.stat().st_size / 1e6
    assert reports[0].fault is None, reports[0].fault
    assert counts == [records, records], counts
    print(f"{records} records in {took:.2f} s: {records / took:,.0f}/s, {used:.2f} s of CPU, peak {peak_mb():.0f} MB")
    print(f"database {size:.0f} MB, {1e6 * size / records:.0f} bytes a record")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
