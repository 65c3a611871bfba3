"""The `Retry-After` header, as RFC 9110 10.2.3 allows it: seconds, or an HTTP date.

Receivers also write fractions of seconds; they are rounded up, so that nobody is asked too early. A date is read
against the answer's own `Date` where there is one, since the two clocks then agree.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_SECONDS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def parse_retry_after(value: str | None, *, date: str | None, now_ms: int) -> float | None:
    """Seconds to wait from the answer on, not below zero; None if there is no header or nobody can read it.

    value, date: the answer's `Retry-After` and `Date`. now_ms: our clock, used when the answer has no date.
    """
    if value is None:
        return None
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return float(math.ceil(float(value)))
    until = http_date(value)
    if until is None:
        return None
    since = http_date(date) if date else None
    return max(0.0, until - (now_ms / 1000 if since is None else since))


def http_date(text: str) -> float | None:
    """An HTTP date in any of its three forms as seconds since the epoch, UTC; None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (zoned - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
