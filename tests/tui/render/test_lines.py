"""Lines that fit: wrapping, the crumbs and the header, at any width and with any text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.filters import STATES, Noun
from cwconsole.core.health import Health
from cwconsole.core.instance_body import canonical
from cwconsole.store.instances import Callback
from cwconsole.tui.engine_state import EngineState, EngineWhere
from cwconsole.tui.freshness import Freshness
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Look
from cwconsole.tui.render.crumbs import crumbs_line, notice_line
from cwconsole.tui.render.delivery_rows import state_tabs
from cwconsole.tui.render.glyphs import ASCII, UNICODE
from cwconsole.tui.render.instance_lines import callback_line, config_lines
from cwconsole.tui.render.plain import plain, width
from cwconsole.tui.render.verdict import Heading, Verdict, heading_line
from cwconsole.tui.render.wrapped import wrapped

NOW = 1_790_000_000_000
TEXTS = st.text(st.sampled_from("ab [/]漢🚀\x00\x1b"), max_size=60).map(plain)


def text_of(line: Line) -> str:
    return "".join(cell.text for cell in line)


@given(texts=st.lists(TEXTS, max_size=4), cells=st.integers(4, 40))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(texts: list[str], cells: int) -> None:
    line = tuple(Cell(text) for text in texts)
    pieces = wrapped(line, cells)
    assert all(width(text_of(piece)) <= cells for piece in pieces)
    assert "".join(map(text_of, pieces)).replace(" ", "") == text_of(line).replace(" ", "")


def test_what_continues_hangs_and_keeps_its_tone() -> None:
    line = (Cell("name  ", Tone.KEY), Cell("one two three four", Tone.WARN))
    first, second = wrapped(line, 16)
    assert text_of(first).rstrip() == "name  one two"
    assert text_of(second) == "  three four"
    assert second[-1].tone is Tone.WARN


def test_the_space_at_which_a_line_is_broken_is_the_break_and_further_ones_are_the_texts_own() -> None:
    for text, pieces in (
        ("line 0 of a text", ["line 0 of a", "  text"]),
        ("line 0 of a   text", ["line 0 of a", "    text"]),
        ("line 0 of text", ["line 0 of ", "  text"]),
    ):
        assert [text_of(piece) for piece in wrapped((Cell(text),), 11)] == pieces


def test_what_stands_apart_by_a_blank_is_not_cut_within_a_word() -> None:
    line = (
        Cell("/"),
        Cell("   Save the list, or what is marked, to a file"),
        Cell("  :save_list [reason]", Tone.MUTED),
    )
    first, second = wrapped(line, 55)
    assert text_of(first) == "/   Save the list, or what is marked, to a file"
    assert text_of(second) == "  :save_list [reason]"


@given(
    names=st.lists(TEXTS, min_size=1, max_size=4),
    badge=st.sampled_from(["", "3 marked", "1,234 marked  12 new, gg"]),
    error=st.none() | TEXTS,
    cells=st.integers(60, 160),
)
def test_the_crumbs_fit_whatever_is_said(names: list[str], badge: str, error: str | None, cells: int) -> None:
    freshness = Freshness().succeeded(NOW) if error is None else Freshness().failed(error)
    line = crumbs_line(names, badge, freshness, cells, glyphs=UNICODE, now_ms=NOW)
    assert width(text_of(line)) <= cells


def test_where_one_is_stands_there_however_long_the_reason_is() -> None:
    stale = Freshness().succeeded(NOW - 300_000).failed("the disk " * 30)
    crumbs = crumbs_line(["fleet", "acme/contacts"], "", stale, 80, glyphs=UNICODE, now_ms=NOW)
    assert text_of(crumbs).startswith(" fleet › acme/contacts ")  # noqa: RUF001 - the sign between crumbs
    assert text_of(crumbs).rstrip().endswith("STALE since 5m")
    assert crumbs[-1].tone is Tone.WARN
    notice = notice_line(stale, UNICODE, NOW)
    assert text_of(notice).startswith("▲ This is as it was 5m ago; it cannot be read now: the disk the disk")


def test_loading_stale_unavailable_and_current_are_told_apart() -> None:
    current = Freshness().succeeded(NOW)
    looks = [
        (text_of(crumbs_line(["fleet"], "", one, 80, glyphs=ASCII, now_ms=NOW)), notice_line(one, ASCII, NOW))
        for one in (Freshness(), current, current.failed("no"), Freshness().failed("no"))
    ]
    assert len(set(looks)) == 4
    assert all(text_of(notice).isascii() for _, notice in looks)


def heading(**more: object) -> Heading:
    known = {
        "host": "db-1", "engine": EngineState(where=EngineWhere.HERE), "verdict": None,
        "utc": "14:13", "local": "08:13", "local_zone": "MDT", **more,
    }  # fmt: skip
    return Heading(**known)  # type: ignore[arg-type]


WORST = Verdict(
    health=((Health.PARKED, 12), (Health.FAILING, 345), (Health.LATE, 6), (Health.FRESH, 4000)),
    pending=99_999, retrying=1234, dead=77, held=5,
)  # fmt: skip


@given(st.integers(60, 200), st.booleans())
def test_the_header_fits_and_says_what_somebody_must_mend(cells: int, production: bool) -> None:
    line = heading_line(
        heading(verdict=WORST, read_only=True, frozen=True, production=production, stale=production), cells, UNICODE
    )
    text = text_of(line)
    assert width(text) == cells
    assert "READ-ONLY" in text
    assert "FROZEN" in text
    assert cells < 80 or "✗ 345 failing" in text
    assert ("PROD" in text) is production
    assert ("STALE" in text) is production


def test_in_an_incident_what_is_well_makes_room_for_what_is_held_and_a_sign_says_so() -> None:
    verdict = Verdict(health=((Health.FAILING, 1), (Health.FRESH, 5)), pending=3, retrying=12, dead=2, held=40)
    narrow, wide = (text_of(heading_line(heading(verdict=verdict), cells, UNICODE)) for cells in (80, 140))
    assert "✗ 1 failing  2 dead  12 retrying  40 held …" in narrow
    assert "fresh" not in narrow
    assert "…" not in wide


def test_a_resource_that_is_held_is_not_left_out_for_those_that_are_well() -> None:
    verdict = Verdict(health=((Health.PARKED, 1), (Health.HELD, 1), (Health.FRESH, 5)), retrying=51, pending=4)
    assert "■ 1 parked  ◇ 1 held  51 retrying" in text_of(heading_line(heading(verdict=verdict), 80, UNICODE))


def test_an_engine_that_is_missing_is_never_left_out_for_counts() -> None:
    line = heading_line(heading(verdict=WORST, engine=EngineState()), 80, UNICODE)
    assert "no engine" in text_of(line)


def test_a_fleet_that_is_well_is_named_without_alarm() -> None:
    line = heading_line(heading(verdict=Verdict(health=((Health.FRESH, 9),))), 120, UNICODE)
    assert "● 9 fresh" in text_of(line)
    assert {cell.tone for cell in line} <= {Tone.PLAIN, Tone.STRONG, Tone.MUTED}, "colour is for what is to be done"


def test_intervals_of_the_configuration_have_their_unit() -> None:
    body = canonical(
        {
            "name": "acme",
            "element": {"key": "connectwisecrmrest"},
            "configuration": {"event.poller.configuration": {"contacts": {"sweep_interval": 8 / 60}}},
        }
    )
    (line,) = config_lines(body, "contacts")
    assert "".join(cell.text for cell in line) == "sweep_interval = 0.133333 minutes"


def test_a_reason_that_is_a_sentence_goes_on_with_what_to_do() -> None:
    held = Callback(
        id=1, url="https://r.test/", held_reason="It answered 410 Gone.", last_success_ms=None, breaker_until_ms=None
    )
    line = callback_line(held, Look())
    assert "".join(cell.text for cell in line).endswith("held: It answered 410 Gone; H lets it go")


STATE_NAMES = ("", *STATES[Noun.DELIVERIES])
COUNTED = [0 if state in {"delivered", "cancelled", ""} else 64 if state == "sending" else 999 for state in STATE_NAMES]


@given(
    numbers=st.tuples(*(st.integers(0, most) if most else st.none() for most in COUNTED)),
    chosen=st.integers(0, 7),
)
def test_the_states_with_their_numbers_fit_80_columns_whole(numbers: tuple[int | None, ...], chosen: int) -> None:
    line = text_of(state_tabs(STATE_NAMES, numbers, chosen, 80, UNICODE))
    assert width(line) == 80
    assert f"[{STATE_NAMES[chosen] or 'all'}" in line
    assert re.findall("[a-z]+", line) == ["all", *STATES[Noun.DELIVERIES]]
    assert not re.search(r"[^ ]\[|\][^ ]", line), "no state touches the next"


def test_states_that_do_not_fit_say_so() -> None:
    line = text_of(state_tabs(STATE_NAMES, [None, 1000, 64, 1000, 1000, None, 1000, None], 0, 80, UNICODE))
    assert line.endswith("cance…")
    assert width(line) == 80
