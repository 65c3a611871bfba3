"""A view as a line: read, written, read again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.core.errors import UsageError
from cwconsole.core.filters import Filter, Noun, Term
from cwconsole.tui.line_completion import Known, completed, completions, judge, remark, unfinished
from cwconsole.tui.routes import SCREENS
from cwconsole.tui.viewspec import VIEWS, View, ViewSpec, read, spec

NOW = 1_790_000_000_000
TEXT = st.text(st.characters(codec="utf-8", exclude_characters=":\0"), min_size=1, max_size=8)


def test_every_view_has_a_screen() -> None:
    assert set(SCREENS) == set(VIEWS)


@given(
    view=st.sampled_from([VIEWS["fleet"], VIEWS["events"], VIEWS["polls"]]),
    instance=TEXT,
    text=TEXT,
    inverted=st.booleans(),
)
def test_a_line_is_read_back_as_it_was(view: object, instance: str, text: str, inverted: bool) -> None:
    name = view.name  # type: ignore[attr-defined]
    bang = "!" if inverted else ""
    wanted = ViewSpec(view=name, words=(f"{bang}instance:{instance}", text))
    assert read(wanted.line) == wanted


@given(
    view=st.sampled_from([view for view in VIEWS.values() if view.sorts and not view.required]),
    descending=st.booleans(),
    words=st.lists(TEXT, max_size=2),
    data=st.data(),
)
def test_an_order_is_read_back_beside_the_filter_and_goes_without_a_trace(
    view: View, descending: bool, words: list[str], data: st.DataObject
) -> None:
    plain = ViewSpec(view=view.name, words=tuple(words) if "text" in view.words else ())
    wanted = plain.sorted_by(data.draw(st.sampled_from(view.sorts)), descending)
    assert read(wanted.line) == wanted
    assert wanted.filtered(wanted.filter_line) == wanted, "the filter alone keeps it"
    assert _found(wanted) == _found(plain), "what is found does not depend on it"
    assert wanted.sorted_by("", descending) == plain == read(plain.line)


def _found(spec: ViewSpec) -> Filter | str:
    """What it asks for, or why that is nothing."""
    try:
        return spec.filter(now_ms=NOW)
    except UsageError as error:
        return error.message


def test_the_examples_of_the_module_are_right() -> None:
    events = read("events instance:acme type:deleted since:2h")
    chosen = events.filter(now_ms=NOW)
    assert (chosen.instance, chosen.type, chosen.since_ms) == (Term("acme"), Term(("deleted",)), NOW - 7_200_000)
    fleet = read("fleet state:failing,late sort:-lag")
    assert (fleet.sort, fleet.descending, fleet.value("state")) == ("lag", True, "failing,late")
    assert read("resource instance:acme resource:contacts") == spec("resource", instance="acme", resource="contacts")


def test_relative_times_stay_relative() -> None:
    assert read("events since:2h").line == "events since:2h"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "There is no view ''"),
        ("melt", "there are fleet, events"),
        ("events colour:red", "colour: is no word of events; there are instance"),
        ("events sort:seen", "its order is newest first"),
        ("polls sort:took", "it can be sorted by records, changes, duration"),
        ("actions sort:duration", "its order is newest first"),
        ("fleet sort:colour", "it can be sorted by health"),
        ("event", "event needs id: to say which"),
        ("resource instance:acme", "resource needs resource:"),
        ("deliveries crash", "cannot be searched for 'crash'"),
        ("events 'open", "a quote that is not closed"),
    ],
)
def test_what_is_not_right_is_refused_with_what_would_be(line: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(line)
    assert complaint in str(refused.value)


def test_values_are_judged_by_the_filter() -> None:
    with pytest.raises(UsageError, match="polls have no state 'melted'"):
        read("polls state:melted").filter(now_ms=NOW)


def test_another_filter_keeps_the_order_and_may_bring_its_own() -> None:
    fleet = read("fleet sort:-lag")
    assert fleet.filtered("state:late").line == "fleet state:late sort:-lag"
    assert fleet.filtered("state:late sort:next").line == "fleet state:late sort:next"
    assert fleet.sorted_by("dead", True).line == "fleet sort:-dead"


def test_every_history_is_a_view_of_its_own_mode() -> None:
    assert {view.noun for view in VIEWS.values() if view.noun} == set(Noun)
    assert all(VIEWS[noun.value].mode == noun.value for noun in Noun)


@pytest.mark.parametrize(
    ("view", "word", "offered"),
    [
        ("events", "ty", ["type:"]),
        ("events", "!in", ["!instance:"]),
        ("events", "type:", ["type:created", "type:updated", "type:deleted"]),
        ("events", "type:created,u", ["type:created,updated"]),
        ("deliveries", "state:de", ["state:delivered", "state:dead"]),
        ("fleet", "state:fa", ["state:failing"]),
        ("events", "instance:a", ["instance:acme", 'instance:"acme east"']),
        ("fleet", "sort:-de", ["sort:-dead"]),
        ("polls", "so", ["sort:"]),
        ("polls", "sort:-d", ["sort:-duration"]),
        ("deliveries", "sort:", ["sort:attempts", "sort:next", "sort:-attempts", "sort:-next"]),
        ("actions", "so", []),
        ("events", "crash", []),
    ],
)
def test_words_and_values_are_completed(view: str, word: str, offered: list[str]) -> None:
    known = Known(instances=("acme", "acme east", "globex"), resources=("contacts",))
    assert completions(VIEWS[view], word, known) == offered


@pytest.mark.parametrize(
    "line",
    [
        'deliveries instance:"Example Co" resource:"time entries" state:dead',
        "events !instance:acme text:a:b",
        'events "two words"',
        'fleet !instance:"Example Co" sort:-lag',
    ],
)
def test_a_line_is_shown_as_it_was_typed(line: str) -> None:
    assert read(line).line == line


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_a_value_is_its_notation_is_read_back(value: str) -> None:
    wanted = spec("instance", instance=value)
    assert read(wanted.line) == wanted


def test_a_value_with_blanks_that_is_not_quoted_gets_a_hint() -> None:
    with pytest.raises(UsageError, match='put the value in quotes: instance:"Example Co Ltd"'):
        read("deliveries instance:Example Co Ltd")


@pytest.mark.parametrize("typed", ["instance:Exa", 'instance:"Exa', 'instance:"Example C', "instance:'Example "])
def test_completion_puts_values_with_blanks_in_quotes(typed: str) -> None:
    before, last = unfinished(f"state:dead {typed}")
    assert before == "state:dead "
    offered = completions(VIEWS["deliveries"], last, Known(instances=("Example Co", "acme")))
    assert offered == ['instance:"Example Co"']


BLANKS = Known(instances=("acme", "acme east", "acme east two", "Example Co", "2 Co"), resources=("time entries",))


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("state:dead instance:Example C", ['state:dead instance:"Example Co"']),
        ("!instance:acme ea", ['!instance:"acme east"', '!instance:"acme east two"']),
        ("instance:acme east t", ['instance:"acme east two"', "instance:acme east type:"]),
        ("instance:acme s", ["instance:acme state:", "instance:acme since:"]),
        ("instance:globex Co", []),
        ("Example C", []),
        ("resource:time e", ['resource:"time entries"']),
    ],
)
def test_a_name_that_was_begun_without_quotes_is_completed_with_them(line: str, offered: list[str]) -> None:
    assert completed(VIEWS["events"], line, BLANKS) == offered


def test_behind_a_blank_the_name_is_offered_before_the_next_word() -> None:
    assert completed(VIEWS["events"], "instance:Example ", BLANKS)[:2] == [
        'instance:"Example Co"',
        "instance:Example instance:",
    ]


@pytest.mark.parametrize("view", ["events", "fleet", "polls"])
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("instance:Example Co", "There is no 'Example'; put the whole name in quotes: instance:\"Example Co\""),
        ("!instance:Example Co fire", '!instance:"Example Co"'),
        ("resource:time entries instance:acme", 'resource:"time entries"'),
    ],
)
def test_half_a_name_is_refused_where_text_may_follow(view: str, line: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        judge(read(f"{view} {line}"), BLANKS, now_ms=0)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("instance:acme east", 'behind acme is looked for as text; the whole name is instance:"acme east"'),
        ("instance:2 Co", 'behind 2 is looked for as text; the whole name is instance:"2 Co"'),
        ('instance:"acme east"', None),
        ("instance:acme fire", None),
        ("east instance:acme", None),
    ],
)
def test_what_can_be_and_may_not_be_meant_is_remarked_on(line: str, told: str | None) -> None:
    wanted = read(f"events {line}")
    judge(wanted, BLANKS, now_ms=0)
    said = remark(wanted, BLANKS)
    assert said is None if told is None else told in (said or "")
