"""What happens, for the log: `log.warning("polls fail", resource=…, why=…)`. structlog writes it.

structlog brings the printing of tracebacks in colour and all that it needs, a tenth of the console's start. So it is
loaded when there is first something to say; what is below the level that anybody wants loads nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Log:
    """Entries of one event and named values each. Any thread may use it."""

    def __init__(self) -> None:
        self._least = logging.NOTSET
        self._set_up: Callable[[], None] | None = None

    def debug(self, event: str, **values: Any) -> None:
        """Of use to whoever looks for a fault in the program."""
        self.at(logging.DEBUG, event, **values)

    def info(self, event: str, **values: Any) -> None:
        """As it should be."""
        self.at(logging.INFO, event, **values)

    def warning(self, event: str, **values: Any) -> None:
        """Not as it should be, and taken care of."""
        self.at(logging.WARNING, event, **values)

    def error(self, event: str, **values: Any) -> None:
        """Somebody should act. exc_info: an exception, or True for the one that is being handled."""
        self.at(logging.ERROR, event, **values)

    def exception(self, event: str, **values: Any) -> None:
        """An error, with the traceback of what is being handled."""
        self.error(event, exc_info=True, **values)

    def at(self, level: int, event: str, **values: Any) -> None:
        """At a level of `logging`."""
        if level < self._least:
            return
        import structlog  # noqa: PLC0415 - see the top of this file

        if self._set_up is not None:
            self._set_up()  # once more if two threads come first at once, which does no harm
            self._set_up = None
        structlog.get_logger().log(level, event, **values)

    @contextmanager
    def written(self, set_up: Callable[[], None], least: int) -> Iterator[None]:
        """Meanwhile entries of at least that level are written as `set_up`, called before the first, has structlog do.

        Without it structlog does as it does by itself.
        """
        self._least, self._set_up = least, set_up
        try:
            yield
        finally:
            set_up_was_called = self._set_up is None
            self._least, self._set_up = logging.NOTSET, None
            if set_up_was_called:
                import structlog  # noqa: PLC0415 - it has been loaded

                structlog.reset_defaults()


log = Log()
