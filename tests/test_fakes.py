"""The stand-ins keep the promises of the ports as the real parts do: one set of tests for both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web
from msgspec.structs import replace

from cwconsole.callback.sender import CallbackSender
from cwconsole.core.config import CallbackConfig
from cwconsole.core.errors import RecordMissing, UndecodableFault
from cwconsole.core.records import PageRequest
from cwconsole.engine.ports import Sender, Source
from cwconsole.simulator.simulator import Simulator
from cwconsole.simulator.world import When
from tests.callback.samples import parcel
from tests.connectwise.tenant import CONFIG, CONTACTS, connect
from tests.fakes import SERVER_EPOCH, FakeSender, FakeSource
from tests.http.clients import open_http
from tests.http.servers import app_server


@dataclass(kw_only=True)
class Held:
    """A source that holds records 1 to 5: 3 has no date, the others are a minute apart, 4 is not JSON."""

    source: Source
    epoch: int


@asynccontextmanager
async def fake() -> AsyncIterator[Held]:
    source = FakeSource()
    for number in range(1, 6):
        source.put(number, updated=SERVER_EPOCH + 60 * number, dated=number != 3, undecodable=number == 4)
    yield Held(source=source, epoch=SERVER_EPOCH)


@asynccontextmanager
async def real() -> AsyncIterator[Held]:
    simulator = Simulator(companies=("acme",), public_key="pub", private_key="s3cr3t", counts={CONTACTS: 5})
    world = simulator.world()
    for number in range(1, 6):
        updated = When.NEVER if number == 3 else SERVER_EPOCH + 60 * number
        world.update(CONTACTS, number, updated=updated)
    world.poison(CONTACTS, 4)
    async with (
        simulator.serve() as running,
        open_http() as http,
        connect(http, replace(CONFIG, base_url=running.base_url)) as client,
    ):
        yield Held(source=client, epoch=SERVER_EPOCH)


@pytest.fixture(params=[fake, real])
async def held(request: pytest.FixtureRequest) -> AsyncIterator[Held]:
    async with request.param() as held:
        yield held


def wanted(after: int, size: int, **more: object) -> PageRequest:
    return replace(PageRequest(path=CONTACTS, after=after, size=size), **more)


def ids(records: Iterable[tuple[object, ...]]) -> list[object]:
    return [record[0] for record in records]


async def test_pages_follow_one_another_by_id_until_an_empty_one(held: Held) -> None:
    assert ids((await held.source.page(wanted(0, 2))).records) == [1, 2]
    assert ids((await held.source.page(wanted(2, 1))).records) == [3]
    assert ids((await held.source.page(wanted(4, 10))).records) == [5]
    assert (await held.source.page(wanted(5, 10))).records == []


async def test_a_record_tells_its_date_and_what_it_holds(held: Held) -> None:
    first, _, third = (await held.source.page(wanted(0, 3))).records
    assert first.updated == held.epoch + 60
    assert third.updated is None
    assert len(first.digest) == 16
    assert first.body.startswith(b"{")


async def test_a_listing_has_ids_and_dates_alone(held: Held) -> None:
    listed = (await held.source.page(wanted(0, 10, ids_only=True))).records
    assert ids(listed) == [1, 2, 3, 4, 5], "what is no JSON is listed all the same"
    assert {(seen.digest, seen.body) for seen in listed} == {(b"", b"")}
    assert listed[4].updated == held.epoch + 300


async def test_a_window_asks_for_what_is_not_older(held: Held) -> None:
    bound = "2023-11-14T22:18:20Z"  # SERVER_EPOCH + 300
    page = await held.source.page(wanted(0, 10, conditions=f"lastUpdated >= [{bound}]"))
    assert ids(page.records) == [5]


async def test_what_is_asked_can_be_read_later(held: Held) -> None:
    answer = await held.source.ask(wanted(0, 2))
    assert ids((await answer.read()).records) == [1, 2]


async def test_a_page_with_a_record_that_is_no_json_is_a_fault_when_it_is_read(held: Held) -> None:
    answer = await held.source.ask(wanted(0, 10))
    with pytest.raises(UndecodableFault):
        await answer.read()
    with pytest.raises(UndecodableFault):
        await held.source.page(wanted(3, 1))
    with pytest.raises(UndecodableFault):
        await held.source.by_ids(CONTACTS, "", [3, 4])


async def test_records_are_had_by_their_ids(held: Held) -> None:
    assert ids((await held.source.by_ids(CONTACTS, "", [5, 1, 99])).records) == [1, 5]
    assert (await held.source.get(CONTACTS, 2)).object_id == 2
    with pytest.raises(RecordMissing):
        await held.source.get(CONTACTS, 99)
    with pytest.raises(UndecodableFault):
        await held.source.get(CONTACTS, 4)


async def test_it_knows_the_highest_id(held: Held) -> None:
    assert (await held.source.highest_id(CONTACTS, ""))[0] == 5


async def test_pages_by_number_end_with_an_empty_one(held: Held) -> None:
    assert ids((await held.source.written_page(CONTACTS, "", page=1, size=2)).records) == [1, 2]
    assert (await held.source.written_page(CONTACTS, "", page=6, size=1)).records == []


async def test_a_page_by_number_tells_of_a_record_that_is_no_json_and_lists_its_id(held: Held) -> None:
    with pytest.raises(UndecodableFault):
        await held.source.written_page(CONTACTS, "", page=4, size=1)
    assert ids((await held.source.written_page(CONTACTS, "", page=4, size=1, ids_only=True)).records) == [4]


@asynccontextmanager
async def real_sender(status: int) -> AsyncIterator[Sender]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with app_server(answer) as port, open_http() as http:
        yield CallbackSender(CallbackConfig(url=f"http://127.0.0.1:{port}/hook"), http, lambda: SERVER_EPOCH * 1000)


@asynccontextmanager
async def fake_sender(status: int) -> AsyncIterator[Sender]:
    yield FakeSender(answers=[status])


@pytest.mark.parametrize("sender", [fake_sender, real_sender])
@pytest.mark.parametrize(
    ("status", "code"), [(200, None), (204, None), (410, "gone"), (404, "http_4xx"), (503, "http_5xx")]
)
async def test_an_attempt_tells_what_came_of_it(sender: object, status: int, code: str | None) -> None:
    assert callable(sender)
    async with sender(status) as sending:
        outcome = await sending.send(parcel())
    assert (outcome.status, outcome.error_code, outcome.delivered) == (status, code, code is None)
    assert (outcome.error is None) == (code is None)
    assert outcome.started_ms == SERVER_EPOCH * 1000
