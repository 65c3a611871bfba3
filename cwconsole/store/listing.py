"""How lists are read: newest first, by key, from indexes, whatever the size of the file.

A list is drawn from streams: index scans that each give ids in descending order and are merged. What no index answers
(text, inverted words, some states) is asked of each row that a stream brings, for at most `EXAMINED` rows a page; a
page that stops there is short, and says where to go on. There is no OFFSET and no count. Another order is one of all
that a question finds, or none (`ordered_ids`).

Ids rise with time, so a time range becomes a range of ids, found by bisecting the primary key; the times of neighbours
may be out of order by as much as writers wait for each other, which is what the slack is for.
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Final, Generic, TypeVar

from msgspec import Struct, field

from cwconsole.core.errors import RefusedError, UsageError
from cwconsole.core.filters import Filter, Term
from cwconsole.store import instances, patterns

EXAMINED: Final = 100_000
CHUNK: Final = 1000
LAST_ID: Final = 2**63 - 1

R = TypeVar("R")
Value = str | int | None


class Listing(Struct, Generic[R], frozen=True, kw_only=True):
    """One page. next_after: where the next page begins (ids below it); None at the end of the list."""

    rows: list[R]
    next_after: int | None


class Stream(Struct, frozen=True, kw_only=True):
    """Rows in descending order of id. index: which to use; empty for the primary key. where: with named parameters."""

    index: str = ""
    where: str = "1"
    params: dict[str, Value] = field(default_factory=dict)


class Question(Struct, frozen=True, kw_only=True):
    """What is to be listed. residual: conditions that no stream answers, on the columns of the table."""

    table: str
    streams: list[Stream]
    low: int = 0
    high: int = LAST_ID
    residual: list[str] = field(default_factory=list)
    params: dict[str, Value] = field(default_factory=dict)


def page_of_ids(conn: sqlite3.Connection, question: Question, limit: int) -> Listing[int]:
    """The ids of one page."""
    found: list[int] = []
    for examined, (negated, wanted) in enumerate(
        heapq.merge(*(_scan(conn, question, s, limit) for s in question.streams)), 1
    ):
        if wanted and (not found or found[-1] != -negated):
            found.append(-negated)
        if len(found) == limit or examined >= EXAMINED:
            return Listing(rows=found, next_after=-negated)
    return Listing(rows=found, next_after=None)


def ordered_ids(conn: sqlite3.Connection, question: Question, by: str, *, descending: bool) -> list[int]:
    """The ids of everything that a question finds, by an expression on its table.

    What has no value in it comes last, either way; of equals the newest comes first. Raises RefusedError where more
    would have to be looked at than for one page: an order of a part would look whole.
    """
    found = page_of_ids(conn, question, EXAMINED)
    if found.next_after is not None:
        raise RefusedError(
            f"Not sorted: {EXAMINED:,} {question.table.split()[0]} or more would have to be looked through. "
            "Narrow them first, with since: or instance: for example."
        )
    way = "DESC" if descending else "ASC"
    rows = conn.execute(
        f"""
        SELECT id FROM {question.table} WHERE id IN (SELECT value FROM json_each(:found))
        ORDER BY ({by}) IS NULL, {by} {way}, id DESC
        """,
        {"found": json.dumps(found.rows)},
    ).fetchall()
    return [row[0] for row in rows]


def _scan(conn: sqlite3.Connection, question: Question, stream: Stream, limit: int) -> Iterator[tuple[int, bool]]:
    """(-id, whether the residual holds), so that the heap's smallest is the newest."""
    index = f"INDEXED BY {stream.index}" if stream.index else ""
    wanted = " AND ".join(f"({condition})" for condition in question.residual) or "1"
    chunk = CHUNK if question.residual else min(limit, CHUNK)
    sql = f"""
        SELECT id, {wanted} FROM {question.table} {index}
        WHERE {stream.where} AND id < :high AND id >= :low ORDER BY id DESC LIMIT :chunk
        """
    high = question.high
    while True:
        params = {**question.params, **stream.params, "high": high, "low": question.low, "chunk": chunk}
        rows = conn.execute(sql, params).fetchall()
        for row_id, fits in rows:
            yield -row_id, bool(fits)
        if len(rows) < chunk:
            return
        high = rows[-1][0]


def id_range(
    conn: sqlite3.Connection, chosen: Filter, *, table: str, column: str, slack_ms: int
) -> tuple[int, int, list[str]]:
    """The ids among which the page lies: lowest, and the one above the highest; and the exact condition on times."""
    low, high, exact = 0, LAST_ID if chosen.after is None else chosen.after, []
    if chosen.since_ms is not None:
        low = _first_id_at(conn, table, column, chosen.since_ms - slack_ms)
        exact.append(f"{column} >= {chosen.since_ms:d}")
    if chosen.until_ms is not None:
        high = min(high, _first_id_at(conn, table, column, chosen.until_ms + slack_ms))
        exact.append(f"{column} < {chosen.until_ms:d}")
    return low, high, exact


