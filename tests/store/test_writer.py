"""Units commit in groups, each for itself: the same result as one by one, and nothing is lost or answered too early."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwconsole.core.errors import StoreError
from cwconsole.store.connection import transaction, writer
from cwconsole.store.database import Store, prepared
from cwconsole.store.format import SCHEMA_VERSION
from cwconsole.store.once import write_once
from cwconsole.store.writer import Writer, _Unit
from tests.store.processes import finished, go, killed, said, start
from tests.store.rows import empty_file

COUNT_UP = """
import sys
from pathlib import Path
from cwconsole.store.once import write_once

def count_up(conn):
    conn.execute("UPDATE meta SET value = value + 1 WHERE key = 'count'")

sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    write_once(Path(sys.argv[1]), count_up)
"""

WRITE_UNTIL_KILLED = """
import asyncio, itertools, sys
from pathlib import Path
from cwconsole.store.database import Store

def add(conn, key):
    conn.execute("INSERT INTO meta VALUES (?, ?)", (key, "x" * 500))

async def one_after_the_other(store, name):
    for number in itertools.count():
        await store.write(add, f"{name}-{number}")
        print(f"{name}-{number}", flush=True)

async def main():
    async with Store.open(Path(sys.argv[1]), migrate=False) as store:
        await asyncio.gather(*(one_after_the_other(store, name) for name in "abcd"))

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def groups_do_not_end_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what waits together is one group, however slow the machine is."""
    monkeypatch.setattr("cwconsole.store.writer.GROUP_SECONDS", 60.0)


def add(conn: sqlite3.Connection, key: str, value: str = "") -> str:
    conn.execute("INSERT INTO meta VALUES (?, ?)", (key, value))
    return key


def add_and_fail(conn: sqlite3.Connection, key: str, error: BaseException) -> str:
    add(conn, key)
    raise error


def count_up(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE meta SET value = value + 1 WHERE key = 'count'")


def outsider(path: Path) -> closing[sqlite3.Connection]:
    """Another program's connection to the file."""
    return closing(sqlite3.connect(path, isolation_level=None))


def rows(path: Path) -> list[tuple[str, str]]:
    with outsider(path) as conn:
        return conn.execute("SELECT key, value FROM meta ORDER BY key").fetchall()


def keys(path: Path) -> list[str]:
    return [key for key, _ in rows(path)]


class Gate:
    """A unit that stays in the middle of its work until it is let go."""

    def __init__(self) -> None:
        self._begun = threading.Event()
        self._open = threading.Event()

    def unit(self, conn: sqlite3.Connection, key: str = "gate") -> str:
        add(conn, key)
        self._begun.set()
        assert self._open.wait(20)
        return key

    @classmethod
    def open(cls) -> Gate:
        """One that holds nobody up."""
        gate = cls()
        gate.let_go()
        return gate

    async def begun(self) -> None:
        """Return once the unit is at work."""
        assert await asyncio.to_thread(self._begun.wait, 20)

    def let_go(self) -> None:
        self._open.set()


async def one_group(store: Store, *units: Callable[[sqlite3.Connection], str]) -> list[str]:
    """Write all of them in one transaction, behind a gate. What each came to: its result, or the name of its error."""
    gate = Gate()
    head = asyncio.create_task(store.write(gate.unit))
    await gate.begun()
    tasks = [asyncio.create_task(store.write(unit)) for unit in units]
    await asyncio.sleep(0)  # they begin, and queue their units
    gate.let_go()
    await asyncio.wait([head, *tasks])
    return [outcome(task) for task in (head, *tasks)]


def outcome(task: asyncio.Task[str]) -> str:
    error = task.exception()
    return task.result() if error is None else f"{type(error).__name__}: {error}"


async def test_a_write_gives_the_result_of_its_unit_after_the_commit(path: Path, store: Store) -> None:
    assert await store.write(add, "a", value="1") == "a"
    assert keys(path) == ["a"]


async def test_units_that_wait_are_committed_together_in_their_order(path: Path, store: Store) -> None:
    seen: list[list[str]] = []

    def unit(conn: sqlite3.Connection, key: str) -> str:
        seen.append(keys(path))  # as others see the file
        return add(conn, key)

    units = [partial(unit, key=key) for key in "bca"]
    assert await one_group(store, *units) == ["gate", "b", "c", "a"]
    assert seen == [[], [], []]
    assert keys(path) == ["a", "b", "c", "gate"]


async def test_a_unit_that_raises_loses_its_own_writes_only(path: Path, store: Store) -> None:
    results = await one_group(
        store,
        lambda conn: add(conn, "before"),
        lambda conn: add_and_fail(conn, "failed", ValueError("no")),
        lambda conn: add(conn, "before"),
        lambda conn: add(conn, "after"),
    )
    assert results == [
        "gate",
        "before",
        "ValueError: no",
        "IntegrityError: UNIQUE constraint failed: meta.key",
        "after",
    ]
    assert keys(path) == ["after", "before", "gate"]


