"""The end of a log file as it grows, in bounded bites, through its rotations. Blocks: call it on a thread.

At first the last `BITE` bytes are read, later what has been written since; when more than a bite has, the middle is
left out, and said to be. Nothing stays open in between, so whoever rotates or deletes the file is never in the way.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

BITE: Final = 262_144
LONGEST: Final = 65_536  # bytes of a line that has no end yet


class Bite(Struct, frozen=True, kw_only=True):
    """Whole lines that were written since. skipped: bytes before them that were not read."""

    lines: list[str]
    skipped: int = 0


class _Place(Struct, frozen=True):
    """Which file, and how far it was read."""

    inode: int
    offset: int


class LogTail:
    """One follower of one file. The first look does not say that older lines were left out: that is expected."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place: _Place | None = None
        self._rest = b""

    def look(self) -> Bite:
        """What is new. A file that is not there has no lines; OSError for one that cannot be read."""
        try:
            # Opened before it is looked at: by its name alone it may be another file a moment later.
            with self.path.open("rb") as file:
                return self._look_into(file)
        except FileNotFoundError:
            return Bite(lines=[])

    def _look_into(self, file: BinaryIO) -> Bite:
        found, place = os.fstat(file.fileno()), self._place
        if place is None:
            start = max(found.st_size - BITE, 0)
            self._place = _Place(found.st_ino, start)
            return self._read(file, found.st_size, whole=start == 0, first=True)
        if place == _Place(found.st_ino, found.st_size):
            return Bite(lines=[])
        if place.inode == found.st_ino and place.offset <= found.st_size:
            return self._read(file, found.st_size)
        before = self._rest_of_rotated(place)
        self._place, self._rest = _Place(found.st_ino, 0), b""
        after = self._read(file, found.st_size)
        return Bite(lines=before.lines + after.lines, skipped=before.skipped + after.skipped)

    def _rest_of_rotated(self, place: _Place) -> Bite:
        """What was written to the file before it was given its rotated name."""
        try:
            with self.path.with_name(self.path.name + ".1").open("rb") as rotated:
                found = os.fstat(rotated.fileno())
                return self._read(rotated, found.st_size) if found.st_ino == place.inode else Bite(lines=[])
        except FileNotFoundError:
            return Bite(lines=[])

    def _read(self, file: BinaryIO, size: int, *, whole: bool = True, first: bool = False) -> Bite:
        """whole: the place is at the beginning of a line."""
        assert self._place is not None
        start = max(self._place.offset, size - BITE)
        skipped = start - self._place.offset
        if skipped:
            self._rest, whole = b"", False
        file.seek(start)
        data = self._rest + file.read(BITE)
        self._place = _Place(self._place.inode, file.tell())
        if not whole:
            data = data.partition(b"\n")[2]
        *lines, rest = data.split(b"\n")
        if len(rest) > LONGEST:
            lines, rest = [*lines, rest], b""
        self._rest = rest
        return Bite(lines=[line.decode("utf-8", "replace") for line in lines], skipped=0 if first else skipped)
