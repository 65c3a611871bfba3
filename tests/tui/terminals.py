"""The real program in a pseudo terminal, with a screen in memory that understands what it sends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyte

from tests.fair_clock import fair_clock

PROGRAM = ("-m", "cwconsole")


class Terminal:
    """A running console. sent: everything it has sent so far."""

    def __init__(self, pid: int, master: int, cols: int, rows: int) -> None:
        self.pid, self._master = pid, master
        self.sent = b""
        self.screen = pyte.Screen(cols, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.status: int | None = None

    def pump(self, seconds: float) -> bytes:
        """Take what is sent within so many seconds."""
        taken, deadline = b"", time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._master], [], [], left)[0]:
                break
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other side has gone
                break
            if not data:
                break
            self.feed(data)
            taken += data
        return taken

    def pieces(self, seconds: float) -> list[tuple[float, bytes]]:
        """What is sent until nothing has come for so long, each piece with its time by `perf_counter`.

        Only then is it parsed, one by one: whoever parses while more is sent holds up the sender.
        """
        pieces: list[tuple[float, bytes]] = []
        while select.select([self._master], [], [], seconds)[0]:
            data = os.read(self._master, 65536)
            pieces.append((time.perf_counter(), data))
        return pieces

    def first_byte(self, seconds: float) -> bytes:
        """Wait for the first thing that is sent; not parsed, so that the clock is not held up."""
        if not select.select([self._master], [], [], seconds)[0]:
            return b""
        data = os.read(self._master, 65536)
        self.sent += data
        return data

    def feed(self, data: bytes) -> None:
        """Draw what was sent on the screen in memory."""
        self.sent += data
        # pyte knows no private markers on some sequences that Textual sends while it starts
        for unknown in (b"\x1b[?2026$p", b"\x1b[>1u", b"\x1b[<u", b"\x1b[?2048$p"):
            data = data.replace(unknown, b"")
        self._stream.feed(data)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self.screen.display)

    def until(self, holds: Callable[[str], bool], *, seconds: float = 15) -> None:
        """Wait until the screen reads as wanted. seconds: without those in which the program had no processor."""
        deadline = fair_clock(self.pid) + seconds
        while not holds(self.text):
            assert fair_clock(self.pid) < deadline, f"the screen does not get there:\n{self.text}"
            self.pump(0.05)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def line_modes(self) -> list[Any]:
        """How the line is set up, as `stty -a` shows it: echo, line by line, signals."""
        return termios.tcgetattr(self._master)

    def resize(self, cols: int, rows: int) -> None:
        self.screen.resize(rows, cols)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def hang_up(self) -> None:
        """The line drops."""
        os.close(self._master)
        self._master = -1

    def ended(self, *, seconds: float = 30) -> int:
        """Wait for the end; the exit status."""
        deadline = time.monotonic() + seconds
        while self.status is None:
            if self._master >= 0:
                self.pump(0.05)
            else:
                time.sleep(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, f"the console does not end:\n{self.text}"
        while self._master >= 0 and self.pump(0.05):
            pass  # what it sent last, which may come after its end is known
        return self.status

    def close(self) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._master >= 0:
            os.close(self._master)


def fresh_line_modes() -> list[Any]:
    """How the line of a terminal is set up that nobody has used yet."""
    master, line = pty.openpty()
    try:
        return termios.tcgetattr(master)
    finally:
        os.close(master)
        os.close(line)


@contextmanager
def console(
    database: Path, *options: str, cols: int = 80, rows: int = 24, env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """A console on a database, in a terminal of its own."""
    surroundings = {"CWCONSOLE_DB": str(database), **(env or {})}
    with python([*PROGRAM, *options], database.parent, cols=cols, rows=rows, env=surroundings) as terminal:
        yield terminal


@contextmanager
def program(text: str, home: Path, *, cols: int, rows: int, env: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """A Python program in a terminal of its own."""
    with python(["-c", text], home, cols=cols, rows=rows, env=env) as terminal:
        yield terminal


@contextmanager
def python(
    words: Sequence[str], home: Path, *, cols: int, rows: int, env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Python, called with so many words, in a terminal of its own."""
    surroundings = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **(env or {}),
    }
    pid, master = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, *words], surroundings)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    terminal = Terminal(pid, master, cols, rows)
    try:
        yield terminal
    finally:
        terminal.close()
