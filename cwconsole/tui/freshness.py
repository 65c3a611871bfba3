"""How what is on the screen stands to what the file says."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Phase(Enum):
    """What is on the screen."""

    LOADING = "loading"  # nothing yet; it is being read
    CURRENT = "current"  # what the file says
    STALE = "stale"  # what the file said; the last reading failed
    UNAVAILABLE = "unavailable"  # nothing; the first reading failed


class Freshness(Struct, frozen=True, kw_only=True):
    """How the view stands. since_ms: when it was last read. error: why the last reading failed, as a sentence."""

    phase: Phase = Phase.LOADING
    since_ms: int | None = None
    error: str | None = None

    def succeeded(self, now_ms: int) -> Freshness:
        """After a reading."""
        return Freshness(phase=Phase.CURRENT, since_ms=now_ms)

    def failed(self, error: str) -> Freshness:
        """After a reading that failed."""
        phase = Phase.UNAVAILABLE if self.since_ms is None else Phase.STALE
        return Freshness(phase=phase, since_ms=self.since_ms, error=error)