@pytest.mark.parametrize(
    ("raised", "arrives"),
    [(SystemExit, SystemExit), (asyncio.CancelledError, asyncio.CancelledError), (StopIteration, RuntimeError)],
)
async def test_whatever_a_unit_raises_the_writer_lives_on(
    store: Store, raised: type[BaseException], arrives: type[BaseException]
) -> None:
    with pytest.raises(arrives):
        await store.write(add_and_fail, "a", raised())
    assert await store.write(add, "a") == "a"


async def test_a_cursor_that_a_failed_unit_left_open_disturbs_nobody(path: Path, store: Store) -> None:
    def half_read(conn: sqlite3.Connection) -> None:
        cursor = conn.execute("SELECT key FROM meta")
        raise KeyError(cursor.fetchone()[0])

    def unit(conn: sqlite3.Connection) -> None:
        try:
            half_read(conn)
        except KeyError as error:
            raise ValueError("a") from error

    await asyncio.gather(*(store.write(add, key) for key in "ab"))
    with pytest.raises(ValueError, match="a") as kept:
        await store.write(unit)
    with outsider(path) as other:
        add(other, "c")
    await store.write(add, "d")
    assert kept.value.__traceback__ is not None
    assert keys(path) == ["a", "b", "c", "d"]


def rolls_back(conn: sqlite3.Connection) -> str:
    """Ends the whole transaction, as a trigger can."""
    conn.execute("CREATE TEMP TRIGGER no BEFORE DELETE ON meta BEGIN SELECT RAISE(ROLLBACK, 'no'); END")
    conn.execute("DELETE FROM meta")
    return ""


def commits(conn: sqlite3.Connection) -> str:
    """What a unit must not do."""
    conn.execute("COMMIT")
    return ""


async def test_a_unit_that_ends_the_transaction_takes_those_before_it_along(path: Path, store: Store) -> None:
    results = await one_group(store, lambda conn: add(conn, "a"), rolls_back, lambda conn: add(conn, "b"))
    beside = "StoreError: Nothing was written: a write beside this one failed (no); try again."
    assert results == [beside, beside, "IntegrityError: no", "b"]
    assert keys(path) == ["b"]


async def test_a_unit_that_commits_is_a_bug_that_its_caller_hears_of(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="savepoint"):
        await store.write(commits)
    assert await store.write(add, "a") == "a"


async def test_a_commit_that_fails_fails_the_group(path: Path, store: Store) -> None:
    def owe(conn: sqlite3.Connection) -> str:
        conn.execute("CREATE TABLE child (parent INTEGER REFERENCES child (rowid) DEFERRABLE INITIALLY DEFERRED)")
        conn.execute("CREATE TABLE owing (key TEXT REFERENCES meta (key) DEFERRABLE INITIALLY DEFERRED)")
        conn.execute("INSERT INTO owing VALUES ('nobody')")
        return ""

    results = await one_group(store, owe, lambda conn: add(conn, "a"))
    assert {result.partition(":")[0] for result in results} == {"StoreError"}
    assert keys(path) == []
    assert await store.write(add, "b") == "b"


async def test_a_full_disk_is_named_and_writing_goes_on_when_there_is_room(path: Path, store: Store) -> None:
    def fill(conn: sqlite3.Connection) -> str:
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        conn.execute(f"PRAGMA max_page_count = {pages}")
        return add(conn, "big", "x" * 1_000_000)

    results = await one_group(store, lambda conn: add(conn, "a"), fill)
    assert (
        results[2]
        == f"StoreError: There is no space left for the database {path}; free some on its disk and try again."
    )
    assert keys(path) == [result for result in results if not result.startswith("StoreError")], "as each was told"
    with pytest.raises(StoreError, match="no space left"):
        await store.write(add, "big", "x" * 1_000_000)
    await store.write(lambda conn: conn.execute("PRAGMA max_page_count = 1000000").fetchone()[0])
    await store.write(add, "big", "x" * 1_000_000)
    assert "big" in keys(path)


async def test_while_another_program_locks_the_file_all_that_wait_fail_at_once(path: Path, store: Store) -> None:
    await store.write(lambda conn: conn.execute("PRAGMA busy_timeout = 300").fetchone()[0])
    with outsider(path) as other:
        other.execute("BEGIN IMMEDIATE")
        before = asyncio.get_running_loop().time()
        tasks = [asyncio.create_task(store.write(add, str(number))) for number in range(20)]
        await asyncio.wait(tasks)
        assert asyncio.get_running_loop().time() - before < 3  # not twenty times the wait
        assert all("was locked by another program" in outcome(task) for task in tasks)
        other.execute("ROLLBACK")
    assert await store.write(add, "a") == "a"
    assert keys(path) == ["a"]


