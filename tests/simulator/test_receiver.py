"""The receiver, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from cwconsole.simulator.faults import Fault, FaultKind
from cwconsole.simulator.receiver import Delivery, Keep, Last, Listening, Receiver
from cwconsole.simulator.records import record_digest
from cwconsole.simulator.signatures import Verdict, Verifier
from tests.simulator.conftest import NOW

KEY = "MySecretEventSignatureKey"


def notification(number: int = 5, kind: str = "UPDATED") -> bytes:
    event = {"eventType": kind, "objectType": "contacts", "objectId": str(number)}
    return json.dumps({"message": {"events": [event]}}).encode()


@dataclass(frozen=True, slots=True)
class Poster:
    """Posts notifications to a receiver."""

    session: aiohttp.ClientSession
    listening: Listening

    async def post(self, body: bytes, message: str = "m1", key: str | None = None, path: str = "/hook") -> int:
        """The status answered."""
        headers = {"webhook-id": message, "cwconsole-attempt": "2"}
        if key is not None:
            verifier = Verifier(key)
            headers["webhook-timestamp"] = str(NOW)
            headers["webhook-signature"] = verifier.standard(message, str(NOW), body)
            headers["Elements-Webhook-Signature"] = verifier.elements(body)
        url = self.listening.url + path
        async with self.session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status

    async def control(self, method: str, path: str, body: object = None) -> Any:
        """A control request's answer."""
        async with self.session.request(method, f"{self.listening.url}/_receiver/{path}", json=body) as answer:
            return await answer.json()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver(clock=lambda: NOW)


@pytest.fixture
async def poster(receiver: Receiver) -> AsyncIterator[Poster]:
    async with receiver.serve() as listening, aiohttp.ClientSession() as session:
        yield Poster(session, listening)


async def test_counts_messages_and_keeps_the_last_body_of_each_object(receiver: Receiver, poster: Poster) -> None:
    for message, number, kind in (
        ("m1", 5, "CREATED"),
        ("m1", 5, "CREATED"),
        ("m2", 5, "UPDATED"),
        ("m3", 6, "DELETED"),
    ):
        assert await poster.post(notification(number, kind), message) == 204
    assert dict(receiver.seen) == {"m1": 2, "m2": 1, "m3": 1}
    assert receiver.duplicates == 1
    assert receiver.objects["contacts", "5"] == Last("UPDATED", "m2", notification(5, "UPDATED"))
    assert receiver.objects["contacts", "6"].event_type == "DELETED"
    assert receiver.verdicts == {Verdict.UNCHECKED: 4}


async def test_with_a_key_only_well_signed_requests_are_accepted() -> None:
    receiver = Receiver(key=KEY, clock=lambda: NOW)
    async with receiver.serve() as listening, aiohttp.ClientSession() as session:
        poster = Poster(session, listening)
        assert await poster.post(notification(), "m1", key=KEY) == 204
        assert await poster.post(notification(), "m2", key="another") == 401
        assert await poster.post(notification(), "m3") == 401
    assert list(receiver.seen) == ["m1"]
    assert receiver.verdicts == {Verdict.GOOD: 1, Verdict.BAD: 1, Verdict.MISSING: 1}


async def test_each_request_is_reported_in_one_line() -> None:
    reported: list[Delivery] = []
    receiver = Receiver(on_delivery=reported.append, clock=lambda: NOW)
    async with receiver.serve() as listening, aiohttp.ClientSession() as session:
        poster = Poster(session, listening)
        await poster.post(notification(), path="/deep/er")
        receiver.faults.add(Fault(kind=FaultKind.STATUS, status=503))
        await poster.post(b"no notification")
    first, second = reported
    assert first == Delivery(NOW, "/deep/er", "m1", "UPDATED", "contacts", "5", "2", Verdict.UNCHECKED, "")
    assert "/deep/er  UPDATED contacts/5  attempt 2  signature unchecked" in first.line()
    assert second.line().endswith("answered with status")


async def test_what_was_told_to_fail_is_not_counted_as_accepted(receiver: Receiver, poster: Poster) -> None:
    receiver.faults.add(
        Fault(kind=FaultKind.STATUS, status=410, times=1),
        Fault(kind=FaultKind.STATUS, status=429, retry_after=9, times=1),
        Fault(kind=FaultKind.REDIRECT, times=1),
    )
    assert [await poster.post(notification()) for _ in range(4)] == [410, 429, 302, 204]
    assert dict(receiver.seen) == {"m1": 1}
    assert (receiver.requests, receiver.accepted) == (4, 1)


