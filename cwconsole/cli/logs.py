"""Where the engine's log goes: stderr of `run`, else the log file. One line an entry, `name=value`, without secrets.

Lines are written by a thread of their own: a slow disk or a stuck terminal must not hold up the engine.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from logging.handlers import QueueListener, RotatingFileHandler
from pathlib import Path
from queue import SimpleQueue

import structlog
from structlog.typing import EventDict, WrappedLogger

from cwconsole.cli.text import harmless_lines
from cwconsole.core.errors import StoreError
from cwconsole.core.secret import MASK

SECRET_NAMES = frozenset({"private_key", "signature_key", "password", "authorization", "client_id", "token", "headers"})
LARGEST = 5_000_000
KEPT = 3


@contextmanager
def log_to_stderr(level: str) -> Iterator[None]:
    """For engines without a screen; systemd keeps it."""
    with _written_by(logging.StreamHandler(sys.stderr), level):
        yield


@contextmanager
def log_to_file(level: str, path: Path) -> Iterator[None]:
    """For commands whose output is an answer, and while a screen is up. Raises StoreError if it cannot be written."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", errors="backslashreplace"
        )
    except OSError as error:
        raise StoreError(f"The log {path} cannot be written: {error.strerror}; check its folder.") from error
    with closing(handler), _written_by(handler, level):
        yield


class _Lines:
    """What structlog hands its lines to."""

    def __init__(self, queue: SimpleQueue[logging.LogRecord]) -> None:
        self._queue = queue

    def msg(self, line: str) -> None:
        """Put one line in the queue."""
        self._queue.put(logging.makeLogRecord({"msg": line}))

    debug = info = warning = error = critical = msg


@contextmanager
def _written_by(handler: logging.Handler, level: str) -> Iterator[None]:
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    listener = QueueListener(queue, handler)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redacted,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _Lines(queue),
        cache_logger_on_first_use=False,
    )
    listener.start()
    try:
        yield
    finally:
        listener.stop()


def redacted(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    """The entry without secrets, and with remote text made harmless."""
    return {
        name: MASK if name in SECRET_NAMES else harmless_lines(value) if isinstance(value, str) else value
        for name, value in entry.items()
    }
