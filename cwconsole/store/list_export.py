"""Lists written to a file, newest first: whichever list it is, piece by piece (`store.export_file`).

1. A piece is one page: what is held does not grow with what is exported. Pages are reads of their own, so that an
   export of hours keeps nobody from tidying the log; what is recorded meanwhile stands above its beginning.
2. A row is the document that the list's command shows with `--json`; an event's has its record as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.filters import Filter, Noun
from cwconsole.core.json_values import as_json, names, read_json
from cwconsole.store import action_list, delivery_list, event_list, poll_list
from cwconsole.store.actions import Action
from cwconsole.store.delivery_list import DeliveryRow
from cwconsole.store.event_list import EventRow
from cwconsole.store.export_file import Format, Piece, written
from cwconsole.store.listing import Listing
from cwconsole.store.poll_list import PollRow
from cwconsole.store.selection import Selection

PAGE: Final = 500  # rows of a piece


class _List(Struct, frozen=True, kw_only=True):
    """page, some: its rows, by a filter or by number. documents: rows as JSON. names: of a document's members."""

    page: Callable[[sqlite3.Connection, Filter], Listing[Any]]
    some: Callable[[sqlite3.Connection, Sequence[int]], list[Any]]
    documents: Callable[[sqlite3.Connection, Sequence[Any]], list[dict[str, Any]]]
    names: tuple[str, ...]


def _events(conn: sqlite3.Connection, rows: Sequence[EventRow]) -> list[dict[str, Any]]:
    records = event_list.records(conn, [row.id for row in rows])
    return [{**as_json(row), "record": read_json(records.get(row.id, b""))} for row in rows]


_LISTS: Final = {
    Noun.EVENTS: _List(
        page=event_list.page, some=event_list.some, documents=_events, names=(*names(EventRow), "record")
    ),
    Noun.DELIVERIES: _List(
        page=delivery_list.page,
        some=delivery_list.some,
        documents=lambda _, rows: as_json(rows),
        names=names(DeliveryRow),
    ),
    Noun.POLLS: _List(
        page=poll_list.page, some=poll_list.some, documents=lambda _, rows: as_json(rows), names=names(PollRow)
    ),
    Noun.ACTIONS: _List(
        page=action_list.page,
        some=action_list.some,
        documents=lambda _, rows: [action_list.document(row) for row in rows],
        names=(*names(Action), "instance", "resource"),
    ),
}


def names_of(noun: Noun) -> tuple[str, ...]:
    """The names of a document's members, in their order."""
    return _LISTS[noun].names


def piece(
    conn: sqlite3.Connection, noun: Noun, wanted: Selection, how: Format, *, after: int | None, first: bool
) -> Piece:
    """The next rows of a selection, below the number `after`. first: nothing was written before.

    Raises UsageError as the list does.
    """
    one = _LISTS[noun]
    listing = _page(conn, one, wanted, after)
    left_out = frozenset(wanted.but)
    documents = [document for document in one.documents(conn, listing.rows) if document["id"] not in left_out]
    text = written(documents, how, one.names, first=first)
    return Piece(text=text, rows=len(documents), next_after=listing.next_after)


def _page(conn: sqlite3.Connection, one: _List, wanted: Selection, after: int | None) -> Listing[Any]:
    if wanted.numbers is None:
        return one.page(conn, replace(wanted.chosen, limit=PAGE, after=after))
    numbers = sorted((number for number in set(wanted.numbers) if after is None or number < after), reverse=True)
    some = numbers[:PAGE]
    return Listing(rows=one.some(conn, some), next_after=some[-1] if len(numbers) > PAGE else None)
