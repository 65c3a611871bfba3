"""What an attached console sends and uses when little happens: bytes of rest, of one changed row, processor time.

    python -m tests.benchmarks.console_idle [--resources 1000] [--seconds 60]

1. Bytes: a console of 120x40 without an engine on 1,000 resources and 100,000 events. 5 s in which nothing is due and
   no minute turns; then one resource in view changes, by another connection (target: 0 bytes; less than 1 KiB).
2. Processor time: an engine in another process polls the resources once a minute (200 companies of a simulator, five
   changes a second over all). A console attached to it is watched for so many seconds on the fleet, and again on
   Events, the engine's process beside it (target: less than 2 % of a core).
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from tests.benchmarks.console_file import RESOURCES, freshen, make
from tests.benchmarks.console_probe import (
    bytes_in,
    cpu_seconds,
    said_load,
    seconds_until,
    settle,
    wait_for_a_quiet_minute,
)
from tests.benchmarks.support import SERVE_SIMULATOR, body, create, served
from tests.tui import terminals
from tests.tui.terminals import Terminal

READ_ONLY = "--read-only"
SERVE_ENGINE = """
import asyncio, sys
from pathlib import Path
from tests.benchmarks.support import engine_on
async def main():
    async with engine_on(Path(sys.argv[1])):
        await asyncio.Event().wait()
asyncio.run(main())
"""


def bytes_of_rest(folder: Path, resources: int) -> None:
    path = folder / "rest.db"
    make(path, 100_000, resources)
    freshen(path)
    with terminals.console(path, "--fresh", READ_ONLY, cols=120, rows=40) as terminal:
        seconds_until(terminal, ["company0000", "contacts"], time.perf_counter())
        bytes_in(terminal, 8)
        for name, key in (("fleet", "1"), ("events", "2")):
            terminal.type(key)
            bytes_in(terminal, 3)
            wait_for_a_quiet_minute(terminal, 5)
            print(f"bytes in 5 s of rest, {name}: {bytes_in(terminal, 5)}")
        terminal.type("1")
        bytes_in(terminal, 2)
        wait_for_a_quiet_minute(terminal, 3)
        name = change_one_row(path)
        print(f"bytes of one changed row ({name}): {bytes_in(terminal, 3)}")


def change_one_row(path: Path) -> str:
    """A poll of the first row ends with one event, as far as the fleet shows it; nothing of what the header says."""
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(
            "UPDATE hours SET updated = updated + 1 WHERE resource_id = 1 AND hour = (SELECT max(hour) FROM hours)"
        )
        conn.execute("UPDATE resources SET last_poll_ms = coalesce(last_poll_ms, 0) + 1 WHERE id = 1")
    return "updated in 24 h"


@asynccontextmanager
async def polled(path: Path, resources: int) -> AsyncIterator[int]:
    """An engine in a process of its own that polls once a minute; its process id. Baselines are read."""
    companies = [f"company{number:04}" for number in range(resources // len(RESOURCES))]
    async with served(SERVE_SIMULATOR, any_company=True, records=20, rate=5.0) as simulator:
        create(path, *(body(one, simulator["base_url"], company=one, resources=RESOURCES) for one in companies))
        engine = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE_ENGINE, str(path))
        try:
            while _baselines_open(path):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.5)
            yield engine.pid
        finally:
            engine.terminate()
            await engine.wait()


def _baselines_open(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("SELECT count(*) FROM resources WHERE baseline_done = 0").fetchone()[0])


def _polls(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("SELECT coalesce(max(id), 0) FROM polls").fetchone()[0])


def watch(terminal: Terminal, path: Path, engine: int, name: str, seconds: float) -> None:
    settle(terminal)
    polls, began = _polls(path), time.perf_counter()
    own, others = cpu_seconds(terminal.pid), cpu_seconds(engine)
    sent = bytes_in(terminal, seconds)
    took = time.perf_counter() - began
    print(
        f"attached console, {name:<6} {100 * (cpu_seconds(terminal.pid) - own) / took:5.1f} % of a core"
        f"  {sent / took / 1024:6.2f} KiB/s   (the engine {100 * (cpu_seconds(engine) - others) / took:.0f} %,"
        f" {(_polls(path) - polls) / took:.1f} polls/s)"
    )


async def main(chosen: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.to_thread(bytes_of_rest, Path(folder), chosen.resources)
        path = Path(folder) / "polled.db"
        async with polled(path, chosen.resources) as engine:
            await asyncio.sleep(30)
            await asyncio.to_thread(_attach, path, engine, chosen.seconds)
    print(said_load())


def _attach(path: Path, engine: int, seconds: float) -> None:
    with terminals.console(path, "--fresh", cols=120, rows=40) as terminal:
        seconds_until(terminal, ["company", "contacts"], time.perf_counter())
        bytes_in(terminal, 8)
        watch(terminal, path, engine, "fleet", seconds)
        terminal.type("2")
        bytes_in(terminal, 3)
        watch(terminal, path, engine, "events", seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--resources", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    asyncio.run(main(parser.parse_args()))
