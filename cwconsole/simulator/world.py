"""One company's data: the collections of its endpoints, and every way of changing them.

A change made without saying when carries the server's present second. Tests can say when, and so make records without a
date, dated in the future, or tied. A late commit is the change that a long transaction makes: its record carries the
second it was written in and is seen only when it is committed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from cwconsole.simulator.catalogue import SHAPES
from cwconsole.simulator.clock import ServerClock, iso
from cwconsole.simulator.collection import Collection, Row
from cwconsole.simulator.conditions import JsonObject, Vocabulary
from cwconsole.simulator.grammar import parse_instant
from cwconsole.simulator.records import Generator, decoded, encoded, exemplar, record_digest
from cwconsole.simulator.selection import BEFORE_ALL, Selector

_LOG = 100_000
_FILTH = "@garbage@"


class When(Enum):
    """The date that a change carries, if it is not given in seconds since the epoch."""

    NOW = "now"  # the server's present second
    NEVER = "never"  # no `_info.lastUpdated` at all


class ChangeKind(StrEnum):
    """What was done to a record."""

    CREATED = "created"
    UPDATED = "updated"  # a touch too: the date alone moved
    DELETED = "deleted"


class Change(NamedTuple):
    """One entry of the log. number: 1 for the company's first change. at: the server's second."""

    number: int
    at: int
    path: str
    id: int
    kind: ChangeKind


class Version(NamedTuple):
    """What became of a record that changed. number: its last change. digest, body: None if it was deleted."""

    id: int
    number: int
    updated: int | None
    digest: str | None
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A change that is written and not yet committed. new: it makes the record."""

    path: str
    id: int
    new: bool
    members: Mapping[str, Any]
    updated: int


class Endpoint:
    """One endpoint of one company: its records, what they can be asked, and how they changed."""

    def __init__(self, collection: Collection, vocabulary: Vocabulary) -> None:
        self.collection = collection
        self.vocabulary = vocabulary
        self.selector = Selector(collection)
        self.last_change: dict[int, int] = {}
        self.poisoned: dict[int, Row] = {}

    def intact(self, number: int) -> Row:
        """A record as it is, or was before it was poisoned. Raises KeyError."""
        return self.poisoned.get(number) or self.collection.rows[number]


