"""Points in time as people type them: how long ago (`2h`, `1d12h`), or an ISO date and time.

Without a zone a time is UTC, as everything the program shows is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
CLOCKS_AGREE = 3.0  # seconds: a Date header has whole ones, and a page may take one to be read and recorded
_LAST = 253_402_300_799_999  # the end of the year 9999
_AGO = re.compile(r"(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?", re.ASCII)


def duration(text: str) -> int | None:
    """Seconds of `90s`, `15m`, `2h`, `3d`, `1w` or a combination, the longest first; None if it is none of them."""
    match = _AGO.fullmatch(text.strip().lower())
    if match is None or not any(match.groups()):
        return None
    return sum(int(count or 0) * _SECONDS[unit] for unit, count in zip(_SECONDS, match.groups(), strict=True))


def moment(text: str, now_ms: int) -> int | None:
    """Milliseconds since the epoch, UTC, of a text; None if it is not understood."""
    text = text.strip()
    if text.lower() == "now":
        return now_ms
    if (ago := duration(text)) is not None:
        return max(now_ms - ago * 1000, 0)
    try:
        return milliseconds(datetime.fromisoformat(text))
    except ValueError:
        return None


def milliseconds(when: datetime) -> int:
    """Milliseconds since the epoch, within 1970 to 9999; UTC if it has no zone."""
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return min(max((since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000, 0), _LAST)


def clock_words(ahead_seconds: float | None) -> str | None:
    """How a server's clock stands to ours: `87 s ahead of this machine's`. None if unknown, or the same within 3 s."""
    if ahead_seconds is None or abs(ahead_seconds) < CLOCKS_AGREE:
        return None
    return f"{abs(ahead_seconds):,.0f} s {'ahead of' if ahead_seconds > 0 else 'behind'} this machine's"


def iso(ms: int) -> str:
    """`2026-09-01T08:00:00.000Z`, which `moment` reads back."""
    when = datetime.fromtimestamp(ms // 1000, tz=UTC)
    return f"{when.isoformat()[:19]}.{ms % 1000:03d}Z"
