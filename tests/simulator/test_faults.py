"""Each fault, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from cwconsole.simulator.faults import Fault, FaultKind, Faults, read_fault
from cwconsole.simulator.simulator import Simulator
from tests.simulator.conftest import CLIENT_ID, CONTACTS, Client, credentials

ANSWERS = {
    FaultKind.TIMEOUT: (500, b'"A timeout has occured. Please try again."'),
    FaultKind.HTML: (200, b"<html>"),
    FaultKind.MAINTENANCE: (503, b"<html>"),
    FaultKind.UNAUTHORIZED: (401, b'"Unauthorized"'),
    FaultKind.FORBIDDEN: (403, b'"Security"'),
    FaultKind.CANNOT_ROUTE: (400, b"Cannot route."),
    FaultKind.NO_ENDPOINT: (404, b'"ConnectWiseApi"'),
    FaultKind.WRONG_SHAPE: (200, b'{"message":"OK"}'),
    FaultKind.NULL: (200, b"null"),
    FaultKind.STATUS: (500, b"Simulated"),
}


@pytest.mark.parametrize("kind", sorted(ANSWERS))
async def test_an_answer_is_replaced(client: Client, simulator: Simulator, kind: FaultKind) -> None:
    simulator.faults.add(Fault(kind=kind, times=1))
    reply = await client.get(CONTACTS)
    status, text = ANSWERS[kind]
    assert reply.status == status
    assert text in reply.content
    assert "Date" in reply.headers
    assert (await client.get(CONTACTS)).status == 200
    assert simulator.faults.struck == {kind: 1}


async def test_rate_limit_has_its_own_body_and_retry_after(client: Client, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind=FaultKind.RATE_LIMIT, retry_after=7))
    reply = await client.get(CONTACTS)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "7")
    assert reply.json == {"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 7 seconds."}


async def test_cut_promises_more_than_it_sends(client: Client, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind=FaultKind.CUT, times=1))
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.get(CONTACTS)
    assert len(await client.ids()) == 25


async def test_reset_comes_before_any_answer(client: Client, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind=FaultKind.RESET))
    with pytest.raises(aiohttp.ClientOSError):
        await client.get(CONTACTS)


async def test_hang_says_nothing_and_does_not_hold_up_the_end(client: Client, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind=FaultKind.HANG))
    with pytest.raises(TimeoutError):
        await client.fetch("GET", client.running.base_url + CONTACTS, timeout=aiohttp.ClientTimeout(total=0.1))


async def test_a_short_hang_ends_with_a_closed_connection(client: Client, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind=FaultKind.HANG, seconds=0.01, path="/company"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.get(CONTACTS)


async def test_slow_answers_rightly_and_late(client: Client, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind=FaultKind.SLOW, seconds=0.01))
    assert len(await client.ids()) == 25


async def test_garbage_is_whole_and_undecodable(client: Client, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind=FaultKind.GARBAGE, times=1))
    reply = await client.get(CONTACTS)
    assert int(reply.headers["Content-Length"]) == len(reply.content)
    assert reply.content.endswith(b"]")
    with pytest.raises(UnicodeDecodeError):
        json.loads(reply.content)


async def test_an_answer_can_lack_its_date(client: Client, simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind=FaultKind.NO_DATE, times=1))
    reply = await client.get(CONTACTS)
    assert reply.status == 200
    assert "Date" not in reply.headers


async def test_a_fault_can_be_for_one_path_of_one_company() -> None:
    simulator = Simulator(companies=("one", "two"), records=3)
    simulator.faults.add(Fault(kind=FaultKind.TIMEOUT, path="/service", company="two"))
    async with simulator.serve() as running, aiohttp.ClientSession() as session:
        client = Client(session, running)
        statuses = {}
        for company in ("one", "two"):
            client.headers = {"Authorization": credentials(company), "clientId": CLIENT_ID}
            for path in (CONTACTS, "/service/tickets"):
                statuses[company, path] = (await client.get(path)).status
        assert [key for key, status in statuses.items() if status == 500] == [("two", "/service/tickets")]


def test_times_count_down_and_probability_is_kept() -> None:
    faults = Faults(frozenset(FaultKind), seed=3)
    faults.add(Fault(kind=FaultKind.RESET, times=2), Fault(kind=FaultKind.NULL, probability=0.3))
    drawn = [faults.draw("/x") for _ in range(1000)]
    assert [fault.kind for fault in drawn[:2] if fault] == [FaultKind.RESET, FaultKind.RESET]
    assert 250 < faults.struck[FaultKind.NULL] < 350
    assert [fault.kind for fault in faults.active()] == [FaultKind.NULL]
    faults.clear()
    assert faults.draw("/x") is None


def test_kinds_that_a_server_cannot_do_are_refused_all_or_none() -> None:
    faults = Faults(frozenset({FaultKind.RESET}))
    with pytest.raises(ValueError, match="null"):
        faults.add(Fault(kind=FaultKind.RESET), Fault(kind=FaultKind.NULL))
    assert faults.active() == []


def test_faults_are_read_from_json_strictly() -> None:
    assert read_fault({"kind": "status", "status": 410, "times": "2", "path": "/x"}) == Fault(
        kind=FaultKind.STATUS, status=410, times=2, path="/x"
    )
    wrong: list[Any] = [{"kind": "nonsense"}, {"times": 1}, [], {"kind": "null", "colour": "red"}]
    for body in [*wrong, {"kind": "null", "times": "x"}]:
        with pytest.raises(ValueError, match=r"."):
            read_fault(body)
