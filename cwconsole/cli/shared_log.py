"""The log file, which every console of this user writes to: the engine's lines of one are read in another's Log view.

A line is one write to the end of the file, so processes don't mix within one. Who finds the file full rotates it under
a lock, unless another was faster; the others notice with their next line that the name stands for another file.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cwconsole.core.later import Later

if TYPE_CHECKING:
    import filelock
else:
    filelock = Later("filelock")  # for a file that is full

LARGEST: Final = 5_000_000
KEPT: Final = 3
LOCK_SECONDS: Final = 1.0


class SharedLogHandler(logging.Handler):
    """Appends to a file that others append to and rotate as well. Raises OSError if it cannot be opened."""

    def __init__(self, path: Path, *, largest: int = LARGEST, kept: int = KEPT) -> None:
        super().__init__()
        self._path = path
        self._largest = largest
        self._kept = kept
        self._file = self._opened()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, to the file that has the name now. A full disk costs the line: it must not end anything."""
        line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        with suppress(OSError):
            if self._moved():
                self._open_again()
            if os.fstat(self._file).st_size + len(line) > self._largest:
                with suppress(
                    filelock.Timeout, OSError
                ):  # another is at it, or the folder is not ours: the file grows on
                    self._rotate()
            os.write(self._file, line)

    def close(self) -> None:
        """Nothing waits to be written."""
        os.close(self._file)
        super().close()

    def _rotate(self) -> None:
        with filelock.FileLock(f"{self._path}.lock", timeout=LOCK_SECONDS):
            if not self._moved():
                for number in range(self._kept - 1, 0, -1):
                    with suppress(FileNotFoundError):
                        self._numbered(number).replace(self._numbered(number + 1))
                self._path.replace(self._numbered(1))
            self._open_again()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _moved(self) -> bool:
        """Whether the name stands for another file by now, or for none."""
        ours = os.fstat(self._file)
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return True
        return (ours.st_ino, ours.st_dev) != (named.st_ino, named.st_dev)

    def _open_again(self) -> None:
        before, self._file = self._file, self._opened()
        os.close(before)

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
