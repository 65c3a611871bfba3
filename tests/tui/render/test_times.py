"""Times in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from cwconsole.core.zones import find_zone
from cwconsole.tui.render.times import ago, both, compact, minute, second, short, span, until

NOW = 1_790_000_000_000


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (0.0004, "1ms"),
        (0.34, "340ms"),
        (1.25, "1.2s"),
        (12.9, "12s"),
        (60, "1m"),
        (61, "1m 1s"),
        (7500, "2h 5m"),
        (7200, "2h"),
        (3601, "1h"),
        (100 * 86_400, "100d"),
        (-5, "0s"),
    ],
)
def test_a_duration_takes_two_units_at_most(seconds: float, shown: str) -> None:
    assert span(seconds) == shown


def test_narrow_columns_get_the_largest_unit() -> None:
    assert [short(n) for n in (0, 59, 60, 3599, 3600, 86_400, 864_000)] == ["0s", "59s", "1m", "59m", "1h", "1d", "10d"]


def test_the_past_and_the_future() -> None:
    assert (ago(None, NOW), ago(NOW, NOW), ago(NOW - 300_000, NOW)) == ("—", "<1m", "5m")
    assert [until(at, NOW) for at in (None, NOW - 1, NOW + 30_000, NOW + 240_000, NOW + 7_300_000)] == [
        "—",
        "due",
        "<1m",
        "4m",
        "2h",
    ]


def test_absolute_times_name_their_zone() -> None:
    assert second(NOW) == "2026-09-21 14:13:20 UTC"
    assert second(NOW, ZoneInfo("Europe/Berlin")) == "2026-09-21 16:13:20 CEST"
    assert second(None) == "—"
    assert minute(NOW) == "14:13"
    assert compact(NOW, NOW) == "14:13:20"
    assert compact(NOW - 80_000_000, NOW) == "09-20 16:00"


def test_a_zone_is_shown_beside_utc_only_where_its_clocks_show_another_time() -> None:
    assert both(NOW, ZoneInfo("America/Denver")) == "2026-09-21 14:13:20 UTC  2026-09-21 08:13:20 MDT"
    assert both(NOW, find_zone("UTC")) == both(NOW, find_zone("GMT")) == "2026-09-21 14:13:20 UTC"
    assert both(None, find_zone("UTC")) == second(None)
