"""The pace of jobs: never faster than the rate, never slower than a batch is long, no bursts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.pacing import BATCH_SECONDS, Pace

RATES = st.floats(0.01, 1000, allow_nan=False)


@given(rate=RATES, waits=st.lists(st.integers(0, 5_000), max_size=60))
def test_over_any_stretch_it_is_no_faster_than_the_rate_and_a_second(rate: float, waits: list[int]) -> None:
    pace, now, done = Pace(rate=rate, at_ms=0), 0, [(0, 0)]
    for wait in waits:
        now += wait
        pace = pace.later(now)
        done.append((now, pace.ready))
        pace = pace.spent(pace.ready)
    for at, (begin, _) in enumerate(done):
        for end in range(at, len(done)):
            count = sum(number for _, number in done[at : end + 1])
            assert count <= rate * (done[end][0] - begin) / 1000 + max(rate, 1.0) + 1e-6


@given(rate=RATES)
def test_who_waits_as_long_as_told_has_a_batch_and_reaches_the_rate(rate: float) -> None:
    pace, now, done = Pace(rate=rate, at_ms=0), 0.0, 0
    for _ in range(50):
        now += pace.wait_seconds * 1000 + 1
        pace = pace.later(int(now))
        assert pace.ready >= pace.batch
        done += pace.ready
        pace = pace.spent(pace.ready)
    assert done >= rate * now / 1000 * 0.7 - 1
    assert pace.batch <= max(1, rate * BATCH_SECONDS)


@pytest.mark.parametrize(
    ("rate", "after_ms", "ready"),
    [(10, 99, 0), (10, 200, 2), (10, 3_600_000, 10), (0.5, 1_999, 0), (0.5, 2_000, 1), (1000, 250, 250)],
)
def test_credit_grows_with_time_and_does_not_pile_up(rate: float, after_ms: int, ready: int) -> None:
    assert Pace(rate=rate, at_ms=0).later(after_ms).ready == ready


def test_a_clock_that_was_set_back_gives_and_takes_nothing() -> None:
    pace = Pace(rate=10, at_ms=10_000).later(10_500)
    assert pace.later(0).ready == pace.ready == 5
    assert pace.later(0).later(200).ready == 7
