"""Times that people type beyond those of `core.moments`: `14:00`, `Nov 3`, `3 Nov 2026 14:00`. UTC without a zone."""

from __future__ import annotations

from datetime import UTC, datetime

from cwconsole.core.errors import UsageError
from cwconsole.core.moments import milliseconds, moment


def read_time(typed: str, *, now_ms: int) -> int | None:
    """Milliseconds since the epoch, or None if it is no time. `03/04/2026` is not guessed at: it is two dates."""
    from dateutil import parser  # noqa: PLC0415 - loaded only for what is not understood otherwise

    if "/" in typed or not any(char.isalpha() or char in ":-" for char in typed):
        return None
    midnight = datetime.fromtimestamp(now_ms // 1000, tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return milliseconds(parser.parse(typed, default=midnight))
    except (ValueError, OverflowError):
        return None


def require_time(typed: str, *, now_ms: int) -> int:
    """Milliseconds since the epoch. Raises UsageError for what is no time."""
    read = moment(typed, now_ms)
    if read is None:
        read = read_time(typed, now_ms=now_ms)
    if read is None:
        raise UsageError(f"{typed!r} is no time; write 2h, 3d or 2026-09-01T08:00.")
    return read
