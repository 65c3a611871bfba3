"""Where the engine's log goes: the log file, which consoles show, and the stderr of `run`. One line an entry, without
secrets: `name=value`, or JSON on the stderr of a command that was asked for it.

Lines are written by a thread of their own: a slow disk or a stuck terminal must not hold up the engine. What libraries
have to say by `logging` goes the same way, since anything else on stderr would be written across the console.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from logging.handlers import QueueListener
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from cwconsole.cli.shared_log import SharedLogHandler
from cwconsole.core.errors import StoreError
from cwconsole.log import log

AS_JSON: Final = "as_json"  # the field of a record that has the line as JSON


@contextmanager
def log_to_stderr(level: str, path: Path, given: Collection[str] = (), *, as_json: bool = False) -> Iterator[None]:
    """For engines without a screen; systemd keeps it. Also to the file, for those who look on from a console.

    An engine starts without that file too: then its log says why. given: the secrets that this process holds, as they
    come.
    """
    stderr = _Stderr(sys.stderr)
    if as_json:
        stderr.setFormatter(logging.Formatter(f"%({AS_JSON})s"))
    try:
        if _is_anothers(path):  # under sudo, which may keep HOME, the log would become root's
            raise StoreError(f"The log {path} belongs to another user than the one who runs this; it is left alone.")
        file = _file(path)
    except StoreError as error:
        with _written_by([stderr], level, given, as_json=as_json):
            log.warning("consoles cannot show this log", why=error.message)
            yield
    else:
        with closing(file), _written_by([stderr, file], level, given, as_json=as_json):
            yield


@contextmanager
def log_to_file(level: str, path: Path, given: Collection[str] = ()) -> Iterator[None]:
    """For commands whose output is an answer, and while a screen is up. Any number of processes may share the file.

    given: the secrets that this process holds, as they come. Raises StoreError if the file cannot be written.
    """
    with closing(_file(path)) as handler, _written_by([handler], level, given):
        yield


def _is_anothers(path: Path) -> bool:
    """Whether the file, or else the nearest folder that there is, belongs to another user."""
    try:
        nearest = next(one for one in (path, *path.parents) if one.exists())
        return nearest.stat().st_uid != os.geteuid()
    except OSError:
        return False  # who opens it finds out what is wrong, and says so


def _file(path: Path) -> SharedLogHandler:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SharedLogHandler(path)
    except OSError as error:
        raise StoreError(f"The log {path} cannot be written: {error.strerror}; check its folder.") from error


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Whoever read it is gone; the engine goes on."""


class _FromLibraries(logging.Handler):
    """What asyncio and other libraries log: warnings, and failures of tasks that nobody awaited."""

    def emit(self, record: logging.LogRecord) -> None:
        log.at(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


@contextmanager
def _written_by(
    handlers: Sequence[logging.Handler], level: str, given: Collection[str], *, as_json: bool = False
) -> Iterator[None]:
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()

    def set_up() -> None:
        from cwconsole.cli import log_entries  # noqa: PLC0415 - it loads structlog

        log_entries.into(queue, given, as_json=as_json)

    listener = QueueListener(queue, *handlers)
    libraries = _FromLibraries(logging.WARNING)
    listener.start()
    logging.getLogger().addHandler(libraries)
    try:
        with log.written(set_up, logging.getLevelNamesMapping()[level.upper()]):
            yield
    finally:
        logging.getLogger().removeHandler(libraries)
        listener.stop()
