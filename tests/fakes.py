"""Stand-ins for the engine's ports, with switches for what no server does on demand.

`FakeSource` is a ConnectWise collection in memory. `tests/test_fakes.py` holds it and the real client,
talking to the simulator, to the same tests.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cwconsole.core.attempts import Outcome, Parcel
from cwconsole.core.config import NO_OWN_DATES, RecordDates
from cwconsole.core.errors import RecordMissing, SourceFault, UndecodableFault
from cwconsole.core.records import Outline, Page, PageRequest, Seen, Unread
from cwconsole.engine.services import kept

SERVER_EPOCH = 1_700_000_000


class FakeClock:
    """This machine's time, moved by hand."""

    def __init__(self, now_ms: int = SERVER_EPOCH * 1000) -> None:
        self.time_ms = now_ms

    def now_ms(self) -> int:
        return self.time_ms


@dataclass
class Row:
    """One record: its content counts up with every change; `listed` is whether the resource's filter takes it in."""

    object_id: int
    updated: int | None
    content: int = 0
    created: int | None = None
    listed: bool = True
    undecodable: bool = False
    tells_date: bool = True  # else it is filtered by its date, and does not show it

    def seen(self, ids_only: bool) -> Seen:
        body = json.dumps({"id": self.object_id, "content": self.content, "updated": self.updated}).encode()
        digest = hashlib.blake2b(body, digest_size=16).digest()
        updated = self.updated if self.tells_date else None
        return Seen(self.object_id, updated, self.created, b"" if ids_only else digest, b"" if ids_only else body)


@dataclass
class FakeSource:
    """A collection with a clock of its own, whole seconds.

    before_page: called with the request's ordinal before each list answer is made; changes what is read next.
    faults: raised instead of the next answers, None for an answer; BaseExceptions play a crash.
    numbered: the pages asked for by number, with their sizes.
    tells_ahead: where each page ends before it is read, so that the next is asked for meanwhile.
    """

    rows: dict[int, Row] = field(default_factory=dict)
    now: int = SERVER_EPOCH
    before_page: Callable[[int], None] = lambda _: None
    faults: list[BaseException | None] = field(default_factory=list)
    asked: list[PageRequest] = field(default_factory=list)
    numbered: list[tuple[int, int]] = field(default_factory=list)
    tells_ahead: bool = False

    def put(self, object_id: int, *, updated: int | None = None, dated: bool = True, **more: Any) -> Row:
        """Create or change a record, now or at another time."""
        before = self.rows.get(object_id)
        content = 0 if before is None else before.content + 1
        moment = (self.now if updated is None else updated) if dated else None
        row = Row(object_id, moment, content, **more)
        self.rows[object_id] = row
        return row

    async def page(self, request: PageRequest) -> Page:
        self.asked.append(request)
        await self._answer()
        self.before_page(len(self.asked))
        found = [row for row in self._matching(request.conditions) if row.object_id > request.after][: request.size]
        if any(row.undecodable for row in found) and not request.ids_only:
            raise UndecodableFault(f"{request.path}: a record in this page is not JSON")
        return self._page([row.seen(request.ids_only) for row in found])

    async def ask(self, request: PageRequest) -> Unread:
        """Reads when it is asked, and tells when it is read that a record is not JSON, as the real one does."""
        page, fault = await kept(self.page(request))
        if fault is not None and not isinstance(fault, UndecodableFault):
            raise fault

        async def read() -> Page:
            await asyncio.sleep(0)
            if fault is not None:
                raise fault
            assert page is not None
            return page

        known = self.tells_ahead and page is not None and page.records
        outline = Outline(len(page.records), page.records[-1].object_id) if page is not None and known else None
        return Unread(size=0 if page is None else page.size, outline=outline, read=read)

    async def highest_id(self, path: str, conditions: str) -> tuple[int, int]:
        await self._answer()
        return max((row.object_id for row in self._matching(conditions)), default=0), self.now

    async def get(self, path: str, object_id: int) -> Seen:
        await self._answer()
        if object_id not in self.rows:
            raise RecordMissing(f"{path}/{object_id}: not found")
        if self.rows[object_id].undecodable:
            raise UndecodableFault(f"{path}/{object_id}: not JSON")
        return self.rows[object_id].seen(ids_only=False)

    async def by_ids(
        self, path: str, conditions: str, object_ids: list[int], *, dates: RecordDates = NO_OWN_DATES
    ) -> Page:
        await self._answer()
        found = [row for row in self._matching(conditions) if row.object_id in set(object_ids)]
        if any(row.undecodable for row in found):
            raise UndecodableFault(f"{path}: a record of these is not JSON")
        return self._page([row.seen(ids_only=False) for row in found])

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
        self.numbered.append((page, size))
        await self._answer()
        found = self._matching(conditions)[(page - 1) * size : page * size]
        if any(row.undecodable for row in found) and not ids_only:
            raise UndecodableFault(f"{path}: a record in this page is not JSON")
        return self._page([row.seen(ids_only) for row in found])

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault

    def _page(self, records: list[Seen]) -> Page:
        return Page(records=records, server_time=self.now, size=100 * len(records))

    def _matching(self, conditions: str) -> list[Row]:
        """What the engine asks: a bound on lastUpdated, a ceiling of ids, and the filter `listed = true`."""
        since = re.search(r"lastUpdated >= \[([^\]]+)\]", conditions)
        bound = None if since is None else int(datetime.fromisoformat(since[1]).timestamp())
        ceiling = re.search(r"id <= (\d+)", conditions)
        return [
            row
            for _, row in sorted(self.rows.items())
            if (bound is None or (row.updated is not None and row.updated >= bound))
            and (ceiling is None or row.object_id <= int(ceiling[1]))
            and (row.listed or "listed" not in conditions)
        ]


class Crash(BaseException):
    """Plays the end of the process: nothing may catch it."""


def fault(message: str = "the source is down", code: str = "server_error") -> SourceFault:
    """A passing fault."""
    from cwconsole.core.errors import PassingFault

    return PassingFault(message, code=code)


@dataclass
class FakeSender:
    """A callback URL in memory. answers: status codes of the next attempts; 200 when used up."""

    answers: list[int] = field(default_factory=list)
    sent: list[Parcel] = field(default_factory=list)
    delay: Callable[[Parcel], float] = lambda _: 0.0
    now_ms: Callable[[], int] = lambda: SERVER_EPOCH * 1000

    async def send(self, parcel: Parcel) -> Outcome:
        self.sent.append(parcel)
        await asyncio.sleep(self.delay(parcel))
        status = self.answers.pop(0) if self.answers else 200
        ok = 200 <= status < 300
        return Outcome(
            started_ms=self.now_ms(),
            duration_ms=1,
            url="http://127.0.0.1:9/hook",
            status=status,
            error_code=None if ok else ("gone" if status == 410 else f"http_{status // 100}xx"),
            error=None if ok else f"The receiver answered {status}.",
        )
