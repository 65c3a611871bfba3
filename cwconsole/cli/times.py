"""Times that people type beyond those of `core.moments`: `14:00`, `Nov 3`, `3 Nov 2026 14:00`. UTC without a zone.

What can be read in two ways is no time: `03/04`, `5-3`, `Monday`, a zone's letters, `GMT+3`, and what looks like a span
but is none (`-2h`, `1.5h`, `2 h`), of which a parser that guesses would make an hour of today.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cwconsole.core.errors import UsageError
from cwconsole.core.moments import milliseconds, moment

if TYPE_CHECKING:
    from dateutil.parser import parserinfo

_WORD: Final = re.compile(r"[^\W\d_]+")
_PLAIN_WORDS: Final = frozenset({"t", "at", "z", "utc", "gmt"})
_WHOLE_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?!\d)")
_AMBIGUOUS: Final = re.compile(
    r"/|^\W|(?<![\d-])\d{1,2}-\d{1,2}(?!\d)|\d\.\d{1,2}\.|(?:utc|gmt|z)\s*[+-]", re.IGNORECASE
)


def read_time(typed: str, *, now_ms: int) -> int | None:
    """Milliseconds since the epoch, or None if it is no time that can be read in one way only."""
    from dateutil import parser  # noqa: PLC0415 - loaded only for what is not understood otherwise

    typed = typed.strip()
    if not _is_plain(typed, parser.parserinfo()):
        return None
    midnight = datetime.fromtimestamp(now_ms // 1000, tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return milliseconds(parser.parse(typed, default=midnight))
    except (ValueError, OverflowError):
        return None


def _is_plain(typed: str, words: parserinfo) -> bool:
    """Whether it has a month's name, a whole date or a clock time, and no word that says something else."""
    found = _WORD.findall(typed)
    months = [word for word in found if words.month(word) is not None]
    halves = [word for word in found if len(word) == 2 and words.ampm(word) is not None]
    known = len(months) + len(halves) + sum(word.lower() in _PLAIN_WORDS for word in found)
    if _AMBIGUOUS.search(typed) or known != len(found):
        return False
    return bool(months or halves or ":" in typed or _WHOLE_DATE.match(typed))


def require_time(typed: str, *, now_ms: int) -> int:
    """Milliseconds since the epoch. Raises UsageError for what is no time."""
    read = moment(typed, now_ms)
    if read is None:
        read = read_time(typed, now_ms=now_ms)
    if read is None:
        raise UsageError(f"{typed!r} is no time; write 2h, 3d or 2026-09-01T08:00.")
    return read
