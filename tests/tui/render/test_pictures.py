"""Glyphs, states, bars, sparklines, counts and JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from cwconsole.core.filters import STATES
from cwconsole.core.health import Health
from cwconsole.tui.render.bars import bar, count, spark
from cwconsole.tui.render.cells import Tone
from cwconsole.tui.render.glyphs import ASCII, UNICODE, Glyphs
from cwconsole.tui.render.json_lines import json_lines
from cwconsole.tui.render.plain import width
from cwconsole.tui.render.states import health_cell, severity, state_cell, type_cell

BOTH = pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])


@BOTH
def test_every_glyph_is_one_cell_wide(glyphs: Glyphs) -> None:
    assert all(width(char) == 1 for sign in astuple(glyphs) for char in sign)


def test_the_ascii_glyphs_are_ascii() -> None:
    assert "".join(astuple(ASCII)).isascii()


@BOTH
def test_every_health_has_a_glyph_of_its_own_and_a_word(glyphs: Glyphs) -> None:
    cells = [health_cell(state, glyphs) for state in Health]
    assert [cell.text.split(" ")[1] for cell in cells] == [state.value for state in Health]
    assert len({cell.text[0] for cell in cells}) == len(cells)


def test_what_somebody_must_mend_comes_first() -> None:
    ordered = sorted(Health, key=severity)
    assert ordered[:2] == [Health.PARKED, Health.FAILING]
    assert ordered.index(Health.LATE) < ordered.index(Health.PAUSED) < ordered.index(Health.FRESH)


def test_every_state_that_can_be_listed_has_a_look() -> None:
    for words in STATES.values():
        for word in words:
            assert state_cell(word, UNICODE).text.endswith(f" {word}")


def test_a_state_that_is_not_known_is_shown_all_the_same() -> None:
    assert state_cell("melted", UNICODE).text == "melted"
    assert type_cell("CREATED").text == "created"


@BOTH
@given(share=st.floats(-1, 2), cells=st.integers(1, 40))
def test_a_bar_has_its_width_and_shows_something_above_nothing(glyphs: Glyphs, share: float, cells: int) -> None:
    drawn = bar(share, cells, glyphs)
    assert len(drawn) == cells
    assert (drawn == glyphs.bar_empty * cells) == (share <= 0)
    assert (share < 1) or drawn == glyphs.bar_full * cells


@BOTH
@given(values=st.lists(st.integers(0, 10**9), max_size=50), cells=st.integers(0, 40))
def test_a_sparkline_has_its_width_and_is_blank_for_nothing(glyphs: Glyphs, values: list[int], cells: int) -> None:
    drawn = spark(values, cells, glyphs)
    assert len(drawn) == cells
    for sign, value in zip(reversed(drawn), reversed(values), strict=False):
        assert (sign == " ") == (value == 0)


@given(st.integers(0, 10**12))
def test_a_count_fits_four_cells(number: int) -> None:
    assert len(count(number)) <= 4


def test_counts_keep_what_matters() -> None:
    assert [count(n) for n in (0, 999, 1000, 9949, 9951, 999_400, 999_600, 1_250_000)] == [
        "0",
        "999",
        "1.0k",
        "9.9k",
        "10k",
        "999k",
        "1.0M",
        "1.2M",
    ]


def text_of(document: object) -> str:
    lines = json_lines(json.dumps(document))
    return "\n".join("".join(cell.text for cell in line) for line in lines)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", categories=("L", "N", "P"))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab.", max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_lines_still_are_the_document(document: object) -> None:
    assert json.loads(text_of(document)) == document


def test_names_strings_and_numbers_are_told_apart() -> None:
    (_, line, _) = json_lines('{"a": "x"}')
    assert [(cell.text, cell.tone) for cell in line] == [
        ("  ", Tone.PLAIN),
        ('"a"', Tone.KEY),
        (": ", Tone.MUTED),
        ('"x"', Tone.TEXT),
    ]


def test_what_steers_a_terminal_does_not_get_out_of_a_record() -> None:
    shown = text_of({"summary": "\x1b[2J\u202e\x9b[/]"})
    assert "\\u001b[2J\\u202e\\x9b[/]" in shown


@pytest.mark.parametrize("document", ["<html>\nno", "[" * 100_000, '{"a": 1'])
def test_what_is_no_json_is_shown_as_text(document: str) -> None:
    assert "".join(cell.text for line in json_lines(document.encode()) for cell in line) == document.replace("\n", "")
