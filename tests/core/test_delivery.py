"""The delivery's state table, and what an outcome leads to."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cwconsole.core.attempts import Outcome
from cwconsole.core.delivery import (
    OPEN,
    SCHEDULES,
    TRANSITIONS,
    DeliveryState,
    IllegalStep,
    Signal,
    decide,
    interrupted_outcome,
    released,
    sources,
    step,
)
from cwconsole.core.errors import CwconsoleError

SETTLED = frozenset(DeliveryState) - OPEN
AFTER_AN_ATTEMPT = {Signal.SUCCEEDED, Signal.FAILED_RETRY, Signal.FAILED_FINAL, Signal.INTERRUPTED}
PUT_BACK = {Signal.RELEASED, Signal.RELEASED_AGAIN}

schedules = st.sampled_from(list(SCHEDULES.values()))
chances = st.floats(min_value=0, max_value=1, exclude_max=True)
failures = st.builds(
    lambda kind, retry_after: failure(*kind, retry_after=retry_after),
    st.sampled_from(
        [
            (400, "http_4xx"),
            (404, "http_4xx"),
            (429, "http_4xx"),
            (500, "http_5xx"),
            (502, "http_5xx"),
            (503, "http_5xx"),
            (504, "http_5xx"),
            (301, "redirect"),
            (None, "dns"),
            (None, "refused"),
            (None, "timeout"),
            (None, "unknown_outcome"),
        ]
    ),
    st.none() | st.floats(min_value=0, max_value=1e9),
)


def failure(status: int | None = 500, error_code: str = "http_5xx", *, retry_after: float | None = None) -> Outcome:
    return Outcome(
        started_ms=0,
        duration_ms=1,
        url="http://receiver.example/",
        status=status,
        error_code=error_code,
        error="The receiver answered with a failure.",
        retry_after=retry_after,
    )


SUCCESS = Outcome(started_ms=0, duration_ms=1, url="http://receiver.example/", status=204)
GONE = failure(410, "gone")


class DeliveryWalk(RuleBasedStateMachine):
    """Any signal, in any order: the model keeps what a delivery must never do."""

    def __init__(self) -> None:
        super().__init__()
        self.state = DeliveryState.PENDING
        self.attempts_since_armed = 0

    @rule(signal=st.sampled_from([signal for signal in Signal if signal not in PUT_BACK]))
    def take(self, signal: Signal) -> None:
        before = self.state
        try:
            self.state = step(before, signal)
        except IllegalStep as error:
            assert (before, signal) not in TRANSITIONS
            assert (error.state, error.signal) == (before, signal)
            return
        assert (before, signal) in TRANSITIONS
        assert before is not DeliveryState.DELIVERED
        if self.state is DeliveryState.SENDING:
            assert signal is Signal.CLAIMED
        if before in SETTLED and self.state in OPEN:
            assert signal is Signal.REARMED
        if self.state is DeliveryState.DELIVERED:
            assert signal in {Signal.SUCCEEDED, Signal.SETTLED}
        if before is DeliveryState.SENDING:
            assert signal in AFTER_AN_ATTEMPT
        if signal is Signal.REARMED:
            self.attempts_since_armed = 0
        self.attempts_since_armed += signal in AFTER_AN_ATTEMPT

    @precondition(lambda self: self.state is DeliveryState.SENDING)
    @rule()
    def put_back(self) -> None:
        self.state = step(self.state, released(self.attempts_since_armed))

    @invariant()
    def pending_means_untried_and_retrying_means_tried(self) -> None:
        if self.state is DeliveryState.PENDING:
            assert self.attempts_since_armed == 0
        if self.state is DeliveryState.RETRYING:
            assert self.attempts_since_armed > 0


TestDeliveryWalk = DeliveryWalk.TestCase


def test_everything_outside_the_table_is_refused() -> None:
    for state, signal in itertools.product(DeliveryState, Signal):
        if (state, signal) in TRANSITIONS:
            assert step(state, signal) is TRANSITIONS[state, signal]
        else:
            with pytest.raises(IllegalStep) as caught:
                step(state, signal)
            assert isinstance(caught.value, CwconsoleError)
            assert str(state) in caught.value.message


def test_delivered_is_the_end() -> None:
    assert not any(state is DeliveryState.DELIVERED for state, _ in TRANSITIONS)


def test_every_state_can_be_reached_and_every_signal_is_used() -> None:
    assert {DeliveryState.PENDING, *TRANSITIONS.values()} == set(DeliveryState)
    assert {signal for _, signal in TRANSITIONS} == set(Signal)


def test_a_request_on_its_way_cannot_be_called_off_or_settled_by_another() -> None:
    for signal in (Signal.CANCELLED, Signal.REARMED, Signal.SETTLED, Signal.CLAIMED):
        with pytest.raises(IllegalStep):
            step(DeliveryState.SENDING, signal)


def test_a_delivery_put_back_shows_whether_it_was_tried() -> None:
    assert step(DeliveryState.SENDING, released(0)) is DeliveryState.PENDING
    assert step(DeliveryState.SENDING, released(3)) is DeliveryState.RETRYING


def test_sources_are_what_a_compare_and_set_may_find() -> None:
    assert sources(Signal.SETTLED) == {DeliveryState.PENDING, DeliveryState.RETRYING, DeliveryState.DEAD}
    assert sources(Signal.REARMED) == {DeliveryState.RETRYING, DeliveryState.DEAD, DeliveryState.CANCELLED}
    assert sources(Signal.SUCCEEDED) == {DeliveryState.SENDING}


@given(failures | st.sampled_from([SUCCESS, GONE, interrupted_outcome(started_ms=0, url="http://receiver.example/")]))
def test_every_decision_is_legal_after_a_claim(outcome: Outcome) -> None:
    for replay, took in itertools.product((False, True), repeat=2):
        decision = decide(
            outcome, tries=3, replay=replay, schedule=SCHEDULES["standard"], url_took_since_first=took, chance=0.5
        )
        state = step(DeliveryState.SENDING, decision.signal)
        assert (state in OPEN) == (decision.wait is not None)


def test_the_standard_schedule_makes_ten_attempts_over_three_days() -> None:
    waits = SCHEDULES["standard"]
    assert len(waits) == 9
    assert sum(waits) == 75 * 3600 + 35 * 60 + 5


def test_the_open_connectors_schedule_is_two_to_the_three_x() -> None:
    assert SCHEDULES["open-connectors"] == tuple(2.0 ** (3 * x) for x in range(1, 6))


def test_success_ends_it() -> None:
    decision = decide(SUCCESS, tries=1, replay=False, schedule=(5.0,), url_took_since_first=True, chance=0.0)
    assert (decision.signal, decision.wait, decision.hold) == (Signal.SUCCEEDED, None, None)


@given(failures, schedules, chances, st.booleans(), st.data())
def test_a_wait_lies_within_a_fifth_of_the_schedule_unless_lengthened(
    outcome: Outcome, schedule: tuple[float, ...], chance: float, took: bool, data: st.DataObject
) -> None:
    tries = data.draw(st.integers(1, len(schedule)))
    decision = decide(outcome, tries=tries, replay=False, schedule=schedule, url_took_since_first=took, chance=chance)
    assert decision.signal is Signal.FAILED_RETRY
    assert decision.hold is None
    assert decision.wait is not None
    base = schedule[tries - 1]
    overloaded = outcome.status in {429, 502, 504} or outcome.error_code == "timeout"
    asked = min(outcome.retry_after or 0, 24 * 3600)
    assert decision.wait >= max(0.8 * base, 60 if overloaded else 0, asked)
    assert decision.wait <= max(1.2 * base, 72 if overloaded else 0, asked)


@given(failures, schedules, chances, st.integers(1, 9), st.floats(min_value=0, max_value=1e9))
def test_retry_after_never_shortens_a_wait(
    outcome: Outcome, schedule: tuple[float, ...], chance: float, tries: int, asked: float
) -> None:
    tries = min(tries, len(schedule))
    without, with_it = (
        decide(
            failure(outcome.status, outcome.error_code or "", retry_after=retry_after),
            tries=tries,
            replay=False,
            schedule=schedule,
            url_took_since_first=True,
            chance=chance,
        ).wait
        for retry_after in (None, asked)
    )
    assert without is not None
    assert with_it is not None
    assert without <= with_it <= max(without, 24 * 3600)


@given(schedules, st.lists(failures, min_size=12, max_size=12), chances)
def test_an_event_that_alone_fails_is_dead_after_all_its_attempts(
    schedule: tuple[float, ...], outcomes: list[Outcome], chance: float
) -> None:
    state, tries = DeliveryState.PENDING, 0
    for outcome in outcomes:
        state, tries = step(state, Signal.CLAIMED), tries + 1
        decision = decide(
            outcome, tries=tries, replay=False, schedule=schedule, url_took_since_first=True, chance=chance
        )
        assert decision.hold is None
        state = step(state, decision.signal)
        if state not in OPEN:
            break
    assert state is DeliveryState.DEAD
    assert tries == len(schedule) + 1


@given(schedules, failures, st.integers(0, 5), chances)
def test_attempts_used_up_while_nothing_gets_through_hold_the_url(
    schedule: tuple[float, ...], outcome: Outcome, more: int, chance: float
) -> None:
    tries = len(schedule) + 1 + more
    decision = decide(outcome, tries=tries, replay=False, schedule=schedule, url_took_since_first=False, chance=chance)
    assert decision.signal is Signal.FAILED_RETRY
    assert decision.wait == 0
    assert decision.renewed
    assert decision.hold is not None
    assert str(tries) in decision.hold


@given(failures | st.just(GONE), schedules, st.integers(1, 20), st.booleans(), chances)
def test_a_failed_replay_schedules_nothing(
    outcome: Outcome, schedule: tuple[float, ...], tries: int, took: bool, chance: float
) -> None:
    decision = decide(outcome, tries=tries, replay=True, schedule=schedule, url_took_since_first=took, chance=chance)
    assert decision.signal is Signal.FAILED_FINAL
    assert decision.wait is None
    assert not decision.renewed


@given(schedules, st.integers(1, 20), st.booleans(), st.booleans(), chances)
def test_410_always_holds_the_url_and_never_kills_an_ordinary_delivery(
    schedule: tuple[float, ...], tries: int, took: bool, replay: bool, chance: float
) -> None:
    decision = decide(GONE, tries=tries, replay=replay, schedule=schedule, url_took_since_first=took, chance=chance)
    assert decision.hold is not None
    assert "410" in decision.hold
    assert decision.renewed is not replay
    assert decision.wait == (None if replay else 0)


@pytest.mark.parametrize("replay", [False, True])
@pytest.mark.parametrize("tries", [1, 10, 11])
def test_an_interrupted_attempt_is_due_at_once_whatever_the_count(replay: bool, tries: int) -> None:
    outcome = interrupted_outcome(started_ms=5, url="http://receiver.example/")
    decision = decide(
        outcome,
        tries=tries,
        replay=replay,
        schedule=SCHEDULES["standard"],
        url_took_since_first=False,
        chance=0.5,
    )
    assert (decision.signal, decision.wait, decision.hold) == (Signal.INTERRUPTED, 0, None)
    assert not outcome.delivered
