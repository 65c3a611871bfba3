"""What the console's benchmarks share: keys that are timed through a pty, bytes, memory, processor time, the load."""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.tui.terminals import Terminal

UP, DOWN, PAGE_DOWN, END, ESCAPE = "\x1b[A", "\x1b[B", "\x1b[6~", "G", "\x1b"
PLACED = re.compile(rb"\x1b\[(\d+);(\d+)H")
QUIET_SECONDS = 0.06
LONGEST_SECONDS = 5.0


@dataclass(slots=True)
class Times:
    """Milliseconds from a key to its answer, and the bytes that were sent for it."""

    ms: list[float] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.ms:
            return "never pressed"
        ordered = sorted(self.ms)
        p95 = ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
        return (
            f"{ordered[0]:6.1f} least {statistics.median(ordered):6.1f} median"
            f" {p95:6.1f} p95 {ordered[-1]:6.1f} most ms"
            f"  {statistics.median(self.sent) / 1024:5.1f} KiB  ({len(ordered)} times)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of the screen: lines from the first to the last, and the leftmost columns. Counted from 1."""

    first: int
    last: int
    columns: int = 1000

    def touched_by(self, data: bytes) -> bool:
        """Whether something was drawn there."""
        return any(
            self.first <= int(line) <= self.last and int(column) <= self.columns
            for line, column in PLACED.findall(data)
        )


TABLE = Place(first=4, last=38, columns=60)  # of a screen with 40 lines: the list, and not what stands beside it
ANYWHERE = Place(first=1, last=40)
PROMPT = Place(first=36, last=40)


def press(terminal: Terminal, key: str, place: Place, times: Times, *, pace: float = 0.0) -> None:
    """Press a key, and time until the first bytes that draw in a place; what else is drawn meanwhile does not count.

    pace: least seconds between this key and the next.
    """
    settle(terminal)
    began = time.perf_counter()
    terminal.type(key)
    data = b""
    while not place.touched_by(data) and time.perf_counter() - began < LONGEST_SECONDS:
        data += terminal.first_byte(LONGEST_SECONDS)
    took = time.perf_counter() - began
    rest = terminal.pump(QUIET_SECONDS)
    times.ms.append(took * 1000)
    times.sent.append(len(data) + len(rest))
    while (left := pace - (time.perf_counter() - began)) > 0:
        terminal.pump(left)


def settle(terminal: Terminal) -> None:
    """Wait for a moment in which nothing is sent; at most a second, for a live screen may have none."""
    deadline = time.perf_counter() + 1
    while terminal.pump(QUIET_SECONDS) and time.perf_counter() < deadline:
        pass


def seconds_until(terminal: Terminal, words: Sequence[str], began: float, *, seconds: float = 600) -> float:
    """How long, from a moment on, until what was sent has all these words on the screen."""
    while time.perf_counter() < began + seconds:
        stood = []
        for came, data in terminal.pieces(0.005):
            terminal.feed(data)
            if all(word in terminal.text for word in words):
                stood.append(came)
        if stood:
            return stood[0] - began
    raise AssertionError(f"the screen does not get there:\n{terminal.text}")


def bytes_in(terminal: Terminal, seconds: float) -> int:
    """How much is sent in so many seconds."""
    taken, deadline = 0, time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        taken += len(terminal.pump(left))
    return taken


def wait_for_a_quiet_minute(terminal: Terminal, seconds: float) -> None:
    """Let the minute turn if it would within so many seconds, and what that draws be drawn."""
    if (left := 60 - time.time() % 60) < seconds + 1:
        bytes_in(terminal, left + 1.5)


def memory_mb(pid: int) -> float:
    """Resident memory of a process, millions of bytes."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_mb(pid: int) -> float:
    """Most resident memory of a process so far, millions of bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) * 1024 / 1e6 if found else 0.0


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def said_load() -> str:
    """The machine's load, for the record."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
