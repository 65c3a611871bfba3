"""How a crawl's answers come one after the other: by id for a window, by number for a URL that is run as written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from cwconsole.core import page_size
from cwconsole.core.errors import HeavyQueryFault, SourceFault, UndecodableFault
from cwconsole.core.page_size import PageSize
from cwconsole.core.records import Page, PageRequest, Unread
from cwconsole.engine.ports import Source
from cwconsole.engine.services import Services, kept, together
from cwconsole.store.pages import SetAside


class PageFetcher(Protocol):
    """Gives the answers of a crawl one after the other, and knows when the last one is in."""

    set_aside: list[SetAside]
    cursor: int
    done: bool

    async def next(self) -> Page:
        """The answer after `cursor`; moves it."""
        ...


class Ahead(NamedTuple):
    """What was asked for ahead of its turn, and what came of it."""

    request: PageRequest
    answer: Unread | None
    fault: SourceFault | None


@dataclass(slots=True, kw_only=True)
class ByIdFetcher:
    """Pages by `id > cursor` until an empty page. Adapts the page size, and works around undecodable records.

    While a large page is taken apart, the next is already asked for; a fault of that is raised when its turn comes.
    """

    source: Source
    request: PageRequest
    size: PageSize
    limit: int
    services: Services
    cursor: int
    done: bool = False
    set_aside: list[SetAside] = field(default_factory=list)
    _ahead: Ahead | None = None

    async def next(self) -> Page:
        page = await self._at_size(page_size.current(self.size, limit=self.limit))
        if page.records:
            self.cursor = page.records[-1].object_id
            self.size = self._size_after(page.size, len(page.records))
        self.done = not page.records
        return page

    def _size_after(self, body_bytes: int, records: int) -> PageSize:
        return page_size.after_page(self.size, body_bytes=body_bytes, limit=self.limit, records=records)

    async def _at_size(self, size: int) -> Page:
        """Ask for so many, and for fewer while the server or the decoder cannot take so much (design 5.8)."""
        while True:
            try:
                return await self._read(await self._ask(replace(self.request, after=self.cursor, size=size)))
            except HeavyQueryFault:
                now_ms = self.services.clock.now_ms()
                self.size = page_size.after_heavy(self.size, tried=size, now_ms=now_ms)
                smaller = page_size.current(self.size, limit=self.limit)
                if smaller >= size:
                    raise
                size = smaller
            except UndecodableFault as fault:
                if size == 1:
                    await self._step_over(fault)
                size = max(size // 2, 1)

    async def _ask(self, request: PageRequest) -> Unread:
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead.request != request:
            return await self.source.ask(request)
        if ahead.fault is not None:
            raise ahead.fault
        assert ahead.answer is not None, "there is an answer or a fault"
        return ahead.answer

    async def _read(self, answer: Unread) -> Page:
        outline = answer.outline
        if outline is None:
            return await answer.read()
        size = page_size.current(self._size_after(answer.size, outline.records), limit=self.limit)
        request = replace(self.request, after=outline.last_id, size=size)
        (answered, fault), page = await together(kept(self.source.ask(request)), answer.read())
        self._ahead = Ahead(request, answered, fault)
        return page

    async def _step_over(self, fault: UndecodableFault) -> None:
        """Set the single record after the cursor aside, by asking for its id alone."""
        page = await self.source.page(replace(self.request, after=self.cursor, size=1, ids_only=True))
        if not page.records:
            return
        self.cursor = page.records[0].object_id
        self.set_aside.append(SetAside(object_id=self.cursor, error=fault.message))


@dataclass(slots=True, kw_only=True)
class AsWrittenFetcher:
    """Pages by number, for a URL template that is run as it stands. The cursor is the number of the last page."""

    source: Source
    path: str
    conditions: str
    size: int
    cursor: int = 0
    done: bool = False
    set_aside: list[SetAside] = field(default_factory=list)

    async def next(self) -> Page:
        page = await self.source.written_page(self.path, self.conditions, page=self.cursor + 1, size=self.size)
        self.cursor += 1
        self.done = not page.records
        newest = {seen.object_id: seen for seen in page.records}
        return replace(page, records=sorted(newest.values()))
