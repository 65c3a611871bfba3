"""Remote text: seen as it is, steering nothing, exactly as wide as its column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.tui.render.plain import Align, fit, plain, shorten, width, wrap

HOSTILE = st.text(st.characters(), max_size=40)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[/] [b ] [red]", "[/] [b ] [red]"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\0b", "a\\x00b"),
        ("one\ntwo\tthree", "one\\ntwo\\tthree"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b31m", "\\x9b31m"),
        ("lone \ud800", "lone \\ud800"),
        ("a\u00a0b\u3000c", "a b c"),
        ("naïve 日本 🚀", "naïve 日本 🚀"),
    ],
)
def test_what_steers_is_shown_as_an_escape_and_the_rest_as_it_is(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(HOSTILE)
def test_nothing_that_is_not_printable_gets_through(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable()
    shown.encode()


@given(HOSTILE, st.integers(0, 30), st.sampled_from(Align))
def test_a_fitted_text_has_exactly_the_width(text: str, cells: int, align: Align) -> None:
    assert width(fit(plain(text), cells, align=align)) == cells


def test_numbers_stand_to_the_right_and_what_is_cut_says_so() -> None:
    assert fit("7", 3, align=Align.RIGHT) == "  7"
    assert fit("contacts", 5) == "cont…"
    assert fit("日本語", 4) == "日 …"
    assert shorten("short", 9) == "short"


@given(HOSTILE, st.integers(2, 30))
def test_wrapped_lines_are_narrow_enough_and_lose_nothing_but_spaces(text: str, cells: int) -> None:
    lines = wrap(plain(text), cells)
    assert all(width(line) <= cells for line in lines)
    assert "".join("".join(lines).split()) == "".join(plain(text).split())