async def test_nothing_is_written_to_a_file_that_a_newer_program_took_over(path: Path, store: Store) -> None:
    with outsider(path) as other:
        other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="newer cwconsole"):
        await store.write(add, "a")


async def test_a_cancelled_waiter_learns_of_it_only_after_its_commit(path: Path, store: Store) -> None:
    gate = Gate()
    task = asyncio.create_task(store.write(gate.unit))
    await gate.begun()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
    gate.let_go()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert keys(path) == ["gate"]


async def test_a_cancelled_waiter_is_written_even_before_its_turn(path: Path, store: Store) -> None:
    gate = Gate()
    head = asyncio.create_task(store.write(gate.unit))
    await gate.begun()
    task = asyncio.create_task(store.write(add, "a"))
    await asyncio.sleep(0)
    task.cancel()
    gate.let_go()
    await asyncio.wait([head, task])
    assert task.cancelled()
    assert keys(path) == ["a", "gate"]


async def test_a_timeout_is_a_timeout_after_the_commit(path: Path, store: Store) -> None:
    gate = Gate()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            asyncio.get_running_loop().call_later(0.1, gate.let_go)  # the later of the two, however late it is
            await store.write(gate.unit)
    assert keys(path) == ["gate"]


async def test_a_cancelled_waiter_keeps_the_error_of_its_unit_as_the_cause(store: Store) -> None:
    gate = Gate()

    def unit(conn: sqlite3.Connection) -> None:
        gate.unit(conn)
        raise ValueError("no")

    task = asyncio.create_task(store.write(unit))
    await gate.begun()
    task.cancel()
    await asyncio.sleep(0)
    gate.let_go()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert isinstance(caught.value.__cause__, ValueError)


async def test_stopping_commits_what_waits_and_takes_nothing_new(path: Path) -> None:
    own = Writer(path)
    await own.start(lambda: writer(path))
    gate = Gate()
    head = asyncio.create_task(own.write(gate.unit))
    await gate.begun()
    waiting = [asyncio.create_task(own.write(add, key)) for key in "abc"]
    await asyncio.sleep(0)
    stops = [asyncio.create_task(own.stop()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match="is closed"):
        await own.write(add, "late")
    gate.let_go()
    await asyncio.gather(head, *waiting, *stops)
    await own.stop()
    assert keys(path) == ["a", "b", "c", "gate"]


async def test_a_cancelled_stop_still_closes_the_file(path: Path) -> None:
    own = Writer(path)
    await own.start(lambda: writer(path))
    gate = Gate()
    head = asyncio.create_task(own.write(gate.unit))
    await gate.begun()
    stop = asyncio.create_task(own.stop())
    await asyncio.sleep(0)
    stop.cancel()
    gate.let_go()
    await asyncio.wait([head, stop])
    assert stop.cancelled()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_a_file_that_cannot_be_opened_fails_the_start_and_the_stop_is_harmless(tmp_path: Path) -> None:
    own = Writer(tmp_path / "none.db")
    await own.stop()
    with pytest.raises(StoreError, match="There is no database"):
        await own.start(lambda: writer(tmp_path / "none.db"))
    with pytest.raises(StoreError, match="is closed"):
        await own.write(add, "a")
    await own.stop()
    with pytest.raises(StoreError):
        async with Store.open(tmp_path / "none.db", migrate=False):
            pytest.fail("opened")


async def test_a_clean_end_leaves_one_file(path: Path) -> None:
    async with Store.open(path, migrate=True) as store:
        await store.write(add, "a")
        await asyncio.gather(
            *(store.read(lambda conn: conn.execute("SELECT * FROM meta").fetchall()) for _ in range(9))
        )
        await store.data_version()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_a_clean_end_empties_the_log_while_another_process_looks(path: Path) -> None:
    with outsider(path) as other:
        other.execute("SELECT * FROM meta").fetchall()  # it is there from now on
        async with Store.open(path, migrate=False) as store:
            await store.write(add, "a")
        assert path.with_name(f"{path.name}-wal").stat().st_size == 0
        assert other.execute("SELECT count(*) FROM meta").fetchone()[0] == 1


async def test_a_clean_end_does_not_wait_for_one_who_reads(path: Path) -> None:
    with outsider(path) as other:
        async with Store.open(path, migrate=False) as store:
            await store.write(add, "a")
            other.execute("BEGIN")
            other.execute("SELECT * FROM meta").fetchall()
            await store.write(add, "b")
            before = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - before < 3
    assert keys(path) == ["a", "b"]


def test_a_loop_that_ends_without_a_stop_loses_no_commit(path: Path) -> None:
    gate = Gate()

    async def abandon() -> None:
        own = Writer(path)
        await own.start(lambda: writer(path))
        own._queue.put(_Unit(gate.unit, asyncio.get_running_loop().create_future()))
        await gate.begun()

    asyncio.run(abandon())
    gate.let_go()
    with outsider(path) as other:
        other.execute("BEGIN IMMEDIATE")  # waits for the lock, so for the commit
        assert keys(path) == ["gate"]


def test_a_command_writes_once_without_a_loop(path: Path) -> None:
    assert write_once(path, add, "a", value="1") == "a"
    with pytest.raises(ValueError, match="no"):
        write_once(path, add_and_fail, "b", ValueError("no"))
    assert keys(path) == ["a"]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_other_processes_write_at_the_same_time_and_every_write_counts(path: Path, store: Store) -> None:
    await store.write(add, "count", "0")
    processes = [start(COUNT_UP, path, 50) for _ in range(2)]
    for process in processes:
        go(process)
    while any(process.poll() is None for process in processes):
        await asyncio.gather(*(store.write(count_up) for _ in range(10)))
        await store.write(add, f"round {await store.data_version()}")
    for process in processes:
        finished(process)
    rounds = len(keys(path)) - 1
    assert int(dict(rows(path))["count"]) == 2 * 50 + 10 * rounds


def test_what_was_answered_survives_a_kill(path: Path) -> None:
    process = start(WRITE_UNTIL_KILLED, path)
    answered = [said(process) for _ in range(200)]
    killed(process)
    assert set(answered) <= set(keys(path))
    write_once(path, add, "after")


UNITS = st.lists(
    st.tuples(st.sampled_from(["add", "replace", "fail", "drop"]), st.sampled_from("abcd"), st.integers(0, 9)),
    max_size=30,
)


def step(conn: sqlite3.Connection, what: str, key: str, number: int) -> str:
    """One random unit. It gives what it saw, so that the order counts too."""
    seen = repr([tuple(row) for row in conn.execute("SELECT key, value FROM meta ORDER BY key")])
    if what == "drop":
        conn.execute("DELETE FROM meta WHERE key >= ?", (key,))
    elif what == "add":
        add(conn, key, str(number))  # fails if it is there
    else:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, str(number)))
    if what == "fail":
        raise ValueError(seen)
    return seen


