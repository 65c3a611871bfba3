"""Retry-After as receivers and ConnectWise write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.retry_after import http_date, parse_retry_after

AT = "Sun, 06 Nov 1994 08:49:37 GMT"
AT_SECONDS = 784111777.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), (" 7 ", 7), ("1.2", 2), ("0.001", 1), ("3.0", 3), ("999999999", 999999999)],
)
def test_seconds_are_read_and_fractions_rounded_up(value: str, seconds: float) -> None:
    assert parse_retry_after(value, date=None, now_ms=0) == seconds


@pytest.mark.parametrize("value", ["", "soon", "-5", "1e3", "nan", "inf", "1.", ".5", "٣", "5, 6", "9" * 400])
def test_what_nobody_can_read_is_none(value: str) -> None:
    assert parse_retry_after(value, date=AT, now_ms=0) is None


def test_no_header_is_none() -> None:
    assert parse_retry_after(None, date=AT, now_ms=0) is None


@pytest.mark.parametrize("text", [AT, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
def test_all_three_forms_of_a_http_date_are_read(text: str) -> None:
    assert http_date(text) == AT_SECONDS


def test_a_date_counts_from_the_answers_own_date_not_from_our_clock() -> None:
    assert parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", date=AT, now_ms=0) == 60


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_a_date_counts_from_our_clock_when_the_answer_has_none_to_read(date: str | None) -> None:
    assert parse_retry_after(AT, date=date, now_ms=int(AT_SECONDS * 1000) - 1500) == 1.5


def test_a_date_that_has_passed_is_no_wait() -> None:
    assert parse_retry_after(AT, date="Sun, 06 Nov 1994 09:49:37 GMT", now_ms=0) == 0


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_raises_and_no_wait_is_negative(value: str, date: str) -> None:
    wait = parse_retry_after(value, date=date, now_ms=0)
    assert wait is None or wait >= 0


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12), st.text(alphabet="0123456789+-: ", max_size=12))
def test_no_odd_date_raises(day: int, year: int, rest: str) -> None:
    for text in (f"Mon, {day} Jan {year} {rest}", f"Mon Jan {day} {rest} {year}", f"1 Jan 2020 00:00:00 {rest}"):
        assert http_date(text) is None or isinstance(http_date(text), float)
