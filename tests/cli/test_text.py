"""Text for people: harmless, aligned, and as wide as the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.cli import output
from cwconsole.cli.text import harmless, harmless_lines, moment, server_moment, shortened, span, table, width


@given(st.text())
def test_no_text_steers_the_terminal(text: str) -> None:
    shown = harmless(text)
    assert shown.isprintable() or shown == ""
    assert len(shown) == len(text)


def test_what_turns_the_reading_direction_is_gone_and_lines_are_kept() -> None:
    assert harmless("a\u202eb\x1b[31mc\nd") == "a b [31mc d"
    assert harmless_lines("a\nb\tc") == "a\nb c"


@given(st.text(alphabet="abcäß漢字é "), st.integers(0, 30))
def test_a_shortened_text_fits(text: str, columns: int) -> None:
    assert width(shortened(text, columns)) <= columns
    if width(text) <= columns:
        assert shortened(text, columns) == text


def test_columns_line_up_whatever_the_width_of_their_letters() -> None:
    lines = table(("A", "B"), [("漢字", "x"), ("abc", "y")], columns=None).splitlines()
    assert [width(line[: line.index(mark)]) for line, mark in zip(lines, "Bxy", strict=True)] == [6, 6, 6]


@pytest.mark.parametrize("to_read", [True, False])
def test_sentences_go_on_below_themselves_and_commands_are_one_line(
    to_read: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "terminal_columns", lambda: 30)
    said = " ".join(["twelve_signs"] * 5)
    output.print_facts([("what", said), ("", "end")], to_read=to_read)
    *shown, end = capsys.readouterr().out.splitlines()
    assert end == "      end"
    assert [line.strip() for line in shown] == (
        ["what  twelve_signs", *["twelve_signs"] * 4] if to_read else [f"what  {said}"]
    )


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40), st.text(max_size=200)), max_size=5))
def test_a_table_fits_the_terminal(rows: list[tuple[str, str, str]]) -> None:
    assert all(width(line) <= 60 for line in table(("ONE", "TWO", "THREE"), rows, columns=60).splitlines())


def test_the_last_column_gives_way_first_and_says_that_it_did() -> None:
    (_, line) = table(("ID", "ERROR"), [("12345678", "no route to the host of ConnectWise")], columns=40).splitlines()
    assert line.startswith("12345678  no route")
    assert line.endswith("...")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "-"), (0, "0s"), (59.9, "59s"), (60, "1m"), (3661, "1h01m"), (90_000, "1d01h"), (-5, "-5s"), (-0.2, "0s")],
)
def test_spans_read_easily(seconds: float | None, shown: str) -> None:
    assert span(seconds) == shown


def test_times_are_utc() -> None:
    assert moment(1_790_000_000_999) == "2026-09-21 14:13:20Z"
    assert server_moment(1_790_000_000) == "2026-09-21 14:13:20Z"
    assert moment(None) == server_moment(None) == "-"
