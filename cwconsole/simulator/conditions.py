"""Conditions against records: which names a path knows, and whether a record satisfies an expression.

Rules, as the real API's database has them: names and text are compared without regard to case; a member that is absent
is null and satisfies nothing but `= null` (not `!= 1`, not `not like`); a value of another type than the literal's
satisfies nothing. `*` and `%` are wildcards in `like` and `contains`. `lastUpdated` and `dateEntered` mean those of
`_info` unless the record has its own.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

from cwconsole.simulator.grammar import (
    COMPARISONS,
    And,
    ConditionError,
    Expression,
    Instant,
    Literal,
    Operator,
    Term,
    parse_instant,
)

JsonObject = dict[str, Any]
Predicate = Callable[[JsonObject], bool]

_ALIASES = ("lastUpdated", "dateEntered")
_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


class Vocabulary:
    """The names that a path's records know, learned from records. Names inside arrays are for `childConditions`."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._children: dict[str, str] = {}

    def learn(self, record: JsonObject) -> None:
        """Add every member of this record, with slashes for members of members."""
        for name in _names(record):
            self._names.setdefault(name.lower(), name)
        for name in _child_names(record):
            self._children.setdefault(name.lower(), name)
        for alias in _ALIASES:
            full = self._names.get(f"_info/{alias}".lower())
            if full is not None and alias not in record:
                self._names.setdefault(alias.lower(), full)

    def bind(self, expression: Expression) -> Expression:
        """The same expression with names as the records spell them. Raises ConditionError for an unknown name."""
        return _renamed(expression, self.canonical)

    def bind_child(self, expression: Expression) -> Expression:
        """As `bind`, for names that start at an array. Raises ConditionError if they start at different arrays."""
        bound = _renamed(expression, lambda name: _known(self._children, name))
        if len({term.name.partition("/")[0] for term in terms(bound)}) > 1:
            raise ConditionError("childConditions must stay within one array.")
        if any(term.operator in (Operator.IN, Operator.NOT_IN) for term in terms(bound)):
            raise ConditionError("The operator 'in' cannot be used in childConditions.")
        return bound

    def canonical(self, name: str) -> str:
        """The name as the records spell it. Raises ConditionError."""
        return _known(self._names, name)


def terms(expression: Expression) -> Iterator[Term]:
    """Every term, left to right."""
    if isinstance(expression, Term):
        yield expression
    else:
        for part in expression.parts:
            yield from terms(part)


def compiled(expression: Expression) -> Predicate:
    """A bound expression as a function of a record."""
    if isinstance(expression, Term):
        return _term(expression)
    parts = [compiled(part) for part in expression.parts]
    if isinstance(expression, And):
        return lambda record: all(part(record) for part in parts)
    return lambda record: any(part(record) for part in parts)


def compiled_child(expression: Expression) -> Predicate:
    """A bound child expression: true if one element of the array satisfies all of it."""
    array = next(terms(expression)).name.partition("/")[0]
    inner = compiled(_renamed(expression, lambda name: name.partition("/")[2]))
    return lambda record: any(inner(element) for element in record.get(array) or ())


def member(record: JsonObject, name: str) -> Any:
    """The value at a slashed name, None if any step is missing."""
    value: Any = record
    for step in name.split("/"):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def _term(term: Term) -> Predicate:
    test = _test(term.operator, term.operand)
    name = term.name
    if "/" not in name:
        return lambda record: test(record.get(name))
    return lambda record: test(member(record, name))


def _test(asked: Operator, operand: Literal | tuple[Literal, ...]) -> Callable[[Any], bool]:
    if isinstance(operand, tuple):
        return _one_of(operand, negated=asked is Operator.NOT_IN)
    if asked in COMPARISONS:
        return _comparison(asked, operand)
    negated = asked in (Operator.NOT_LIKE, Operator.NOT_CONTAINS)
    return _pattern(str(operand), whole=asked in (Operator.LIKE, Operator.NOT_LIKE), negated=negated)


def _comparison(asked: Operator, operand: Literal) -> Callable[[Any], bool]:
    if operand is None:
        return (lambda value: value is None) if asked is Operator.EQ else (lambda value: value is not None)
    key = _key_for(operand)
    wanted = operand.epoch if isinstance(operand, Instant) else key(operand)
    compare = _COMPARE[asked]

    def test(value: Any) -> bool:
        found = key(value)
        return found is not None and compare(found, wanted)

    return test


def _key_for(operand: Literal) -> Callable[[Any], Any]:
    """How values comparable with this literal are read; the function gives None for the others."""
    if isinstance(operand, Instant):
        return lambda value: parse_instant(value) if isinstance(value, str) else None
    if isinstance(operand, str):
        return lambda value: value.lower() if isinstance(value, str) else None
    if isinstance(operand, bool):
        return lambda value: value if isinstance(value, bool) else None
    return lambda value: value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _one_of(operands: tuple[Literal, ...], *, negated: bool) -> Callable[[Any], bool]:
    tests = [_comparison(Operator.EQ, operand) for operand in operands]
    if negated:
        return lambda value: value is not None and not any(test(value) for test in tests)
    return lambda value: any(test(value) for test in tests)


def _pattern(text: str, *, whole: bool, negated: bool) -> Callable[[Any], bool]:
    body = ".*".join(re.escape(piece) for piece in re.split(r"[*%]", text))
    pattern = re.compile(body if whole else f".*{body}.*", re.IGNORECASE | re.DOTALL)
    return lambda value: isinstance(value, str) and (pattern.fullmatch(value) is None) is negated


def _renamed(expression: Expression, rename: Callable[[str], str]) -> Expression:
    if isinstance(expression, Term):
        return Term(rename(expression.name), expression.operator, expression.operand)
    return type(expression)(tuple(_renamed(part, rename) for part in expression.parts))


def _known(names: dict[str, str], name: str) -> str:
    try:
        return names[name.lower()]
    except KeyError:
        raise ConditionError(f"{name} is not a recognized name.") from None


def _names(value: JsonObject, prefix: str = "") -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, list):
            continue
        yield prefix + name
        if isinstance(inner, dict):
            yield from _names(inner, f"{prefix}{name}/")


def _child_names(record: JsonObject) -> Iterator[str]:
    for name, value in record.items():
        for element in value if isinstance(value, list) else ():
            if isinstance(element, dict):
                yield from _names(element, f"{name}/")
