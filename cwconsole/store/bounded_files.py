"""Small files that a configuration names, read within a bound: a FIFO or a dead network mount never answers.

A read that hangs cannot be ended. Its thread is left behind, and no other file of that folder is tried while it hangs,
so that a thousand instances whose secrets lie on one dead mount wait once.
"""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Final

from cwconsole.store.connection import is_open_database

SECONDS: Final = 2.0
LARGEST: Final = 1_000_000  # bytes: a secret has few, a bundle of certificates some hundred thousand


class BoundedFiles:
    """Reads files, at most one at a time in a folder. Blocks for `seconds` at most."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._hanging: dict[Path, _Read] = {}

    def read(self, path: Path) -> bytes:
        """What the file holds. Raises OSError if it cannot be read, is too large, or does not answer in time."""
        before = self._hanging.pop(path.parent, None)
        if before is not None and before.is_alive():
            self._hanging[path.parent] = before
            raise OSError(errno.ETIMEDOUT, f"reading {before.path} still hangs")
        read = _Read(path)
        read.start()
        read.join(self._seconds)
        if read.is_alive():
            self._hanging[path.parent] = read
            raise OSError(errno.ETIMEDOUT, f"no answer within {self._seconds:g} s: a pipe, or a dead network mount?")
        if read.error is not None:
            raise read.error
        return read.content


class _Read(threading.Thread):
    """One reading. A daemon, since what hangs must not keep the program from ending."""

    def __init__(self, path: Path) -> None:
        super().__init__(name=f"reading {path.name}", daemon=True)
        self.path = path
        self.content = b""
        self.error: OSError | None = None

    def run(self) -> None:
        try:
            if is_open_database(self.path):
                raise OSError(errno.EBUSY, "it is a database that is open")
            with self.path.open("rb") as file:
                self.content = file.read(LARGEST + 1)
            if len(self.content) > LARGEST:
                self.error = OSError(errno.EFBIG, f"it is larger than {LARGEST:,} bytes")
        except OSError as error:
            self.error = error
