"""How an entry of the log becomes a line: one of `name=value`, or of JSON, without secrets. By structlog's processors.

A module of its own, since structlog is loaded when there is first something to say.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from queue import SimpleQueue
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from cwconsole.cli.logs import AS_JSON
from cwconsole.cli.redaction import Written, redacted
from cwconsole.cli.text import harmless_lines
from cwconsole.core.secret import MASK

SECRET_NAMES = frozenset({"private_key", "signature_key", "password", "authorization", "client_id", "token", "headers"})
_LOGFMT: Final = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
_JSON: Final = structlog.processors.JSONRenderer()


def into(queue: SimpleQueue[logging.LogRecord], given: Collection[str], *, as_json: bool) -> None:
    """Have structlog put its lines in the queue; as JSON too if somebody writes that. given: secrets, as they come."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_secrets(given),
        ],
        logger_factory=lambda *_: _Lines(queue, as_json=as_json),
        cache_logger_on_first_use=False,
    )


class _Lines:
    """What structlog hands its entries to."""

    def __init__(self, queue: SimpleQueue[logging.LogRecord], *, as_json: bool) -> None:
        self._queue = queue
        self._written: dict[str, Processor] = {"msg": _LOGFMT, **({AS_JSON: _JSON} if as_json else {})}

    def msg(self, **entry: object) -> None:
        """Put one line in the queue, in all the forms that somebody writes."""
        lines = {name: written(None, "", dict(entry)) for name, written in self._written.items()}
        self._queue.put(logging.makeLogRecord(lines))

    debug = info = warning = error = critical = msg


def without_secrets(given: Collection[str]) -> Processor:
    """The processor that lets no secret pass, and makes remote text harmless. given: looked at anew for each entry."""
    written = Written(given)

    def shown(value: object, forms: list[str]) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        return harmless_lines(redacted(str(value), forms))

    def process(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
        forms = written.within("\n".join(str(value) for value in entry.values()))
        return {name: MASK if name in SECRET_NAMES else shown(value, forms) for name, value in entry.items()}

    return process
