"""What passes between ConnectWise's answers and the store: records as seen, objects as known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from cwconsole.core.config import NO_OWN_DATES, RecordDates

# Below every id: where a listing begins. No condition says so, for ids of 0 and below are listed too.
FROM_THE_FIRST = -(2**63)


class EventType(StrEnum):
    """What happened to an object."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"


class Presence(StrEnum):
    """Where an object stands, as far as we know."""

    LISTED = "listed"  # ConnectWise lists it
    DELETED = "deleted"  # confirmed gone
    OUTSIDE = "outside"  # exists, but left the resource's filter


class Seen(NamedTuple):
    """One record of one answer. A tuple, since a first full read makes tens of thousands a second.

    object_id: ConnectWise's integer `id`.
    updated, created: whole seconds since the epoch, UTC; None if the record has none that can be read.
    digest: 16 bytes over sorted keys with nulls and `*_href` left out (design 5.6); b"" in a listing of ids and dates.
    body: the record as compact JSON, nulls dropped if the instance says so; b"" in a listing.
    dated: what the configured updated field says, where that is another than `_info.lastUpdated`; None otherwise.
    """

    object_id: int
    updated: int | None
    created: int | None
    digest: bytes
    body: bytes
    dated: int | None = None


class Known(NamedTuple):
    """The last known version of an object. digest is None when only its date is known (baseline)."""

    updated: int | None
    digest: bytes | None
    event_id: int | None
    presence: Presence


class Page(Struct, frozen=True, kw_only=True):
    """One answer to a list request, ids strictly ascending.

    server_time: the answer's `Date` minus the request's duration, in whole seconds since the epoch (design 5.3).
    size: bytes of the body as received.
    """

    records: list[Seen]
    server_time: int
    size: int


class Outline(NamedTuple):
    """What can be told of a list of records without reading it: how many there are, and the last one's id."""

    records: int
    last_id: int


class Unread(Struct, frozen=True, kw_only=True):
    """An answer to a list request that has not been taken apart yet.

    size: as in `Page`. outline: None for an answer so small, or so odd, that asking ahead of reading it is no use.
    read: takes it apart. Raises `SourceFault`.
    """

    size: int
    outline: Outline | None
    read: Callable[[], Awaitable[Page]]


class PageRequest(Struct, frozen=True, kw_only=True):
    """One list request.

    conditions: ConnectWise's grammar, complete but for the id cursor; empty for none.
    after: page by `id > after`, `orderBy=id asc`; `FROM_THE_FIRST` for the first page.
    ids_only: ask `fields=id,_info/lastUpdated` alone.
    dates: which the records are read for, beside that one.
    """

    path: str
    conditions: str = ""
    after: int = FROM_THE_FIRST
    size: int = 250
    ids_only: bool = False
    dates: RecordDates = NO_OWN_DATES