@given(units=UNITS, size=st.sampled_from([1, 2, 7, 256]))
@settings(max_examples=40, deadline=None)
async def test_groups_come_to_the_same_as_one_by_one(units: list[tuple[str, str, int]], size: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("cwconsole.store.writer.GROUP_UNITS", size)
        grouped, single = Path(folder, "grouped.db"), Path(folder, "single.db")
        for one in (grouped, single):
            one.write_bytes(await asyncio.to_thread(empty_file))
        async with Store.open(grouped, migrate=True) as store:
            results = await one_group(store, *(partial(step, what=w, key=k, number=n) for w, k, n in units))
        expected = await asyncio.to_thread(
            one_by_one, single, Gate.open().unit, *(partial(step, what=w, key=k, number=n) for w, k, n in units)
        )
        assert results == expected
        assert rows(grouped) == rows(single)


def one_by_one(path: Path, *units: Callable[[sqlite3.Connection], str]) -> list[str]:
    """What groups are measured against: a transaction for each."""
    results = []
    with closing(prepared(path)) as conn:
        for unit in units:
            try:
                with transaction(conn):
                    results.append(unit(conn))
            except (ValueError, sqlite3.Error) as error:
                results.append(f"{type(error).__name__}: {error}")
    return results


async def test_what_hinders_is_known_until_something_is_written_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cwconsole.store.connection.BUSY_SECONDS", 0.1)
    async with Store.open(path, migrate=False) as store:
        with outsider(path) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError):
                await store.write(add, "a")
            assert "was locked by another program" in (store.hindrance or "")
            other.execute("ROLLBACK")
        await store.write(add, "a")
        assert store.hindrance is None
        with pytest.raises(sqlite3.IntegrityError):
            await store.write(add, "a")
        assert store.hindrance is None, "what a unit does wrong is not the file's fault"


async def test_a_full_disk_hinders_also_while_what_changes_nothing_passes(path: Path) -> None:
    async with Store.open(path, migrate=False) as store:
        used = await store.read(lambda conn: conn.execute("PRAGMA page_count").fetchone()[0])
        await store.write(lambda conn: conn.execute(f"PRAGMA max_page_count = {used}").fetchone()[0])
        with pytest.raises(StoreError):
            await store.write(add, "a", "x" * 100_000)
        await store.write(lambda conn: conn.execute("SELECT 1").fetchone()[0])
        assert "There is no space left" in (store.hindrance or "")
        await store.write(lambda conn: conn.execute("PRAGMA max_page_count = 100000").fetchone()[0])
        await store.write(add, "a", "x" * 100_000)
        assert store.hindrance is None
