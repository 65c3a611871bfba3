"""Reads run beside the writer, see one state of the file, cannot write, and end when their waiter is cancelled."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from pathlib import Path

import pytest

from cwconsole.core.errors import StoreError
from cwconsole.store.database import Store
from cwconsole.store.format import SCHEMA_VERSION
from cwconsole.store.once import read_once
from cwconsole.store.readers import Readers

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
SHORT = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) SELECT max(i) FROM n"


def add(conn: sqlite3.Connection, key: str) -> None:
    conn.execute("INSERT INTO meta VALUES (?, '')", (key,))


def count(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM meta").fetchone()[0])


def ask(conn: sqlite3.Connection, sql: str) -> int:
    return int(conn.execute(sql).fetchone()[0])


async def seen(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 20)


async def test_a_read_sees_what_was_committed(store: Store) -> None:
    assert await store.read(count) == 0
    await store.write(add, "a")
    assert await store.read(ask, sql="SELECT count(*) FROM meta") == 1


async def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        await store.read(add, "a")
    assert await store.read(count) == 0


async def test_an_error_of_a_read_arrives_as_it_is_and_the_thread_reads_on(store: Store) -> None:
    for _ in range(5):
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await store.read(ask, "SELECT 1 FROM nonsense")
    assert await store.read(count) == 0


async def test_all_queries_of_a_read_see_the_same_state(store: Store) -> None:
    first, written = threading.Event(), threading.Event()

    def twice(conn: sqlite3.Connection) -> tuple[int, int]:
        before = count(conn)
        first.set()
        assert written.wait(20)
        return before, count(conn)

    reading = asyncio.create_task(store.read(twice))
    await seen(first)
    await store.write(add, "a")
    written.set()
    assert await reading == (0, 0)
    assert await store.read(count) == 1


async def test_two_reads_run_at_once_and_the_loop_goes_on(store: Store) -> None:
    both = threading.Barrier(2, timeout=20)
    await asyncio.gather(*(store.read(lambda conn: both.wait()) for _ in range(2)))


async def test_a_cancelled_read_is_interrupted_wherever_it_is(path: Path) -> None:
    readers = Readers(path)

    def endless(conn: sqlite3.Connection) -> int:
        begun.set()
        open_cursor = conn.execute(ENDLESS.replace("max(i)", "i"))  # an unfinished one beside it
        open_cursor.fetchone()
        return ask(conn, ENDLESS)

    for _ in range(20):
        begun = threading.Event()
        reading = asyncio.create_task(readers.read(endless))
        await seen(begun)
        await asyncio.sleep(random.random() / 500)  # at its begin, between its statements, or in the second
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert await asyncio.gather(*(readers.read(count) for _ in range(20))) == [0] * 20
    await readers.stop()  # waits for the threads


async def test_a_read_that_is_cancelled_between_two_queries_ends_in_the_next(path: Path) -> None:
    readers = Readers(path)
    between, free = threading.Event(), threading.Event()

    def endless(conn: sqlite3.Connection) -> int:
        between.set()
        assert free.wait(20)
        return ask(conn, ENDLESS)

    reading = asyncio.create_task(readers.read(endless))
    await seen(between)
    reading.cancel()
    await asyncio.wait([reading])
    free.set()
    await readers.stop()


async def test_a_read_whose_end_was_interrupted_too_leaves_the_thread_usable(store: Store) -> None:
    kept: list[sqlite3.Cursor] = []
    begun = threading.Event()

    def endless(conn: sqlite3.Connection) -> int:
        kept.append(conn.execute(ENDLESS.replace("max(i)", "i")))
        kept[0].fetchone()
        begun.set()
        return ask(conn, ENDLESS)

    reading = asyncio.create_task(store.read(endless))
    await seen(begun)
    free = threading.Event()
    other = asyncio.create_task(store.read(lambda conn: free.wait(20)))  # so that what follows is on the same thread
    reading.cancel()
    await asyncio.wait([reading])
    with pytest.raises(StoreError, match="interrupted"):  # as long as the cursor is open
        await store.read(count)
    kept.clear()
    assert await store.read(count) == 0
    free.set()
    assert await other


async def test_a_cancelled_read_that_waits_for_a_thread_never_begins(store: Store) -> None:
    free, begun = threading.Event(), threading.Event()
    busy = [asyncio.create_task(store.read(lambda conn: free.wait(20))) for _ in range(2)]
    await asyncio.sleep(0)
    waiting = asyncio.create_task(store.read(lambda conn: begun.set()))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    free.set()
    await asyncio.gather(*busy)
    assert await store.read(count) == 0
    assert not begun.is_set()


async def test_a_cancellation_never_hits_the_read_of_another(store: Store) -> None:
    chance = random.Random(7)
    for _ in range(60):
        tasks = [asyncio.create_task(store.read(ask, SHORT)) for _ in range(8)]
        doomed = tasks[::2]
        for task in doomed:
            await asyncio.sleep(chance.random() / 2000)
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[1::2] == [2000] * 4


async def test_the_data_version_changes_with_every_commit_of_anybody(path: Path, store: Store) -> None:
    versions = [await store.data_version()]
    await store.write(add, "a")
    versions.append(await store.data_version())
    other = sqlite3.connect(path)
    add(other, "b")
    versions.append(await store.data_version())  # not committed yet
    other.commit()
    other.close()
    versions.append(await store.data_version())
    assert versions[0] != versions[1] == versions[2] != versions[3]


async def test_the_data_version_is_the_same_whichever_thread_asks(store: Store) -> None:
    assert len(set(await asyncio.gather(*(store.data_version() for _ in range(50))))) == 1


async def test_watching_notices_that_a_newer_program_took_the_file_over(path: Path, store: Store) -> None:
    await store.data_version()
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    other.close()
    with pytest.raises(StoreError, match="newer cwconsole"):
        await store.data_version()


async def test_stopping_waits_for_running_reads_and_takes_nothing_new(path: Path) -> None:
    readers = Readers(path)
    begun, free = threading.Event(), threading.Event()

    def slow(conn: sqlite3.Connection) -> int:
        begun.set()
        assert free.wait(20)
        return count(conn)

    reading = asyncio.create_task(readers.read(slow))
    await seen(begun)
    stops = [asyncio.create_task(readers.stop()) for _ in range(2)]
    await asyncio.sleep(0.02)
    assert not any(stop.done() for stop in stops)
    for late in (readers.read(count), readers.data_version()):
        with pytest.raises(StoreError, match="is closed"):
            await late
    free.set()
    assert await reading == 0
    await asyncio.gather(*stops)
    await readers.stop()


async def test_a_missing_file_is_refused_at_the_first_read(tmp_path: Path) -> None:
    readers = Readers(tmp_path / "none.db")
    with pytest.raises(StoreError, match="There is no database"):
        await readers.read(count)
    await readers.stop()


def test_a_command_reads_once_without_a_loop(path: Path) -> None:
    assert read_once(path, ask, sql="SELECT 7") == 7
    with pytest.raises(StoreError, match="cannot be written"):
        read_once(path, add, "a")
