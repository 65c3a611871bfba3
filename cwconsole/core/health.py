"""Whether a resource is up to date, as one word. Only `fresh` is good; the first rule that applies decides.

1. off: its instance is disabled, or it is left out of the configuration. paused: it or its instance is.
2. parked: keys, address or question are wrong, and somebody must mend them. failing: the last poll failed.
3. new: nothing is known of it yet; its first poll is outstanding, or the baseline is being read.
4. late: the watermark lies further back than two intervals and two minutes, so at least one poll is missing; or no
   engine runs and the next poll should have begun a minute ago.
5. asking: a sweep found so many records gone that it waits for somebody to agree. It does so whatever the word is: a
   word above that comes first does not answer it, so whoever shows the word says beside it that a sweep asks.
6. late as well: three sweeps in a row failed, or none came to its end for two sweep intervals: deletes may be missing.
   And late: a record is set aside, since it cannot be decoded: what has changed in it is in no event.
7. held: it is up to date, and its deliveries are held.
8. unsent: it is up to date, and what it recorded does not get out: deliveries wait, and the breaker of their callback
   URL is open.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from cwconsole.core.config import Mode
from cwconsole.core.polling import poll_interval, sweep_interval

LATE_SLACK: Final = 120.0
OVERDUE_SLACK_MS: Final = 60_000
SWEEP_FAILURES: Final = 3  # in a row, from which deletes count as missing, not as a passing trouble


class Health(StrEnum):
    """How a resource does."""

    FRESH = "fresh"  # up to date
    UNSENT = "unsent"  # up to date, deliveries do not get out
    HELD = "held"  # up to date, nothing is sent
    ASKING = "asking"  # a sweep waits for confirmation
    LATE = "late"  # not as up to date as it should be
    NEW = "new"  # not read yet
    FAILING = "failing"  # the last poll failed; it is tried again
    PARKED = "parked"  # somebody must mend something
    PAUSED = "paused"  # an operator paused it
    OFF = "off"  # its instance is disabled, or it is left out of the configuration


class Vitals(Struct, frozen=True, kw_only=True):
    """What the judgement needs of a row.

    enabled: whether it is configured, and its instance enabled.
    watermark: whole seconds on the server's clock. skew_ms: the server's clock minus ours.
    listed_ms: when all ids were last listed to the end, by a sweep or by the baseline; None if never.
    set_aside: how many records cannot be decoded. unsent: whether its deliveries do not get out (rule 8).
    """

    enabled: bool
    paused: bool
    held: bool
    parked: bool
    failures: int
    watermark: int | None
    baseline_done: bool
    interval: float
    mode: Mode
    next_poll_ms: int | None
    skew_ms: int | None
    sweep_vanished: int | None
    sweep_interval: float
    sweep_failures: int
    listed_ms: int | None
    set_aside: int = 0
    unsent: bool = False


def health(vitals: Vitals, *, now_ms: int, engine_runs: bool) -> Health:
    """The word for it."""
    standing = (
        (not vitals.enabled, Health.OFF),
        (vitals.paused, Health.PAUSED),
        (vitals.parked, Health.PARKED),
        (vitals.failures > 0, Health.FAILING),
        (vitals.watermark is None, Health.NEW),
        (_is_late(vitals, now_ms, engine_runs), Health.LATE),
        (not vitals.baseline_done, Health.NEW),
        (bool(vitals.sweep_vanished), Health.ASKING),
        (misses_deletes(vitals, now_ms) or vitals.set_aside > 0, Health.LATE),
        (vitals.held, Health.HELD),
        (vitals.unsent, Health.UNSENT),
    )
    return next((word for applies, word in standing if applies), Health.FRESH)


def _is_late(vitals: Vitals, now_ms: int, engine_runs: bool) -> bool:
    lag = lag_seconds(vitals, now_ms)
    behind = lag is not None and lag > allowed_lag(vitals)
    return behind or (not engine_runs and _is_overdue(vitals, now_ms))


def lag_seconds(vitals: Vitals, now_ms: int) -> int | None:
    """How far the watermark lies behind the server's clock; None without a watermark."""
    if vitals.watermark is None:
        return None
    return max((now_ms + (vitals.skew_ms or 0)) // 1000 - vitals.watermark, 0)


def allowed_lag(vitals: Vitals) -> float:
    """Seconds up to which a resource still counts as up to date."""
    return 2 * poll_interval(vitals.interval, vitals.mode) + LATE_SLACK


def misses_deletes(vitals: Vitals, now_ms: int) -> bool:
    """Whether deletes may be missing, since sweeps fail or do not come to their end (rule 6)."""
    if vitals.sweep_failures >= SWEEP_FAILURES:
        return True
    seconds = sweep_interval(vitals.sweep_interval, interval=vitals.interval, mode=vitals.mode)
    allowed_ms = 2 * seconds * 1000 + OVERDUE_SLACK_MS
    return vitals.listed_ms is not None and now_ms - vitals.listed_ms > allowed_ms


def _is_overdue(vitals: Vitals, now_ms: int) -> bool:
    return vitals.next_poll_ms is None or vitals.next_poll_ms < now_ms - OVERDUE_SLACK_MS
