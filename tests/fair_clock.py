"""A clock that stands still while a program waits for the processor: what is quick is so on a busy machine too."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

_seen: dict[str, dict[str, int]] = {}  # by process and thread, the nanoseconds that it had waited when last looked at
_ended: defaultdict[str, int] = defaultdict(int)  # by process, those of threads that are gone: they count on


def fair_clock(pid: int | str = "self") -> float:
    """Seconds, less those for which a process's threads were ready to go on and others were running instead.

    Where the system does not tell of these, it is a clock like any other.
    """
    process, waited = str(pid), dict[str, int]()
    for told in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # a thread that has ended meanwhile
            waited[told.parent.name] = int(told.read_text().split()[1])
    for thread, before in _seen.get(process, {}).items():
        if waited.get(thread, -1) < before:  # it has ended; another one may bear its number
            _ended[process] += before
    _seen[process] = waited
    return time.monotonic() - (_ended[process] + sum(waited.values())) / 1e9
