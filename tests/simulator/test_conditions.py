"""Expressions against records."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwconsole.simulator.conditions import Vocabulary, compiled, compiled_child
from cwconsole.simulator.grammar import COMPARISONS, And, ConditionError, Expression, Operator, Or, Term, parse

RECORD: dict[str, Any] = {
    "id": 7,
    "name": "Printer [3] offline",
    "closedFlag": False,
    "price": 1.5,
    "notes": "",
    "company": {"id": 132, "identifier": "ExampleCo"},
    "requiredDate": "2026-06-30T00:00:00Z",
    "types": [{"id": 11, "name": "End User"}],
    "communicationItems": [
        {"value": "a@example.com", "communicationType": "Email", "type": {"id": 1}},
        {"value": "5550100", "communicationType": "Phone", "type": {"id": 2}},
    ],
    "_info": {"lastUpdated": "2026-06-09T21:59:47Z", "dateEntered": "2026-06-01T00:00:00Z"},
}
ABSENT = {**RECORD, "owner": {"id": 1}, "title": "x"}


def vocabulary() -> Vocabulary:
    known = Vocabulary()
    known.learn(ABSENT)
    return known


def holds(text: str) -> bool:
    expression = parse(text)
    assert expression is not None
    return compiled(vocabulary().bind(expression))(RECORD)


@pytest.mark.parametrize(
    "text",
    [
        "id = 7",
        "ID >= 7 and id <= 7",
        "id in (1, 7)",
        "id not in (1, 2)",
        'name = "printer [[]3] OFFLINE"',
        'name like "printer*"',
        'name like "%off%"',
        'name like "*[[]3]*"',
        'name contains "R [[]3"',
        'name not like "printer"',
        'name not contains "x"',
        "closedFlag = false",
        "closedFlag != true",
        "price > 1 and price < 2",
        "company/identifier = 'exampleco'",
        "company/id in (131, 132)",
        "title = null",
        "owner/id = null",
        "notes != null",
        'notes = ""',
        "requiredDate >= [2026-06-30T00:00:00Z]",
        "requiredDate < [2026-06-30T00:00:00.5Z]",
        "lastUpdated = [2026-06-09T21:59:47Z]",
        "_info/lastUpdated > [2026-06-09T21:59:46Z]",
        "dateEntered <= [2026-06-01]",
        "id = 1 or id = 7 and closedFlag = false",
        "(id = 1 or id = 7) and not_there = null or id = 7".replace("not_there", "title"),
    ],
)
def test_holds(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "title != 'y'",
        "title not like 'y'",
        "title not in ('y')",
        "owner/id > 0",
        "id = '7'",
        "name = 7",
        "closedFlag = 0",
        "id = true",
        "name like 'printer'",
        "id = 7 and closedFlag = true or id = 1",
        "company = 132",
        "lastUpdated > [2026-06-09T21:59:47Z]",
    ],
)
def test_does_not_hold(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize("text", ["note = 1", "company/nope = 1", "communicationItems/value = 'x'", "i = 1"])
def test_unknown_names_are_refused(text: str) -> None:
    with pytest.raises(ConditionError, match="is not a recognized name"):
        holds(text)


def test_child_conditions_must_hold_for_one_element() -> None:
    def child(text: str) -> bool:
        expression = parse(text)
        assert expression is not None
        return compiled_child(vocabulary().bind_child(expression))(RECORD)

    assert child('communicationItems/value like "*@example*" AND communicationItems/communicationType="Email"')
    assert not child('communicationItems/value like "*@example*" AND communicationItems/communicationType="Phone"')
    assert child("communicationItems/type/id = 2")
    for refused in ("communicationItems/type/id in (2)", "communicationItems/type/id = 1 and types/id = 11"):
        with pytest.raises(ConditionError):
            child(refused)


# An evaluator written as plainly as can be, to compare with: no compiling, no regular expressions.

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.5, 1.0]),
    st.sampled_from(["", "a", "A", "ab", "%b"]),
)
LITERALS = VALUES.filter(lambda value: value is not None)
PATTERNS = st.text(alphabet="aAb*%", max_size=4)


def terms() -> st.SearchStrategy[Term]:
    names = st.sampled_from(["p", "q", "r/s"])
    comparisons = st.builds(Term, names, st.sampled_from(sorted(COMPARISONS)), LITERALS)
    nulls = st.builds(Term, names, st.sampled_from([Operator.EQ, Operator.NE]), st.none())
    likes = st.sampled_from([Operator.LIKE, Operator.NOT_LIKE, Operator.CONTAINS, Operator.NOT_CONTAINS])
    lists = st.lists(VALUES, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        comparisons,
        nulls,
        st.builds(Term, names, likes, PATTERNS),
        st.builds(Term, names, st.sampled_from([Operator.IN, Operator.NOT_IN]), lists),
    )


def several(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, parts), st.builds(Or, parts))


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(terms(), several, max_leaves=6)
RECORDS = st.fixed_dictionaries({}, optional={"p": VALUES, "q": VALUES, "r": st.fixed_dictionaries({"s": VALUES})})


def written(expression: Expression) -> str:
    if isinstance(expression, (And, Or)):
        word = " and " if isinstance(expression, And) else " or "
        return word.join(f"({written(part)})" for part in expression.parts)
    operand = expression.operand
    text = f"({','.join(map(literal, operand))})" if isinstance(operand, tuple) else literal(operand)
    return f"{expression.name} {expression.operator} {text}"


def literal(value: Any) -> str:
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, str) else str(value)


def same_kind(left: Any, right: Any) -> bool:
    kinds: list[Any] = [bool, str, (int, float)]
    return next(i for i, kind in enumerate(kinds) if isinstance(left, kind)) == next(
        i for i, kind in enumerate(kinds) if isinstance(right, kind)
    )


def matches(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] in "*%":
        return matches(text, pattern[1:]) or (bool(text) and matches(text[1:], pattern))
    return bool(text) and text[0] == pattern[0] and matches(text[1:], pattern[1:])


def equal(value: Any, wanted: Any) -> bool:
    if value is None or wanted is None:
        return value is wanted
    if not same_kind(value, wanted):
        return False
    return bool(value.lower() == wanted.lower() if isinstance(value, str) else value == wanted)


def plainly(expression: Expression, record: dict[str, Any]) -> bool:
    if isinstance(expression, And):
        return all(plainly(part, record) for part in expression.parts)
    if isinstance(expression, Or):
        return any(plainly(part, record) for part in expression.parts)
    value = record.get("r", {}).get("s") if expression.name == "r/s" else record.get(expression.name)
    return plain_term(value, expression.operator, expression.operand)


def plain_term(value: Any, asked: Operator, wanted: Any) -> bool:
    words = asked.split()
    if words[-1] == "in":
        found = any(equal(value, item) for item in wanted)
        return found if words[0] == "in" else value is not None and not found
    if words[-1] in ("like", "contains"):
        pattern = wanted if words[-1] == "like" else f"*{wanted}*"
        return isinstance(value, str) and matches(value.lower(), pattern.lower()) is not (words[0] == "not")
    if wanted is None:
        return (value is None) is (asked is Operator.EQ)
    if value is None or not same_kind(value, wanted):
        return False
    left, right = (value.lower(), wanted.lower()) if isinstance(value, str) else (value, wanted)
    outcome: dict[Operator, bool] = {
        Operator.EQ: left == right,
        Operator.NE: left != right,
        Operator.LT: left < right,
        Operator.LE: left <= right,
        Operator.GT: left > right,
        Operator.GE: left >= right,
    }
    return outcome[asked]


@settings(max_examples=300)
@given(EXPRESSIONS, RECORDS)
def test_agrees_with_a_plain_evaluator_through_its_own_text(expression: Expression, record: dict[str, Any]) -> None:
    reread = parse(written(expression))
    assert reread is not None
    assert compiled(reread)(record) == plainly(expression, record)