class World:
    """Everything one company holds. Endpoints are filled when first used.

    log: the latest changes, oldest first. totals: how many changes of each kind there were.
    """

    def __init__(self, *, company: str, clock: ServerClock, generator: Generator) -> None:
        self.company = company
        self.clock = clock
        self._generator = generator
        self._endpoints: dict[str, Endpoint] = {}
        self.log: deque[Change] = deque(maxlen=_LOG)
        self.totals: Counter[ChangeKind] = Counter()

    def endpoint(self, path: str) -> Endpoint:
        """An endpoint by its path, `/company/contacts`. Raises KeyError if there is none."""
        found = self._endpoints.get(path)
        if found is None:
            vocabulary = Vocabulary()
            vocabulary.learn(exemplar(path))
            rows = self._generator.population(path).rows
            found = self._endpoints[path] = Endpoint(Collection(rows), vocabulary)
        return found

    def record(self, path: str, number: int) -> JsonObject:
        """A record as it is now. Raises KeyError."""
        return decoded(self.endpoint(path).intact(number).body)

    def ids(self, path: str) -> list[int]:
        """The ids of an endpoint, ascending."""
        return list(self.endpoint(path).collection.ids_after(BEFORE_ALL))

    def create(self, path: str, members: Mapping[str, Any] | None = None, *, updated: int | When = When.NOW) -> int:
        """Add a record with the next id; members replace the generated ones. Returns the id."""
        number = self.endpoint(path).collection.next_id
        self._create(path, number, members or {}, updated)
        return number

    def put(self, path: str, record: JsonObject) -> int:
        """Add or replace a record exactly as given, `_info.lastUpdated` included. Returns its id."""
        endpoint, number = self.endpoint(path), int(record["id"])
        kind = ChangeKind.UPDATED if number in endpoint.collection.rows else ChangeKind.CREATED
        endpoint.vocabulary.learn(record)
        self._store(path, number, Row(_date_of(record), encoded(record)), kind)
        return number

    def update(
        self, path: str, number: int, members: Mapping[str, Any] | None = None, *, updated: int | When = When.NOW
    ) -> None:
        """Change members of a record, None removes one. Without members it is a touch. Raises KeyError."""
        record = self.record(path, number)
        self.endpoint(path).vocabulary.learn(dict(members or {}))
        self._store(path, number, self._row(path, {**record, **(members or {})}, updated), ChangeKind.UPDATED)

    def touch(self, path: str, number: int, *, updated: int | When = When.NOW) -> None:
        """Move a record's date and nothing else. Raises KeyError."""
        self.update(path, number, updated=updated)

    def delete(self, path: str, number: int) -> None:
        """Remove a record; ConnectWise keeps no trace of it. Raises KeyError."""
        endpoint = self.endpoint(path)
        endpoint.collection.remove(number)
        endpoint.poisoned.pop(number, None)
        self._note(path, number, ChangeKind.DELETED)

    def begin(self, path: str, number: int | None = None, members: Mapping[str, Any] | None = None) -> Late:
        """Write a change now that is seen only after `commit`; of a new record if no id is given. Raises KeyError."""
        collection = self.endpoint(path).collection
        new = number is None
        if number is None:
            number, collection.next_id = collection.next_id, collection.next_id + 1
        elif number not in collection.rows:
            raise KeyError(number)
        return Late(path=path, id=number, new=new, members=members or {}, updated=self.clock.now())

    def commit(self, late: Late) -> None:
        """Let a written change be seen. It carries the second it was written in, unless a later change got in first.

        A change to a record that was deleted meanwhile is lost.
        """
        row = self.endpoint(late.path).collection.rows.get(late.id)
        if row is not None:
            self.update(late.path, late.id, late.members, updated=max(late.updated, row.updated or 0))
        elif late.new:
            self._create(late.path, late.id, late.members, late.updated)

    def poison(self, path: str, number: int, *, surrogate: bool = False) -> None:
        """Make a record's bytes undecodable, without any change of its date.

        By a byte that is not UTF-8, or by the escape of half a surrogate pair, which some JSON readers take. Any change
        of the record undoes it.
        """
        endpoint = self.endpoint(path)
        row = endpoint.poisoned.setdefault(number, endpoint.intact(number))
        body = encoded({"id": number, "garbage": _FILTH, **decoded(row.body)})
        filth = b"\\ud800" if surrogate else b"\xff\xfe"
        endpoint.collection.put(number, Row(row.updated, body.replace(_FILTH.encode(), filth, 1)))

    def cure(self, path: str, number: int) -> None:
        """Undo `poison`. Raises KeyError."""
        endpoint = self.endpoint(path)
        endpoint.collection.put(number, endpoint.poisoned.pop(number))

    def versions(self, path: str, after: int = 0) -> list[Version]:
        """The records of an endpoint changed after change number `after`, as they are now, oldest change first."""
        endpoint = self.endpoint(path)
        changed = sorted((change, number) for number, change in endpoint.last_change.items() if change > after)
        return [_version(endpoint, number, change) for change, number in changed]

    def _create(self, path: str, number: int, members: Mapping[str, Any], updated: int | When) -> None:
        fresh = decoded(self._generator.row(path, number, self.clock.now()).body)
        self.endpoint(path).vocabulary.learn(dict(members))
        self._store(path, number, self._row(path, {**fresh, **members}, updated), ChangeKind.CREATED)

    def _row(self, path: str, record: JsonObject, updated: int | When) -> Row:
        """The record as a new version with this date; members that are None are left out, as ConnectWise does."""
        record = {name: value for name, value in record.items() if value is not None}
        if not SHAPES[path].dated:
            return Row(None, encoded(record))
        epoch = self.clock.now() if updated is When.NOW else None if isinstance(updated, When) else updated
        info = {name: value for name, value in record.get("_info", {}).items() if name != "lastUpdated"}
        record["_info"] = info if epoch is None else {"lastUpdated": iso(epoch), **info}
        return Row(epoch, encoded(record))

    def _store(self, path: str, number: int, row: Row, kind: ChangeKind) -> None:
        endpoint = self.endpoint(path)
        endpoint.poisoned.pop(number, None)
        endpoint.collection.put(number, row)
        self._note(path, number, kind)

    def _note(self, path: str, number: int, kind: ChangeKind) -> None:
        self.totals[kind] += 1
        change = Change(self.totals.total(), self.clock.now(), path, number, kind)
        self.log.append(change)
        self.endpoint(path).last_change[number] = change.number


def _version(endpoint: Endpoint, number: int, change: int) -> Version:
    if number not in endpoint.collection.rows:
        return Version(number, change, None, None, None)
    row = endpoint.intact(number)
    return Version(number, change, row.updated, record_digest(decoded(row.body)), row.body)


def _date_of(record: JsonObject) -> int | None:
    date = record.get("_info", {}).get("lastUpdated")
    epoch = parse_instant(date) if isinstance(date, str) else None
    return None if epoch is None else int(epoch)
