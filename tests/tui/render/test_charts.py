"""Charts say what they measure: newest and usual value, a scale with units, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.charts import SCALE, Bar, axis, chart
from cwconsole.tui.render.glyphs import ASCII, UNICODE, Glyphs
from cwconsole.tui.render.plain import width
from cwconsole.tui.render.times import span

BOTH = pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])


def text_of(line: Line) -> str:
    return "".join(cell.text for cell in line)


def drawn(values: list[float | None], *, cells: int = 40, height: int = 4, glyphs: Glyphs = UNICODE) -> list[str]:
    bars = [Bar(value) for value in values]
    return [text_of(line) for line in chart("Duration", bars, cells=cells, height=height, glyphs=glyphs, scale=span)]


def test_the_title_tells_the_newest_and_the_usual_value_and_the_scale_the_highest() -> None:
    title, top, *_, foot = drawn([1.0, 2.0, 90.0, 1.0, 3.0])
    assert title.strip() == "Duration  now 3s, usually 2s"
    assert top.startswith(" 1m 30s │")
    assert foot.lstrip().startswith("0 ")


def test_a_high_chart_is_marked_at_half_of_its_height() -> None:
    lines = drawn([10.0], height=6)
    assert lines[4].lstrip().startswith("5s")
    assert not drawn([10.0], height=4)[3].split("│")[0].strip()


def test_a_poll_that_failed_has_its_sign_at_the_foot() -> None:
    lines = chart("Lag", [Bar(5, Tone.BAD, Cell("✗", Tone.BAD))], cells=20, height=3, glyphs=UNICODE, scale=span)
    assert lines[-1][-1].text == "✗"
    assert lines[1][-1].text == "█"


@BOTH
@given(values=st.lists(st.none() | st.floats(0, 1e6), max_size=60), cells=st.integers(10, 60), height=st.integers(2, 9))
def test_every_line_has_its_width_and_only_the_terminals_signs(
    glyphs: Glyphs, values: list[float | None], cells: int, height: int
) -> None:
    title, *lines = drawn(values, cells=cells, height=height, glyphs=glyphs)
    assert width(title) <= cells
    assert [width(line) for line in lines] == [cells] * height
    assert glyphs is UNICODE or all(line.isascii() for line in lines)


def test_the_axis_stands_under_the_columns() -> None:
    assert text_of(axis("5h ago", "40 polls", "5m ago", 40, cells=40 + SCALE)) == (
        " " * SCALE + "5h ago" + "40 polls".center(28) + "5m ago"
    )
    few = text_of(axis("10m ago", "2 polls", "5m ago", 2, cells=40 + SCALE))
    assert few == " " * SCALE + "2 polls since 10m ago".rjust(40)


@given(st.integers(1, 300), st.integers(SCALE + 1, 160))
def test_the_axis_has_its_width(count: int, cells: int) -> None:
    assert width(text_of(axis("5h ago", f"{count} polls", "5m ago", count, cells=cells))) == cells
