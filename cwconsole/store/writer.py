"""Writing: one thread per process that commits whatever is waiting together.

A unit is a plain function `fn(conn, ...)` that neither begins nor commits. The thread runs each in a savepoint inside
one transaction, commits, and then answers all at once; a commit waits for the disk, so sharing it is what makes
thousands of units a second possible.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Concatenate, ParamSpec, TypeVar

from cwconsole.core.errors import StoreError
from cwconsole.store.completion import completed
from cwconsole.store.connection import as_store_error, check_level, release_cursors, transaction, translated

P = ParamSpec("P")
T = TypeVar("T")

GROUP_UNITS = 256
GROUP_SECONDS = 0.05


@dataclass(slots=True, eq=False)
class _Unit:
    """One waiting write: what to do, who waits, and afterwards how it went."""

    call: Callable[[sqlite3.Connection], object]
    future: asyncio.Future[Any]
    result: object = None
    error: BaseException | None = None
    hindered: bool = False  # by the file, and not by what it is or by what it found there

    def run(self, conn: sqlite3.Connection, path: Path) -> None:
        """Do it in a savepoint. A failure is kept for the caller; raises only if it ended the whole transaction."""
        conn.execute("SAVEPOINT unit")
        try:
            self.result = self.call(conn)
            conn.execute("RELEASE unit")
        except BaseException as error:  # whatever it is, it is the caller's; this thread must live on
            release_cursors(error)
            known = as_store_error(error, path)
            self.hindered = known is not None
            self.fail(known or error, error)
            if not conn.in_transaction:
                raise
            conn.execute("ROLLBACK TO unit")
            conn.execute("RELEASE unit")

    def fail(self, error: BaseException, cause: BaseException) -> None:
        """Remember why nothing was written."""
        if isinstance(error, StopIteration):  # a future refuses it
            error = RuntimeError("a unit raised StopIteration")
        if error is not cause:
            error.__cause__ = cause
        self.error = error

    def settle(self) -> None:
        """Tell the waiter; on the loop."""
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


@dataclass(slots=True, eq=False)
class Writer:
    """The writing thread of one event loop. Start it once; stop it in a `finally`."""

    path: Path
    _queue: SimpleQueue[_Unit | None] = field(default_factory=SimpleQueue)
    _thread: _Thread | None = None
    _ended: asyncio.Future[None] | None = None
    _stopping: bool = False

    @property
    def hindrance(self) -> str | None:
        """Why the file did not take what was written last, as a sentence; None once it takes something again."""
        return None if self._thread is None else self._thread.hindrance

    async def start(self, open_file: Callable[[], sqlite3.Connection]) -> None:
        """Open the file on the thread. Raises what `open_file` raises; the thread is over then."""
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        self._ended = loop.create_future()
        self._thread = _Thread(path=self.path, queue=self._queue, loop=loop)
        # A daemon, so that a program that fails before it can stop the thread ends all the same.
        threading.Thread(
            target=self._thread.main,
            args=(open_file, opened, self._ended),
            name="store-writer",
            daemon=True,
        ).start()
        await completed(opened)

    async def write(self, fn: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit and wait for its commit. Raises what it raises; nothing of it is written then.

        A cancelled waiter still waits for the end of its unit, which may well be committed.
        """
        if self._ended is None or self._stopping or self._ended.done():
            raise StoreError(f"The database {self.path} is closed; nothing was written.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Unit(lambda conn: fn(conn, *args, **kwargs), future))
        return await completed(future)

    async def stop(self) -> None:
        """Take nothing new, commit what waits, close the file. A second call waits for the same end."""
        if self._ended is not None:
            self._stopping = True
            self._queue.put(None)
            await completed(self._ended)


@dataclass(slots=True, eq=False)
class _Thread:
    """What happens on the writing thread."""

    path: Path
    queue: SimpleQueue[_Unit | None]
    loop: asyncio.AbstractEventLoop
    stopping: bool = False
    hindrance: str | None = None

    def main(
        self,
        open_file: Callable[[], sqlite3.Connection],
        opened: asyncio.Future[None],
        ended: asyncio.Future[None],
    ) -> None:
        ending = _Unit(lambda conn: None, ended)
        opening = _Unit(lambda conn: None, opened)
        try:
            conn = open_file()
        except BaseException as error:  # noqa: BLE001 - it is raised by start()
            opening.error = error
            self.answer([opening, ending])
            return
        self.answer([opening])
        try:
            with closing(conn):
                self.serve(conn)
                self.tidy(conn)
        except BaseException as error:  # noqa: BLE001 - it is raised by stop()
            ending.error = error
        self.answer([ending])

    def serve(self, conn: sqlite3.Connection) -> None:
        while not self.stopping:
            first = self.queue.get()
            if first is None:
                return
            self.answer(self.commit(conn, first))

    def commit(self, conn: sqlite3.Connection, first: _Unit) -> list[_Unit]:
        """Run the first unit and those that wait behind it in one transaction."""
        group: list[_Unit] = []
        waiting, changes = self.waiting(first), conn.total_changes
        try:
            with transaction(conn):
                check_level(conn, self.path)  # another process may have brought in a newer program
                for unit in waiting:
                    group.append(unit)
                    unit.run(conn, self.path)
        except BaseException as error:  # noqa: BLE001 - it is raised by write()
            if not group:
                group.extend(waiting)  # no lock on the file: let nobody wait for it five seconds more
            self.fail(group, error)
        self.note(group, changed=conn.total_changes > changes)
        return group

    def note(self, group: list[_Unit], *, changed: bool) -> None:
        """Whether the file hindered any of them. One that changes nothing says nothing of a full disk."""
        hindered = next((unit for unit in group if unit.hindered), None)
        if hindered is not None:
            self.hindrance = str(hindered.error)
        elif changed and any(unit.error is None for unit in group):
            self.hindrance = None

    def waiting(self, first: _Unit) -> Iterator[_Unit]:
        """The first unit and those behind it, up to the size of a group."""
        deadline = time.monotonic() + GROUP_SECONDS
        yield first
        for _ in range(GROUP_UNITS - 1):
            if time.monotonic() > deadline:
                return
            try:
                unit = self.queue.get_nowait()
            except Empty:
                return
            if unit is None:
                self.stopping = True
                return
            yield unit

    def fail(self, group: list[_Unit], error: BaseException) -> None:
        """Nothing of the group was written: tell those who do not know it yet."""
        known = error if isinstance(error, StoreError) else as_store_error(error, self.path)
        message = str(known) if known else f"Nothing was written: a write beside this one failed ({error}); try again."
        for unit in group:
            if unit.error is None:
                unit.hindered = known is not None
                unit.fail(StoreError(message), error)

    def tidy(self, conn: sqlite3.Connection) -> None:
        """Move the log into the file, unless somebody is reading or writing just now."""
        with translated(self.path):
            conn.execute("PRAGMA busy_timeout = 0")
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def answer(self, units: list[_Unit]) -> None:
        """Settle all of them in one step of the loop."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(_settle, units)


def _settle(units: list[_Unit]) -> None:
    for unit in units:
        unit.settle()
