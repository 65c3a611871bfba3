"""Key to first byte: the console while its own engine works, beside Textual's own table.

    python -m tests.benchmarks.console_keys [rest] [fleet] [recording] [first-read] [delivering] [stock]
        [--events 100000] [--resources 1000] [--seconds 60] [--records 100000] [--file PATH]

Everything runs in a pseudo terminal of 120x40; a key counts until the first byte that draws where it should show. The
file has so many resources and events; nothing in it is due but what is added here, a simulator's company in a process
of its own, whose deliveries are held until they are what is measured. --file: another file for what changes nothing,
such as one of `console_file`. In turns, all of them or those that are named:

* rest: nothing is due, on Events;
* fleet: the same on the fleet, with a row for each resource;
* recording: the engine of the same process records about 500 events a second, for so many seconds;
* first-read: the engine of the same process reads so many records for the first time;
* delivering: the engine of the same process delivers as many, to a receiver in a process of its own;
* stock: Textual's DataTable with 100,000 rows.

Targets: cursor down 4 ms (median) and 20 ms (p95) while recording; filter and page down 20 ms; none over 100 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.benchmarks.console_file import freshen, make
from tests.benchmarks.console_probe import (
    DOWN,
    ESCAPE,
    PAGE_DOWN,
    PROMPT,
    TABLE,
    UP,
    Times,
    bytes_in,
    press,
    said_load,
    seconds_until,
)
from tests.benchmarks.support import SERVE_RECEIVER, SERVE_SIMULATOR, body, create, served
from tests.tui import terminals
from tests.tui.terminals import Terminal

CHANGES_PER_SECOND = 600.0  # makes about 500 events: several changes of one record between two polls are one
COLLECTIONS = 7  # of the simulator, among which its changes are spread about evenly
STOCK_ROWS = 100_000
LONGEST_MS = 100.0
FIRST_EVENT_SECONDS = 60.0
PARTS = ("rest", "fleet", "recording", "first-read", "delivering", "stock")
STEPS = 8  # of the cursor
PACE = 0.15  # seconds between two keys, about as fast as one types
STOCK = """
from textual.app import App
from textual.widgets import DataTable

class Stock(App):
    def compose(self):
        yield DataTable(cursor_type="row")

    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("Age", "Seen", "Type", "Instance", "Resource", "Object", "Delivery", "Event")
        for n in range({rows}):
            table.add_row("1m", "14:12:20", "updated", "acme", "contacts", str(n), "delivered", str(n))

Stock().run()
"""


class Keys:
    """The times of every key of one run."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self.down, self.page, self.typed = Times(), Times(), Times()

    def round(self) -> None:
        """Some steps within what is in view, a page, and as many steps back: the next ones scroll nothing, either."""
        for _ in range(STEPS):
            press(self._terminal, DOWN, TABLE, self.down, pace=PACE)
        press(self._terminal, PAGE_DOWN, TABLE, self.page, pace=PACE)
        for _ in range(STEPS):
            press(self._terminal, UP, TABLE, Times(), pace=PACE)

    def filter(self) -> None:
        """Typed as fast as one types; what it finds is another matter."""
        self._terminal.type("/")
        bytes_in(self._terminal, 0.3)
        for letter in "type:upd":
            press(self._terminal, letter, PROMPT, self.typed, pace=PACE)
        self._terminal.type(ESCAPE)
        bytes_in(self._terminal, 0.5)

    def report(self, name: str, more: str = "") -> None:
        print(f"{name} {more}")
        for key, times in (("cursor down", self.down), ("page down", self.page), ("filter typing", self.typed)):
            slow = sum(ms > LONGEST_MS for ms in times.ms)
            print(f"  {key:<14}{times}{f'  {slow} over 100 ms' if slow else ''}", flush=True)


def company(base_url: str, *, every: float, callback: str = "http://127.0.0.1:9/") -> dict[str, Any]:
    """An instance of the simulator; every: minutes between two polls."""
    contacts = {
        "contacts": {
            "url": "/hubs/crm/contacts?where=lastUpdated>'${gmtDate:yyyy-MM-dd'T'HH:mm:ss'Z'}'",
            "idField": "id",
            "overlap": 1,
        }
    }
    more: dict[str, Any] = {"event__poller__configuration": contacts, "event__poller__refresh_interval": every}
    return body("aaa", base_url, callback=callback, cwconsole__start="everything", **more)


def events(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("SELECT value FROM meta WHERE key = 'last_event_id'").fetchone()[0])


def prepare(path: Path, chosen: argparse.Namespace, *added: dict[str, Any]) -> None:
    """The file, with an instance that is paused and whose deliveries are held."""
    if not path.exists():
        make(path, chosen.events, chosen.resources)
    freshen(path)
    if added:
        create(path, *added)
        with closing(sqlite3.connect(path)) as conn, conn:
            conn.execute("UPDATE instances SET paused_ms = 1, held_ms = 1 WHERE name = 'aaa'")


def operate(path: Path, *commands: str) -> None:
    """As an operator does from another terminal."""
    for command in commands:
        subprocess.run(
            [sys.executable, "-m", "cwconsole", *command.split(), "--db", str(path)],
            check=True,
            stdout=subprocess.DEVNULL,
        )


