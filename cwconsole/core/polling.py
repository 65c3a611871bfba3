"""The rules of polling (design 5). Pure: the stored state, an answer, the time and chance go in, an intent comes out.

* A window starts at the watermark minus the overlap, and is paged by id, so that nothing shifts while we page.
* A record is news if its digest differs from the known one; re-reading the overlap therefore emits nothing twice.
* An object known by its date alone (baseline) is unchanged while that date is the same and older than the start. If it
  has none, that a window brings it says that it has changed.
* The server's clock may go back, or one of its answers may run ahead: the watermark goes back by as much (`set_back`),
  and so does the start while the baseline is read, if the clock stands before it (`start_after`).
* CREATED is told from UPDATED by the ids we know, the baseline's highest id and the created date; never by guessing.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from cwconsole.core.config import Classify, Mode
from cwconsole.core.errors import AccessFault, QueryFault, RateLimitedFault, SourceFault
from cwconsole.core.records import EventType, Known, Presence, Seen

FULL_READ_INTERVAL = 3600.0  # a resource without lastUpdated is read whole at most this often, seconds
PARKED_INTERVAL = 15 * 60.0  # how slowly wrong credentials are probed, seconds
FIRST_BACKOFF = 5.0
START_SLACK = 2  # seconds: a row written in the start's own second may carry a date just before it
CLOCK_SLACK = 60  # seconds by which two answers may seem apart that took differently long to come and to be written
START_JITTER = 60.0  # seconds over which overdue pollers spread at a start
SWEEP_GUARD_SHARE = 0.10
SWEEP_GUARD_COUNT = 20


class Verdict(Enum):
    """What a seen record means, given what was known."""

    UNCHANGED = auto()  # nothing to write
    LEARN = auto()  # no news, but its digest or presence is to be stored
    NEWS = auto()  # an event


class Birth(Struct, frozen=True, kw_only=True):
    """Where a resource's events begin.

    everything: `cwconsole.start = "everything"`: whatever is new to us was created.
    start_at: the start on ConnectWise's clock, whole seconds.
    baseline_id: the highest id when the baseline began; ids above it are younger than the start.
    """

    everything: bool
    start_at: int
    baseline_id: int
    classify: Classify = Classify.KNOWN_IDS
    tolerance: float = 0.0


def judge(seen: Seen, known: Known | None, birth: Birth, *, windowed: bool = False) -> Verdict:
    """Whether a record is news (design 5.6). windowed: it was asked for by its date, and so changed not long ago."""
    if known is None or known.presence is Presence.DELETED:
        return Verdict.NEWS
    if known.digest == seen.digest:
        return Verdict.LEARN if known.presence is Presence.OUTSIDE else Verdict.UNCHANGED
    if known.digest is None and known.updated == seen.updated:
        settled = not windowed if seen.updated is None else seen.updated < birth.start_at - START_SLACK
        return Verdict.LEARN if settled else Verdict.NEWS
    return Verdict.NEWS


def classify(seen: Seen, known: Known | None, birth: Birth) -> EventType:
    """CREATED or UPDATED for a record that is news.

    An object known by its date alone was listed, never read, so it may still turn out to be created after the start.
    """
    if birth.classify is Classify.DATES:
        return _by_dates(seen, birth.tolerance)
    if known is not None and known.presence is not Presence.DELETED and known.digest is not None:
        return EventType.UPDATED
    young = birth.everything or seen.object_id > birth.baseline_id
    if young or (seen.created is not None and seen.created >= birth.start_at):
        return EventType.CREATED
    return EventType.UPDATED


def _by_dates(seen: Seen, tolerance: float) -> EventType:
    """Open Connectors' rule: created and updated date are the same, within the tolerance."""
    updated = seen.updated if seen.dated is None else seen.dated
    if seen.created is None or updated is None:
        return EventType.UPDATED
    return EventType.CREATED if abs(updated - seen.created) <= tolerance else EventType.UPDATED


