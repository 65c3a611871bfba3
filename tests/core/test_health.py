"""Whether a resource is up to date, as one word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cwconsole.core.config import Mode
from cwconsole.core.health import Health, Vitals, allowed_lag, health, lag_seconds, misses_deletes

NOW = 1_790_000_000_000
GOOD = Vitals(
    enabled=True,
    paused=False,
    held=False,
    parked=False,
    failures=0,
    watermark=NOW // 1000 - 60,
    baseline_done=True,
    interval=900,
    mode=Mode.WINDOW,
    next_poll_ms=NOW + 800_000,
    skew_ms=0,
    sweep_vanished=None,
    sweep_interval=86_400,
    sweep_failures=0,
    listed_ms=NOW - 3_600_000,
)


def judged(vitals: Vitals, *, engine_runs: bool = True) -> Health:
    return health(vitals, now_ms=NOW, engine_runs=engine_runs)


@pytest.mark.parametrize(
    ("vitals", "word"),
    [
        (GOOD, Health.FRESH),
        (replace(GOOD, enabled=False, paused=True, parked=True), Health.OFF),
        (replace(GOOD, paused=True, parked=True), Health.PAUSED),
        (replace(GOOD, parked=True, failures=4), Health.PARKED),
        (replace(GOOD, failures=1), Health.FAILING),
        (replace(GOOD, watermark=None), Health.NEW),
        (replace(GOOD, baseline_done=False), Health.NEW),
        (replace(GOOD, watermark=NOW // 1000 - 1921), Health.LATE),
        (replace(GOOD, watermark=NOW // 1000 - 1920), Health.FRESH),
        (replace(GOOD, watermark=NOW // 1000 - 1921, mode=Mode.FULL), Health.FRESH),
        (replace(GOOD, sweep_vanished=40, held=True), Health.ASKING),
        (replace(GOOD, sweep_failures=2), Health.FRESH),
        (replace(GOOD, sweep_failures=3, held=True), Health.LATE),
        (replace(GOOD, listed_ms=NOW - 172_860_000), Health.FRESH),
        (replace(GOOD, listed_ms=NOW - 172_860_001), Health.LATE),
        (replace(GOOD, listed_ms=NOW - 172_860_001, sweep_vanished=40), Health.ASKING),
        (replace(GOOD, listed_ms=NOW - 7_260_001, mode=Mode.FULL), Health.LATE),
        (replace(GOOD, set_aside=1, held=True), Health.LATE),
        (replace(GOOD, set_aside=1, sweep_vanished=40), Health.ASKING),
        (replace(GOOD, held=True), Health.HELD),
        (replace(GOOD, unsent=True), Health.UNSENT),
        (replace(GOOD, unsent=True, failures=1), Health.FAILING),
    ],
)
def test_the_first_rule_that_applies_decides(vitals: Vitals, word: Health) -> None:
    assert judged(vitals) is word


def test_without_an_engine_a_poll_that_should_have_begun_makes_it_late() -> None:
    overdue = replace(GOOD, next_poll_ms=NOW - 60_001)
    assert judged(overdue) is Health.FRESH
    assert judged(overdue, engine_runs=False) is Health.LATE
    assert judged(GOOD, engine_runs=False) is Health.FRESH


def test_the_lag_is_measured_on_the_servers_clock() -> None:
    assert lag_seconds(replace(GOOD, skew_ms=30_000), NOW) == 90
    assert lag_seconds(replace(GOOD, skew_ms=-90_000), NOW) == 0


@given(
    st.builds(
        Vitals,
        mode=st.sampled_from(list(Mode)),
        watermark=st.none() | st.integers(NOW // 1000 - 10_000, NOW // 1000 + 100),
        interval=st.floats(1, 4000),
        failures=st.integers(0, 9),
        unsent=st.booleans(),
    ),
    st.booleans(),
)
def test_fresh_is_never_said_of_what_is_behind_or_in_trouble(vitals: Vitals, engine_runs: bool) -> None:
    if judged(vitals, engine_runs=engine_runs) is Health.FRESH:
        lag = lag_seconds(vitals, NOW)
        assert lag is not None
        assert lag <= allowed_lag(vitals)
        assert vitals.enabled
        assert not (vitals.paused or vitals.parked or vitals.failures or vitals.held or vitals.unsent)
        assert not misses_deletes(vitals, NOW)
