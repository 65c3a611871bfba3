"""The adaptive page size: small after trouble, larger while pages are light, never back to what failed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.config import LARGEST_PAGE
from cwconsole.core.page_size import (
    COMFORTABLE_BYTES,
    FIRST,
    REMEMBER_MS,
    SMALLEST,
    PageSize,
    after_heavy,
    after_page,
    current,
    forget_old,
)

HOUR_MS = 3_600_000


def test_light_pages_double_the_size_up_to_the_largest() -> None:
    state = PageSize()
    sizes = []
    for _ in range(4):
        sizes.append(current(state))
        state = after_page(state, body_bytes=10_000)
    assert sizes == [250, 500, 1000, 1000]


def test_growth_stops_where_the_page_would_pass_500_kb() -> None:
    grown = after_page(PageSize(), body_bytes=400_000)
    assert grown.size == 312
    assert grown.size / FIRST * 400_000 <= COMFORTABLE_BYTES


def test_a_page_above_500_kb_shrinks_in_proportion_but_not_below_the_smallest() -> None:
    assert after_page(PageSize(size=1000), body_bytes=1_000_000).size == 500
    assert after_page(PageSize(size=1000), body_bytes=500_000_000).size == SMALLEST


def test_a_short_page_says_nothing() -> None:
    assert after_page(PageSize(), body_bytes=900, records=1) == PageSize()
    assert after_page(PageSize(), body_bytes=900, records=250).size == 500


def test_the_configured_page_size_is_never_exceeded() -> None:
    assert current(PageSize(), limit=10) == 10
    assert after_page(PageSize(), body_bytes=10, limit=300).size == 300


def test_heavy_pages_halve_down_to_25_and_no_further() -> None:
    state, sizes = PageSize(size=1000), []
    for _ in range(8):
        sizes.append(current(state))
        state = after_heavy(state, tried=current(state), now_ms=0)
    assert sizes == [1000, 500, 250, 125, 62, 31, 25, 25]


def test_a_failed_size_is_tried_again_after_24_hours_only() -> None:
    state = after_heavy(PageSize(size=500), tried=500, now_ms=0)
    assert after_page(state, body_bytes=10) == state
    assert forget_old(state, now_ms=REMEMBER_MS - 1) == state
    rested = forget_old(state, now_ms=REMEMBER_MS)
    assert after_page(rested, body_bytes=10).size == 500


def test_a_failure_dated_in_the_future_is_forgotten() -> None:
    state = after_heavy(PageSize(size=500), tried=500, now_ms=10 * HOUR_MS)
    assert forget_old(state, now_ms=0) == PageSize(size=250)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("page"), st.integers(0, 3_000_000)),
        st.tuples(st.just("heavy"), st.just(0)),
    ),
    max_size=60,
)


@given(steps=steps, limit=st.integers(1, LARGEST_PAGE), pace_ms=st.integers(0, 5 * HOUR_MS))
def test_no_walk_leaves_the_bounds_or_returns_to_a_size_that_failed(
    steps: list[tuple[str, int]], limit: int, pace_ms: int
) -> None:
    state, now_ms = PageSize(), 0
    failures: list[tuple[int, int]] = []
    for kind, body_bytes in steps:
        now_ms += pace_ms
        state = forget_old(state, now_ms=now_ms)
        size = current(state, limit=limit)
        assert min(SMALLEST, limit) <= size <= min(limit, LARGEST_PAGE)
        recent = [failed for failed, at in failures if now_ms - at < REMEMBER_MS]
        assert size <= SMALLEST or all(size < failed for failed in recent)
        if kind == "page":
            state = after_page(state, body_bytes=body_bytes, limit=limit)
        else:
            failures.append((size, now_ms))
            state = after_heavy(state, tried=size, now_ms=now_ms)
