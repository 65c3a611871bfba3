"""Fixtures for tests of the store."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cwconsole.store import connection
from cwconsole.store.database import Store, prepared
from tests.store.rows import empty_file


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file without rows, `cw.db`; modules whose tests need some put them in."""
    path = tmp_path / "cw.db"
    path.write_bytes(empty_file())
    with closing(connection.writer(path)) as conn:
        conn.execute("PRAGMA synchronous = OFF")  # no test needs these rows to survive a power cut
        yield conn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of ours, closed."""
    path = tmp_path / "cwconsole.db"
    prepared(path).close()
    return path


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    """The same, open."""
    async with Store.open(path, migrate=False) as store:
        yield store
