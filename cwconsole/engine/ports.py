"""What the engine needs of its neighbours.

Network and time stand behind Protocols, so that every rule can be tried with faults that no server gives on demand.
The store does not: it is always the real SQLite, and a Protocol would only repeat its functions (docs/design.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from cwconsole.core.attempts import Outcome, Parcel
from cwconsole.core.config import NO_OWN_DATES, InstanceConfig, RecordDates
from cwconsole.core.records import Page, PageRequest, Seen, Unread

if TYPE_CHECKING:
    from cwconsole.store.instances import Instance


class Source(Protocol):
    """ConnectWise, as one instance sees it. Every method raises `SourceFault`s only."""

    async def page(self, request: PageRequest) -> Page:
        """Records after `request.after`, ids ascending. An empty page is the end; a short one is not."""
        ...

    async def ask(self, request: PageRequest) -> Unread:
        """The same, to be read while the next page is already asked for."""
        ...

    async def highest_id(self, path: str, conditions: str) -> tuple[int, int]:
        """The highest id now (0 if there is none), and the server time of the answer."""
        ...

    async def get(self, path: str, object_id: int) -> Seen:
        """One record. Raises `RecordMissing` only for a 404 whose code is `NotFound`."""
        ...

    async def by_ids(
        self, path: str, conditions: str, object_ids: list[int], *, dates: RecordDates = NO_OWN_DATES
    ) -> Page:
        """Those of the given records that satisfy the conditions, at most 100 ids a call."""
        ...

    async def written_page(
        self,
        path: str,
        conditions: str,
        *,
        page: int,
        size: int,
        ids_only: bool = False,
        dates: RecordDates = NO_OWN_DATES,
    ) -> Page:
        """A page by number, for URL templates run as written; ids in any order."""
        ...


class Sender(Protocol):
    """The way to one instance's callback URL."""

    async def send(self, parcel: Parcel) -> Outcome:
        """Make one attempt. Never raises for what the network or the receiver does; cancellation passes through."""
        ...


class Clock(Protocol):
    """This machine's time."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        ...


class ConnectedInstance(Struct, frozen=True, kw_only=True):
    """One instance, ready to be polled and delivered for. sender: None for record only."""

    config: InstanceConfig
    source: Source
    sender: Sender | None


class Connect(Protocol):
    """Connects an instance by its stored row: reads its body, resolves its secrets."""

    async def __call__(self, instance: Instance) -> ConnectedInstance:
        """Raises ConfigError if the body or a secret cannot be used."""
        ...
