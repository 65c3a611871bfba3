"""The store as the rest of the program sees it: one file, writes in groups, reads beside them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from msgspec import Struct

from cwconsole.store import connection
from cwconsole.store.format import SCHEMA_VERSION
from cwconsole.store.readers import Readers
from cwconsole.store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")


class Store(Struct, frozen=True, kw_only=True):
    """An open database file, on one event loop. Never blocks the loop."""

    path: Path
    _writer: Writer
    _readers: Readers

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, *, migrate: bool) -> AsyncIterator[Self]:
        """Open the file, and close it at the end: the readers first, the writer last.

        migrate: create the file if it is missing and bring its tables up to date; only under the engine's lock.
        Raises StoreError for a file that cannot be used.
        """
        writer, readers = Writer(path), Readers(path)
        try:
            await writer.start(lambda: prepared(path) if migrate else connection.writer(path))
            yield cls(path=path, _writer=writer, _readers=readers)
        finally:
            try:
                await readers.stop()
            finally:
                await writer.stop()

    @property
    def hindrance(self) -> str | None:
        """Why the file cannot be written now, as a sentence; None if it can, as far as anybody has tried."""
        return self._writer.hindrance

    async def write(self, fn: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(conn, ...)` in a write transaction; returns after its commit. See `Writer.write`."""
        return await self._writer.write(fn, *args, **kwargs)

    async def read(self, fn: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(conn, ...)` on one state of the file. See `Readers.read`."""
        return await self._readers.read(fn, *args, **kwargs)

    async def data_version(self) -> int:
        """A number that changes whenever anybody has committed something."""
        return await self._readers.data_version()


def prepared(path: Path) -> sqlite3.Connection:
    """A writing connection to an existing or new file, after migrations. Blocks; only under the engine's lock."""
    conn = connection.writer(path, migrating=True)
    try:
        if connection.check_level(conn, path, migrating=True) < SCHEMA_VERSION:
            # Imported here: sqlite-utils takes a tenth of a second, and only whoever migrates needs it.
            from cwconsole.store.migrations import migrate  # noqa: PLC0415

            migrate(conn, path)
    except BaseException:
        conn.close()
        raise
    return conn
