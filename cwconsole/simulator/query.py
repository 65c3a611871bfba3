"""A list request's parameters, read and checked, and the answer's records.

Rules (reference/connectwise-api.md, sections 2 and 3): 25 records a page unless `pageSize` says otherwise, at most
1000; `page=0` is page 1; without `orderBy` by id; forward-only paging goes by `pageId` and knows neither page numbers
nor an order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cwconsole.simulator.collection import Collection, Row
from cwconsole.simulator.conditions import JsonObject, Vocabulary, member
from cwconsole.simulator.grammar import ConditionError, Expression, parse
from cwconsole.simulator.projection import projected
from cwconsole.simulator.records import decoded
from cwconsole.simulator.refusals import bad_condition, invalid_value, page_size_out_of_range
from cwconsole.simulator.selection import BEFORE_ALL, NO_FILTER, Filter, Plan, Selector, planned

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One sort key. name is bound to the endpoint's spelling."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A list request. page counts from 1; after is set in forward-only paging alone."""

    filter: Filter = NO_FILTER
    order: tuple[Order, ...] = ()
    fields: tuple[str, ...] = ()
    page: int = 1
    size: int = DEFAULT_PAGE_SIZE
    after: int | None = None

    @property
    def plan(self) -> Plan:
        """How the records are found."""
        return planned(self.filter, BEFORE_ALL if self.after is None else self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page. more: whether records follow. last_id: of the page's last record. total: over all pages, if known."""

    bodies: Sequence[bytes]
    more: bool
    last_id: int
    total: int | None


def read_filter(parameters: Mapping[str, str], vocabulary: Vocabulary) -> Filter:
    """The three conditions. Raises Refusal."""
    try:
        return Filter(
            where=_bound(parameters.get("conditions"), vocabulary.bind),
            child=_bound(parameters.get("childConditions"), vocabulary.bind_child),
            custom=parse(parameters.get("customFieldConditions") or ""),
        )
    except ConditionError as error:
        raise bad_condition(str(error)) from None


def read_query(parameters: Mapping[str, str], vocabulary: Vocabulary, *, forward_only: bool) -> Query:
    """The whole request. Raises Refusal."""
    order = _read_order(parameters.get("orderBy") or "", vocabulary)
    if forward_only and order:
        raise invalid_value("orderBy", "orderBy cannot be used with forward-only pagination.")
    return Query(
        filter=read_filter(parameters, vocabulary),
        order=order,
        fields=tuple(name.strip() for name in (parameters.get("fields") or "").split(",") if name.strip()),
        page=1 if forward_only else max(1, _whole(parameters, "page", 1)),
        size=_read_size(parameters),
        after=_whole(parameters, "pageId", BEFORE_ALL) if forward_only else None,
    )


def listed(collection: Collection, selector: Selector, query: Query) -> Listing:
    """One page of records."""
    plan = query.plan
    skip = (query.page - 1) * query.size
    ids = _ordered_page(collection, selector, plan, query, skip)
    more = len(ids) > query.size
    ids = ids[: query.size]
    rows = [collection.rows[number] for number in ids]
    return Listing(
        bodies=projected(rows, query.fields),
        more=more,
        last_id=ids[-1] if ids else 0,
        total=None if query.after is not None else selector.cheap_count(plan),
    )


def _ordered_page(collection: Collection, selector: Selector, plan: Plan, query: Query, skip: int) -> list[int]:
    """The page's ids and, if records follow, one more."""
    wanted = query.size + 1
    if not query.order or query.order[0].name == "id":
        descending = bool(query.order) and query.order[0].descending
        return selector.page(plan, skip, wanted, descending=descending)
    ids = _sorted(list(selector.ids(plan)), collection.rows, query.order)
    return ids[skip : skip + wanted]


def _sorted(ids: list[int], rows: Mapping[int, Row], order: tuple[Order, ...]) -> list[int]:
    """Stable sorts from the last key to the first; ties stay in id order."""
    dated_only = all(key.name == "_info/lastUpdated" for key in order)
    records: dict[int, JsonObject] = {} if dated_only else {number: decoded(rows[number].body) for number in ids}
    for key in reversed(order):
        if key.name == "_info/lastUpdated":
            ids = sorted(ids, key=lambda number: rows[number].updated or 0, reverse=key.descending)
        else:
            name = key.name
            ids = sorted(ids, key=lambda number: _rank(member(records[number], name)), reverse=key.descending)
    return ids


def _rank(value: Any) -> tuple[int, Any]:
    """Nulls first, then numbers, then text without regard to case; anything else is equal."""
    if isinstance(value, (bool, int, float)):
        return 1, value
    if isinstance(value, str):
        return 2, value.lower()
    return (0, 0) if value is None else (3, 0)


def _bound(text: str | None, bind: Callable[[Expression], Expression]) -> Expression | None:
    expression = parse(text or "")
    return None if expression is None else bind(expression)


def _read_order(text: str, vocabulary: Vocabulary) -> tuple[Order, ...]:
    order = []
    for part in filter(None, (piece.split() for piece in text.split(","))):
        direction = part[1].lower() if len(part) > 1 else "asc"
        if len(part) > 2 or direction not in ("asc", "desc"):
            raise bad_condition(f"Syntax error in orderBy near '{' '.join(part)}'.")
        try:
            order.append(Order(name=vocabulary.canonical(part[0]), descending=direction == "desc"))
        except ConditionError as error:
            raise bad_condition(str(error)) from None
    return tuple(order)


def _read_size(parameters: Mapping[str, str]) -> int:
    size = _whole(parameters, "pageSize", DEFAULT_PAGE_SIZE)
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise page_size_out_of_range(MAX_PAGE_SIZE)
    return size


def _whole(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name)
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise invalid_value(name, f"The value '{text[:40]}' is not valid for {name}.") from None
