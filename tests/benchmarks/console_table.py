"""The console's list of events beside Textual's own table: time to open, key to first byte, bytes for a key.

    python -m tests.benchmarks.console_table [rows]

Both run in a pseudo terminal of 120x40, one after the other; ratios say more than values.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.store.rows import add_events, resource_id
from tests.tui import terminals
from tests.tui.rig import database, small_fleet
from tests.tui.terminals import Terminal

ROUNDS = 60
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
        self.title = "filled"

Stock().run()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Milliseconds to the first byte, and bytes, of one key pressed many times."""

    median: float
    p95: float
    kib: float


def pressed(terminal: Terminal, key: str, rounds: int = ROUNDS) -> Key:
    took, sent = [], []
    for _ in range(rounds):
        while terminal.pump(0.06):
            pass
        began = time.perf_counter()
        terminal.type(key)
        first = terminal.first_byte(2.0)
        took.append((time.perf_counter() - began) * 1000)
        sent.append(len(first) + len(terminal.pump(0.06)))
    took.sort()
    return Key(median=statistics.median(took), p95=took[int(len(took) * 0.95) - 1], kib=statistics.median(sent) / 1024)


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def fill(path: Path, rows: int) -> None:
    with database(path) as conn:
        small_fleet(conn, now_ms=time.time_ns() // 1_000_000)
        conn.execute("UPDATE instances SET enabled = 0")
        conn.execute("UPDATE deliveries SET state = 'cancelled', due_ms = NULL")
        conn.execute("BEGIN")
        add_events(conn, resource_id(conn, 1, "tickets"), range(rows), seen_ms=time.time_ns() // 1_000_000)
        conn.execute("COMMIT")


def report(name: str, ready: float, terminal: Terminal) -> None:
    down, page = pressed(terminal, "\x1b[B"), pressed(terminal, "\x1b[6~", rounds=20)
    print(
        f"{name:<22} ready {ready:6.2f} s  {memory_mib(terminal.pid):6.0f} MiB  "
        f"down {down.median:5.1f} / {down.p95:5.1f} ms {down.kib:5.1f} KiB  "
        f"page {page.median:5.1f} / {page.p95:5.1f} ms {page.kib:5.1f} KiB"
    )


def ready_when(terminal: Terminal, holds: Callable[[str], bool], began: float) -> float:
    terminal.until(holds, seconds=600)
    return time.perf_counter() - began


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cw.db"
        fill(path, rows)
        began = time.perf_counter()
        with terminals.console(path, cols=120, rows=40, options="read_only=True") as terminal:
            ready = ready_when(terminal, lambda text: "tickets" in text, began)
            terminal.type("2")
            terminal.until(lambda text: f"{rows + 40}" in text)
            report(f"console, {rows:,} events", ready, terminal)
        for count in (1_000, rows):
            began = time.perf_counter()
            with terminals.program(STOCK.format(rows=count), Path(folder), cols=120, rows=40) as terminal:
                ready = ready_when(terminal, lambda text: "contacts" in text, began)
                report(f"DataTable, {count:,} rows", ready, terminal)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
