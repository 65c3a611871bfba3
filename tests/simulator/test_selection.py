"""Finding records: the shortcuts give what judging every record gives."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from cwconsole.simulator.clock import iso
from cwconsole.simulator.collection import Collection, Row
from cwconsole.simulator.conditions import compiled
from cwconsole.simulator.grammar import And, Expression, Instant, Operator, Or, Term
from cwconsole.simulator.records import decoded, encoded
from cwconsole.simulator.selection import Filter, Selector, planned

EPOCH = 1_780_000_000
DATE = "_info/lastUpdated"


def row(number: int, second: int | None, flag: bool) -> Row:
    info = {} if second is None else {"lastUpdated": iso(EPOCH + second)}
    return Row(
        None if second is None else EPOCH + second,
        encoded({"id": number, "flag": flag, "_info": info}),
    )


SECONDS = st.one_of(st.none(), st.integers(0, 9))
NUMBERS = st.integers(-1, 12)
INSTANTS = st.one_of(st.integers(-1, 10), st.just(4.5)).map(lambda second: Instant(EPOCH + second))
ORDERINGS = st.sampled_from([Operator.GT, Operator.GE, Operator.LT, Operator.LE, Operator.EQ, Operator.NE])
TERMS: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Term, st.just("id"), ORDERINGS, NUMBERS),
    st.builds(Term, st.just("id"), st.just(Operator.IN), st.lists(NUMBERS, min_size=1, max_size=4).map(tuple)),
    st.builds(Term, st.just(DATE), ORDERINGS, INSTANTS),
    st.builds(Term, st.just("flag"), st.just(Operator.EQ), st.booleans()),
    st.builds(Term, st.just("id"), st.just(Operator.EQ), st.booleans()),
)
WHERES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=2).map(tuple)),
    ),
    max_leaves=5,
)


@dataclass
class Put:
    number: int
    second: int | None
    flag: bool


@dataclass
class Remove:
    number: int


STEPS = st.lists(
    st.one_of(
        st.builds(Put, st.integers(1, 10), SECONDS, st.booleans()),
        st.builds(Remove, st.integers(1, 10)),
        WHERES,
    ),
    max_size=25,
)


@settings(max_examples=300)
@given(st.dictionaries(st.integers(1, 10), SECONDS), STEPS)
def test_shortcuts_find_what_judging_every_record_finds(
    start: dict[int, int | None], steps: list[Put | Remove | Expression]
) -> None:
    collection = Collection({number: row(number, start[number], False) for number in sorted(start)})
    selector = Selector(collection)
    for step in steps:
        if isinstance(step, Put):
            collection.put(step.number, row(step.number, step.second, step.flag))
        elif isinstance(step, Remove):
            if step.number in collection.rows:
                collection.remove(step.number)
        else:
            check(collection, selector, step)


def check(collection: Collection, selector: Selector, where: Expression) -> None:
    test = compiled(where)
    expected = [number for number in sorted(collection.rows) if test(decoded(collection.rows[number].body))]
    plan = planned(Filter(where=where))
    assert list(selector.ids(plan)) == expected
    assert list(selector.ids(plan, descending=True)) == expected[::-1]
    assert selector.count(plan) == len(expected)
    for skip, limit in ((0, 1), (0, 3), (2, 2), (0, 1000)):
        assert selector.page(plan, skip, limit) == expected[skip : skip + limit]
        assert selector.page(plan, skip, limit, descending=True) == expected[::-1][skip : skip + limit]


def big() -> tuple[Collection, Selector]:
    collection = Collection({number: row(number, number % 10, number % 3 == 0) for number in range(1, 5001)})
    return collection, Selector(collection)


def test_few_changed_of_many_are_found_by_time() -> None:
    collection, selector = big()
    for number in (4000, 17, 2500):
        collection.put(number, row(number, 60, False))
    where = Term(DATE, Operator.GE, Instant(EPOCH + 60))
    assert selector.page(planned(Filter(where=where)), 0, 250) == [17, 2500, 4000]
    assert selector.cheap_count(planned(Filter(where=where))) == 3


def test_the_order_by_time_is_rebuilt_when_old_versions_outnumber_records() -> None:
    collection, _ = big()
    assert len(collection.ids_since(EPOCH)) == 5000
    for turn in range(12_000):
        collection.put(1 + turn % 7, row(1 + turn % 7, 100 + turn, False))
    assert collection.ids_since(EPOCH + 100) == [1, 2, 3, 4, 5, 6, 7]
    assert collection.most_since(EPOCH + 100) < 12_000


def test_long_lists_are_not_counted_for_a_link() -> None:
    collection = Collection({number: row(number, number % 10, False) for number in range(1, 20_502)})
    selector = Selector(collection)
    walked = planned(Filter(where=Term("flag", Operator.EQ, True)))
    assert selector.cheap_count(walked) is None
    assert selector.count(walked) == 0
    assert selector.cheap_count(planned(Filter(where=Term("id", Operator.GT, 500)))) == 20_001


def test_many_different_filters_are_answered_rightly_though_few_are_remembered() -> None:
    _, selector = big()
    for number in [*range(1, 40), *range(1, 40)]:
        where = Or((Term("id", Operator.EQ, number), Term("id", Operator.EQ, number + 1)))
        assert selector.page(planned(Filter(where=where)), 0, 2) == [number, number + 1]
