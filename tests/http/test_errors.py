"""Every way a request can fail on the wire gets the right httpx exception and the right code."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import httpx
import pytest
from aiohttp.client_reqrep import ConnectionKey

from cwconsole.http.client import HttpClient
from cwconsole.http.errors import HttpFailure, diagnose
from cwconsole.http.policy import ALLOW_ALL, public_only
from cwconsole.http.transport import HonestTransport
from tests.http.clients import open_http
from tests.http.servers import answering, certificate, closed_port, raw_server, read_request, reset

EMPTY_200 = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
SECRET_PATH = "/hook/s3cr3t?token=s3cr3t"


@asynccontextmanager
async def honest() -> AsyncIterator[HonestTransport]:
    transport = HonestTransport(
        policy=ALLOW_ALL, context=await asyncio.to_thread(ssl.create_default_context), proxy=None
    )
    try:
        yield transport
    finally:
        await transport.aclose()


async def raised(transport: HonestTransport, url: str, **timeouts: float) -> httpx.TransportError:
    """The exception that the transport raises for a POST, during the headers or the body."""
    request = httpx.Request("POST", url, content=b"{}", extensions={"timeout": timeouts})
    with pytest.raises(httpx.TransportError) as caught:
        response = await transport.handle_async_request(request)
        async with httpx_closing(response):
            async for _ in response.aiter_raw():
                pass
    return caught.value


@asynccontextmanager
async def httpx_closing(response: httpx.Response) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await response.aclose()


async def failure(client: HttpClient, method: str, url: str, **times: float) -> HttpFailure:
    with pytest.raises(HttpFailure) as caught:
        await client.request(method, url, (), b"{}" if method == "POST" else None, **times)  # type: ignore[arg-type]
    assert "s3cr3t" not in caught.value.message
    return caught.value


def unresolvable(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def lookup(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


async def reset_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def reset_after_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    reset(writer)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    unresolvable(monkeypatch, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    async with honest() as transport, open_http() as client:
        assert type(await raised(transport, "http://nowhere.test/")) is httpx.ConnectError
        got = await failure(client, "POST", "http://nowhere.test" + SECRET_PATH)
    assert (got.code, got.sent, got.peer) == ("dns", False, None)
    assert got.message == "nowhere.test:80 is a name that does not resolve (Name or service not known)"


async def test_a_host_label_over_63_characters_is_a_name_that_does_not_resolve() -> None:
    url = f"http://{'a' * 64}.test/"
    async with honest() as transport, open_http() as client:
        assert type(await raised(transport, url)) is httpx.ConnectError
        assert (await failure(client, "GET", url)).code == "dns"


async def test_a_port_where_nothing_listens() -> None:
    url = f"http://127.0.0.1:{closed_port()}/"
    async with honest() as transport, open_http() as client:
        assert type(await raised(transport, url)) is httpx.ConnectError
        got = await failure(client, "POST", url)
    assert (got.code, got.sent) == ("refused", False)


async def test_a_connection_reset_in_the_handshake() -> None:
    async with honest() as transport, open_http() as client, raw_server(reset_at_once) as port:
        url = f"https://127.0.0.1:{port}/"
        assert type(await raised(transport, url)) is httpx.ConnectError
        got = await failure(client, "POST", url)
    assert (got.code, got.sent) == ("reset", False)


async def test_certificates_that_do_not_prove_the_host(tmp_path: Path) -> None:
    cert, context = certificate(tmp_path, host="other.test")
    async with (
        open_http(ca_file=str(cert)) as trusting,
        open_http() as client,
        honest() as transport,
        raw_server(answering(b""), context) as port,
    ):
        url = f"https://127.0.0.1:{port}/"
        assert type(await raised(transport, url)) is httpx.ConnectError
        unknown = await failure(client, "POST", url)
        wrong_host = await failure(trusting, "POST", url)
    assert (unknown.code, unknown.sent) == ("tls", False)
    assert "self-signed certificate" in unknown.message
    assert wrong_host.code == "tls"
    assert "127.0.0.1" in wrong_host.message


async def test_an_expired_certificate(tmp_path: Path) -> None:
    cert, context = certificate(tmp_path, days=-1)
    async with open_http(ca_file=str(cert)) as client, raw_server(answering(b""), context) as port:
        got = await failure(client, "POST", f"https://127.0.0.1:{port}/")
    assert got.code == "tls"
    assert "expired" in got.message


async def test_plain_http_where_tls_is_expected() -> None:
    async def shouting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with honest() as transport, open_http() as client, raw_server(shouting) as port:
        url = f"https://127.0.0.1:{port}/"
        assert type(await raised(transport, url)) is httpx.ConnectError
        assert (await failure(client, "GET", url)).code == "tls"


async def test_a_handshake_that_never_ends_times_out_as_connecting() -> None:
    async with honest() as transport, open_http() as client, raw_server(silent) as port:
        url = f"https://127.0.0.1:{port}/"
        assert type(await raised(transport, url, pool=0.1)) is httpx.ConnectTimeout
        got = await failure(client, "POST", url, connect=0.1)
    assert (got.code, got.sent) == ("timeout", False)


async def test_a_lookup_that_stalls_times_out_as_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def lookup(*_: object, **__: object) -> list[object]:
        released.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    async with open_http() as client:
        got = await failure(client, "POST", "http://stalled.test/", connect=0.1)
        released.set()
    assert (got.code, got.sent) == ("timeout", False)


async def test_a_server_that_never_answers_times_out_as_reading() -> None:
    async with honest() as transport, open_http() as client, raw_server(silent) as port:
        url = f"http://127.0.0.1:{port}{SECRET_PATH}"
        assert type(await raised(transport, url, read=0.1)) is httpx.ReadTimeout
        got = await failure(client, "POST", url, total=1)
    assert (got.code, got.sent, got.peer) == ("timeout", True, f"127.0.0.1:{port}")
    assert got.message == f"127.0.0.1:{port} did not answer within 1 s"


@pytest.mark.parametrize(("method", "code"), [("POST", "unknown_outcome"), ("GET", "reset")])
async def test_a_reset_before_the_headers_leaves_a_post_in_doubt(method: str, code: str) -> None:
    async with honest() as transport, open_http() as client, raw_server(reset_after_request) as port:
        url = f"http://127.0.0.1:{port}{SECRET_PATH}"
        assert type(await raised(transport, url)) is httpx.ReadError
        got = await failure(client, method, url)
    assert (got.code, got.sent) == (code, True)


@pytest.mark.parametrize(("method", "code"), [("POST", "unknown_outcome"), ("GET", "reset")])
async def test_an_end_of_stream_before_the_headers_leaves_a_post_in_doubt(method: str, code: str) -> None:
    async with honest() as transport, open_http() as client, raw_server(answering(b"")) as port:
        url = f"http://127.0.0.1:{port}{SECRET_PATH}"
        assert type(await raised(transport, url)) is httpx.RemoteProtocolError
        got = await failure(client, method, url)
    assert (got.code, got.sent) == (code, True)


BROKEN_BODIES = {
    "cut by close": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    "cut by reset": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", then="reset"),
    "chunks cut": answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
}


@pytest.mark.parametrize("case", BROKEN_BODIES)
async def test_a_body_that_breaks_off_is_an_answer_marked_as_cut(case: str) -> None:
    async with honest() as transport, open_http() as client, raw_server(BROKEN_BODIES[case]) as port:
        url = f"http://127.0.0.1:{port}/"
        assert type(await raised(transport, url)) is httpx.RemoteProtocolError
        answer = await client.request("POST", url, (), b"{}")
    assert (answer.status, answer.cut, answer.truncated, answer.body) == (200, "cut_short", True, b"half")


UNSOUND = {
    "204 with a body": (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", b"", None),
    "204 with chunks": (b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"", None),
    "more than was announced": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok<!-- cached -->", b"ok", None),
    "more after the last": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok!!", b"ok", None),
    "chunks that are none": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok", b"", "cut_short"),
}


@pytest.mark.parametrize("case", UNSOUND)
async def test_what_is_wrong_behind_a_whole_head_does_not_hide_its_status(case: str) -> None:
    answer, body, cut = UNSOUND[case]

    async with open_http() as client, raw_server(answering(answer, then="hang")) as port:
        got = await client.request("POST", f"http://127.0.0.1:{port}/", (), b"{}", total=5)
        assert (got.status, got.body, got.cut) == (int(answer[9:12]), body, cut)
        again = await client.request("POST", f"http://127.0.0.1:{port}/", (), b"{}", total=5)
        assert (again.status, again.body) == (got.status, body), "no byte of one answer gets into the next"


@pytest.mark.parametrize(
    ("head", "connections"),
    [
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", 2),
        (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 2),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 1),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 1),
    ],
)
async def test_a_late_body_that_a_204_announces_spoils_no_other_request(head: bytes, connections: int) -> None:
    met: list[object] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(writer)
        while True:
            await read_request(reader)
            writer.write(head)
            await reader.readexactly(1)  # the next request has begun on this connection
            writer.write(b"ok" if connections == 2 else b"")

    async with open_http() as client, raw_server(talk) as port:
        for _ in range(2):
            got = await client.request("POST", f"http://127.0.0.1:{port}/", (), b"{}", total=5)
            assert (got.status, got.cut) == (204, None)
    assert len(met) == connections


NOT_HTTP = {
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "noise": b"\x00\xff\x00\xff\r\n\r\n",
    "a status that is none": b"HTTP/1.1 99999 What\r\n\r\n",
    "a header without an end": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("case", NOT_HTTP)
async def test_an_answer_that_is_not_http(case: str) -> None:
    async with honest() as transport, open_http() as client, raw_server(answering(NOT_HTTP[case])) as port:
        url = f"http://127.0.0.1:{port}{SECRET_PATH}"
        assert type(await raised(transport, url)) is httpx.RemoteProtocolError
        got = await failure(client, "POST", url)
    assert (got.code, got.sent) == ("protocol", True)
    assert "\n" not in got.message


async def test_a_name_with_one_refused_address_is_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: object, **__: object) -> list[object]:
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80))
        return [public, (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    async with open_http(policy=public_only()) as client:
        got = await failure(client, "POST", "http://rebinding.test/")
    assert (got.code, got.sent) == ("blocked", False)
    assert got.message == "rebinding.test:80 is refused by the address policy: address 127.0.0.1 is not allowed"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "[64:ff9b::7f00:1]"])
async def test_a_literal_address_is_blocked_before_anything_is_sent(host: str) -> None:
    async with raw_server(answering(EMPTY_200)) as port, open_http(policy=public_only()) as client:
        got = await failure(client, "POST", f"http://{host}:{port}/")
    assert (got.code, got.sent, got.peer) == ("blocked", False, None)


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1"])
async def test_other_spellings_of_loopback_do_not_get_through(host: str) -> None:
    async with raw_server(answering(EMPTY_200)) as port, open_http(policy=public_only()) as client:
        got = await failure(client, "POST", f"http://{host}:{port}/")
    assert got.code in ("blocked", "invalid_request", "dns")
    assert not got.sent


UNUSABLE = {
    "no scheme": ("nonsense", ()),
    "another scheme": ("ftp://127.0.0.1/", ()),
    "a port that is none": ("http://127.0.0.1:99999999/", ()),
    "no host": ("http:///s3cr3t", ()),
    "a header with a line break": ("http://127.0.0.1:9/", (("X-Note", "a\r\nX-Evil: s3cr3t"),)),
    "a header name with a space": ("http://127.0.0.1:9/", (("X Note", "a"),)),
    "a lone surrogate in a header": ("http://127.0.0.1:9/", (("X-Note", "s3cr3t\ud800"),)),
    "two sets of credentials": ("http://u:s3cr3t@127.0.0.1:9/", (("Authorization", "Basic s3cr3t"),)),
}


@pytest.mark.parametrize("case", UNUSABLE)
async def test_a_request_that_cannot_be_sent_says_so(case: str) -> None:
    url, headers = UNUSABLE[case]
    async with open_http() as client:
        with pytest.raises(HttpFailure) as caught:
            await client.request("POST", url, headers, b"{}")
    assert (caught.value.code, caught.value.sent) == ("invalid_request", False)
    assert "s3cr3t" not in caught.value.message


async def test_a_closed_client_says_that_the_program_is_stopping() -> None:
    async with open_http() as client:
        pass
    got = await failure(client, "GET", "http://127.0.0.1:9/")
    assert (got.code, got.sent) == ("closed", False)


async def test_a_request_in_flight_when_the_client_closes_fails_in_our_words() -> None:
    arrived = asyncio.Event()

    async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        arrived.set()
        await asyncio.Event().wait()

    async with raw_server(hanging) as port, AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_http())
        asking = asyncio.create_task(client.request("POST", f"http://127.0.0.1:{port}/", (), b"{}"))
        await arrived.wait()
        await stack.aclose()
        with pytest.raises(HttpFailure) as caught:
            await asking
    assert caught.value.code == "unknown_outcome"


def test_every_exception_of_aiohttp_has_a_row_of_its_own() -> None:
    """A new aiohttp release may bring new ones; none may fall through to the last row."""
    kinds, seen = [aiohttp.ClientError], []
    while kinds:
        kind = kinds.pop()
        seen.append(kind)
        kinds += kind.__subclasses__()
    plain = [kind for kind in seen if kind is not aiohttp.ClientConnectorError]
    codes = {kind.__name__: diagnose(kind.__new__(kind)).code for kind in plain}
    assert codes["ClientConnectorCertificateError"] == codes["ClientConnectorSSLError"] == "tls"
    assert codes["ClientConnectorDNSError"] == "dns"
    assert codes["ClientOSError"] == codes["ServerDisconnectedError"] == "reset"
    assert codes["ClientPayloadError"] == "cut_short"
    assert codes["ContentTypeError"] == "protocol"
    assert all(codes[name] == "invalid_request" for name in codes if "InvalidUrl" in name or "NonHttpUrl" in name)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ECONNREFUSED, "refused"),
        (errno.ECONNRESET, "reset"),
        (errno.ETIMEDOUT, "timeout"),
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.ENETUNREACH, "unreachable"),
        (errno.EACCES, "unreachable"),
        (None, "unreachable"),
    ],
)
async def test_a_connect_that_fails_is_told_by_the_systems_number(number: int | None, code: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        cause = OSError(number, "the system's words") if number else OSError("several")
        key = ConnectionKey("cw.test", 80, False, True, None, None, None)
        raise httpx.ConnectTimeout("x") from aiohttp.ClientConnectorError(key, cause)

    got = await failure(HttpClient(httpx.MockTransport(fail)), "POST", "http://cw.test/")
    assert (got.code, got.sent) == (code, False)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ConnectTimeout("x"), "timeout"),
        (httpx.ReadTimeout("x"), "timeout"),
        (httpx.ConnectError("x"), "unreachable"),
        (httpx.ReadError("x"), "reset"),
        (httpx.RemoteProtocolError("x"), "protocol"),
        (httpx.ProxyError("x"), "proxy"),
    ],
)
async def test_exceptions_of_httpx_alone_are_told_apart_too(error: httpx.TransportError, code: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    assert (await failure(HttpClient(httpx.MockTransport(fail)), "GET", "http://cw.test/")).code == code
