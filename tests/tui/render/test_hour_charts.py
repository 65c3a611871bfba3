"""The charts of an instance: three on one axis, whatever the width, and nothing said that no hour holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.store.polls import HOUR_MS
from cwconsole.store.resource_view import HourPoint
from cwconsole.tui.render.cells import Line, Tone
from cwconsole.tui.render.charts import SCALE
from cwconsole.tui.render.columns import Look
from cwconsole.tui.render.glyphs import ASCII, UNICODE, Glyphs
from cwconsole.tui.render.hour_charts import hour_lines
from cwconsole.tui.render.plain import width
from tests.store.rows import NOW

HOUR = NOW // HOUR_MS


def drawn(*hours: HourPoint, cells: int = 60, room: int = 13, glyphs: Glyphs = UNICODE) -> list[Line]:
    return hour_lines(hours, cells=cells, room=room, look=Look(glyphs=glyphs, now_ms=NOW))


def texts(lines: list[Line]) -> list[str]:
    return ["".join(cell.text for cell in line).rstrip() for line in lines]


def test_each_chart_says_this_hour_and_the_usual_one_and_all_stand_on_one_axis() -> None:
    lines = texts(
        drawn(
            HourPoint(hour=HOUR - 2, polls=60, records=300, duration_ms=30_000),
            HourPoint(hour=HOUR - 1, polls=60, records=120, duration_ms=30_000),
            HourPoint(hour=HOUR, polls=12, records=7, duration_ms=24_000),
        )
    )
    assert len(lines) == 13
    assert lines[0] == "Polls an hour  this hour 12, usually 60"
    assert lines[4] == "Records an hour  this hour 7, usually 120"
    assert lines[8] == "Mean duration of polls  last 2s, usually 500ms"
    assert lines[12].endswith("3 hours since 2h ago")


def test_an_hour_with_failures_is_marked_and_red_only_if_nothing_went_well() -> None:
    lines = drawn(HourPoint(hour=HOUR - 1, polls=9, failed=1), HourPoint(hour=HOUR, polls=9, failed=9))
    assert texts(lines)[0].startswith("Polls an hour, ✗ where one failed  ")
    assert texts(lines)[3].endswith("│" + " " * (60 - SCALE - 2) + "✗✗")
    assert [cell.tone for cell in lines[2][-2:]] == [Tone.BUSY, Tone.BAD]
    assert "✗" not in "".join(texts(drawn(HourPoint(hour=HOUR, polls=9))))


def test_an_engine_that_rests_shows_as_nothing_and_the_last_duration_is_not_called_this_hours() -> None:
    lines = texts(drawn(HourPoint(hour=HOUR - 1, polls=60, duration_ms=60_000), HourPoint(hour=HOUR)))
    assert lines[0] == "Polls an hour  this hour 0, usually 0"
    assert lines[8] == "Mean duration of polls  last 1s, usually 1s"


def test_without_a_poll_it_says_so() -> None:
    assert texts(drawn()) == ["No poll yet."]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@given(count=st.integers(1, 170), cells=st.integers(40, 160), room=st.integers(13, 50))
def test_it_fits_its_room_and_has_only_the_terminals_signs(glyphs: Glyphs, count: int, cells: int, room: int) -> None:
    hours = [HourPoint(hour=HOUR - at, polls=at, failed=at % 5, records=at * 99) for at in reversed(range(count))]
    lines = drawn(*hours, cells=cells, room=room, glyphs=glyphs)
    assert len(lines) <= room
    assert all(width(text) <= cells for text in texts(lines))
    assert glyphs is UNICODE or all(text.isascii() for text in texts(lines))


@given(count=st.integers(1, 20), cells=st.integers(0, SCALE + 1), room=st.integers(0, 3))
def test_where_there_is_no_room_yet_it_is_drawn_all_the_same(count: int, cells: int, room: int) -> None:
    assert drawn(*(HourPoint(hour=HOUR - at, polls=1) for at in reversed(range(count))), cells=cells, room=room)
