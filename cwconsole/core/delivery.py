"""The rules of delivery: its states, what may follow what, and what one attempt's outcome means.

1. At least once. A delivery leaves `sending` only by an outcome, by being put back unsent, or by the engine finding it
   there at its start; the last is an `interrupted` attempt and is sent again, since a second time is better than never.
2. A delivery is settled when it is delivered, dead or cancelled. Until then it holds back its object's later events.
3. 2xx is success and nothing else is. 3xx is never followed.
4. A failure waits as the schedule says, give or take a fifth, so that many failures do not come back in step.
   `Retry-After` can lengthen that wait up to a day, never shorten it. An overloaded receiver gets at least a minute.
5. When the schedule is used up: if the URL took anything meanwhile, the event is the problem: the delivery is dead.
   If it took nothing, the receiver is the problem: the URL is held, and the delivery stays open behind the hold.
6. 410 says that the receiver wants nothing more: the URL is held at once.
7. A hold ends when somebody has mended something. So a delivery that waits behind one begins its schedule anew.
8. A replay has one attempt. Its failure schedules nothing; its success settles the event's other deliveries.

Sources: design 7, `reference/delivery-and-pull.md` 1.1 and part 3, `reference/open-connectors-events.md` 4.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from cwconsole.core.attempts import Outcome
from cwconsole.core.errors import CwconsoleError

JITTER: Final = 0.2
OVERLOAD_WAIT: Final = 60.0
LONGEST_RETRY_AFTER: Final = 24 * 3600.0

# Seconds to wait after the first, second, ... failed attempt; one attempt more than there are waits.
SCHEDULES: Final = MappingProxyType(
    {
        "standard": (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0),
        "open-connectors": (8.0, 64.0, 512.0, 4096.0, 32768.0),
    }
)


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"  # no attempt yet since it was made or last armed
    SENDING = "sending"  # a request is on its way
    RETRYING = "retrying"  # tried in vain, and another attempt will follow
    DELIVERED = "delivered"  # the receiver took the event
    DEAD = "dead"  # given up; only an operator sends it again
    CANCELLED = "cancelled"  # an operator decided against it


class Signal(StrEnum):
    """What can happen to a delivery."""

    CLAIMED = "claimed"  # a sender took it
    RELEASED = "released"  # put back before anything was sent, and never tried since it was armed
    RELEASED_AGAIN = "released_again"  # put back before anything was sent, after earlier attempts
    INTERRUPTED = "interrupted"  # the engine that was sending it is gone
    SUCCEEDED = "succeeded"  # 2xx
    FAILED_RETRY = "failed_retry"  # the attempt failed, and another follows
    FAILED_FINAL = "failed_final"  # the attempt failed, and none follows
    CANCELLED = "cancelled"  # an operator called it off
    REARMED = "rearmed"  # an operator wants it tried now, with a fresh schedule
    SETTLED = "settled"  # a replay brought the same event to the receiver


OPEN: Final = frozenset({DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.RETRYING})

# The one table. While a request is on its way only its end counts: calling it off then could not unsend it, and would
# let the object's next event overtake it. A replay cannot succeed meanwhile either: one delivery in flight per object.
TRANSITIONS: Final = MappingProxyType(
    {
        (DeliveryState.PENDING, Signal.CLAIMED): DeliveryState.SENDING,
        (DeliveryState.PENDING, Signal.CANCELLED): DeliveryState.CANCELLED,
        (DeliveryState.PENDING, Signal.SETTLED): DeliveryState.DELIVERED,
        (DeliveryState.SENDING, Signal.RELEASED): DeliveryState.PENDING,
        (DeliveryState.SENDING, Signal.RELEASED_AGAIN): DeliveryState.RETRYING,
        (DeliveryState.SENDING, Signal.INTERRUPTED): DeliveryState.RETRYING,
        (DeliveryState.SENDING, Signal.SUCCEEDED): DeliveryState.DELIVERED,
        (DeliveryState.SENDING, Signal.FAILED_RETRY): DeliveryState.RETRYING,
        (DeliveryState.SENDING, Signal.FAILED_FINAL): DeliveryState.DEAD,
        (DeliveryState.RETRYING, Signal.CLAIMED): DeliveryState.SENDING,
        (DeliveryState.RETRYING, Signal.CANCELLED): DeliveryState.CANCELLED,
        (DeliveryState.RETRYING, Signal.REARMED): DeliveryState.PENDING,
        (DeliveryState.RETRYING, Signal.SETTLED): DeliveryState.DELIVERED,
        (DeliveryState.DEAD, Signal.REARMED): DeliveryState.PENDING,
        (DeliveryState.DEAD, Signal.SETTLED): DeliveryState.DELIVERED,
        (DeliveryState.CANCELLED, Signal.REARMED): DeliveryState.PENDING,
    }
)


class IllegalStep(CwconsoleError):
    """A delivery cannot do this from where it stands; nothing was changed."""

    code = "illegal_step"

    def __init__(self, state: DeliveryState, signal: Signal, *, delivery_id: int | None = None) -> None:
        """delivery_id: which one, where that is known."""
        told = "tried again" if signal is Signal.REARMED else signal
        what = "A delivery that" if delivery_id is None else f"Delivery {delivery_id}"
        joint = "" if delivery_id is None else "and "
        super().__init__(f"{what} is {state} {joint}cannot be {told}; look at its state again.")
        self.state = state
        self.signal = signal


def step(state: DeliveryState, signal: Signal) -> DeliveryState:
    """The state after `signal`. Raises IllegalStep for anything that is not in the table."""
    try:
        return TRANSITIONS[state, signal]
    except KeyError:
        raise IllegalStep(state, signal) from None


def sources(signal: Signal) -> frozenset[DeliveryState]:
    """The states in which `signal` is legal: what a compare-and-set may find."""
    return frozenset(state for state, known in TRANSITIONS if known is signal)


def released(tries: int) -> Signal:
    """The signal for putting a claimed delivery back unsent. tries: attempts made since it was armed."""
    return Signal.RELEASED_AGAIN if tries else Signal.RELEASED


class Decision(Struct, frozen=True, kw_only=True):
    """What follows from an outcome.

    signal: the step to take from `sending`.
    wait: seconds until the next attempt; None when none follows.
    hold: why the callback URL is to be held, as a sentence for the operator; None when it is not.
    """

    signal: Signal
    wait: float | None = None
    hold: str | None = None

    @property
    def renewed(self) -> bool:
        """Whether the delivery waits behind a hold, and so counts its attempts anew from here (rule 7)."""
        return self.hold is not None and self.signal is Signal.FAILED_RETRY


def decide(
    outcome: Outcome,
    *,
    tries: int,
    replay: bool,
    schedule: tuple[float, ...],
    url_took_since_first: bool,
    chance: float,
) -> Decision:
    """What to do after an attempt.

    tries: attempts since the delivery was armed, this one included.
    url_took_since_first: whether the callback URL answered 2xx to anything since the first of those attempts.
    chance: 0 <= chance < 1, drawn anew for each attempt.
    """
    if outcome.delivered:
        return Decision(signal=Signal.SUCCEEDED)
    if outcome.interrupted:
        # Our own end says nothing of the receiver: due again at once, a replay too, whatever the count.
        return Decision(signal=Signal.INTERRUPTED, wait=0.0)
    gone = _gone(outcome)
    if replay:
        return Decision(signal=Signal.FAILED_FINAL, hold=gone)
    if gone:
        # Not dead, even on the last attempt: the receiver refused the address, not this event.
        return Decision(signal=Signal.FAILED_RETRY, wait=0.0, hold=gone)
    if tries <= len(schedule):
        return Decision(signal=Signal.FAILED_RETRY, wait=_wait(outcome, schedule[tries - 1], chance))
    return _used_up(outcome, tries, url_took_since_first)


def interrupted_outcome(*, started_ms: int, url: str) -> Outcome:
    """The attempt of a delivery found `sending` at the engine's start. Nobody knows how long it ran, or how it ended.

    started_ms: when it was claimed, milliseconds since the epoch, UTC.
    """
    return Outcome(
        started_ms=started_ms,
        duration_ms=0,
        url=url,
        error_code="interrupted",
        error="The engine ended while this was being sent; it is sent again, perhaps for the second time.",
    )


def _used_up(outcome: Outcome, tries: int, url_took_since_first: bool) -> Decision:
    if url_took_since_first:
        return Decision(signal=Signal.FAILED_FINAL)
    reason = (outcome.error or "it was not taken").rstrip(".")
    sentence = f"One delivery failed {tries} times and nothing else got through meanwhile ({reason}); mend and resume."
    return Decision(signal=Signal.FAILED_RETRY, wait=0.0, hold=sentence)


def _wait(outcome: Outcome, scheduled: float, chance: float) -> float:
    wait = scheduled * (1 - JITTER + 2 * JITTER * chance)
    if outcome.status in {429, 502, 504} or outcome.error_code == "timeout":
        wait = max(wait, OVERLOAD_WAIT * (1 + JITTER * chance))
    return max(wait, min(outcome.retry_after or 0.0, LONGEST_RETRY_AFTER))


def _gone(outcome: Outcome) -> str | None:
    if outcome.status != 410:
        return None
    return "The receiver answered 410 Gone: it wants no more notifications; correct the callback URL, or let it go on."
