"""What each unusable answer means, asked over loopback; and what the operator is told."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from aiohttp import web
from msgspec.structs import replace

from cwconsole.connectwise.limits import CompanyLimits
from cwconsole.core.errors import (
    AccessFault,
    HeavyQueryFault,
    PassingFault,
    QueryFault,
    RateLimitedFault,
    RecordMissing,
    SourceFault,
    UndecodableFault,
)
from cwconsole.core.records import PageRequest
from cwconsole.http.client import HttpClient
from cwconsole.http.policy import public_only
from tests.connectwise.tenant import CONFIG, CONTACTS, FakeTime, connect, hanging, raw_tenant, said, tenant
from tests.http.clients import open_http
from tests.http.servers import answering, closed_port

NOT_FOUND = '{"code":"NotFound","message":"Contact 99999 not found"}'
NO_ENDPOINT = '{"code":"ConnectWiseApi","message":"The endpoint does not exist."}'
BAD_NAME = '{"code":"ApiFindCondition","message":"note is not a recognized name."}'
BAD_SIZE = (
    '{"code":"InvalidObject","message":"page object is invalid","errors":[{"code":"OutOfRange",'
    '"message":"The field pageSize must be between 1 and 100.","resource":"page","field":"pageSize"}]}'
)
BAD_VERSION = '{"message":"Bad. Check your accept header to make sure you are using the correct version."}'
SECURITY = '{"code":"Security","message":"You do not have security permission to perform this action."}'
SSL_REQUIRED = '{"code":"Security","message":"SSL is required.","errors":null}'
UNAUTHORIZED = '{"code":"Unauthorized","message":"UserNotAuthenticated"}'
CLIENT_ID = '{"code":"ConnectWiseApi","message":"A valid clientId is required."}'
TIMEOUT = '{"code":"ConnectWiseApi","message":"A timeout has occured. Please try again."}'
BROKEN = '{"code":"ConnectWiseApi","message":"Something failed."}'
ROUTE = "Cannot route. Codebase/company is invalid"
PAGE = "<!DOCTYPE html><html><body>Maintenance</body></html>"

LIST_FAULTS: dict[str, tuple[web.Response, type[SourceFault], str, str]] = {
    "401": (said(401, UNAUTHORIZED), AccessFault, "unauthorized", "check company, public.key, private.key"),
    "401 of a gateway": (said(401, PAGE, "text/html"), AccessFault, "unauthorized", "private.key"),
    "403": (said(403, SECURITY), AccessFault, "forbidden", "security role"),
    "400 clientId": (said(400, CLIENT_ID), AccessFault, "unauthorized", "client.id"),
    "403 clientId": (said(403, CLIENT_ID), AccessFault, "unauthorized", "client.id"),
    "400 cannot route": (said(400, ROUTE, "text/plain"), AccessFault, "no_route", "check company and baseUrl"),
    "404 endpoint": (said(404, NO_ENDPOINT), AccessFault, "no_endpoint", "The endpoint does not exist."),
    "404 NotFound of a list": (said(404, NOT_FOUND), AccessFault, "no_endpoint", "baseUrl"),
    "404 web page": (said(404, PAGE, "text/html"), AccessFault, "no_endpoint", "baseUrl"),
    "302": (said(302, "", location="/login"), AccessFault, "redirect", "correct baseUrl"),
    "ssl required 400": (said(400, SSL_REQUIRED), AccessFault, "not_api_host", "beginning with api-"),
    "ssl required 403": (said(403, SSL_REQUIRED), AccessFault, "not_api_host", "beginning with api-"),
    "400 condition": (said(400, BAD_NAME), QueryFault, "query", "note is not a recognized name."),
    "400 page size": (said(400, BAD_SIZE), QueryFault, "query", "between 1 and 100"),
    "400 version": (said(400, BAD_VERSION), QueryFault, "version", "cwconsole.api_version"),
    "400 that is not JSON": (said(400, "no \x00 idea", "text/plain"), QueryFault, "query", '"no idea"'),
    "414": (said(414, "", "text/plain"), QueryFault, "query", "(414)"),
    "500 timeout": (said(500, TIMEOUT), HeavyQueryFault, "heavy_query", "a smaller page"),
    "504": (said(504, PAGE, "text/html"), HeavyQueryFault, "heavy_query", "a smaller page"),
    "500": (said(500, BROKEN), PassingFault, "server_error", "Something failed."),
    "500 JSON list": (said(500, "[1]"), PassingFault, "server_error", "(500)"),
    "502 web page": (said(502, PAGE, "text/html"), PassingFault, "server_error", "(502)"),
    "503 empty": (said(503, ""), PassingFault, "server_error", "(503)"),
    "204": (said(204, ""), PassingFault, "unexpected_status", "(204)"),
    "200 web page": (said(200, PAGE, "text/html"), PassingFault, "html", "a web page"),
    "200 web page as JSON": (said(200, "\ufeff \n" + PAGE), PassingFault, "html", "a web page"),
    "200 empty": (said(200, ""), PassingFault, "empty", "was empty"),
    "200 null": (said(200, "null"), PassingFault, "not_a_list", "null where a list belongs"),
    "200 object": (said(200, BROKEN), PassingFault, "not_a_list", "an object where a list belongs"),
    "200 compressed": (said(200, b"\x1f\x8b", content_encoding="gzip"), PassingFault, "compressed", "compressed"),
    "200 no ids": (said(200, '[{"name":"x"}]'), PassingFault, "no_id", "id"),
    "200 id true": (said(200, '[{"id":true}]'), PassingFault, "no_id", "id"),
    "200 id text": (said(200, '[{"id":"7"}]'), PassingFault, "no_id", "id"),
    "200 id half": (said(200, '[{"id":7.5}]'), PassingFault, "no_id", "id"),
    "200 no records": (said(200, "[7]"), PassingFault, "no_id", "id"),
    "200 descending": (said(200, '[{"id":9},{"id":8}]'), PassingFault, "ids_not_ascending", "id 8 after id 9"),
    "200 repeated": (said(200, '[{"id":9},{"id":9}]'), PassingFault, "ids_not_ascending", "id 9 after id 9"),
    "200 before cursor": (said(200, '[{"id":5}]'), PassingFault, "ids_not_ascending", "id 5 after id 5"),
    "200 half JSON": (said(200, '[{"id":9'), UndecodableFault, "undecodable", "less is asked for"),
    "200 lone surrogate": (said(200, r'[{"id":9,"n":"\ud800"}]'), UndecodableFault, "undecodable", "less"),
    "200 bad UTF-8": (said(200, b'[{"id":9,"n":"\xff"}]'), UndecodableFault, "undecodable", "less"),
    "200 too deep": (
        said(200, '[{"id":9,"n":' + "[" * 500 + "]" * 500 + "}]"),
        UndecodableFault,
        "undecodable",
        "deep",
    ),
    "200 date unreadable": (said(200, "[]", date="yesterday"), PassingFault, "no_date", "no usable Date"),
    "429": (said(429, '{"error":"ConnectWiseAPI"}', retry_after="90"), RateLimitedFault, "rate_limited", "90 s"),
}


@pytest.mark.parametrize("case", LIST_FAULTS)
async def test_each_useless_answer_to_a_list_has_its_fault(case: str) -> None:
    answer, kind, code, words = LIST_FAULTS[case]
    async with tenant(answer) as (client, _):
        with pytest.raises(SourceFault) as caught:
            await client.page(PageRequest(path=CONTACTS, after=5))
    fault = caught.value
    assert (type(fault), fault.code) == (kind, code)
    assert fault.message.startswith("acme /company/contacts: ")
    assert words in fault.message
    assert "s3cr3t" not in fault.message
    assert fault.message.isprintable()


RECORD_FAULTS: dict[str, tuple[web.Response, type[SourceFault], str]] = {
    "404 NotFound": (said(404, NOT_FOUND), RecordMissing, "not_found"),
    "404 endpoint": (said(404, NO_ENDPOINT), AccessFault, "no_endpoint"),
    "404 nothing": (said(404, ""), AccessFault, "no_endpoint"),
    "404 NotFound as a page": (said(404, NOT_FOUND, "text/html"), AccessFault, "no_endpoint"),
    "403": (said(403, SECURITY), AccessFault, "forbidden"),
    "400 sub-error NotFound": (
        said(400, '{"code":"InvalidObject","errors":[{"code":"NotFound","message":"company 9 not found"}]}'),
        *(QueryFault, "query"),
    ),
    "500 timeout": (said(500, TIMEOUT), PassingFault, "server_error"),
    "200 list": (said(200, "[]"), PassingFault, "not_a_record"),
    "200 null": (said(200, "null"), PassingFault, "not_a_record"),
    "200 another": (said(200, '{"id":8}'), PassingFault, "wrong_record"),
    "200 true": (said(200, '{"id":true}'), PassingFault, "wrong_record"),
}


@pytest.mark.parametrize("case", RECORD_FAULTS)
async def test_only_a_404_with_the_code_notfound_says_that_a_record_is_gone(case: str) -> None:
    answer, kind, code = RECORD_FAULTS[case]
    async with tenant(answer) as (client, _):
        with pytest.raises(SourceFault) as caught:
            await client.get(CONTACTS, 1)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert "acme /company/contacts/1" in caught.value.message


async def test_connectwises_request_id_stays_with_the_fault() -> None:
    for answer in (said(400, BAD_NAME), said(429, "{}", retry_after="90"), said(200, "null"), said(200, "[")):
        async with tenant(answer) as (client, _):
            with pytest.raises(SourceFault) as caught:
                await client.page(PageRequest(path=CONTACTS))
        assert caught.value.request_id == "req-1"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "90"}, 90),
        ({"retry_after": "90.2"}, 91),
        ({"retry_after": "Tue, 09 Jun 2026 22:02:00 GMT"}, 120),
        ({"retry_after": "3600"}, 3600),
        ({"retry_after": "60000"}, 3600),
        ({"retry_after": "999999999"}, 3600),
        ({"retry_after": "Tue, 09 Jun 2099 22:02:00 GMT"}, 3600),
        ({"retry_after": "Tue, 09 Jun 1999 22:02:00 GMT"}, 0),
    ],
)
async def test_retry_after_is_honoured_in_all_its_forms(headers: dict[str, str], seconds: float) -> None:
    async with tenant(said(429, "{}", **headers)) as (client, _):
        with pytest.raises(RateLimitedFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("asked", "seconds"), [(b"Tue, 09 Jun 2099 22:02:00 GMT", 30), (b"soon", 30), (b"7200", 3600), (b"1", 1)]
)
async def test_a_retry_after_date_without_a_date_of_the_answer_counts_as_30_s(asked: bytes, seconds: float) -> None:
    talk = answering(b"HTTP/1.1 429 Too Many\r\nRetry-After: " + asked + b"\r\nContent-Length: 0\r\n\r\n")
    time = FakeTime()
    async with raw_tenant(talk, limits=CompanyLimits("acme", now=time.now, sleep=time.sleep)) as client:
        with pytest.raises(RateLimitedFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert caught.value.retry_after == seconds


async def test_an_answer_without_a_date_is_a_fault() -> None:
    talk = answering(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")
    async with raw_tenant(talk) as client:
        with pytest.raises(PassingFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert caught.value.code == "no_date"


HALF = b"HTTP/1.1 200 OK\r\nDate: Tue, 09 Jun 2026 22:00:00 GMT\r\nContent-Length: 99\r\n\r\n[]"


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_body_cut_short_is_never_an_empty_page(then: str) -> None:
    async with raw_tenant(answering(HALF, then=then)) as client:
        with pytest.raises(PassingFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert (type(caught.value), caught.value.code) == (PassingFault, "cut_short")


@pytest.mark.parametrize("answer", [b"", HALF])
async def test_our_own_limit_of_time_on_a_list_asks_for_less(answer: bytes) -> None:
    async with raw_tenant(answering(answer, then="hang"), total=0.2) as client:
        with pytest.raises(HeavyQueryFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
        assert "a smaller page" in caught.value.message
        with pytest.raises(PassingFault) as single:
            await client.get(CONTACTS, 1)
    assert type(single.value) is PassingFault
    assert single.value.code in ("timeout", "cut_short")


async def test_a_body_beyond_all_measure_asks_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cwconsole.connectwise.door.MOST_BODY", 1000)
    async with tenant(said(200, "[" + " " * 2000 + "]")) as (client, _):
        with pytest.raises(HeavyQueryFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert caught.value.code == "too_large"


async def test_a_server_that_is_not_there_is_a_passing_fault_with_the_wires_code() -> None:
    config = replace(CONFIG, base_url=f"http://127.0.0.1:{closed_port()}")
    async with open_http() as http, connect(http, config) as client:
        with pytest.raises(PassingFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert caught.value.code == "refused"
    assert caught.value.message.endswith("refused the connection; it is tried again")


async def test_a_blocked_address_and_a_bad_certificate_are_for_somebody_to_mend() -> None:
    config = replace(CONFIG, base_url="http://127.0.0.1:9")
    async with open_http(policy=public_only()) as http, connect(http, config) as client:
        with pytest.raises(AccessFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert caught.value.code == "blocked"

    def untrusted(request: httpx.Request) -> httpx.Response:
        import ssl

        import aiohttp
        from aiohttp.client_reqrep import ConnectionKey

        key = ConnectionKey("cw.test", 443, True, True, None, None, None)
        cause = aiohttp.ClientConnectorCertificateError(key, ssl.SSLCertVerificationError(1, "certificate has expired"))
        raise httpx.ConnectError("x") from cause

    async with connect(HttpClient(httpx.MockTransport(untrusted)), CONFIG) as client:
        with pytest.raises(AccessFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert caught.value.code == "tls"
    assert "cwconsole.ca_file" in caught.value.message


async def cloud_answer(host: str, answer: httpx.Response) -> SourceFault:
    """What an answer of a host of ConnectWise's cloud means, which no loopback server can be."""
    config = replace(CONFIG, base_url=f"https://{host}/v4_6_release/apis/3.0")
    async with connect(HttpClient(httpx.MockTransport(lambda _: answer)), config) as client:
        with pytest.raises(SourceFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    return caught.value


async def test_html_from_a_cloud_host_without_api_names_the_right_host() -> None:
    for host in ("na.myconnectwise.net", "staging.connectwisedev.com"):
        fault = await cloud_answer(host, httpx.Response(200, html=PAGE))
        assert (type(fault), fault.code) == (AccessFault, "not_api_host")
        assert f"use api-{host} in baseUrl" in fault.message


async def test_html_from_a_cloud_host_that_serves_the_api_passes() -> None:
    for host in ("api-na.myconnectwise.net", "sandbox-na.myconnectwise.net", "cw.example.com"):
        fault = await cloud_answer(host, httpx.Response(200, html=PAGE))
        assert (type(fault), fault.code) == (PassingFault, "html")


async def test_a_connection_dropped_by_the_cloud_hints_at_the_keys() -> None:
    def drop(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("dropped")

    async with connect(HttpClient(httpx.MockTransport(drop)), CONFIG) as client:
        with pytest.raises(PassingFault) as caught:
            await client.page(PageRequest(path=CONTACTS))
    assert caught.value.code == "reset"
    assert caught.value.message.endswith("if it goes on, check the keys")


async def test_cancelling_a_question_is_no_fault() -> None:
    async with tenant(hanging) as (client, served):
        asking = asyncio.create_task(client.count(CONTACTS, ""))
        while not served.asked:  # noqa: ASYNC110 - the server has no event to offer
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
