"""Times as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.moments import duration, iso, moment

NOW = 1_790_000_000_000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("3d", 259_200), ("1w", 604_800), ("1d12h", 129_600), (" 2H ", 7200)],
)
def test_how_long_ago_is_understood(text: str, seconds: int) -> None:
    assert duration(text) == seconds
    assert moment(text, NOW) == NOW - seconds * 1000


@pytest.mark.parametrize("text", ["", "h", "2", "2x", "12h1d", "-2h", "2 h", "٣h", "1.5h", "tomorrow", "2026-13-01"])
def test_anything_else_is_not_guessed_at(text: str) -> None:
    assert duration(text) is None
    assert moment(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-09-01", 1_788_220_800_000),
        ("2026-09-01T08:00", 1_788_249_600_000),
        ("2026-09-01 08:00:00.250", 1_788_249_600_250),
        ("2026-09-01T08:00:00Z", 1_788_249_600_000),
        ("2026-09-01T08:00:00+02:00", 1_788_242_400_000),
        ("now", NOW),
    ],
)
def test_iso_times_are_utc_unless_they_say_otherwise(text: str, ms: int) -> None:
    assert moment(text, NOW) == ms


def test_the_ends_of_the_calendar_are_no_crash() -> None:
    assert moment("0001-01-01T00:00+23:00", NOW) == 0
    assert moment("9999999w", NOW) is None
    assert moment("999999w", NOW) == 0


@given(st.integers(min_value=0, max_value=253_402_300_799_999))
def test_what_is_shown_reads_back(ms: int) -> None:
    assert moment(iso(ms), NOW) == ms


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    moment(text, NOW)
