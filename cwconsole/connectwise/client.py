"""ConnectWise's REST API as one instance sees it: the engine's `Source`, and what a console asks (`cli.outside`)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec import Struct

from cwconsole.connectwise import records
from cwconsole.connectwise.conditions import LONGEST_URL, after_id, among_ids, url_of
from cwconsole.connectwise.decoder import Decoder, ReadList
from cwconsole.connectwise.door import TOTAL_SECONDS, Door, Query
from cwconsole.connectwise.faults import misshapen
from cwconsole.connectwise.limits import CompanyLimits
from cwconsole.connectwise.question import Question
from cwconsole.connectwise.records import Reading
from cwconsole.core.config import NO_OWN_DATES, InstanceConfig, RecordDates
from cwconsole.core.records import FROM_THE_FIRST, Page, PageRequest, Seen, Unread
from cwconsole.http.client import HttpClient

LISTING_FIELDS = "id,_info/lastUpdated"
MOST_IDS = 100
# Bytes of a page: reading it takes so long that the next is asked for meanwhile, and looking for its end does not.
WORTH_A_GLANCE = range(64_000, 4_000_000)


class SystemInfo(Struct, frozen=True, kw_only=True):
    """What `GET /system/info` tells. version: empty if it names none. server_time: whole seconds since the epoch."""

    version: str
    server_time: int


class ConnectWiseClient:
    """One instance's way to ConnectWise. Built anew when the configuration changes."""

    def __init__(
        self,
        config: InstanceConfig,
        http: HttpClient,
        limits: CompanyLimits,
        decoder: Decoder,
        *,
        client_id: str | None = None,
        total: float = TOTAL_SECONDS,
    ) -> None:
        """limits: the company's, from `LimitsRegistry`. decoder: the engine's, shared by all instances.

        client_id: for instances that name none. total: seconds for one request.
        """
        self._door = Door(config, http, limits, client_id=client_id, total=total)
        self._decoder = decoder
        self._drop_nulls = config.drop_nulls

    async def page(self, request: PageRequest) -> Page:
        """Records after `request.after`, ids ascending. An empty page is the end; a short one is not."""
        return await (await self.ask(request)).read()

    async def ask(self, request: PageRequest) -> Unread:
        """The same, to be read while the next page is already asked for."""
        query: list[tuple[str, str | int]] = [
            ("conditions", after_id(request.conditions, request.after)),
            ("orderBy", "id asc"),
            ("pageSize", request.size),
        ]
        if request.ids_only:
            query.append(("fields", LISTING_FIELDS))
            return await self._ask(request.path, query, partial(records.read_listing, after=request.after))
        return await self._ask(request.path, query, self._reader(request.dates, after=request.after))

    async def highest_id(self, path: str, conditions: str) -> tuple[int, int]:
        """The highest id now (0 if there is none), and the server time of the answer."""
        query = (("conditions", conditions), ("orderBy", "id desc"), ("pageSize", 1), ("fields", "id"))
        page = await self._page(path, query, records.read_listing)
        return (page.records[0].object_id if page.records else 0), page.server_time

    async def get(self, path: str, object_id: int) -> Seen:
        """One record, without its own dates. Raises `RecordMissing` only for a 404 whose code is `NotFound`."""
        question = self._door.question(f"{path}/{object_id}", one=True)
        answer = await self._door.ask(question)
        reading = Reading(drop_nulls=self._drop_nulls)
        return await self._decoder.read(records.read_record, answer.question, answer.body, reading, object_id)

    async def by_ids(
        self, path: str, conditions: str, object_ids: list[int], *, dates: RecordDates = NO_OWN_DATES
    ) -> Page:
        """Those of the given records that satisfy the conditions, 1 to 100 ids a call.

        Asked in parts, one after the other, where the URL would become too long; `server_time` is the earliest.
        """
        read = self._reader(dates, after=FROM_THE_FIRST)
        queries = self._id_queries(path, conditions, sorted(object_ids))
        parts = [await self._page(path, query, read) for query in queries]
        return Page(
            records=[record for part in parts for record in part.records],
            server_time=min(part.server_time for part in parts),
            size=sum(part.size for part in parts),
        )

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
        query: list[tuple[str, str | int]] = [
            ("conditions", conditions),
            ("orderBy", "id asc"),
            ("page", page),
            ("pageSize", size),
        ]
        if ids_only:
            return await self._page(path, [*query, ("fields", LISTING_FIELDS)], records.read_listing)
        return await self._page(path, query, self._reader(dates, after=None))

    async def count(self, path: str, conditions: str) -> int:
        """How many records satisfy the conditions now."""
        answer = await self._door.ask(self._door.question(f"{path}/count"), [("conditions", conditions)])
        count = _object(answer.question, answer.body).get("count")
        if type(count) is not int:
            raise misshapen(answer.question, "no_count", "no whole number as the count")
        return count

    async def system_info(self) -> SystemInfo:
        """Whether ConnectWise is there, and what its clock says. Does not prove the keys: it may answer without."""
        answer = await self._door.ask(self._door.question("/system/info", one=True))
        info = _object(answer.question, answer.body)
        version = info.get("version")
        return SystemInfo(version=version if isinstance(version, str) else "", server_time=answer.server_time)

    def _reader(self, dates: RecordDates, *, after: int | None) -> ReadList:
        reading = Reading(created=dates.created, dated=dates.updated, drop_nulls=self._drop_nulls)
        return partial(records.read_list, reading=reading, after=after)

    async def _page(self, path: str, query: Query, read: ReadList) -> Page:
        return await (await self._ask(path, query, read)).read()

    async def _ask(self, path: str, query: Query, read: ReadList) -> Unread:
        answer = await self._door.ask(self._door.question(path), query)
        size = len(answer.body)

        async def page() -> Page:
            seen = await self._decoder.read_list(read, answer.question, answer.body)
            return Page(records=seen, server_time=answer.server_time, size=size)

        return Unread(size=size, outline=records.outline(answer.body) if size in WORTH_A_GLANCE else None, read=page)

    def _id_queries(self, path: str, conditions: str, object_ids: list[int]) -> Iterator[Query]:
        """Queries that cover the ids, each as long as a URL may be; with a very long filter, an id at a time."""
        size = min(MOST_IDS, len(object_ids))
        while size > 1 and len(self._id_url(path, conditions, object_ids[-size:])) > LONGEST_URL:
            size //= 2  # the last ids are the longest
        for start in range(0, len(object_ids), max(size, 1)):
            yield self._id_query(conditions, object_ids[start : start + size])

    def _id_query(self, conditions: str, object_ids: list[int]) -> Query:
        return (
            ("conditions", among_ids(conditions, object_ids)),
            ("orderBy", "id asc"),
            ("pageSize", len(object_ids)),
        )

    def _id_url(self, path: str, conditions: str, object_ids: list[int]) -> str:
        return url_of(self._door.base, path, self._id_query(conditions, object_ids))


def _object(question: Question, body: bytes) -> dict[str, Any]:
    value = records.decoded(question, body)
    if not isinstance(value, dict):
        raise misshapen(question, "not_an_object", "something other than an object")
    return value
