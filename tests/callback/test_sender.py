"""Attempts against real receivers on loopback, well-behaved and not."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from cwconsole.callback.envelope import notification
from cwconsole.callback.sender import CallbackSender, answer_code, split_credentials
from cwconsole.callback.signing import elements_signature, standard_secret
from cwconsole.core.attempts import Outcome
from cwconsole.core.config import CallbackConfig
from cwconsole.core.secret import Secret
from cwconsole.http.authorization import basic_authorization
from cwconsole.http.client import HttpClient
from cwconsole.http.policy import public_only
from tests.callback.samples import CONTACT, contact, parcel
from tests.http.clients import open_http
from tests.http.servers import Talk, answering, app_server, certificate, closed_port, raw_server, read_request, reset

if TYPE_CHECKING:
    from cwconsole.engine.ports import Sender

NOW_MS = 1772359300999
KEY = "MySecretEventSignatureKey"


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with open_http() as client:
        yield client


def sender(http: HttpClient, url: str, *, total: float = 10.0, config: CallbackConfig | None = None) -> CallbackSender:
    return CallbackSender(config or CallbackConfig(url=url), http, lambda: NOW_MS, total=total)


class Receiver:
    """Answers as told and keeps what it got."""

    def __init__(self, status: int = 200, headers: dict[str, str] | None = None, body: bytes = b"thanks") -> None:
        self.status, self.headers, self.body = status, headers or {}, body
        self.got: list[web.Request] = []
        self.bodies: list[bytes] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.got.append(request)
        self.bodies.append(await request.read())
        return web.Response(status=self.status, headers=self.headers, body=self.body if self.status != 204 else None)


@asynccontextmanager
async def url_of(receiver: Receiver) -> AsyncIterator[str]:
    async with app_server(receiver.answer) as port:
        yield f"http://127.0.0.1:{port}/callback"


async def attempt(http: HttpClient, receiver: Receiver) -> Outcome:
    async with url_of(receiver) as url:
        return await sender(http, url).send(parcel())


async def attempt_raw(http: HttpClient, talk: Talk, *, total: float = 10.0) -> Outcome:
    async with raw_server(talk) as port:
        return await sender(http, f"http://127.0.0.1:{port}/", total=total).send(parcel())


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_a_delivery(http: HttpClient, status: int) -> None:
    outcome = await attempt(http, Receiver(status))
    assert outcome.delivered
    assert (outcome.status, outcome.error_code, outcome.error) == (status, None, None)
    assert outcome.body == (b"" if status == 204 else b"thanks")
    assert outcome.started_ms == NOW_MS
    assert 0 <= outcome.duration_ms < 10_000


async def test_the_request_is_one_post_of_the_signed_notification(http: HttpClient) -> None:
    receiver = Receiver()
    async with url_of(receiver) as url:
        config = CallbackConfig(url=url, signature_key=Secret(KEY))
        now_ms = int(time.time() * 1000)  # the verifier looks at the clock
        outcome = await CallbackSender(config, http, lambda: now_ms).send(parcel(attempt=3, replay=31))
    (request,), (body,) = receiver.got, receiver.bodies
    assert (request.method, request.path) == ("POST", "/callback")
    assert body == notification(CONTACT)
    assert Webhook(standard_secret(KEY)).verify(body, dict(request.headers))
    assert request.headers["Elements-Webhook-Signature"] == elements_signature(KEY.encode(), body)
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Elements-Webhook-Id"] == CONTACT.event_id
    assert (request.headers["cwconsole-attempt"], request.headers["cwconsole-replay"]) == ("3", "31")
    assert outcome.peer == url.removeprefix("http://").removesuffix("/callback")
    assert outcome.url == url


async def test_the_peer_is_known_on_a_connection_that_is_used_again(http: HttpClient) -> None:
    async with url_of(Receiver()) as url:
        way = sender(http, url)
        first, second = await way.send(parcel()), await way.send(parcel(attempt=2))
    assert first.peer == second.peer is not None


async def test_a_redirect_is_a_failure_and_is_not_followed(http: HttpClient) -> None:
    target = Receiver()
    async with url_of(target) as elsewhere:
        outcome = await attempt(http, Receiver(301, {"Location": elsewhere}))
    assert (outcome.status, outcome.error_code) == (301, "redirect")
    assert "not followed" in (outcome.error or "")
    assert target.got == []


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (302, "redirect", "302 Found"),
        (304, "redirect", "304"),
        (400, "http_4xx", "400 Bad Request"),
        (401, "http_4xx", "user name"),
        (404, "http_4xx", "path"),
        (410, "gone", "410 Gone"),
        (499, "http_4xx", "499"),
        (500, "http_5xx", "500 Internal Server Error"),
        (503, "http_5xx", "503"),
    ],
)
async def test_what_the_receiver_answers_is_told_in_one_sentence(
    http: HttpClient, status: int, code: str, words: str
) -> None:
    outcome = await attempt(http, Receiver(status, body=b""))
    assert (outcome.status, outcome.error_code) == (status, code)
    assert words in (outcome.error or "")
    assert (outcome.error or "").endswith(".")
    assert not outcome.delivered


@pytest.mark.parametrize(
    ("status", "code"), [(199, "protocol"), (200, None), (299, None), (399, "redirect"), (600, "protocol")]
)
def test_only_2xx_has_no_error_code(status: int, code: str | None) -> None:
    assert answer_code(status) == code


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "1.5"}, 2),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"}, 60),
    ],
)
async def test_retry_after_is_read_from_an_answer(
    http: HttpClient, headers: dict[str, str], wait: float | None
) -> None:
    outcome = await attempt(http, Receiver(429, headers))
    assert (outcome.status, outcome.error_code, outcome.retry_after) == (429, "http_4xx", wait)


async def test_a_receiver_that_hangs_is_a_timeout(http: HttpClient) -> None:
    outcome = await attempt_raw(http, answering(b"", then="hang"), total=1)
    assert (outcome.status, outcome.error_code) == (None, "timeout")
    assert outcome.duration_ms >= 990
    assert outcome.peer is not None


async def test_a_connection_dropped_after_the_request_leaves_the_outcome_unknown(http: HttpClient) -> None:
    async def read_then_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        reset(writer)

    for talk in (read_then_reset, answering(b"")):
        outcome = await attempt_raw(http, talk)
        assert (outcome.status, outcome.error_code) == (None, "unknown_outcome")
        assert "may or may not" in (outcome.error or "")


async def test_an_answer_that_is_not_http_is_a_protocol_error(http: HttpClient) -> None:
    outcome = await attempt_raw(http, answering(b"220 mail.example ESMTP\r\n\r\n"))
    assert (outcome.status, outcome.error_code) == (None, "protocol")


async def test_a_status_counts_even_if_the_body_never_comes(http: HttpClient) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    for then in ("close", "hang"):
        outcome = await attempt_raw(http, answering(half, then=then), total=0.5)
        assert outcome.delivered
        assert (outcome.status, outcome.body, outcome.truncated) == (200, b"half", True)


async def test_a_receiver_that_says_204_with_a_body_has_taken_the_event(http: HttpClient) -> None:
    async with raw_server(answering(b"HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n\r\nthanks")) as port:
        outcome = await sender(http, f"http://127.0.0.1:{port}/").send(parcel())
    assert outcome.delivered
    assert (outcome.status, outcome.error_code) == (204, None)


@pytest.mark.parametrize(("size", "truncated"), [(20_000, False), (20_001, True), (3_000_000, True)])
async def test_at_most_twenty_thousand_bytes_of_an_answer_are_kept(
    http: HttpClient, size: int, truncated: bool
) -> None:
    outcome = await attempt(http, Receiver(500, body=b"x" * size))
    assert outcome.body == b"x" * 20_000
    assert outcome.truncated is truncated


async def test_headers_without_end_are_kept_within_bounds(http: HttpClient) -> None:
    outcome = await attempt(http, Receiver(200, {f"X-{n}": "v" * 2_000 for n in range(100)}))
    assert len(outcome.headers) == 64
    assert max(len(value) for _, value in outcome.headers) == 1_000


async def test_a_refused_connection_is_told_from_a_name_that_does_not_resolve(http: HttpClient) -> None:
    refused = await sender(http, f"http://127.0.0.1:{closed_port()}/").send(parcel())
    unresolved = await sender(http, f"http://{'x' * 64}.example/").send(parcel())
    assert (refused.error_code, unresolved.error_code) == ("refused", "dns")
    assert (refused.status, refused.peer, refused.body) == (None, None, b"")
    assert (refused.error or "").endswith(
        "refused the connection; see whether the receiver runs, or correct the callback URL."
    )


async def test_a_receiver_at_a_forbidden_address_gets_nothing() -> None:
    receiver = Receiver()
    async with open_http(policy=public_only()) as http:
        outcome = await attempt(http, receiver)
    assert outcome.error_code == "blocked"
    assert receiver.got == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(http: HttpClient, tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    async with raw_server(answering(b"HTTP/1.1 200 OK\r\n\r\n"), tls=context) as port:
        outcome = await sender(http, f"https://127.0.0.1:{port}/").send(parcel())
    assert outcome.error_code == "tls"


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "http://[::1/", ""])
async def test_a_url_that_cannot_be_asked_is_an_outcome_too(http: HttpClient, url: str) -> None:
    outcome = await sender(http, url).send(parcel())
    assert outcome.error_code is not None
    assert outcome.status is None


async def test_a_header_that_would_split_the_request_is_not_sent(http: HttpClient) -> None:
    receiver = Receiver()
    async with url_of(receiver) as url:
        config = CallbackConfig(url=url, headers=(("X-Tenant", "a\r\nX-Evil: b"),))
        outcome = await sender(http, url, config=config).send(parcel())
    assert outcome.error_code == "invalid_request"
    assert receiver.got == []


async def test_configured_headers_go_along_and_cannot_break_the_attempt(http: HttpClient) -> None:
    receiver = Receiver()
    async with url_of(receiver) as url:
        config = CallbackConfig(
            url=url,
            username="ada",
            password=Secret("pässword"),
            headers=(
                ("X-Tenant", "Zürich"),
                ("content-type", "application/json; charset=utf-8"),
                ("Content-Length", "1"),
                ("webhook-id", "forged"),
            ),
        )
        outcome = await sender(http, url, config=config).send(parcel())
    headers = receiver.got[0].headers
    assert outcome.delivered
    assert headers["X-Tenant"] == "Zürich"
    assert headers.getall("Content-Type") == ["application/json; charset=utf-8"]
    assert headers["Authorization"] == "Basic " + base64.b64encode("ada:pässword".encode()).decode()
    assert headers.getall("webhook-id") == [CONTACT.event_id]
    assert receiver.bodies == [notification(CONTACT)]


async def test_a_configured_authorization_replaces_the_basic_one(http: HttpClient) -> None:
    receiver = Receiver()
    async with url_of(receiver) as url:
        config = CallbackConfig(url=url, username="ada", headers=(("authorization", "Bearer t"),))
        await sender(http, url, config=config).send(parcel())
    assert receiver.got[0].headers.getall("Authorization") == ["Bearer t"]


async def test_credentials_in_the_url_become_a_header_and_are_not_recorded(http: HttpClient) -> None:
    receiver = Receiver()
    async with url_of(receiver) as url:
        outcome = await sender(http, url.replace("//", "//ada:p%40ss@")).send(parcel())
        assert outcome.url == url
    assert receiver.got[0].headers["Authorization"] == basic_authorization("ada", "p@ss")


@pytest.mark.parametrize(
    ("url", "bare", "credentials"),
    [
        ("https://r.example/a?b=c@d", "https://r.example/a?b=c@d", None),
        ("https://r.example", "https://r.example", None),
        ("https://u@r.example", "https://r.example", ("u", "")),
        ("https://u:p:q@r.example:8/x@y", "https://r.example:8/x@y", ("u", "p:q")),
        ("https://u:p@[::1]:8?x", "https://[::1]:8?x", ("u", "p")),
        ("nonsense", "nonsense", None),
        ("", "", None),
    ],
)
def test_credentials_are_cut_out_of_the_authority_alone(
    url: str, bare: str, credentials: tuple[str, str] | None
) -> None:
    assert split_credentials(url) == (bare, basic_authorization(*credentials) if credentials else None)


async def test_a_program_that_is_stopping_passes_no_verdict_on_the_receiver() -> None:
    async with url_of(Receiver()) as url:
        async with open_http() as http:
            way = sender(http, url)
        outcome = await way.send(parcel())
    assert outcome.error_code == "interrupted"


async def test_cancellation_passes_through(http: HttpClient) -> None:
    reached = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        reached.set()
        await asyncio.Event().wait()

    async with raw_server(hang) as port:
        task = asyncio.ensure_future(sender(http, f"http://127.0.0.1:{port}/").send(parcel()))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_large_record_arrives_whole(http: HttpClient) -> None:
    facts = contact(record=b'{"id":7,"notes":"' + b"n" * 900_000 + b'"}')
    receiver = Receiver()
    async with url_of(receiver) as url:
        outcome = await sender(http, url).send(parcel(facts=facts))
    assert outcome.delivered
    assert receiver.bodies == [notification(facts)]


async def test_it_is_the_engines_sender(http: HttpClient) -> None:
    way: Sender = sender(http, "http://127.0.0.1/")  # the type checker is the one who looks
    assert callable(way.send)