async def test_retry_after_is_sent(receiver: Receiver, poster: Poster) -> None:
    receiver.faults.add(Fault(kind=FaultKind.STATUS, status=503, retry_after=9))
    async with poster.session.post(poster.listening.url, data=b"{}") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "9")


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.HANG])
async def test_connections_are_ended_without_an_answer(receiver: Receiver, poster: Poster, kind: FaultKind) -> None:
    receiver.faults.add(Fault(kind=kind, seconds=0.01))
    with pytest.raises(aiohttp.ClientConnectionError):
        await poster.post(notification())


async def test_an_answer_is_cut(receiver: Receiver, poster: Poster) -> None:
    receiver.faults.add(Fault(kind=FaultKind.CUT))
    with pytest.raises(aiohttp.ClientPayloadError):
        async with poster.session.post(poster.listening.url, data=notification()) as answer:
            await answer.read()
    assert receiver.accepted == 1, "its status said 200, and senders believe that"


async def test_what_is_taken_without_an_answer_is_a_duplicate_when_it_comes_again(
    receiver: Receiver, poster: Poster
) -> None:
    receiver.faults.add(Fault(kind=FaultKind.LOST, times=1))
    with pytest.raises(aiohttp.ClientConnectionError):
        await poster.post(notification())
    assert (receiver.accepted, receiver.duplicates) == (1, 0)
    assert await poster.post(notification()) == 204
    assert (receiver.accepted, receiver.duplicates) == (2, 1)


async def test_a_slow_answer_is_an_acceptance(receiver: Receiver, poster: Poster) -> None:
    receiver.faults.add(Fault(kind=FaultKind.SLOW, seconds=0.01))
    assert await poster.post(notification()) == 204
    assert receiver.accepted == 1


async def test_other_methods_are_refused(receiver: Receiver, poster: Poster) -> None:
    async with poster.session.get(poster.listening.url) as answer:
        assert answer.status == 405
    assert receiver.accepted == 0


async def test_memory_is_bounded_by_forgetting_the_oldest() -> None:
    receiver = Receiver(limit=2, keep=Keep.FACTS, clock=lambda: NOW)
    async with receiver.serve() as listening, aiohttp.ClientSession() as session:
        poster = Poster(session, listening)
        for number in (1, 2, 3):
            await poster.post(notification(number), f"m{number}")
    assert list(receiver.seen) == ["m2", "m3"]
    assert list(receiver.objects) == [("contacts", "2"), ("contacts", "3")]
    assert receiver.objects["contacts", "3"].body == b""


async def test_counting_alone_keeps_no_objects() -> None:
    receiver = Receiver(keep=Keep.COUNTS)
    async with receiver.serve() as listening, aiohttp.ClientSession() as session:
        assert await Poster(session, listening).post(notification()) == 204
    assert not receiver.objects
    assert receiver.accepted == 1


async def test_it_is_steered_over_http(receiver: Receiver, poster: Poster) -> None:
    await poster.control("POST", "faults", {"kind": "status", "status": 500, "times": 1})
    assert [await poster.post(notification()) for _ in range(2)] == [500, 204]
    await poster.control("POST", "faults", {"kind": "reset"})
    assert await poster.control("DELETE", "faults") == {"faults": []}
    assert await poster.control("GET", "state") == {
        "requests": 2,
        "accepted": 1,
        "messages": 1,
        "duplicates": 0,
        "objects": 1,
        "verdicts": {"unchecked": 2},
        "faults": [],
        "struck": {"status": 1},
    }
    assert await poster.control("GET", "objects") == [
        {"objectType": "contacts", "objectId": "5", "eventType": "UPDATED", "messageId": "m1", "digest": None}
    ]


async def test_objects_carry_their_records_digest_as_the_simulator_computes_it(poster: Poster) -> None:
    record = {"id": 5, "name": "Ada", "_info": {"lastUpdated": "2026-06-09T10:13:20Z"}}
    event = {"eventType": "UPDATED", "objectType": "contacts", "objectId": "5"}
    await poster.post(json.dumps({"message": {"events": [event], "raw": {"contacts": [record]}}}).encode())
    [found] = await poster.control("GET", "objects")
    assert found["digest"] == record_digest(dict(reversed(record.items())))
