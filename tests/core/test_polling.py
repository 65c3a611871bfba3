"""The rules of polling, one by one: what is news, what it is called, when a sweep asks, when the next try is due."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.config import Classify, Mode
from cwconsole.core.errors import AccessFault, PassingFault, QueryFault, RateLimitedFault, SourceFault
from cwconsole.core.polling import (
    CLOCK_SLACK,
    Birth,
    Verdict,
    after_baseline,
    classify,
    first_due,
    judge,
    next_on_grid,
    poll_interval,
    set_back,
    sweep_interval,
    sweep_is_suspicious,
    wait_after_fault,
)
from cwconsole.core.records import EventType, Known, Presence, Seen

START = 1_700_000_000
BIRTH = Birth(everything=False, start_at=START, baseline_id=100)
OLD, NEW = b"old", b"new"


def seen(object_id: int = 1, updated: int | None = START, created: int | None = None, digest: bytes = NEW) -> Seen:
    return Seen(object_id, updated, created, digest, b"{}")


def known(digest: bytes | None = OLD, updated: int | None = START, presence: Presence = Presence.LISTED) -> Known:
    return Known(updated=updated, digest=digest, event_id=None, presence=presence)


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        (None, seen(), Verdict.NEWS),
        (known(NEW), seen(), Verdict.UNCHANGED),
        (known(OLD), seen(), Verdict.NEWS),
        (known(NEW, presence=Presence.DELETED), seen(), Verdict.NEWS),
        (known(NEW, presence=Presence.OUTSIDE), seen(), Verdict.LEARN),
        (known(OLD, presence=Presence.OUTSIDE), seen(), Verdict.NEWS),
        # Known by its date alone: silent while that is the same, and older than two seconds before the start.
        (known(None, START - 3), seen(updated=START - 3), Verdict.LEARN),
        (known(None, START - 2), seen(updated=START - 2), Verdict.NEWS),
        (known(None, START - 9), seen(updated=START - 8), Verdict.NEWS),
        (known(None, None), seen(updated=None), Verdict.LEARN),
    ],
)
def test_a_record_is_news_if_it_differs_from_what_is_known(before: Known | None, now: Seen, verdict: Verdict) -> None:
    assert judge(now, before, BIRTH) is verdict


def test_what_shows_no_date_is_news_where_it_was_asked_for_by_its_date() -> None:
    assert judge(seen(updated=None), known(None, None), BIRTH, windowed=True) is Verdict.NEWS
    assert judge(seen(updated=None), known(NEW, None), BIRTH, windowed=True) is Verdict.UNCHANGED


@pytest.mark.parametrize(
    ("before", "now", "birth", "called"),
    [
        (known(), seen(object_id=999, created=START + 5), BIRTH, EventType.UPDATED),
        (None, seen(object_id=101), BIRTH, EventType.CREATED),
        (None, seen(object_id=100), BIRTH, EventType.UPDATED),
        (None, seen(created=START), BIRTH, EventType.CREATED),
        (None, seen(created=START - 1), BIRTH, EventType.UPDATED),
        (None, seen(), Birth(everything=True, start_at=START, baseline_id=100), EventType.CREATED),
        (known(None), seen(object_id=101), BIRTH, EventType.CREATED),
        (known(None), seen(object_id=5), BIRTH, EventType.UPDATED),
        (known(presence=Presence.DELETED), seen(object_id=101), BIRTH, EventType.CREATED),
        (known(presence=Presence.DELETED), seen(object_id=5), BIRTH, EventType.UPDATED),
    ],
)
def test_created_is_told_from_updated_by_what_is_known(
    before: Known | None, now: Seen, birth: Birth, called: EventType
) -> None:
    assert classify(now, before, birth) is called


@pytest.mark.parametrize(
    ("created", "updated", "called"),
    [
        (START, START, EventType.CREATED),
        (START, START + 30, EventType.CREATED),
        (START, START + 31, EventType.UPDATED),
        (None, START, EventType.UPDATED),
        (START, None, EventType.UPDATED),
    ],
)
def test_by_open_connectors_rule_the_dates_decide(created: int | None, updated: int | None, called: EventType) -> None:
    birth = Birth(everything=False, start_at=START, baseline_id=100, classify=Classify.DATES, tolerance=30)
    assert classify(seen(created=created, updated=updated), known(), birth) is called


def test_by_dates_the_configured_updated_field_counts_where_the_record_has_it() -> None:
    birth = Birth(everything=False, start_at=START, baseline_id=100, classify=Classify.DATES)
    own = seen(created=START, updated=START + 500)._replace(dated=START)
    assert classify(own, known(), birth) is EventType.CREATED
    assert classify(own._replace(dated=START + 1), known(), birth) is EventType.UPDATED
    assert classify(own._replace(dated=None), known(), birth) is EventType.UPDATED


@pytest.mark.parametrize(
    ("vanished", "of", "asks"),
    [(0, 0, False), (20, 100, False), (21, 100, True), (21, 210, False), (22, 210, True), (5, 5, True), (4, 5, False)],
)
def test_a_sweep_asks_if_more_than_a_tenth_and_twenty_are_gone_or_all(vanished: int, of: int, asks: bool) -> None:
    assert sweep_is_suspicious(vanished, of) is asks


@pytest.mark.parametrize(("failures", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (99, 60)])
def test_a_passing_fault_is_tried_again_ever_more_slowly_up_to_the_interval(failures: int, seconds: float) -> None:
    fault = PassingFault("down", code="server_error")
    assert wait_after_fault(fault, interval=60, failures=failures, chance=0) == seconds
    assert 0.9 * seconds <= wait_after_fault(fault, interval=60, failures=failures, chance=0.999) <= seconds


@pytest.mark.parametrize("fault", [AccessFault("401", code="unauthorized"), QueryFault("400", code="query")])
def test_what_a_person_must_mend_is_probed_every_quarter_of_an_hour_or_more_seldom(fault: SourceFault) -> None:
    assert wait_after_fault(fault, interval=60, failures=1, chance=0.5) == 900
    assert wait_after_fault(fault, interval=3600, failures=9, chance=0.5) == 3600


def test_retry_after_lengthens_the_wait_and_never_shortens_it() -> None:
    asked = RateLimitedFault("429", retry_after=300)
    assert wait_after_fault(asked, interval=60, failures=1, chance=0) == 300
    assert wait_after_fault(RateLimitedFault("429", retry_after=1), interval=60, failures=4, chance=0) == 40


@given(
    previous=st.none() | st.integers(0, 10_000_000),
    interval=st.floats(1, 10_000),
    now=st.integers(0, 10_000_000),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_the_next_poll_is_ahead_and_at_most_an_interval_away(
    previous: int | None, interval: float, now: int, chance: float
) -> None:
    step = int(interval * 1000)
    assert now < next_on_grid(previous, interval=interval, now_ms=now) <= now + step
    assert now <= after_baseline(interval=interval, now_ms=now, chance=chance) <= now + step


def test_a_poll_keeps_its_place_on_the_grid_and_starts_anew_after_a_gap() -> None:
    assert next_on_grid(1_000, interval=60, now_ms=3_000) == 61_000
    assert next_on_grid(1_000, interval=60, now_ms=61_000) == 121_000
    assert next_on_grid(None, interval=60, now_ms=3_000) == 63_000


def test_at_a_start_what_never_ran_runs_at_once_and_what_is_overdue_spreads_over_a_minute() -> None:
    assert first_due(None, interval=900, now_ms=5, chance=0.9) == 5
    assert first_due(70_000, interval=900, now_ms=5, chance=0.9) == 70_000
    assert first_due(1, interval=900, now_ms=5, chance=0.5) == 30_005
    assert first_due(1, interval=10, now_ms=5, chance=0.5) == 5_005


def test_what_is_read_in_full_is_read_once_an_hour_at_most_and_finds_its_deletes_as_often() -> None:
    assert poll_interval(60, Mode.FULL) == 3600
    assert poll_interval(7200, Mode.FULL) == 7200
    assert poll_interval(60, Mode.WINDOW) == 60
    assert sweep_interval(86_400, interval=60, mode=Mode.FULL) == 3600
    assert sweep_interval(86_400, interval=60, mode=Mode.WINDOW) == 86_400


@pytest.mark.parametrize(
    ("before_ms", "after_ms", "seconds"),
    [
        (None, -10_000_000, 0),
        (0, 0, 0),
        (0, 3_600_000, 0),
        (0, -CLOCK_SLACK * 1000, 0),
        (0, -(CLOCK_SLACK + 1) * 1000, CLOCK_SLACK + 1),
        (7_200_500, 3_600_500, 3600),
    ],
)
def test_only_a_server_clock_that_falls_far_behind_was_set_back(
    before_ms: int | None, after_ms: int, seconds: int
) -> None:
    assert set_back(before_ms, after_ms) == seconds
