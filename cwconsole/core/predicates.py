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


def all_of(given: str, *ours: str) -> str:
    """A filter from a file and our own single comparisons, joined by `and`; empty ones are left out.

    The filter is parenthesised whatever it says: an `or` in it would otherwise reach past our comparisons.
    """
    mine = [comparison for comparison in ours if comparison]
    theirs = given.strip()
    if theirs and mine:
        theirs = f"({theirs})"
    return " and ".join(part for part in (theirs, *mine) if part)
