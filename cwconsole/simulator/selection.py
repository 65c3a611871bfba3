"""Which records of a collection satisfy a filter, in id order, without looking at more of them than needed.

A filter is split into what the collection can answer by itself (`id > 7`, `id in (1,2)`, `lastUpdated >= [...]` among
the terms that must all hold) and the residue, which is judged on the decoded record, once per version of a record.
The split changes nothing but the time it takes; the tests compare it with judging every record.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from cwconsole.simulator.collection import Collection, Row, changed_since
from cwconsole.simulator.conditions import Predicate, compiled, compiled_child
from cwconsole.simulator.grammar import And, Expression, Instant, Operator, Term
from cwconsole.simulator.records import decoded

BEFORE_ALL = -(1 << 62)
_COUNTABLE = 20_000  # longer lists are not counted for the sake of a `Link: rel="last"`
_REMEMBERED = 16


class Filter(NamedTuple):
    """The three conditions of a list request, bound to the endpoint's names; None where the request has none."""

    where: Expression | None = None
    child: Expression | None = None
    custom: Expression | None = None


NO_FILTER = Filter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A filter, split. after: ids above it; since: changed at or after it; among: these ids only; residue: the rest."""

    after: int = BEFORE_ALL
    since: int | None = None
    among: frozenset[int] | None = None
    residue: Filter = NO_FILTER

    @property
    def judged(self) -> bool:
        """Whether records have to be decoded."""
        return self.residue != NO_FILTER


def planned(asked: Filter, after: int = BEFORE_ALL) -> Plan:
    """Split a filter. `after` is a forward-only page's lower end."""
    since: int | None = None
    among: frozenset[int] | None = None
    rest: list[Expression] = []
    for part in _conjuncts(asked.where):
        if (bound := _id_bound(part)) is not None:
            after = max(after, bound)
        elif (moment := _date_bound(part)) is not None:
            since = moment if since is None else max(since, moment)
        elif (ids := _listed_ids(part)) is not None:
            among = ids if among is None else among & ids
        else:
            rest.append(part)
    where = And(tuple(rest)) if rest else None
    return Plan(after=after, since=since, among=among, residue=asked._replace(where=where))


class Selector:
    """Answers plans over one collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._judges: dict[Filter, _Judge] = {}

    def ids(self, plan: Plan, *, descending: bool = False, limit: int | None = None) -> Iterator[int]:
        """Matching ids in id order. limit: how many the caller is going to take, None for all."""
        candidates, dated = self._candidates(plan, descending=descending, limit=limit)
        rows = self._collection.rows
        if plan.since is not None and not dated:
            since = plan.since
            candidates = (number for number in candidates if changed_since(rows[number], since))
        if plan.judged:
            judge = self._judge(plan.residue)
            candidates = (number for number in candidates if judge(number, rows[number]))
        return iter(candidates)

    def page(self, plan: Plan, skip: int, limit: int, *, descending: bool = False) -> list[int]:
        """`limit` matching ids in id order after the first `skip`."""
        if plan.among is None and not plan.judged and not descending and not self._narrows(plan):
            return self._collection.slice_after(plan.after, skip, limit)
        return list(islice(self.ids(plan, descending=descending, limit=skip + limit), skip, skip + limit))

    def count(self, plan: Plan) -> int:
        """How many match."""
        if plan.among is None and not plan.judged and not self._narrows(plan):
            return self._collection.count_after(plan.after)
        return sum(1 for _ in self.ids(plan))

    def cheap_count(self, plan: Plan) -> int | None:
        """How many match, or None if that would mean walking a long list."""
        cheap = (
            len(self._collection) <= _COUNTABLE
            or plan.among is not None
            or (not plan.judged and not self._narrows(plan))
            or (plan.since is not None and self._collection.most_since(plan.since) <= _COUNTABLE)
        )
        return self.count(plan) if cheap else None

    def _narrows(self, plan: Plan) -> bool:
        """Whether the date bound leaves anything out."""
        return plan.since is not None and not self._collection.all_since(plan.since)

    def _candidates(self, plan: Plan, *, descending: bool, limit: int | None) -> tuple[Iterable[int], bool]:
        """A short enough superset of the matches, in id order, and whether it satisfies the date bound already."""
        collection = self._collection
        if plan.among is not None:
            known = sorted(number for number in plan.among if number in collection.rows and number > plan.after)
            return reversed(known) if descending else known, False
        if plan.since is not None and self._few_since(plan.since, limit):
            recent = [number for number in collection.ids_since(plan.since) if number > plan.after]
            return reversed(recent) if descending else recent, True
        return collection.ids_down_to(plan.after) if descending else collection.ids_after(plan.after), False

    def _few_since(self, since: int, limit: int | None) -> bool:
        """Whether sorting the changed ids is less work than walking all ids until the page is full."""
        changed, every = self._collection.most_since(since), len(self._collection)
        return changed < every / 4 if limit is None else changed * changed < every * limit

    def _judge(self, residue: Filter) -> _Judge:
        judge = self._judges.get(residue)
        if judge is None:
            while len(self._judges) >= _REMEMBERED:
                del self._judges[next(iter(self._judges))]
            judge = self._judges[residue] = _Judge(residue)
        return judge


class _Judge:
    """Decides a residue on records, and remembers each decision until the record is replaced."""

    def __init__(self, residue: Filter) -> None:
        self._tests: list[Predicate] = []
        if residue.where is not None:
            self._tests.append(compiled(residue.where))
        if residue.child is not None:
            self._tests.append(compiled_child(residue.child))
        if residue.custom is not None:
            custom = compiled(residue.custom)
            self._tests.append(lambda record: any(custom(field) for field in record.get("customFields") or ()))
        self._verdicts: dict[int, tuple[Row, bool]] = {}

    def __call__(self, number: int, row: Row) -> bool:
        known = self._verdicts.get(number)
        if known is not None and known[0] is row:
            return known[1]
        record = decoded(row.body)
        verdict = all(test(record) for test in self._tests)
        self._verdicts[number] = (row, verdict)
        return verdict


def _conjuncts(expression: Expression | None) -> Iterator[Expression]:
    if isinstance(expression, And):
        for part in expression.parts:
            yield from _conjuncts(part)
    elif expression is not None:
        yield expression


def _id_bound(part: Expression) -> int | None:
    """n for a term that means `id > n`."""
    if not isinstance(part, Term) or part.name != "id" or not _is_id(part.operand):
        return None
    assert isinstance(part.operand, int)
    if part.operator is Operator.GT:
        return part.operand
    return part.operand - 1 if part.operator is Operator.GE else None


def _listed_ids(part: Expression) -> frozenset[int] | None:
    """The ids of a term that means `id in (...)`."""
    if not isinstance(part, Term) or part.name != "id" or part.operator not in (Operator.EQ, Operator.IN):
        return None
    operands = part.operand if isinstance(part.operand, tuple) else (part.operand,)
    return frozenset(number for number in operands if isinstance(number, int) and _is_id(number))


def _date_bound(part: Expression) -> int | None:
    """t for a term that means `lastUpdated >= t`: the times of records are whole seconds."""
    if not isinstance(part, Term) or part.name != "_info/lastUpdated" or not isinstance(part.operand, Instant):
        return None
    if part.operator is Operator.GE:
        return math.ceil(part.operand.epoch)
    return math.floor(part.operand.epoch) + 1 if part.operator is Operator.GT else None


def _is_id(operand: object) -> bool:
    return isinstance(operand, int) and not isinstance(operand, bool)
