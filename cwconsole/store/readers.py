"""Reading: two threads with a read-only connection each, apart from the loop and from the writer.

A read is a plain function `fn(conn, ...)` that takes every row out of its cursors before it returns: an open cursor
would keep SQLite from tidying its log. All of its queries see the same state of the file.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from cwconsole.core.errors import StoreError
from cwconsole.store import connection
from cwconsole.store.completion import completed
from cwconsole.store.connection import check_level, release_cursors, translated

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 2
INTERRUPT_SECONDS = 0.02


class Readers:
    """The reading threads of one event loop. Connections are opened when first needed; stop it in a `finally`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="store-reader")
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._watch: sqlite3.Connection | None = None
        self._watch_lock = threading.Lock()
        self._ended: asyncio.Future[None] | None = None

    async def read(self, fn: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn` on a reading thread. Cancelling the waiter interrupts its query and lets the waiter go at once."""
        query = _Query()

        def run() -> T:
            with translated(self._path):
                return query.run(self._connection(), lambda conn: fn(conn, *args, **kwargs))

        try:
            return await self._submit(run)
        except asyncio.CancelledError:
            query.cancel(asyncio.get_running_loop())
            raise

    async def data_version(self) -> int:
        """A number that changes whenever anybody has committed something. Comparable within this object only."""
        return await self._submit(self._data_version)

    async def stop(self) -> None:
        """Take nothing new, let running reads end, close the connections. A second call waits for the same end."""
        if self._ended is None:
            closer = ThreadPoolExecutor(1, thread_name_prefix="store-reader-end")
            self._ended = asyncio.get_running_loop().run_in_executor(closer, self._close)
            closer.shutdown(wait=False)
        await completed(self._ended)

    def _submit(self, run: Callable[[], T]) -> asyncio.Future[T]:
        if self._ended is not None:
            raise StoreError(f"The database {self._path} is closed; nothing was read.")
        return asyncio.get_running_loop().run_in_executor(self._executor, run)

    def _connection(self) -> sqlite3.Connection:
        """The connection of the thread that asks."""
        if not hasattr(self._own, "conn"):
            self._own.conn = self._open()
        conn: sqlite3.Connection = self._own.conn
        return conn

    def _open(self) -> sqlite3.Connection:
        conn = connection.reader(self._path)
        self._opened.append(conn)
        return conn

    def _data_version(self) -> int:
        # SQLite counts per connection, so it is always the same one, whichever thread asks.
        with self._watch_lock, translated(self._path):
            if self._watch is None:
                self._watch = self._open()
            (version,) = self._watch.execute("PRAGMA data_version").fetchone()
            check_level(self._watch, self._path)  # the change may be that of a newer program
            return int(version)

    def _close(self) -> None:
        self._executor.shutdown(wait=True)
        for conn in self._opened:
            conn.close()


@dataclass(slots=True, eq=False)
class _Query:
    """One read and the connection it is on, so that a cancellation meets this read and not the thread's next one."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _conn: sqlite3.Connection | None = None
    _cancelled: bool = False

    def run(self, conn: sqlite3.Connection, fn: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            if self._cancelled:
                raise asyncio.CancelledError
            self._conn = conn
        try:
            return _snapshot(conn, lambda: fn(conn))
        finally:
            with self._lock:
                self._conn = None

    def cancel(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            self._cancelled = True
            if self._conn is None:
                return
            self._conn.interrupt()
        # Between two statements an interruption has no effect: again, until the read is over.
        loop.call_later(INTERRUPT_SECONDS, self.cancel, loop)


def _snapshot(conn: sqlite3.Connection, fn: Callable[[], T]) -> T:
    if conn.in_transaction:  # an interruption can hit the end of a read too
        conn.execute("ROLLBACK")
    conn.execute("BEGIN")
    try:
        return fn()
    except BaseException as error:
        release_cursors(error)
        raise
    finally:
        conn.execute("ROLLBACK")