def lower_bound(watermark: int, overlap: int) -> int:
    """From when a window reads, whole seconds."""
    return watermark - overlap


def set_back(before_ms: int | None, after_ms: int) -> int:
    """By how many seconds the server's clock went back between two answers; 0 if it did not.

    before_ms, after_ms: the server's clock minus ours; None before the first answer. It looks the same when ours is set
    forward: that is told from nothing, and costs a longer window.
    """
    back = 0 if before_ms is None else (before_ms - after_ms) // 1000
    return back if back > CLOCK_SLACK else 0


def time_of_crawl(known: int | None, server_time: int, back: int, *, begun: int | None) -> int:
    """Up to which time a crawl is complete: that of its earliest answer, by a clock that may be set back meanwhile.

    known: what it was before this answer; None for the first. back: by how much the clock was set back before it.
    begun: a time before the first answer, from where such a clock went back.
    """
    before = known if known is not None or not back else begun
    return server_time if before is None else min(before - back, server_time)


def start_after(start_at: int | None, server_time: int, crawl_time: int) -> int | None:
    """Where events begin after an answer of the baseline: never after what the server's clock says.

    An answer of before the start proves that the clock was set back, and that what changes since is dated so.
    """
    return crawl_time if start_at is not None and server_time < start_at else start_at


def sweep_is_suspicious(vanished: int, known: int) -> bool:
    """Whether so many objects are gone that an operator must confirm before any counts as deleted."""
    if known and vanished >= known:
        return True
    return vanished > SWEEP_GUARD_COUNT and vanished > known * SWEEP_GUARD_SHARE


def is_parking(fault: SourceFault) -> bool:
    """Whether only a person can mend it: such a resource is probed slowly and shown red."""
    return isinstance(fault, AccessFault | QueryFault)


def wait_after_fault(fault: SourceFault, *, interval: float, failures: int, chance: float) -> float:
    """Seconds until the next try, after `failures` failures in a row (this one counted), chance in [0, 1).

    The jitter shortens by at most a tenth, so pollers that failed together don't come back together.
    """
    if is_parking(fault):
        return max(interval, PARKED_INTERVAL)
    backoff = min(interval, FIRST_BACKOFF * 2.0 ** min(failures - 1, 30))
    backoff *= 1 - 0.1 * chance
    return max(backoff, fault.retry_after) if isinstance(fault, RateLimitedFault) else backoff


def next_on_grid(previous_ms: int | None, *, interval: float, now_ms: int) -> int:
    """When the next poll is due: a step after the previous due time, or after now if that has passed as well."""
    step = int(interval * 1000)
    if previous_ms is None or previous_ms + step <= now_ms or previous_ms > now_ms:
        return now_ms + step
    return previous_ms + step


def after_baseline(*, interval: float, now_ms: int, chance: float) -> int:
    """When the poll after a baseline is due: anywhere within an interval, so that what was added together spreads."""
    return now_ms + int(chance * interval * 1000)


def first_due(next_ms: int | None, *, interval: float, now_ms: int, chance: float) -> int:
    """When a poller that has just been started polls: at once if it never did, else spread if it is overdue."""
    if next_ms is None:
        return now_ms
    if next_ms > now_ms:
        return next_ms
    return now_ms + int(chance * min(interval, START_JITTER) * 1000)


def sweep_interval(sweep_interval: float, *, interval: float, mode: Mode) -> float:
    """Seconds between sweeps. A resource that is read in full has its deletes found as often as its changes."""
    return min(sweep_interval, poll_interval(interval, mode)) if mode is Mode.FULL else sweep_interval


def poll_interval(interval: float, mode: Mode) -> float:
    """Seconds between polls, of those that are configured."""
    return max(interval, FULL_READ_INTERVAL) if mode is Mode.FULL else interval


def vanished_between(listed: list[int], known: list[int]) -> list[int]:
    """Known ids that a listing of the same id range does not show."""
    shown = set(listed)
    return [object_id for object_id in known if object_id not in shown]
