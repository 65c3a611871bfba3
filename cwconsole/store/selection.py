"""Which events (or rows of another list) are meant: these numbers, or a filter; gone through from the oldest up.

A selection stands still once it is frozen: its times are absolute already, its instance is named by id, so that a new
name means no other one, and whoever goes through it ends at the highest event there was. The delivery's state alone is
looked at when an event's turn comes.
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from cwconsole.core.filters import Filter, Noun, Term, line_of, parse
from cwconsole.store import event_list, instances
from cwconsole.store.listing import CHUNK, Question, Stream, all_places

EXAMINED: Final = 100_000  # rows looked at for one answer


class Selection(Struct, frozen=True, kw_only=True):
    """numbers: exactly these rows; None for those of the filter, without the numbers in `but`."""

    chosen: Filter = field(default_factory=Filter)
    numbers: tuple[int, ...] | None = None
    but: tuple[int, ...] = ()


class Found(Struct, frozen=True, kw_only=True):
    """numbers: ascending. reached: everything up to this number was looked at. ended: and there is nothing above."""

    numbers: list[int]
    reached: int
    ended: bool


def frozen(conn: sqlite3.Connection, selection: Selection) -> Selection:
    """The same, whatever is renamed later. Raises UsageError for an instance that there is not."""
    if (term := selection.chosen.instance) is None:
        return selection
    instance = Term(str(instances.load(conn, term.value).id), term.inverted)
    return replace(selection, chosen=replace(selection.chosen, instance=instance))


def about(selection: Selection, noun: Noun = Noun.EVENTS) -> str:
    """The rows for people: filter words, or a number of them."""
    if selection.numbers is not None:
        return f"{len(set(selection.numbers)):,} by number"
    line = line_of(selection.chosen) or f"all {noun}"
    return line + (f" but {len(set(selection.but)):,}" if selection.but else "")


def to_text(selection: Selection) -> str:
    """As it is stored; the same selection is the same text."""
    if selection.numbers is not None:
        return json.dumps({"numbers": sorted(set(selection.numbers))})
    return json.dumps({"filter": line_of(selection.chosen), "but": sorted(set(selection.but))})


def from_text(text: str) -> Selection:
    """What `to_text` wrote."""
    stored = json.loads(text)
    if "numbers" in stored:
        return Selection(numbers=tuple(stored["numbers"]))
    return Selection(chosen=parse(Noun.EVENTS, stored["filter"], now_ms=0), but=tuple(stored["but"]))


def highest(conn: sqlite3.Connection) -> int:
    """The number of the newest event; 0 if there is none."""
    row = conn.execute("SELECT id FROM events ORDER BY id DESC LIMIT 1").fetchone()
    return 0 if row is None else int(row[0])


def upwards(
    conn: sqlite3.Connection, selection: Selection, *, after: int, upper: int, limit: int, examined: int | None = None
) -> Found:
    """The next chosen events above a number. A selection that finds little ends the answer after `examined` rows.

    Raises UsageError for an instance or a resource that there is not any more.
    """
    question, but = _question(conn, selection), frozenset(selection.but)
    numbers: list[int] = []
    streams = (_scan(conn, question, stream, after=after, upper=upper, limit=limit) for stream in question.streams)
    for looked_at, (number, fits) in enumerate(heapq.merge(*streams), 1):
        if fits and number not in but and (not numbers or numbers[-1] != number):
            numbers.append(number)
        if len(numbers) >= limit or looked_at >= (examined or EXAMINED):
            return Found(numbers=numbers, reached=number, ended=False)
    return Found(numbers=numbers, reached=upper, ended=True)


def count(conn: sqlite3.Connection, selection: Selection, *, upper: int) -> int | None:
    """How many there are, counted in an index; None if only looking at each of them would tell."""
    question = _question(conn, selection)
    if question.residual or selection.but:
        return None
    streams = question.streams
    if any(not stream.index and not stream.params for stream in streams):  # the table itself holds the records
        streams = [
            Stream(index="events_resource", where="resource_id = :r AND type = :t", params={"r": place, "t": kind})
            for place in all_places(conn)
            for kind in event_list.ALL_TYPES
        ]
    return sum(_counted(conn, question, stream, upper) for stream in streams)


def _counted(conn: sqlite3.Connection, question: Question, stream: Stream, upper: int) -> int:
    sql = f"SELECT count(*) FROM events {_index(stream)} WHERE {stream.where} AND id >= :low AND id <= :high"
    params = {**question.params, **stream.params, "low": question.low, "high": min(upper, question.high - 1)}
    return int(conn.execute(sql, params).fetchone()[0])


def _question(conn: sqlite3.Connection, selection: Selection) -> Question:
    if selection.numbers is None:
        return event_list.question(conn, selection.chosen)
    listed = json.dumps(selection.numbers)
    stream = Stream(where="id IN (SELECT value FROM json_each(:numbers))", params={"numbers": listed})
    return Question(table="events", streams=[stream])


def _scan(
    conn: sqlite3.Connection, question: Question, stream: Stream, *, after: int, upper: int, limit: int
) -> Iterator[tuple[int, bool]]:
    """(number, whether the residual holds), ascending."""
    wanted = " AND ".join(f"({condition})" for condition in question.residual) or "1"
    chunk = CHUNK if question.residual else min(limit, CHUNK)
    sql = f"""
        SELECT id, {wanted} FROM events {_index(stream)}
        WHERE {stream.where} AND id > :after AND id <= :high ORDER BY id LIMIT :chunk
        """
    params = {**question.params, **stream.params, "high": min(upper, question.high - 1), "chunk": chunk}
    after = max(after, question.low - 1)
    while True:
        rows = conn.execute(sql, {**params, "after": after}).fetchall()
        for number, fits in rows:
            yield number, bool(fits)
        if len(rows) < chunk:
            return
        after = rows[-1][0]


def _index(stream: Stream) -> str:
    return f"INDEXED BY {stream.index}" if stream.index else ""
