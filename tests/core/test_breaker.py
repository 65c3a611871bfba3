"""When a callback URL is left alone, and when it is asked again."""

from __future__ import annotations

import sys

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from cwconsole.core.breaker import Breaker, BreakerState

SECOND = 1000


def opened(now_ms: int = 0) -> Breaker:
    breaker = Breaker()
    for _ in range(10):
        breaker.record(now_ms, ok=False)
    return breaker


def test_nine_failures_leave_it_closed_and_the_tenth_opens_it_for_half_a_minute() -> None:
    breaker = Breaker()
    for _ in range(9):
        breaker.record(0, ok=False)
    assert breaker.allow(0)
    assert breaker.open_until_ms is None
    breaker.record(5, ok=False)
    assert breaker.open_until_ms == 30_005
    assert not breaker.allow(30_004)
    assert breaker.allow(30_005)


def test_exactly_seven_of_ten_failing_opens_it_and_six_do_not() -> None:
    for failed, state in ((6, BreakerState.CLOSED), (7, BreakerState.OPEN)):
        breaker = Breaker()
        for _ in range(10 - failed):
            breaker.record(0, ok=True)
        for _ in range(failed):
            breaker.record(0, ok=False)
        assert breaker.state(0) is state


def test_a_success_never_opens_it() -> None:
    breaker = Breaker()
    for _ in range(9):
        breaker.record(0, ok=False)
    breaker.record(0, ok=True)
    assert breaker.state(0) is BreakerState.CLOSED


def test_results_older_than_five_minutes_do_not_count() -> None:
    breaker = Breaker()
    for _ in range(9):
        breaker.record(0, ok=False)
    breaker.record(300 * SECOND, ok=False)
    assert breaker.state(300 * SECOND) is BreakerState.CLOSED


def test_one_probe_goes_and_the_rest_wait_for_its_result() -> None:
    breaker = opened()
    assert breaker.state(30 * SECOND) is BreakerState.HALF_OPEN
    assert [breaker.allow(30 * SECOND + i) for i in range(5)] == [True, False, False, False, False]
    assert not breaker.allow(3600 * SECOND)


def test_a_probe_that_succeeds_closes_it_and_forgets_the_past() -> None:
    breaker = opened()
    assert breaker.allow(30 * SECOND)
    breaker.record(31 * SECOND, ok=True)
    assert breaker.state(31 * SECOND) is BreakerState.CLOSED
    for _ in range(9):
        breaker.record(31 * SECOND, ok=False)
    assert breaker.allow(31 * SECOND)


def test_a_probe_that_fails_opens_it_again_for_half_a_minute() -> None:
    breaker = opened()
    assert breaker.allow(30 * SECOND)
    breaker.record(40 * SECOND, ok=False)
    assert breaker.open_until_ms == 70 * SECOND
    assert not breaker.allow(69 * SECOND)
    assert breaker.allow(70 * SECOND)


def test_a_probe_that_was_never_made_makes_room_for_another() -> None:
    breaker = opened()
    assert breaker.allow(30 * SECOND)
    breaker.withdraw()
    assert breaker.allow(30 * SECOND)
    assert not breaker.allow(30 * SECOND)


def test_results_of_requests_sent_before_it_opened_change_nothing() -> None:
    breaker = opened()
    breaker.record(1 * SECOND, ok=True)
    breaker.record(2 * SECOND, ok=False)
    assert breaker.state(3 * SECOND) is BreakerState.OPEN
    assert breaker.open_until_ms == 30 * SECOND


def test_a_clock_set_back_does_not_keep_it_open_longer() -> None:
    breaker = opened(now_ms=7200 * SECOND)
    assert not breaker.allow(3600 * SECOND)
    assert breaker.open_until_ms == 3630 * SECOND
    assert not breaker.allow(3629 * SECOND)
    assert breaker.allow(3630 * SECOND)


def test_memory_stays_bounded_however_much_is_sent() -> None:
    breaker = Breaker()
    for now_ms in range(0, 3_000 * SECOND, 250):
        breaker.record(now_ms, ok=True)
    assert len(breaker._seconds) <= 300
    assert sys.getsizeof(breaker._seconds) < 10_000


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 60_000), st.booleans()), max_size=120))
def test_it_opens_exactly_by_the_rule(steps: list[tuple[int, bool]]) -> None:
    breaker, now, results = Breaker(), 0, []
    for elapsed, ok in steps:
        now += elapsed
        breaker.record(now, ok=ok)
        results.append((now // SECOND, ok))
        recent = [good for second, good in results if now // SECOND - second < 300]
        should_open = not ok and len(recent) >= 10 and recent.count(False) * 10 >= len(recent) * 7
        assert (breaker.state(now) is BreakerState.OPEN) == should_open
        if should_open:
            return


class BreakerWalk(RuleBasedStateMachine):
    """Senders that ask and report at any time, on a clock that may jump either way."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker()
        self.now = 10_000_000
        self.probe_out = False

    @rule(elapsed=st.integers(0, 40_000))
    def wait(self, elapsed: int) -> None:
        self.now += elapsed

    @rule(back=st.integers(0, 5_000_000))
    def clock_set_back(self, back: int) -> None:
        self.now -= back

    @rule()
    def ask(self) -> None:
        state = self.breaker.state(self.now)
        allowed = self.breaker.allow(self.now)
        if state is BreakerState.HALF_OPEN:
            assert allowed is not self.probe_out, "exactly one probe at a time"
            self.probe_out = True
        else:
            assert allowed is (state is BreakerState.CLOSED)

    @rule(ok=st.booleans())
    def report(self, ok: bool) -> None:
        was_probe, before = self.probe_out, self.breaker.state(self.now)
        self.breaker.record(self.now, ok=ok)
        self.probe_out = False
        if was_probe:
            assert self.breaker.state(self.now) is (BreakerState.CLOSED if ok else BreakerState.OPEN)
        elif before is not BreakerState.CLOSED:
            assert self.breaker.state(self.now) is before

    @rule()
    def many_failures(self) -> None:
        for _ in range(40):
            self.report(ok=False)

    @precondition(lambda self: self.probe_out)
    @rule()
    def withdraw(self) -> None:
        self.breaker.withdraw()
        self.probe_out = False

    @rule()
    def never_open_for_more_than_half_a_minute(self) -> None:
        self.breaker.state(self.now)
        until = self.breaker.open_until_ms
        assert until is None or until - self.now <= 30_000


TestBreakerWalk = BreakerWalk.TestCase
