"""Files are opened safely, and what is not ours, newer, damaged, locked or full is refused with a sentence."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cwconsole.core.errors import StoreError
from cwconsole.store import connection
from cwconsole.store.connection import is_open_database, reader, transaction, translated, writer
from cwconsole.store.database import prepared
from cwconsole.store.format import SCHEMA_VERSION
from tests.store.processes import finished, killed, said, start

WRITE_AND_HANG = """
import sys
from pathlib import Path
from cwconsole.store.connection import writer
conn = writer(Path(sys.argv[1]))
conn.execute("PRAGMA cache_spill = 1")
conn.execute("BEGIN IMMEDIATE")
for key in range(int(sys.argv[2])):
    conn.execute("INSERT INTO meta VALUES (?, ?)", (str(key), "x" * 2000))
print("written", flush=True)
sys.stdin.readline()
"""


OPEN_AND_CLOSE = """
import sys
from contextlib import closing
from pathlib import Path
from cwconsole.store.connection import writer
with closing(writer(Path(sys.argv[1]))) as conn:
    print(*(value for value, in conn.execute("SELECT value FROM meta WHERE key LIKE 'row%' ORDER BY key")))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of ours, closed."""
    path = tmp_path / "cwconsole.db"
    prepared(path).close()
    return path


def test_a_new_file_and_its_companions_belong_to_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    before = os.umask(0)
    try:
        with closing(prepared(path)):
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_the_writer_is_durable_checks_references_and_waits_for_others(path: Path) -> None:
    with closing(writer(path)) as conn:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        settings = {name: conn.execute(f"PRAGMA {name}").fetchone()[0] for name in names}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


@pytest.mark.parametrize("name", ["a b.db", "a?mode=memory.db", "a#b.db", "a%20b.db", "a&b=c.db", "ä.db", "'\".db"])
def test_any_file_name_is_taken_as_it_stands(tmp_path: Path, name: str) -> None:
    with closing(prepared(tmp_path / name)) as conn:
        conn.execute("INSERT INTO meta VALUES ('key', 'value')")
        with closing(reader(tmp_path / name)) as other:
            assert other.execute("SELECT value FROM meta").fetchone()[0] == "value"
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_relative_path_is_found(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    reader(Path(path.name)).close()


def text_file(path: Path) -> None:
    path.write_text("minutes of the meeting\n" * 100)


def short_text_file(path: Path) -> None:
    path.write_text("hello")


def foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE songs (title)")


def marked_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA application_id = 252006674")


def newer_database(path: Path) -> None:
    prepared(path).close()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def damaged_database(path: Path) -> None:
    prepared(path).close()
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * 3996 + content[4096:])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (text_file, "is not a SQLite database"),
        (short_text_file, "is not a SQLite database"),
        (foreign_database, "is a database of another program"),
        (marked_database, "is a database of another program"),
        (newer_database, r"was written by a newer cwconsole .* upgrade"),
        (damaged_database, "is damaged"),
        (Path.mkdir, "is a folder"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], sentence: str
) -> None:
    path = tmp_path / "file"
    make(path)
    before = b"" if path.is_dir() else path.read_bytes()
    for opening in (writer, reader, prepared):
        with pytest.raises(StoreError, match=sentence) as caught:
            opening(path)
        assert str(path) in str(caught.value)
    assert (b"" if path.is_dir() else path.read_bytes()) == before
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("opening", [writer, reader])
def test_a_missing_file_is_named_and_not_created(tmp_path: Path, opening: Callable[[Path], sqlite3.Connection]) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        opening(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("opening", [writer, reader])
def test_an_empty_file_needs_its_tables_first(tmp_path: Path, opening: Callable[[Path], sqlite3.Connection]) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match="is empty; run `cwconsole run` once"):
        opening(tmp_path / "empty.db")


@pytest.mark.parametrize("opening", [writer, reader])
def test_an_older_file_needs_an_upgrade_first(path: Path, opening: Callable[[Path], sqlite3.Connection]) -> None:
    with closing(writer(path)) as conn:
        conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
    with pytest.raises(StoreError, match="is from an older cwconsole"):
        opening(path)


@pytest.mark.parametrize("folder", ["none", "file"])
def test_a_file_that_cannot_be_created_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot be opened: .* check its folder"):
        prepared(tmp_path / folder / "new.db")


def test_a_locked_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"was locked by another program for 0.05 seconds"):
            writer(path)


def test_a_reader_cannot_write(path: Path) -> None:
    with closing(reader(path)) as conn, pytest.raises(StoreError, match="cannot be written"), translated(path):
        conn.execute("INSERT INTO meta VALUES ('key', 'value')")


def test_a_reader_cannot_write_to_another_file_either(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other.db").touch()
    with closing(reader(path)) as conn, pytest.raises(StoreError, match="cannot be written"), translated(path):
        conn.execute("ATTACH ? AS other", (str(tmp_path / "other.db"),))
        conn.execute("CREATE TABLE other.songs (title)")


def test_a_full_disk_is_named_and_the_file_stays_sound(path: Path) -> None:
    with closing(writer(path)) as conn:
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        conn.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="no space left"), translated(path), transaction(conn):
            conn.execute("INSERT INTO meta VALUES ('key', ?)", ("x" * 100_000,))
        assert not conn.in_transaction
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_bug_is_not_dressed_up_as_trouble_with_the_file(path: Path) -> None:
    with closing(writer(path)) as conn:
        with pytest.raises(sqlite3.IntegrityError), translated(path):
            conn.execute("INSERT INTO meta VALUES ('key', NULL)")
        with pytest.raises(sqlite3.OperationalError, match="no such table"), translated(path):
            conn.execute("SELECT * FROM nonsense")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"), translated(path):
        conn.execute("SELECT 1")


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    with closing(writer(path)) as conn:
        with pytest.raises(KeyError), transaction(conn):
            conn.execute("INSERT INTO meta VALUES ('key', 'value')")
            raise KeyError
        assert conn.execute("SELECT count(*) FROM meta").fetchone()[0] == 0


def test_many_first_openings_at_once_all_succeed(tmp_path: Path) -> None:
    for attempt in range(5):
        path = tmp_path / f"{attempt}.db"
        with ThreadPoolExecutor(8) as pool:
            for conn in pool.map(prepared, [path] * 8):
                conn.close()


@pytest.mark.parametrize("later", [prepared, writer, reader])
def test_another_opening_in_this_process_keeps_the_log_from_being_deleted_by_others(
    path: Path, later: Callable[[Path], sqlite3.Connection]
) -> None:
    log = path.with_name(f"{path.name}-wal")
    with closing(writer(path)) as first, closing(later(path)) as second:
        first.execute("INSERT INTO meta VALUES ('row1', 'before')")
        second.execute("SELECT * FROM meta").fetchall()
        number = log.stat().st_ino
        assert finished(start(OPEN_AND_CLOSE, path)) == "before"
        assert log.stat().st_ino == number
        first.execute("INSERT INTO meta VALUES ('row2', 'after')")
        assert finished(start(OPEN_AND_CLOSE, path)) == "before after"


def test_what_nothing_but_sqlite_may_open_is_known(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path.name)
    assert not is_open_database(path)
    with closing(writer(path)):
        beside = [path.with_name(f"{path.name}{end}") for end in ("", "-wal", "-shm")]
        assert all(map(is_open_database, [*beside, link]))
        assert not is_open_database(path.with_name("acme.toml"))


@pytest.mark.parametrize("rows", [1, 5000], ids=["in memory", "spilled to the log"])
def test_a_process_killed_in_a_transaction_leaves_the_file_sound_and_free(path: Path, rows: int) -> None:
    process = start(WRITE_AND_HANG, path, rows)
    assert said(process) == "written"
    killed(process)
    with closing(writer(path)) as conn:
        assert conn.execute("SELECT count(*) FROM meta").fetchone()[0] == 0
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_reading_and_writing_load_no_sqlite_utils() -> None:
    code = "import cwconsole.store.database, sys; sys.exit('sqlite_utils' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
