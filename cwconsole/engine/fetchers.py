"""How a crawl's answers come one after the other: by id for a window, by number for a URL that is run as written.

Both ask for less where the server or the decoder cannot take so much (design 5.8, Manners).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from cwconsole.core import page_size
from cwconsole.core.config import RecordDates
from cwconsole.core.errors import HeavyQueryFault, SourceFault, UndecodableFault
from cwconsole.core.page_size import PageSize
from cwconsole.core.records import Page, PageRequest, Unread
from cwconsole.engine.ports import Source
from cwconsole.engine.services import Services, kept, together
from cwconsole.store.pages import SetAside


@dataclass(slots=True, kw_only=True)
class PageFetcher(ABC):
    """Gives the answers of a crawl one after the other, and knows when the last one is in.

    A record that cannot be read is an answer by itself, without records: it is written like any other, and so is the
    time of the crawl's first answer. Many of them take long, and what changes behind the cursor meanwhile is the next
    window's, which begins at that time.

    size: of pages, adapted; limit: the configured one. cursor: where the next answer begins.
    """

    source: Source
    size: PageSize
    limit: int
    services: Services
    cursor: int = 0
    done: bool = False
    set_aside: list[SetAside] = field(default_factory=list)
    _singly: bool = False  # the last record could not be read, and the next may be like it

    @abstractmethod
    async def next(self) -> Page:
        """The answer after `cursor`; moves it."""

    def _fitting(self, size: int) -> int:
        """How many may be asked for at the cursor, at most `size`."""
        return size

    @abstractmethod
    async def _ask_for(self, size: int) -> Page:
        """Up to so many records after the cursor."""

    @abstractmethod
    async def _step_over(self) -> Page:
        """Move past the single record after the cursor. The answer has its id alone."""

    async def _adapted(self) -> Page:
        """Ask for as many as may be, and for fewer while the server or the decoder cannot take so much."""
        size = self._fitting(1 if self._singly else page_size.current(self.size, limit=self.limit))
        self._singly = False
        while True:
            try:
                page = await self._ask_for(size)
            except HeavyQueryFault:
                now_ms = self.services.clock.now_ms()
                self.size = page_size.after_heavy(self.size, tried=size, now_ms=now_ms)
                smaller = page_size.current(self.size, limit=self.limit)
                if smaller >= size:
                    raise
                size = self._fitting(smaller)
            except UndecodableFault as fault:
                if size == 1:
                    return await self._put_aside(fault)
                size = self._fitting(size // 2)
            else:
                self.done = not page.records
                return page

    async def _put_aside(self, fault: UndecodableFault) -> Page:
        page = await self._step_over()
        if not page.records:  # it is gone, or nothing that is asked can be read: a new poll tells
            raise fault
        self.set_aside.append(SetAside(object_id=page.records[0].object_id, error=fault.message))
        self._singly = True
        return replace(page, records=[])

    def _size_after(self, body_bytes: int, records: int) -> PageSize:
        return page_size.after_page(self.size, body_bytes=body_bytes, limit=self.limit, records=records)


class Ahead(NamedTuple):
    """What was asked for ahead of its turn, and what came of it."""

    request: PageRequest
    answer: Unread | None
    fault: SourceFault | None


@dataclass(slots=True, kw_only=True)
class ByIdFetcher(PageFetcher):
    """Pages by `id > cursor` until an empty page.

    While a large page is taken apart, the next is already asked for; a fault of that is raised when its turn comes.
    """

    request: PageRequest
    _ahead: Ahead | None = None

    async def next(self) -> Page:
        page = await self._adapted()
        if page.records:
            self.cursor = page.records[-1].object_id
            self.size = self._size_after(page.size, len(page.records))
        return page

    async def _ask_for(self, size: int) -> Page:
        return await self._read(await self._ask(replace(self.request, after=self.cursor, size=size)))

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

    async def _step_over(self) -> Page:
        page = await self.source.page(replace(self.request, after=self.cursor, size=1, ids_only=True))
        if page.records:
            self.cursor = page.records[0].object_id
        return page


@dataclass(slots=True, kw_only=True)
class AsWrittenFetcher(PageFetcher):
    """Pages by number until an empty page, for a URL template that is run as it stands.

    The cursor is how many records were passed. A page by number begins at a multiple of its size, so that after
    smaller pages the sizes are those that fit until the usual one does again.
    """

    path: str
    conditions: str
    dates: RecordDates

    async def next(self) -> Page:
        page = await self._adapted()
        self.size = self._size_after(page.size, len(page.records))
        newest = {seen.object_id: seen for seen in page.records}
        return replace(page, records=sorted(newest.values()))

    def _fitting(self, size: int) -> int:
        return next(less for less in range(size, 0, -1) if self.cursor % less == 0)

    async def _step_over(self) -> Page:
        return await self._ask_for(1, ids_only=True)

    async def _ask_for(self, size: int, *, ids_only: bool = False) -> Page:
        number = self.cursor // size + 1
        page = await self.source.written_page(
            self.path, self.conditions, page=number, size=size, ids_only=ids_only, dates=self.dates
        )
        self.cursor += size
        return page