def _first_id_at(conn: sqlite3.Connection, table: str, column: str, at_ms: int) -> int:
    """The lowest id whose time is not before `at_ms`; one above the highest if there is none. Some 25 key look-ups."""
    low, high = conn.execute(
        f"SELECT (SELECT id FROM {table} ORDER BY id LIMIT 1), (SELECT id FROM {table} ORDER BY id DESC LIMIT 1) + 1"
    ).fetchone()
    if low is None:
        return 0
    while low < high:
        middle = (low + high) // 2
        row = conn.execute(
            f"SELECT id, {column} FROM {table} WHERE id >= ? AND id < ? ORDER BY id LIMIT 1", (middle, high)
        ).fetchone()
        if row is None or row[1] >= at_ms:
            high = middle  # ids may be missing in between: nothing lies from the middle up to the row that was found
        else:
            low = row[0] + 1
    return int(low)


class Place(Struct, frozen=True, kw_only=True):
    """Which resources are meant. included: None for all of them; excluded counts only then."""

    included: tuple[int, ...] | None
    excluded: tuple[int, ...] = ()

    def within(self, ids: Collection[int]) -> Place:
        """Those of them that are among some."""
        return Place(included=tuple(sorted(one for one in ids if self._has(one))))

    def without(self, ids: Collection[int]) -> Place:
        """All of them but some."""
        if self.included is None:
            return Place(included=None, excluded=tuple(sorted({*self.excluded, *ids})))
        return Place(included=tuple(one for one in self.included if one not in ids))

    def _has(self, one: int) -> bool:
        return one not in self.excluded if self.included is None else one in self.included

    def residual(self, name: str = "places") -> tuple[list[str], dict[str, Value]]:
        """The condition for rows that come from a stream of another kind. name: of the parameter."""
        if self.included is not None:
            listed, word = self.included, "IN"
        elif self.excluded:
            listed, word = self.excluded, "NOT IN"
        else:
            return [], {}
        return [f"resource_id {word} (SELECT value FROM json_each(:{name}))"], {name: json.dumps(listed)}


def place_of(conn: sqlite3.Connection, chosen: Filter) -> Place:
    """The resources that the filter means. Raises UsageError for an instance or a resource that there is not."""
    named = [_of_instance(conn, chosen.instance), _of_name(conn, chosen.resource)]
    included: set[int] | None = None
    excluded: set[int] = set()
    for term, ids in named:
        if term is None:
            continue
        if term.inverted:
            excluded |= ids
        else:
            included = ids if included is None else included & ids
    if included is None:
        return Place(included=None, excluded=tuple(sorted(excluded)))
    return Place(included=tuple(sorted(included - excluded)))


def _of_instance(conn: sqlite3.Connection, term: Term[str] | None) -> tuple[Term[str] | None, set[int]]:
    if term is None:
        return None, set()
    instance = instances.load(conn, term.value)
    return term, {row[0] for row in conn.execute("SELECT id FROM resources WHERE instance_id = ?", (instance.id,))}


def _of_name(conn: sqlite3.Connection, term: Term[str] | None) -> tuple[Term[str] | None, set[int]]:
    if term is None:
        return None, set()
    ids = {row[0] for row in conn.execute("SELECT id FROM resources WHERE name = ?", (term.value,))}
    if not ids:
        names = sorted({row[0] for row in conn.execute("SELECT name FROM resources")})
        raise UsageError(f"No instance has a resource {term.value!r}; there are {', '.join(names) or 'none'}.")
    return term, ids


def all_places(conn: sqlite3.Connection) -> tuple[int, ...]:
    """Every resource, those that are not configured any more included."""
    return tuple(row[0] for row in conn.execute("SELECT id FROM resources ORDER BY id"))


def among(column: str, term: Term[tuple[str, ...]] | None, name: str) -> tuple[list[str], dict[str, Value]]:
    """A condition on a column that takes one of several values."""
    if term is None:
        return [], {}
    word = "NOT IN" if term.inverted else "IN"
    return [f"{column} {word} (SELECT value FROM json_each(:{name}))"], {name: json.dumps(term.value)}


def containing(expression: str, term: Term[str] | None) -> tuple[list[str], dict[str, Value]]:
    """A condition on a text that contains what was typed, whatever the case of its ASCII letters."""
    if term is None:
        return [], {}
    escaped = term.value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    word = "NOT LIKE" if term.inverted else "LIKE"
    return [f"{expression} {word} :text ESCAPE '\\'"], {"text": f"%{escaped}%"}


def matching(expression: str, term: Term[str] | None) -> tuple[list[str], dict[str, Value]]:
    """A condition on a text, or a record, in which a regular expression is found. Raises UsageError if it is none."""
    if term is None:
        return [], {}
    patterns.compiled(term.value)
    return [f"{'NOT ' if term.inverted else ''}matches(:match, {expression})"], {"match": term.value}


def in_order(ids: Sequence[int], rows: dict[int, R]) -> list[R]:
    """Rows in the order of the page."""
    return [rows[row_id] for row_id in ids if row_id in rows]
