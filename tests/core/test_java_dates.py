"""Java date patterns, both ways."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.errors import ConfigError
from cwconsole.core.java_dates import ISO_SECONDS, MILLISECONDS, compile_pattern, format_date, parse
from cwconsole.core.zones import find_zone, written_zone

T = "yyyy-MM-dd'T'HH:mm:ss"
D = "yyyy-MM-dd HH:mm:ss"
MOMENT = 1534778974827  # 2018-08-20T15:29:34.827Z, of a recorded notification
SECOND = 1534778974000

# Every pattern that published poller configurations use, templates and *DateFormat alike, with the text it stands for.
USED = [
    (f"{T}'Z'", "2018-08-20T15:29:34Z"),
    (f"{T}XXX", "2018-08-20T15:29:34Z"),
    (f"{T}Z", "2018-08-20T15:29:34+0000"),
    (T, "2018-08-20T15:29:34"),
    (D, "2018-08-20 15:29:34"),
    ("yyyy-MM-dd' 'HH:mm:ss", "2018-08-20 15:29:34"),
    ("EEE, dd MMM yyyy HH:mm:ss Z", "Mon, 20 Aug 2018 15:29:34 +0000"),
    (f"{T}.SSS'Z'", "2018-08-20T15:29:34.827Z"),
    (f"{T}.SSS", "2018-08-20T15:29:34.827"),
    (f"{T}.SSSZ", "2018-08-20T15:29:34.827+0000"),
    (f"{T}.SSSX", "2018-08-20T15:29:34.827Z"),
    (f"{T}.SSSXXX", "2018-08-20T15:29:34.827Z"),
    (f"{T}.SSSSSSXXX", "2018-08-20T15:29:34.000827Z"),
    (f"{D} -0800", "2018-08-20 15:29:34 -0800"),
    ("yyyy-MM-dd", "2018-08-20"),
    ("EEE MMM dd HH:mm:ss zzz yyyy", "Mon Aug 20 15:29:34 GMT 2018"),
    (MILLISECONDS, "1534778974827"),
]


@pytest.mark.parametrize(("pattern", "text"), USED)
def test_every_pattern_in_use_is_written_as_java_writes_it(pattern: str, text: str) -> None:
    assert format_date(MOMENT, pattern) == text


@pytest.mark.parametrize(("pattern", "text"), USED)
def test_every_pattern_in_use_reads_what_it_wrote(pattern: str, text: str) -> None:
    precise = "S" in pattern or pattern == MILLISECONDS
    midnight = SECOND - SECOND % 86_400_000
    expected = MOMENT if precise else midnight if pattern == "yyyy-MM-dd" else SECOND
    assert parse(text, pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "zone", "text"),
    [
        (f"{T}XXX", "PST", "2018-08-20T08:29:34-07:00"),  # a region: Los Angeles in summer
        (f"{T}XXX", "CST", "2018-08-20T10:29:34-05:00"),
        (f"{T}XXX", "EST", "2018-08-20T10:29:34-05:00"),  # fixed in Java, no summer time
        (f"{T}XXX", "MST", "2018-08-20T08:29:34-07:00"),
        (f"{T}XXX", "-8:00", "2018-08-20T07:29:34-08:00"),
        (f"{T}XXX", "+6:00", "2018-08-20T21:29:34+06:00"),
        (f"{T}XX", "+0530", "2018-08-20T20:59:34+0530"),
        (f"{T}X", "GMT-3", "2018-08-20T12:29:34-03"),
        (f"{T} z", "America/Denver", "2018-08-20T09:29:34 MDT"),
        (f"{T} z", "-8:00", "2018-08-20T07:29:34 GMT-08:00"),
        (f"{T} z", "America/Sao_Paulo", "2018-08-20T12:29:34 GMT-03:00"),
    ],
)
def test_zones_are_java_s(pattern: str, zone: str, text: str) -> None:
    assert format_date(MOMENT, pattern, zone) == text
    assert parse(text, pattern, zone) == SECOND


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("h 'o''clock' a", "3 o'clock PM"),
        ("''yy''", "'18'"),
        ("EEEE, d MMMM y", "Monday, 20 August 2018"),
        ("D/u", "232/1"),
        ("K:mm a|k:mm|hh", "3:29 PM|15:29|03"),
        ("L.d", "8.20"),
        ("SSSSSS", "000827"),
        ("yyyyMMddHHmmss", "20180820152934"),
    ],
)
def test_letters_and_quotes(pattern: str, text: str) -> None:
    assert format_date(MOMENT, pattern) == text


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("20180820152934", "yyyyMMddHHmmss", datetime(2018, 8, 20, 15, 29, 34)),
        ("2018-8-2", "yyyy-MM-dd", datetime(2018, 8, 2)),
        ("20 aug 18", "dd MMM yy", datetime(2018, 8, 20)),
        ("20 AUGUST 71", "dd MMM yy", datetime(1971, 8, 20)),
        ("2018 232", "yyyy D", datetime(2018, 8, 20)),
        ("12:05 AM", "h:mm a", datetime(1970, 1, 1, 0, 5)),
        ("12:05 pm", "h:mm a", datetime(1970, 1, 1, 12, 5)),
        ("24:05", "k:mm", datetime(1970, 1, 1, 0, 5)),
        ("11 PM", "K a", datetime(1970, 1, 1, 23)),
        ("2018-08-20T15:29:34.123456Z", f"{T}.SSSSSSXXX", datetime(2018, 8, 20, 15, 31, 37, 456000)),  # Java's overflow
        ("2018-08-20T15:29:34.5", f"{T}.SSS", datetime(2018, 8, 20, 15, 29, 34, 5000)),  # five milliseconds
        ("2018-08-20T15:29:34+00:00", f"{T}Z", datetime(2018, 8, 20, 15, 29, 34)),  # milder than Java
        ("2018-08-20T15:29:34Z", f"{T}Z", datetime(2018, 8, 20, 15, 29, 34)),
        ("2018-08-20T15:29:34Z", T, datetime(2018, 8, 20, 15, 29, 34)),  # what follows the pattern is not looked at
        ("2018-07-01 08:00 PST", "yyyy-MM-dd HH:mm z", datetime(2018, 7, 1, 16)),  # standard time, though it is July
        ("2018-07-01 08:00 PDT", "yyyy-MM-dd HH:mm z", datetime(2018, 7, 1, 15)),
    ],
)
def test_reads(text: str, pattern: str, expected: datetime) -> None:
    assert parse(text, pattern) == (expected - datetime(1970, 1, 1)) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("", ISO_SECONDS),
        ("yesterday", ISO_SECONDS),
        ("2018-02-30T00:00:00Z", ISO_SECONDS),
        ("2018-08-20T15+01:00Z", ISO_SECONDS),
        ("2018-W34-1T15:29:06Z", ISO_SECONDS),
        ("2015-12-24T22: 08: 22", ISO_SECONDS),
        ("2018 367", "yyyy D"),
        ("2019 366", "yyyy D"),
        ("25:00", "k:mm"),
        ("0 AM", "h a"),
        ("12 AM", "K a"),
        ("0000", "yyyy"),
        ("2018 XYZ", "yyyy z"),
        ("2018 +99:00", "yyyy X"),
        ("١٢٣", MILLISECONDS),
        ("12.5", MILLISECONDS),
        ("1" * 30, MILLISECONDS),
        (float("nan"), MILLISECONDS),
        (float("inf"), MILLISECONDS),
    ],
)
def test_what_is_no_such_date_is_none(text: str | float, pattern: str) -> None:
    assert parse(text, pattern) is None


def test_blanks_before_a_number_are_passed_over_as_in_java() -> None:
    assert parse("2015-12-24T22: 08: 22Z", ISO_SECONDS) == parse("2015-12-24T22:08:22Z", ISO_SECONDS) is not None


@pytest.mark.parametrize("value", [1534778974827, 1534778974827.0, "1534778974827"], ids=type)
def test_milliseconds_come_as_numbers_or_text(value: float | str) -> None:
    assert parse(value, MILLISECONDS) == MOMENT


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("10 digit integer Unix time", "10 digit integer Unix time"),
        ("518862600", "518862600"),
        ("", ""),
        ("milliseconds'", "milliseconds'"),
        (f"{T}'", "ss'"),
        (f"{T}.SSSX'", "SSSX'"),
        ("YYYY-MM-dd", "YYYY-MM-dd"),
        ("yyyy-MM-dd w", "w"),
        ("yyyy XXXX", "XXXX"),
        ("y" * 1000, "yyyy"),
    ],
)
def test_malformed_patterns_are_refused_and_shown(pattern: str, found: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compile_pattern(pattern)
    assert found in caught.value.found
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../etc/passwd", "America", "-99:00", "a" * 300, "\0", "{TimeZone}"]
)
def test_an_unknown_zone_is_an_error_and_not_gmt(zone: str) -> None:
    with pytest.raises(ConfigError):
        find_zone(zone)


def test_a_repeated_hour_means_standard_time_and_a_skipped_one_moves_on() -> None:
    repeated = parse("2018-11-04 01:30:00", D, "America/Los_Angeles")
    skipped = parse("2018-03-11 02:30:00", D, "America/Los_Angeles")
    assert repeated is not None and format_date(repeated, f"{D} Z", "America/Los_Angeles").endswith("01:30:00 -0800")
    assert skipped is not None and format_date(skipped, f"{D} Z", "America/Los_Angeles").endswith("03:30:00 -0700")


def _moments(first: datetime) -> st.SearchStrategy[int]:
    return st.datetimes(min_value=first, max_value=datetime(9999, 12, 30)).map(
        lambda moment: (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    )


offsets = st.integers(-23 * 60, 23 * 60).map(
    lambda minutes: f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60}:{abs(minutes) % 60:02}"
)
zones = st.sampled_from(["GMT", "PST", "EST", "America/Denver", "Asia/Kolkata", "Australia/Lord_Howe"]) | offsets


@given(
    _moments(datetime(1970, 1, 1)),  # local mean times of old have seconds in their offset, which no pattern shows
    zones,
    st.sampled_from(
        [f"{T}.SSSXXX", f"{T}.SSSZ", f"{T}.SSSXX", "EEE, dd MMM yyyy HH:mm:ss.SSS Z", "yyyyMMddHHmmssSSSXXX"]
    ),
)
def test_a_pattern_with_offset_reads_back_what_it_writes(ms: int, zone: str, pattern: str) -> None:
    assert parse(format_date(ms, pattern, zone), pattern) == ms


@given(
    _moments(datetime(1, 1, 2)),
    offsets,
    st.sampled_from([f"{T}.SSS", f"{T}.SSS'Z'", "dd.MM.yyyy hh:mm:ss.SSS a", "yyyy D kk:mm:ss SSSSSS"]),
)
def test_a_pattern_without_offset_reads_back_in_its_own_zone(ms: int, zone: str, pattern: str) -> None:
    assert parse(format_date(ms, pattern, zone), pattern, zone) == ms


@given(
    st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9+]{2}[:-][0-9+]{2}:[0-9]{2}Z"),
    st.text("yMdHmsSXzZEa'-:T ", max_size=12),
)
def test_no_text_and_no_pattern_breaks_the_reader(text: str, pattern: str) -> None:
    parse(text, ISO_SECONDS)
    try:
        parse(text, pattern)
    except ConfigError:
        return


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9999, 12, 30)), st.text(max_size=3))
def test_the_short_cut_for_the_stock_format_agrees_with_the_long_way(moment: datetime, noise: str) -> None:
    text = moment.strftime("%Y-%m-%dT%H:%M:%SZ") + noise
    assert parse(text, ISO_SECONDS, "GMT") == parse(text, ISO_SECONDS, "UTC")


def test_written_zones_state_their_offset() -> None:
    for text, hours in (("Z", 0), ("-0800", -8), ("+01", 1), ("EDT", -4), ("cst", -6)):
        zone = written_zone(text)
        assert zone is not None and zone.utcoffset(None) == timedelta(hours=hours)
    assert written_zone("XYZ") is None
