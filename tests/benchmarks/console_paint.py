"""First useful paint, and memory: the console on ten million events beside a Textual application with an empty table.

    python -m tests.benchmarks.console_paint [--file PATH] [--events N] [--resources N]

Both start as new processes in a pseudo terminal of 120x40, in turns; timed is from the fork to names of resources on
the screen, or to the table's head. The console hosts the engine; nothing of its thousand resources is due. Its memory
is taken on the fleet after 5 s, with the engine, and after walking through Events. Targets: 1.5 times; 120 MB.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from tests.benchmarks.console_file import arguments, big_file
from tests.benchmarks.console_probe import (
    DOWN,
    END,
    PAGE_DOWN,
    bytes_in,
    memory_mb,
    peak_mb,
    said_load,
    seconds_until,
)
from tests.tui import terminals

ROUNDS = 9
EMPTY = """
from textual.app import App
from textual.widgets import DataTable

class Empty(App):
    def compose(self):
        yield DataTable()

    def on_mount(self):
        self.query_one(DataTable).add_columns("Health", "Resource")

Empty().run()
"""


def console_paint(path: Path) -> float:
    began = time.perf_counter()
    with terminals.console(path, "--fresh", cols=120, rows=40) as terminal:
        return seconds_until(terminal, ["company0000", "contacts"], began)


def empty_paint(path: Path) -> float:
    began = time.perf_counter()
    with terminals.program(EMPTY, path.parent, cols=120, rows=40) as terminal:
        return seconds_until(terminal, ["Resource"], began)


def memory(path: Path) -> tuple[float, float, float]:
    """Of a console on the fleet, after Events, and at most."""
    with terminals.console(path, "--fresh", cols=120, rows=40) as terminal:
        seconds_until(terminal, ["company0000", "engine here"], time.perf_counter())
        bytes_in(terminal, 5)
        fleet = memory_mb(terminal.pid)
        terminal.type("2")
        for key in (*[DOWN, PAGE_DOWN] * 20, END, *[PAGE_DOWN] * 5):
            terminal.type(key)
            bytes_in(terminal, 0.1)
        bytes_in(terminal, 1)
        return fleet, memory_mb(terminal.pid), peak_mb(terminal.pid)


def main(chosen: argparse.Namespace) -> None:
    with big_file(chosen) as path:
        console, empty = [], []
        for _ in range(ROUNDS):
            empty.append(empty_paint(path))
            console.append(console_paint(path))
        fleet, events, peak = memory(path)
    print(f"first useful paint, s, {ROUNDS} starts each                  least  median")
    print(f"  console, {chosen.resources:,} resources, {chosen.events:,} events  {min(console):.3f}   "
          f"{statistics.median(console):.3f}")  # fmt: skip
    print(f"  Textual, one empty table                        {min(empty):.3f}   {statistics.median(empty):.3f}")
    print(f"  ratio (target 1.5)                              {min(console) / min(empty):.2f}    "
          f"{statistics.median(console) / statistics.median(empty):.2f}")  # fmt: skip
    print(f"memory, MB (target 120): fleet with engine {fleet:.0f}, after Events {events:.0f}, at most {peak:.0f}")
    print(said_load())


if __name__ == "__main__":
    main(arguments(__doc__))
