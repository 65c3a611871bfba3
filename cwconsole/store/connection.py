"""Opening the database file, refusing what is not ours, and the one door where SQLite's errors become `StoreError`s.

Only the standard sqlite3 is used here: commands that just read must start fast.
"""

from __future__ import annotations

import os
import sqlite3
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cwconsole.core.errors import StoreError
from cwconsole.store import patterns
from cwconsole.store.format import APPLICATION_ID, SCHEMA_VERSION

BUSY_SECONDS = 5.0
COMPANIONS = ("-wal", "-shm")

# By SQLite's primary result code. What is not listed (constraints, SQL that does not compile) is a bug and passes.
SENTENCES = {
    sqlite3.SQLITE_BUSY: "The database {path} was locked by another program for {busy:g} seconds; "
    "find out which one holds it and try again.",
    sqlite3.SQLITE_LOCKED: "The database {path} is locked within this program; try again.",
    sqlite3.SQLITE_FULL: "There is no space left for the database {path}; free some on its disk and try again.",
    sqlite3.SQLITE_READONLY: "The database {path} cannot be written; "
    "check the permissions of the file and of its folder, and that the disk is not mounted read-only.",
    sqlite3.SQLITE_PERM: "The database {path} may not be opened by this user; check its permissions.",
    sqlite3.SQLITE_CANTOPEN: "The database {path} cannot be opened; "
    "check that its folder exists and that this user may read and write there.",
    sqlite3.SQLITE_NOTADB: "{path} is not a SQLite database; name another file.",
    sqlite3.SQLITE_CORRUPT: "The database {path} is damaged ({detail}); "
    "stop cwconsole, set the file and its -wal file aside, and restore a backup.",
    sqlite3.SQLITE_IOERR: "The disk failed under the database {path} ({detail}); check it, and the space on it.",
    sqlite3.SQLITE_INTERRUPT: "A query of the database {path} was interrupted; ask again.",
    sqlite3.SQLITE_NOMEM: "There was not enough memory for the database {path}; free some and try again.",
}


def writer(path: Path, *, migrating: bool = False) -> sqlite3.Connection:
    """Open the file for writing. Outside explicit transactions every statement commits by itself.

    migrating: create a missing file, and accept one whose tables are older than the code; the caller migrates it.
    Raises StoreError for a file that cannot be used.
    """
    with translated(path):
        _locate(path, create=migrating)
        conn = _connect(path, "rw")
        try:
            check_level(conn, path, migrating=migrating)
            _use_wal(conn, path)
            conn.execute("PRAGMA synchronous = FULL")
            # 16 MB of log between checkpoints, not 4: a first full read rewrites the indexes' last pages all the time.
            conn.execute("PRAGMA wal_autocheckpoint = 4000")
            conn.execute("PRAGMA foreign_keys = ON")
            with transaction(conn):
                pass  # finds out now, not at the first write, whether the file can be written
        except BaseException:
            conn.close()
            raise
        return conn


def reader(path: Path) -> sqlite3.Connection:
    """Open the file for reading; whatever would write fails. Raises StoreError for a file that cannot be used."""
    with translated(path):
        _locate(path, create=False)
        conn = _connect(path, "ro")
        try:
            conn.execute("PRAGMA query_only = ON")
            check_level(conn, path)
        except BaseException:
            conn.close()
            raise
        return conn


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite raises about the file into StoreErrors; bugs pass as they are."""
    try:
        yield
    except sqlite3.Error as error:
        known = as_store_error(error, path)
        if known is None:
            raise
        raise known from error


def as_store_error(error: BaseException, path: Path) -> StoreError | None:
    """The sentence for an error of SQLite; None if it is a bug, or no error of SQLite."""
    code = getattr(error, "sqlite_errorcode", None)  # absent on errors that Python's module raises itself
    sentence = SENTENCES.get(code & 0xFF) if code is not None else None
    return StoreError(sentence.format(path=path, busy=BUSY_SECONDS, detail=error)) if sentence else None


@contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """One write transaction, with the write lock at once: a deferred one fails when another process wrote meanwhile."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:  # a full disk or RAISE(ROLLBACK) may have ended it already
            conn.execute("ROLLBACK")
        raise


def release_cursors(error: BaseException) -> None:
    """Let go of the local variables of the functions that an error came through.

    A cursor among them that was not read to its end keeps its state of the file open, and its interruption on, for as
    long as the error lives; the next transaction of the connection would trip over it.
    """
    link: BaseException | None = error
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__


def check_level(conn: sqlite3.Connection, path: Path, *, migrating: bool = False) -> int:
    """The version of the file's tables, 0 for a new empty file. Raises StoreError if this code must not use them."""
    # In one statement: another process may be creating the tables at this moment.
    application, version, tables = conn.execute(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)"
        " FROM pragma_application_id, pragma_user_version"
    ).fetchone()
    is_new = application == version == tables == 0
    if application != APPLICATION_ID and not is_new:
        raise StoreError(f"{path} is a database of another program; name another file.")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"The database {path} was written by a newer cwconsole (tables {version}, this program knows "
            f"{SCHEMA_VERSION}); upgrade this program."
        )
    if version < SCHEMA_VERSION and not migrating:
        state = "is empty" if is_new else f"is from an older cwconsole (tables {version}, needs {SCHEMA_VERSION})"
        raise StoreError(f"The database {path} {state}; run `cwconsole run` once, which prepares it.")
    return int(version)


def is_open_database(path: Path) -> bool:
    """Whether a file is a database that somebody has open, or one of the two beside it.

    Nothing but SQLite may open it: POSIX drops all locks that a process holds on a file as soon as the process closes
    any descriptor of it. The next program to close the database then takes itself for the last one and deletes the log
    that this process goes on to write (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    path = path.resolve()
    return path.name.endswith(COMPANIONS) or path.with_name(f"{path.name}-shm").exists()


def _locate(path: Path, *, create: bool) -> None:
    """See to it that there is a file. SQLite gives the -wal and -shm files beside it the same mode.

    One that is there is never opened, see `is_open_database`.
    """
    try:
        if path.is_dir():
            raise StoreError(f"{path} is a folder, not a database; name a file in it.")
        if create:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        elif not path.exists():
            raise StoreError(f"There is no database {path}; check the path, or run `cwconsole run` once to create it.")
    except OSError as error:
        raise StoreError(f"The database {path} cannot be opened: {error.strerror}; check its folder.") from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # As a URI, so that SQLite never creates a file by itself; as_uri() escapes `?`, `#`, `%` and spaces.
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    conn = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    conn.row_factory = sqlite3.Row
    conn.create_function("matches", 2, patterns.matches, deterministic=True)
    return conn


def _use_wal(conn: sqlite3.Connection, path: Path) -> None:
    """Switch to write-ahead logging. Only the first opening does anything, and SQLite does not wait for others then."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = conn.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise StoreError(
            f"The disk of {path} does not support SQLite's write-ahead log; move the file to a local disk."
        )
