"""The engine's lock: at most one engine per database, and a crash frees it at once.

Apart from `wiring`, since whoever only looks whether an engine runs must start fast.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cwconsole.core.errors import EngineRunningError, StoreError
from cwconsole.core.later import Later

if TYPE_CHECKING:
    import filelock
else:
    filelock = Later("filelock")

LOCK_SECONDS = 0.3  # longer than anybody takes who only looks whether an engine runs


def take_lock(path: Path) -> filelock.BaseFileLock:
    """Take the engine's lock; the caller releases it. The file beside the database stays.

    The system frees the lock when a process dies. Blocks. Raises EngineRunningError if another process holds it,
    StoreError if the folder cannot be written.
    """
    lock = filelock.FileLock(_file_of(path), thread_local=False)
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except filelock.Timeout:
        if not Path(lock.lock_file).exists():  # a folder that takes no files is waited for like a lock
            raise StoreError(f"The lock {lock.lock_file} cannot be made; check the folder of the database.") from None
        raise EngineRunningError(
            f"Another engine runs on {path}; `cwconsole status` says which. Stop it before you start this one."
        ) from None
    except OSError as error:
        raise StoreError(
            f"The lock {lock.lock_file} cannot be taken: {error.strerror}; check the folder of the database."
        ) from error
    with suppress(OSError):  # another user's file: then it is dated as it was
        os.utime(lock.lock_file)
    return lock


def taken_ms(path: Path) -> int:
    """When the engine's lock was taken last, milliseconds since the epoch; 0 if nobody knows."""
    try:
        return _file_of(path).stat().st_mtime_ns // 1_000_000
    except OSError:
        return 0


def _file_of(path: Path) -> Path:
    """Beside the database itself: a link to it would else have a lock, and an engine, of its own."""
    database = path.resolve()
    return database.parent / f"{database.name}.lock"


@contextmanager
def engine_lock(path: Path) -> Iterator[None]:
    """Hold the engine's lock around a block. Blocks and raises as `take_lock` does."""
    lock = take_lock(path)
    try:
        yield
    finally:
        lock.release()


def engine_runs(path: Path) -> bool:
    """Whether any process holds the engine's lock.

    The lock is `flock`'s, which the system is asked for here: filelock takes longer to load than all else that is done.
    Whoever asks shares it for a moment, so that no two who ask are in each other's way.
    """
    try:
        descriptor = os.open(_file_of(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False  # none, or one that this user may not read: somebody else's database, which reading will tell
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