def on_fleet(terminal: Terminal) -> None:
    seconds_until(terminal, ["company", "contacts"], time.perf_counter())
    bytes_in(terminal, 5)


def on_events(terminal: Terminal) -> None:
    on_fleet(terminal)
    terminal.type("2")
    bytes_in(terminal, 2)


def passed(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds have passed from now on."""
    deadline = time.perf_counter() + seconds
    return lambda: time.perf_counter() > deadline


def press_until(terminal: Terminal, ended: Callable[[], bool]) -> Keys:
    keys, rounds = Keys(terminal), 0
    while not ended():
        keys.round()
        rounds += 1
        if rounds % 3 == 0:
            keys.filter()
    return keys


def at_rest(folder: Path, chosen: argparse.Namespace, parts: Sequence[str]) -> None:
    path = chosen.file or folder / "rest.db"
    prepare(path, chosen)
    for part, go, of in (
        ("rest", on_events, f"on {chosen.events:,} events"),
        ("fleet", on_fleet, f"on a fleet of {chosen.resources:,}"),
    ):
        if part in parts:
            with terminals.console(path, "--fresh", cols=120, rows=40) as terminal:
                go(terminal)
                press_until(terminal, passed(chosen.seconds / 3)).report("at rest", of)


def recording(folder: Path, chosen: argparse.Namespace, base_url: str) -> None:
    path = folder / "recording.db"
    prepare(path, chosen, company(base_url, every=1 / 60))
    with terminals.console(path, "--fresh", cols=120, rows=40) as terminal:
        on_events(terminal)
        operate(path, "resume aaa", "poll aaa")
        bytes_in(terminal, 20)  # the first read, and the first windows
        before, began = events(path), time.perf_counter()
        keys = press_until(terminal, passed(chosen.seconds))
        rate = (events(path) - before) / (time.perf_counter() - began)
        keys.report("while recording", f"{rate:.0f} events/s in the same process")


def first_read(folder: Path, chosen: argparse.Namespace, base_url: str) -> None:
    path = folder / "first.db"
    prepare(path, chosen, company(base_url, every=1))
    with terminals.console(path, "--fresh", cols=120, rows=40) as terminal:
        on_events(terminal)
        before = events(path)
        operate(path, "resume aaa", "poll aaa")
        patience = time.perf_counter() + FIRST_EVENT_SECONDS
        while events(path) == before:
            if time.perf_counter() > patience:
                sys.exit(f"No event after {FIRST_EVENT_SECONDS:.0f} s:\n{terminal.text}")
            bytes_in(terminal, 0.1)
        began = time.perf_counter()
        keys = press_until(terminal, lambda: events(path) - before >= chosen.records)
        rate = chosen.records / (time.perf_counter() - began)
        keys.report("during a first read", f"of {chosen.records:,} records, {rate:,.0f}/s")


def delivered(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("SELECT sum(delivered) FROM resources").fetchone()[0])


def delivering(folder: Path, chosen: argparse.Namespace, base_url: str, callback: str) -> None:
    path = folder / "delivering.db"
    prepare(path, chosen, company(base_url, every=1, callback=callback))
    operate(path, "resume aaa", "poll aaa --wait", "pause aaa")
    with terminals.console(path, "--fresh", cols=120, rows=40) as terminal:
        on_events(terminal)
        before = delivered(path)
        operate(path, "resume aaa --delivery")
        began = time.perf_counter()
        keys = press_until(terminal, lambda: delivered(path) - before >= chosen.records)
        rate = chosen.records / (time.perf_counter() - began)
        keys.report("while delivering", f"{chosen.records:,} events, {rate:,.0f}/s")


def stock(folder: Path) -> None:
    began = time.perf_counter()
    with terminals.program(STOCK.format(rows=STOCK_ROWS), folder, cols=120, rows=40) as terminal:
        ready = seconds_until(terminal, ["contacts"], began)
        bytes_in(terminal, 2)
        keys = Keys(terminal)
        for _ in range(12):
            keys.round()
        keys.report("Textual's DataTable", f"with {STOCK_ROWS:,} rows, ready after {ready:.1f} s")


async def main(chosen: argparse.Namespace) -> None:
    parts = chosen.part or PARTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if {"rest", "fleet"} & set(parts):
            await asyncio.to_thread(at_rest, folder, chosen, parts)
        if "recording" in parts:
            rate = CHANGES_PER_SECOND * COLLECTIONS
            async with served(SERVE_SIMULATOR, counts={"/company/contacts": 2000}, rate=rate) as simulator:
                await asyncio.to_thread(recording, folder, chosen, simulator["base_url"])
        if "first-read" in parts:
            async with served(SERVE_SIMULATOR, counts={"/company/contacts": chosen.records}) as simulator:
                await asyncio.to_thread(first_read, folder, chosen, simulator["base_url"])
        if "delivering" in parts:
            async with (
                served(SERVE_SIMULATOR, counts={"/company/contacts": chosen.records}) as simulator,
                served(SERVE_RECEIVER, keep="counts") as receiver,
            ):
                await asyncio.to_thread(delivering, folder, chosen, simulator["base_url"], receiver["url"] + "/hook")
        if "stock" in parts:
            await asyncio.to_thread(stock, folder)
    print(said_load())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="of all of them, see above")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--resources", type=int, default=1000)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--records", type=int, default=100_000)
    asyncio.run(main(parser.parse_args()))
