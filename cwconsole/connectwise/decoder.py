"""Where answers are taken apart: never on the loop. Small ones on a thread, pages of records in a process of their own.

Taking a page of 500 records apart holds the interpreter for a hundredth of a second, again and again during a first
full read; meanwhile neither the store's thread nor the operator's keys get their turn. The process is started with the
first large page and leaves by itself when it is idle or nobody is there any more. It is a help and no need: whatever it
does not answer, faults of the answer included, is read here again, so there is one place that says what is wrong.
"""

from __future__ import annotations

import asyncio
import marshal
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection, Pipe
from typing import Any, Final, TypeVar

from cwconsole.connectwise.question import Question
from cwconsole.core.records import Seen
from cwconsole.log import log

T = TypeVar("T")
ReadList = Callable[[Question, bytes], list[Seen]]

LARGE: Final = 64_000  # bytes: below, sending it over costs as much as it saves
PATIENCE_SECONDS: Final = 30.0  # for one page
# A page's records are half a megabyte, made and given up again and again. Without this, the C library of Linux returns
# the memory each time and gets it again in pieces of 4 kB: a third of the time. Others don't read it.
KEEP_MEMORY: Final = {
    "MALLOC_TRIM_THRESHOLD_": "67108864",
    "MALLOC_TOP_PAD_": "8388608",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
}
MOST_STARTS: Final = 3  # without an answer in between; then pages are read on the thread


class Decoder:
    """Reads answers away from the loop. Shared by all instances of an engine; `close` ends the process."""

    def __init__(self, thread: Executor) -> None:
        """thread: a single one, so that one answer is read at a time."""
        self._thread = thread
        self._process = DecodingProcess()

    async def read(self, read: Callable[..., T], *arguments: Any) -> T:
        """Call a function of `records` on the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(read, *arguments))

    async def read_list(self, read: ReadList, question: Question, body: bytes) -> list[Seen]:
        """Read a list of records. read: a function at the top of a module, or a partial of one; it crosses over."""
        if len(body) < LARGE:
            return await self.read(read, question, body)
        return await self.read(self._read_large, read, question, body)

    async def close(self) -> None:
        """End the process, if there is one."""
        await self.read(self._process.close)

    def _read_large(self, read: ReadList, question: Question, body: bytes) -> list[Seen]:
        seen = self._process.ask(read, question, body)
        return read(question, body) if seen is None else seen


class DecodingProcess:
    """Our end of the process. Used by one thread at a time, and blocks it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._starts = 0

    def ask(self, read: ReadList, question: Question, body: bytes) -> list[Seen] | None:
        """The records of a list; None if the process can't say."""
        try:
            connection = self._connection or self._start()
            if connection is None:
                return None
            connection.send_bytes(pickle.dumps((read, question)))
            connection.send_bytes(body)
            if not connection.poll(PATIENCE_SECONDS):
                raise TimeoutError
            answer = connection.recv_bytes()
        except (OSError, EOFError) as error:  # TimeoutError is an OSError
            log.debug("the decoding process is gone; reading here", error=repr(error))
            self.close()
            return None
        self._starts = 0
        return [Seen._make(row) for row in marshal.loads(answer)] if answer else None

    def close(self) -> None:
        """End the process and wait for it."""
        connection, process = self._connection, self._process
        self._connection = self._process = None
        if connection is not None:
            connection.close()  # which ends it
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
            process.kill()
            process.wait()

    def _start(self) -> Connection | None:
        if self._starts >= MOST_STARTS:
            return None
        self._starts += 1
        ours, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "cwconsole.connectwise.decoding", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                env=os.environ | KEEP_MEMORY,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # nobody but the console writes to the operator's terminal
                start_new_session=True,  # Ctrl-C is for the engine, which drains first
            )
        self._connection = ours
        return ours
