"""Filter words: what they mean, which noun takes which, and that they read back."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cwconsole.core.delivery import DeliveryState
from cwconsole.core.errors import UsageError
from cwconsole.core.filters import DEFAULT_LIMIT, STATES, TYPES, WORDS, Filter, Noun, Term, from_words, line_of, parse
from cwconsole.core.records import EventType
from cwconsole.store.actions import ActionKind
from cwconsole.store.schema import FIRST, statements

NOW = 1_790_000_000_000


def test_every_word_narrows_its_part() -> None:
    line = "instance:acme resource:tickets type:updated,DELETED state:dead object:123 since:2026-08-31 until:2026-09-01"
    assert parse(Noun.DELIVERIES, line, now_ms=NOW) == Filter(
        instance=Term("acme"),
        resource=Term("tickets"),
        type=Term(("updated", "deleted")),
        state=Term(("dead",)),
        object=Term(123),
        since_ms=1_788_134_400_000,
        until_ms=1_788_220_800_000,
        limit=DEFAULT_LIMIT,
    )


def test_an_exclamation_mark_inverts() -> None:
    chosen = parse(Noun.EVENTS, "!instance:acme !type:created !object:5 !crash", now_ms=NOW)
    assert chosen.instance == Term("acme", inverted=True)
    assert chosen.type == Term(("created",), inverted=True)
    assert chosen.object == Term(5, inverted=True)
    assert chosen.text == Term("crash", inverted=True)


def test_words_without_a_name_are_one_text() -> None:
    assert parse(Noun.EVENTS, "printer on fire", now_ms=NOW).text == Term("printer on fire")
    assert parse(Noun.EVENTS, "'text:a:b c'", now_ms=NOW).text == Term("a:b c")


@pytest.mark.parametrize(
    ("noun", "line", "sentence"),
    [
        (Noun.POLLS, "callback:x", "callback: is no filter word of polls; there are instance, resource, type, state"),
        (Noun.POLLS, "type:created", "polls have no type 'created'; there are baseline"),
        (Noun.DELIVERIES, "state:broken", "deliveries have no state 'broken'; there are pending"),
        (Noun.EVENTS, "colour:red", "colour: is no filter word"),
        (Noun.EVENTS, "object:abc", "'abc' is no id"),
        (Noun.EVENTS, "object:²", "is no id"),
        (Noun.EVENTS, "since:soon", "'soon' is no time"),
        (Noun.EVENTS, "!since:2h", "cannot be inverted; use until"),
        (Noun.EVENTS, "instance:", "instance: has no value"),
        (Noun.EVENTS, "type:created type:deleted", "type: is given twice"),
        (Noun.EVENTS, "'open", "quote that is not closed"),
    ],
)
def test_what_cannot_be_asked_names_the_word_and_what_would_be_right(noun: Noun, line: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(noun, line, now_ms=NOW)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_page_has_bounds(limit: int) -> None:
    with pytest.raises(UsageError, match="not between 1 and 10000"):
        from_words(Noun.EVENTS, [], now_ms=NOW, limit=limit)


def test_a_time_that_only_the_shell_understands_is_asked_of_it() -> None:
    chosen = parse(
        Noun.EVENTS, "since:yesterday", now_ms=NOW, read_time=lambda text: 7 if text == "yesterday" else None
    )
    assert chosen.since_ms == 7


def test_types_and_states_are_those_of_the_program() -> None:
    assert TYPES[Noun.ACTIONS] == tuple(kind.value for kind in ActionKind)
    assert TYPES[Noun.EVENTS] == tuple(kind.value.lower() for kind in EventType)
    assert [state for state in STATES[Noun.DELIVERIES] if state != "held"] == [state.value for state in DeliveryState]


@pytest.mark.parametrize(
    ("noun", "table", "column"), [(Noun.POLLS, "polls", "outcome"), (Noun.ACTIONS, "actions", "state")]
)
def test_states_are_those_of_the_tables(noun: Noun, table: str, column: str) -> None:
    conn = sqlite3.connect(":memory:")
    for statement in statements(FIRST):
        conn.execute(statement)
    (ddl,) = conn.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    conn.close()
    listed = ddl.split(f"CHECK ({column} IN (")[1].split(")")[0]
    assert {value.strip(" '\n") for value in listed.split(",")} == set(STATES[noun])


@st.composite
def filters(draw: st.DrawFn) -> tuple[Noun, Filter]:
    noun = draw(st.sampled_from(list(Noun)))
    names = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() != "")
    several = st.lists(st.sampled_from(TYPES[noun]), min_size=1, unique=True).map(tuple)
    states = st.lists(st.sampled_from(STATES[noun] or ("x",)), min_size=1, unique=True).map(tuple)
    times = st.integers(min_value=0, max_value=253_402_300_799_999)
    parts: dict[str, st.SearchStrategy[object]] = {
        "instance": st.builds(Term, names, st.booleans()),
        "resource": st.builds(Term, names, st.booleans()),
        "type": st.builds(Term, several, st.booleans()),
        "state": st.builds(Term, states, st.booleans()),
        "object": st.builds(Term, st.integers(min_value=0, max_value=2**31), st.booleans()),
        "since": times,
        "until": times,
        "callback": st.builds(Term, names, st.booleans()),
        "error": st.builds(Term, names, st.booleans()),
        "text": st.builds(Term, names, st.booleans()),
        "match": st.builds(Term, names, st.booleans()),
    }
    chosen = {
        name + ("_ms" if name in {"since", "until"} else ""): draw(st.none() | parts[name]) for name in WORDS[noun]
    }
    drawn = Filter(**chosen)  # type: ignore[arg-type]
    assume(drawn.since_ms is None or drawn.until_ms is None or drawn.since_ms < drawn.until_ms)
    return noun, drawn


def test_a_span_means_so_long_ago() -> None:
    assert parse(Noun.POLLS, "since:2h", now_ms=NOW).since_ms == NOW - 7_200_000


@pytest.mark.parametrize("line", ["since:1h until:2h", "since:2h until:2h"])
def test_a_time_that_ends_before_it_begins_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match=r"since: .* is not before until: .*, so nothing can lie between"):
        parse(Noun.EVENTS, line, now_ms=NOW)


@given(filters())
def test_a_filter_written_as_words_reads_back(drawn: tuple[Noun, Filter]) -> None:
    noun, chosen = drawn
    assert parse(noun, line_of(chosen), now_ms=NOW) == chosen


@given(st.sampled_from(list(Noun)), st.text())
def test_no_line_crashes_it(noun: Noun, line: str) -> None:
    try:
        chosen = parse(noun, line, now_ms=NOW)
    except UsageError:
        return
    assert parse(noun, line_of(chosen), now_ms=NOW) == chosen
