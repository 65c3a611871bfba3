"""ConnectWise's conditions, put together safely.

A filter that comes from a file is always parenthesised: an `or` beside the date predicate would widen the result.
Dates are UTC, whole seconds, `Z`; `+00:00` is never sent (reference/connectwise-api.md, 4).
"""

from __future__ import annotations

from datetime import UTC, datetime


def moment(epoch: int) -> str:
    """Whole seconds since the epoch as a date literal, `[2026-08-20T18:04:26Z]`."""
    return datetime.fromtimestamp(epoch, UTC).strftime("[%Y-%m-%dT%H:%M:%SZ]")


def updated_since(epoch: int) -> str:
    """Everything updated at or after a server time; never `>`, which would lose ties."""
    return f"lastUpdated >= {moment(epoch)}"


def all_of(*conditions: str) -> str:
    """The conditions joined by `and`, those of several comparisons in parentheses; empty ones are left out."""
    given = [condition.strip() for condition in conditions if condition.strip()]
    if len(given) == 1:
        return given[0]
    return " and ".join(_guarded(condition) for condition in given)


def _guarded(condition: str) -> str:
    words = condition.lower().split()
    return f"({condition})" if "or" in words or "and" in words or "(" in condition else condition
