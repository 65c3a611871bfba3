"""Where the engine's log goes: stderr of `run`, else the log file. One line an entry, `name=value`, without secrets."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from cwconsole.cli.text import harmless_lines
from cwconsole.core.errors import StoreError
from cwconsole.core.secret import MASK

SECRET_NAMES = frozenset({"private_key", "signature_key", "password", "authorization", "client_id", "token", "headers"})


def log_to_stderr(level: str) -> None:
    """For engines without a screen; systemd keeps it."""
    _configure(level, sys.stderr)


@contextmanager
def log_to_file(level: str, path: Path) -> Iterator[None]:
    """For commands whose output is an answer."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise StoreError(f"The log {path} cannot be written: {error.strerror}; check its folder.") from error
    with file:
        _configure(level, file)
        yield


def _configure(level: str, stream: TextIO) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redacted,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def redacted(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    """The entry without secrets, and with remote text made harmless."""
    return {
        name: MASK if name in SECRET_NAMES else harmless_lines(value) if isinstance(value, str) else value
        for name, value in entry.items()
    }
