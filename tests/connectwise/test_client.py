"""What ConnectWise is asked, and what comes back: the engine's `Source` over loopback."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from math import ceil

import orjson
import pytest
from aiohttp import web
from msgspec.structs import replace

from cwconsole.connectwise.limits import CompanyLimits
from cwconsole.connectwise.question import Question
from cwconsole.connectwise.records import Reading, read_list
from cwconsole.core.config import DateField, RecordDates, ResourceConfig
from cwconsole.core.errors import AccessFault, PassingFault, QueryFault, RateLimitedFault, UndecodableFault
from cwconsole.core.records import PageRequest, Seen
from cwconsole.engine.ports import Source
from tests.connectwise.tenant import CONFIG, CONTACTS, DATE, DATE_EPOCH, FakeTime, raw_tenant, rows, said, tenant
from tests.http.servers import answering, read_request, reset

CONTACT = {"id": 7, "firstName": "Ada", "_info": {"lastUpdated": "2026-06-09T21:59:47Z"}}
BROKEN = '{"code":"ConnectWiseApi","message":"Something failed."}'


async def test_the_client_is_the_engines_source() -> None:
    async with tenant(rows()) as (client, _):
        source: Source = client
        assert (await source.page(PageRequest(path=CONTACTS))).records == []


async def test_a_page_is_asked_by_id_behind_the_guarded_conditions() -> None:
    request = PageRequest(path=CONTACTS, conditions="a=1 or b=2", after=41, size=250)
    async with tenant(rows()) as (client, served):
        await client.page(request)
    assert served.asked[0].path == "/v4_6_release/apis/3.0/company/contacts"
    assert served.query() == {"conditions": "(a=1 or b=2) and id > 41", "orderBy": "id asc", "pageSize": "250"}


async def test_every_request_is_signed_pinned_and_names_its_integration() -> None:
    async with tenant(rows()) as (client, served):
        await client.page(PageRequest(path=CONTACTS))
    headers = served.asked[0].headers
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"acme+pub:s3cr3t").decode()
    assert headers["clientId"] == CONFIG.client_id
    assert headers["Accept"] == "application/vnd.connectwise.com+json; version=2020.4"


@pytest.mark.parametrize(
    ("version", "accept"), [("2025.1", "+json; version=2025.1"), ("latest", "connectwise.com+json")]
)
async def test_the_version_can_be_chosen_or_left_open(version: str, accept: str) -> None:
    async with tenant(rows(), config=replace(CONFIG, api_version=version)) as (client, served):
        await client.page(PageRequest(path=CONTACTS))
    assert served.asked[0].headers["Accept"].endswith(accept)


async def test_records_come_with_date_digest_and_compact_body() -> None:
    nulls = CONTACT | {"title": None}
    async with tenant(rows(nulls, CONTACT | {"id": 9})) as (client, _):
        page = await client.page(PageRequest(path=CONTACTS))
    first = page.records[0]
    assert [seen.object_id for seen in page.records] == [7, 9]
    assert first.updated == DATE_EPOCH - 13
    assert first.created is None
    assert len(first.digest) == 16
    assert first.body == orjson.dumps(CONTACT)
    assert page.size > 100


async def test_an_instance_may_keep_its_nulls() -> None:
    nulls = CONTACT | {"title": None}
    async with tenant(rows(nulls), config=replace(CONFIG, drop_nulls=False)) as (client, _):
        page = await client.page(PageRequest(path=CONTACTS))
    assert page.records[0].body == orjson.dumps(nulls)


async def test_the_created_date_is_read_where_the_resource_says() -> None:
    resource = ResourceConfig(name="tickets", path="/service/tickets", created=DateField(path="_info.dateEntered"))
    ticket = {"id": 1, "_info": {"dateEntered": "2026-06-09T22:00:00Z"}}
    async with tenant(rows(ticket)) as (client, _):
        page = await client.page(PageRequest(path="/service/tickets", dates=resource.dates))
    assert (page.records[0].updated, page.records[0].created) == (None, DATE_EPOCH)


async def test_a_listing_asks_for_ids_and_dates_alone() -> None:
    async with tenant(rows({"id": 7, "_info": {"lastUpdated": "2026-06-09T21:59:47Z"}})) as (client, served):
        page = await client.page(PageRequest(path=CONTACTS, ids_only=True))
    assert served.query()["fields"] == "id,_info/lastUpdated"
    assert page.records == [Seen(7, DATE_EPOCH - 13, None, b"", b"")]


async def test_server_time_is_the_date_header_less_the_requests_duration() -> None:
    async def slowly(request: web.Request) -> web.Response:
        await asyncio.sleep(1.1)
        return rows()

    async with tenant(slowly, rows()) as (client, _):
        began = time.monotonic()
        slow = await client.page(PageRequest(path=CONTACTS))
        between = time.monotonic()
        quick = await client.page(PageRequest(path=CONTACTS))
        ended = time.monotonic()
    assert DATE_EPOCH - ceil(between - began) <= slow.server_time <= DATE_EPOCH - 2
    assert DATE_EPOCH - ceil(ended - between) <= quick.server_time <= DATE_EPOCH - 1


async def test_the_highest_id_is_one_record_from_the_end() -> None:
    async with tenant(rows({"id": 4711}), rows()) as (client, served):
        assert await client.highest_id(CONTACTS, "x=1") == (4711, DATE_EPOCH - 1)
        assert await client.highest_id(CONTACTS, "") == (0, DATE_EPOCH - 1)
    assert served.query(0) == {"conditions": "x=1", "orderBy": "id desc", "pageSize": "1", "fields": "id"}
    assert "conditions" not in served.query(1)


async def test_one_record_is_asked_by_its_address() -> None:
    async with tenant(said(200, orjson.dumps(CONTACT))) as (client, served):
        seen = await client.get(CONTACTS, 7)
    assert served.asked[0].path_qs == "/v4_6_release/apis/3.0/company/contacts/7"
    assert (seen.object_id, seen.body) == (7, orjson.dumps(CONTACT))


async def test_a_record_has_the_same_digest_alone_and_in_a_list() -> None:
    async with tenant(said(200, orjson.dumps(CONTACT)), rows(CONTACT)) as (client, _):
        alone = await client.get(CONTACTS, 7)
        page = await client.page(PageRequest(path=CONTACTS))
    assert page.records == [alone]


async def test_records_are_asked_by_ids_within_the_filter() -> None:
    async with tenant(rows({"id": 3}, {"id": 5})) as (client, served):
        page = await client.by_ids(CONTACTS, "x=1 or y=2", [5, 3])
    assert [seen.object_id for seen in page.records] == [3, 5]
    assert served.query() == {"conditions": "(x=1 or y=2) and id in (3,5)", "orderBy": "id asc", "pageSize": "2"}


async def test_a_hundred_ids_fit_in_one_url() -> None:
    async with tenant(rows()) as (client, served):
        await client.by_ids(CONTACTS, 'name like "A%"', list(range(10_000_000, 10_000_100)))
    assert len(served.asked) == 1
    assert len(f"http://127.0.0.1:65535{served.asked[0].raw_path}") <= 2000


async def test_ids_behind_a_long_filter_are_asked_in_parts() -> None:
    async def those(request: web.Request) -> web.Response:
        ids = request.query["conditions"].rpartition("id in (")[2].rstrip(")").split(",")
        return rows(*({"id": int(number)} for number in ids))

    wanted = list(range(1_000_000, 1_000_100))
    async with tenant(those) as (client, served):
        page = await client.by_ids(CONTACTS, f'name = "{"x" * 1400}"', wanted)
    assert [seen.object_id for seen in page.records] == wanted
    assert len(served.asked) > 1
    assert all(len(request.raw_path) <= 2000 for request in served.asked)


async def test_a_written_page_is_asked_by_number_and_may_be_in_any_order() -> None:
    async with tenant(rows({"id": 9}, {"id": 3})) as (client, served):
        page = await client.written_page(CONTACTS, "x=1", page=2, size=100)
    assert [seen.object_id for seen in page.records] == [9, 3]
    assert served.query() == {"conditions": "x=1", "orderBy": "id asc", "page": "2", "pageSize": "100"}


async def test_records_are_read_for_the_dates_that_were_asked_for() -> None:
    dates = RecordDates(created=DateField(path="made"), updated=DateField(path="changed"))
    record = {"id": 7, "made": "2026-06-09T22:00:01Z", "changed": "2026-06-09T22:00:02Z"}
    async with tenant(rows(record)) as (client, _):
        for page in (
            await client.page(PageRequest(path=CONTACTS, dates=dates)),
            await client.by_ids(CONTACTS, "", [7], dates=dates),
            await client.written_page(CONTACTS, "", page=1, size=10, dates=dates),
        ):
            assert [(seen.created, seen.dated) for seen in page.records] == [(DATE_EPOCH + 1, DATE_EPOCH + 2)]
        (seen,) = (await client.page(PageRequest(path=CONTACTS))).records
        assert (seen.created, seen.dated) == (None, None)


async def test_counting_asks_the_count_endpoint() -> None:
    async with tenant(said(200, '{"count":12}'), said(200, '{"count":"12"}'), said(200, "[12]")) as (client, served):
        assert await client.count(CONTACTS, "x=1") == 12
        for code in ("no_count", "not_an_object"):
            with pytest.raises(PassingFault) as caught:
                await client.count(CONTACTS, "")
            assert caught.value.code == code
    assert served.asked[0].path.endswith("/company/contacts/count")
    assert served.query(0) == {"conditions": "x=1"}


ODD_CONDITIONS = [
    "name = \"R&D 100% 'quoted' + more*\"",
    "summary like '%50 %41 %zz%'",
    'name = "[[]x] äöü ✓ 😀 ~ ; # ? @ $"',
    "a/b = 1 and c in (1,2) and lastUpdated >= [2026-06-09T21:59:47Z]",
]


@pytest.mark.parametrize("conditions", ODD_CONDITIONS)
async def test_conditions_arrive_as_they_were_meant(conditions: str) -> None:
    async with tenant(rows()) as (client, served):
        await client.highest_id(CONTACTS, conditions)
    assert served.query()["conditions"] == conditions


async def test_system_info_tells_version_and_clock() -> None:
    info = '{"version":"v2026.1","isCloud":true,"serverTimeZone":"Eastern Standard Time","cloudRegion":"NA"}'
    async with tenant(said(200, info)) as (client, served):
        system = await client.system_info()
    assert (system.version, system.server_time) == ("v2026.1", DATE_EPOCH - 1)
    assert served.asked[0].path.endswith("/apis/3.0/system/info")


# Tries


@pytest.mark.parametrize("answer", [said(500, BROKEN), said(502, "<html>", "text/html"), said(200, "")])
async def test_a_fault_that_passes_is_tried_three_times(answer: web.Response) -> None:
    async with tenant(answer, answer, rows()) as (client, served):
        assert (await client.page(PageRequest(path=CONTACTS))).records == []
    assert len(served.asked) == 3


async def test_the_fourth_time_is_the_pollers() -> None:
    async with tenant(said(503, "")) as (client, served):
        with pytest.raises(PassingFault):
            await client.page(PageRequest(path=CONTACTS))
    assert len(served.asked) == 3


@pytest.mark.parametrize(
    "answer",
    [
        said(401, "{}"),
        said(400, "{}"),
        said(404, "{}"),
        said(500, '{"message":"A timeout has occured. Please try again."}'),
        said(200, '[{"id":1'),
        said(200, '[{"id":2},{"id":1}]'),
        said(200, "[]", date="never"),
        said(429, "{}", retry_after="61"),
    ],
)
async def test_what_needs_another_question_or_a_person_is_asked_once(answer: web.Response) -> None:
    async with tenant(answer) as (client, served):
        with pytest.raises((AccessFault, QueryFault, PassingFault, UndecodableFault)):
            await client.page(PageRequest(path=CONTACTS))
    assert len(served.asked) == 1


async def test_a_connection_that_is_reset_once_is_not_noticed() -> None:
    calls = 0

    async def first_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await read_request(reader)
        if calls == 1:
            reset(writer)
        else:
            writer.write(f"HTTP/1.1 200 OK\r\nDate: {DATE}\r\nContent-Length: 2\r\n\r\n[]".encode())
            await writer.drain()

    async with raw_tenant(first_reset) as client:
        assert (await client.page(PageRequest(path=CONTACTS))).records == []
    assert calls == 2


async def test_a_cut_body_is_asked_for_again() -> None:
    async with raw_tenant(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]")) as client:
        with pytest.raises(PassingFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert caught.value.code == "cut_short"


async def test_a_short_pause_asked_by_429_is_sat_out() -> None:
    clock = FakeTime()
    limits = CompanyLimits("acme", now=clock.now, sleep=clock.sleep)
    async with tenant(said(429, "{}", retry_after="30"), rows(), limits=limits) as (client, served):
        assert (await client.page(PageRequest(path=CONTACTS))).records == []
    assert clock.slept == [30]
    assert len(served.asked) == 2


async def test_a_long_pause_is_told_at_once_and_holds_for_the_whole_company() -> None:
    clock = FakeTime()
    limits = CompanyLimits("acme", now=clock.now, sleep=clock.sleep)
    async with tenant(said(429, "{}", retry_after="300"), limits=limits) as (client, served):
        with pytest.raises(RateLimitedFault):
            await client.page(PageRequest(path=CONTACTS))
        clock.moment += 100
        with pytest.raises(RateLimitedFault) as caught:
            await client.count("/company/companies", "")
    assert (caught.value.retry_after, clock.slept, len(served.asked)) == (200, [], 1)


# Manners


async def test_at_most_four_requests_of_a_company_are_in_flight() -> None:
    now, most, all_in = 0, 0, asyncio.Event()

    async def counting(request: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 4:
            all_in.set()
        await all_in.wait()
        await asyncio.sleep(0.02)
        now -= 1
        return rows()

    config = replace(CONFIG, requests_per_minute=0)
    async with tenant(counting, config=config) as (client, served):
        await asyncio.gather(*(client.page(PageRequest(path=CONTACTS)) for _ in range(20)))
    assert (most, len(served.asked)) == (4, 20)


async def test_a_big_page_is_read_while_the_loop_stays_free() -> None:
    body = orjson.dumps([CONTACT | {"id": number, "notes": "x" * 500} for number in range(1, 20_001)])
    began = time.process_time()
    read_list(Question(host="cw.test", company="acme", path=CONTACTS), body, Reading())
    alone = time.process_time() - began
    async with tenant(said(200, body)) as (client, _):
        page, longest = await watched(lambda: client.page(PageRequest(path=CONTACTS)))
    assert page == 20_000
    assert longest < 0.8 * alone  # orjson itself holds the interpreter for a fifth of it


async def watched(ask: Callable[[], Awaitable[object]]) -> tuple[int, float]:
    """How many records came, and the longest time, of the processor's, that the loop was not free meanwhile."""
    longest = 0.0
    task = asyncio.ensure_future(ask())
    while not task.done():
        before = time.process_time()
        await asyncio.sleep(0)
        longest = max(longest, time.process_time() - before)
    return len(task.result().records), longest  # type: ignore[attr-defined]
