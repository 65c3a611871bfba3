"""What the one HTTP client promises its callers, tried over loopback."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest
from aiohttp import web

from cwconsole.core.errors import ConfigError
from cwconsole.http.errors import HttpFailure
from cwconsole.http.policy import public_only
from cwconsole.http.pool import open_pool
from tests.http.clients import open_http
from tests.http.servers import answering, app_server, certificate, closed_port, raw_server, read_request, reset

DENIAL = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def echo(request: web.Request) -> web.Response:
    """Sends back what arrived."""
    body = await request.read()
    headers = [[name, value] for name, value in request.headers.items()]
    return web.json_response({"path": request.path_qs, "headers": headers, "body": body.decode()})


def received(body: bytes) -> dict[str, str]:
    import json

    return {name.lower(): value for name, value in json.loads(body)["headers"]}


async def test_an_answer_carries_status_headers_body_and_the_address_connected_to() -> None:
    async def teapot(request: web.Request) -> web.Response:
        return web.Response(status=418, text="short and stout", headers={"Retry-After": "5"})

    async with app_server(teapot) as port, open_http() as client:
        answer = await client.request("POST", f"http://localhost:{port}/", (("X-A", "b"),), b"{}")
    assert (answer.status, answer.body, answer.cut, answer.truncated) == (418, b"short and stout", None, False)
    assert answer.header("retry-after") == answer.header("RETRY-AFTER") == "5"
    assert answer.header("absent") is None
    assert answer.peer == f"127.0.0.1:{port}"
    assert 0 < answer.elapsed < 5


async def test_new_and_reused_connections_both_report_their_peer() -> None:
    async with app_server(echo) as port, open_http() as client:
        answers = [await client.request("GET", f"http://127.0.0.1:{port}/") for _ in range(3)]
    assert {answer.peer for answer in answers} == {f"127.0.0.1:{port}"}


async def test_headers_are_ours_unless_given() -> None:
    async with app_server(echo) as port, open_http() as client:
        plain = received((await client.request("GET", f"http://127.0.0.1:{port}/")).body)
        given = (("user-agent", "mine"), ("X-Note", "Grüße"))
        own = received((await client.request("GET", f"http://127.0.0.1:{port}/", given)).body)
    assert plain["user-agent"].startswith("cwconsole/")
    assert plain["accept-encoding"] == "identity"
    assert (own["user-agent"], own["x-note"]) == ("mine", "Grüße")


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with app_server(redirect) as port, open_http() as client:
        answer = await client.request("POST", f"http://127.0.0.1:{port}/", (), b"{}")
    assert (answer.status, answer.header("location"), asked) == (307, "/elsewhere", ["/"])


async def test_cookies_of_one_answer_are_not_sent_with_the_next_request() -> None:
    async def baking(request: web.Request) -> web.Response:
        return web.Response(text=request.headers.get("Cookie", "none"), headers={"Set-Cookie": "company=a; Path=/"})

    async with app_server(baking) as port, open_http() as client:
        bodies = [(await client.request("GET", f"http://127.0.0.1:{port}/")).body for _ in range(2)]
    assert bodies == [b"none", b"none"]


async def test_proxies_of_the_environment_are_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    async with app_server(echo) as port, open_http() as client:
        assert (await client.request("GET", f"http://127.0.0.1:{port}/")).status == 200


async def test_a_reason_that_is_no_utf_8_does_not_hide_the_status() -> None:
    answer = "HTTP/1.1 200 Terminé\r\nContent-Length: 2\r\n\r\nok".encode("latin-1")
    async with raw_server(answering(answer)) as port, open_http() as client:
        got = await client.request("POST", f"http://127.0.0.1:{port}/hook", content=b"{}")
    assert (got.status, got.body) == (200, b"ok")


async def test_a_long_body_is_cut_at_the_limit_and_the_rest_is_not_waited_for() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    async with raw_server(answering(head + b"x" * 300_000, then="hang")) as port, open_http() as client:
        answer = await client.request("GET", f"http://127.0.0.1:{port}/", max_body=100)
    assert (answer.cut, answer.body) == ("limit", b"x" * 100)
    assert answer.elapsed < 5


async def test_a_body_of_exactly_the_limit_is_whole() -> None:
    async with raw_server(answering(OK)) as port, open_http() as client:
        answer = await client.request("GET", f"http://127.0.0.1:{port}/", max_body=2)
    assert (answer.cut, answer.body) == (None, b"ok")


async def test_a_dripping_body_ends_at_the_total_time_and_leaves_its_status() -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with raw_server(dripping) as port, open_http() as client:
        answer = await client.request("POST", f"http://127.0.0.1:{port}/", (), b"{}", total=1)
    assert (answer.status, answer.cut) == (200, "timeout")
    assert answer.body.startswith(b"x")
    assert answer.elapsed < 5


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_refusal_that_comes_before_the_body_is_read_is_an_answer() -> None:
    async def impatient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await asyncio.Event().wait()

    async with raw_server(impatient) as port, open_http() as client:
        answer = await client.request("POST", f"http://127.0.0.1:{port}/", (), b"x" * 20_000_000, total=5)
    assert answer.status == 413
    assert answer.elapsed < 4


async def test_an_idle_connection_that_the_server_closed_is_replaced_silently() -> None:
    async with raw_server(answering(OK)) as port, open_http() as client:
        for _ in range(3):
            assert (await client.request("POST", f"http://127.0.0.1:{port}/", (), b"{}")).body == b"ok"
            await asyncio.sleep(0)


@pytest.mark.parametrize(("method", "arrivals"), [("GET", 3), ("POST", 2)])
async def test_a_kept_connection_dropped_as_the_request_arrives_is_asked_again_for_a_get_only(
    method: str, arrivals: int
) -> None:
    arrived = 0

    async def once_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        await read_request(reader)
        arrived += 1
        writer.write(OK)
        await writer.drain()
        await read_request(reader)
        arrived += 1
        reset(writer)

    async with raw_server(once_only) as port, open_http() as client:
        url = f"http://127.0.0.1:{port}/"
        await client.request(method, url, (), b"{}")
        if method == "GET":
            assert (await client.request(method, url)).body == b"ok"
        else:
            with pytest.raises(HttpFailure) as caught:
                await client.request(method, url, (), b"{}")
            assert caught.value.code == "unknown_outcome"
    assert arrived == arrivals


async def test_cancelled_requests_neither_leak_nor_jam_the_client() -> None:
    released, all_in = asyncio.Event(), asyncio.Barrier(201)

    async def holding(request: web.Request) -> web.Response:
        if not released.is_set():
            await all_in.wait()
            await released.wait()
        return web.Response(text="ok")

    async with app_server(holding) as port, open_http() as client:
        url = f"http://127.0.0.1:{port}/"
        tasks = [asyncio.create_task(client.request("POST", url, (), b"{}", total=30)) for _ in range(200)]
        await all_in.wait()
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended)
        released.set()
        assert (await client.request("POST", url, (), b"{}")).body == b"ok"


async def test_hundreds_at_once_are_not_queued_by_the_client() -> None:
    together = asyncio.Barrier(300)

    async def meeting(request: web.Request) -> web.Response:
        await together.wait()  # answers only when all 300 are in
        return web.Response(text="ok")

    async with app_server(meeting) as port, open_http() as client:
        url = f"http://127.0.0.1:{port}/"
        answers = await asyncio.gather(*(client.request("POST", url, (), b"{}") for _ in range(300)))
    assert {answer.status for answer in answers} == {200}


async def test_a_ca_file_is_trusted_for_its_host(tmp_path: Path) -> None:
    cert, context = certificate(tmp_path)
    async with raw_server(answering(OK), context) as port, open_http(ca_file=str(cert)) as client:
        assert (await client.request("GET", f"https://127.0.0.1:{port}/")).body == b"ok"


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_ca_file_that_cannot_be_used_is_a_configuration_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        async with open_http(ca_file=str(path)):
            pass


async def test_a_proxy_is_asked_in_full_and_with_its_credentials() -> None:
    heads: list[bytes] = []

    async def proxying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_request(reader))
        writer.write(OK if heads[-1].startswith(b"GET") else DENIAL)
        await writer.drain()

    async with raw_server(proxying) as port, open_http(proxy=f"http://user:p%40ss@127.0.0.1:{port}") as client:
        answer = await client.request("GET", "http://cw.test/v4/apis?x=1")
        with pytest.raises(HttpFailure):
            await client.request("GET", "https://cw.test/")
    assert (answer.body, answer.peer) == (b"ok", f"127.0.0.1:{port}")
    assert heads[0].startswith(b"GET http://cw.test/v4/apis?x=1 HTTP/1.1\r\n")
    assert heads[1].startswith(b"CONNECT cw.test:443 HTTP/1.1\r\n")
    credentials = b"proxy-authorization: basic " + base64.b64encode(b"user:p@ss").lower() + b"\r\n"
    assert all(credentials in head.lower() for head in heads)


async def test_a_proxy_that_refuses_or_is_not_there_is_named_as_the_cause() -> None:
    async with raw_server(answering(DENIAL)) as port, open_http(proxy=f"http://127.0.0.1:{port}") as client:
        with pytest.raises(HttpFailure) as refused:
            await client.request("GET", "https://cw.test/")
    async with open_http(proxy=f"http://127.0.0.1:{closed_port()}") as client:
        with pytest.raises(HttpFailure) as absent:
            await client.request("GET", "https://cw.test/")
    assert (refused.value.code, absent.value.code) == ("proxy", "proxy")
    assert "Proxy Authentication Required" in refused.value.message


async def test_a_proxy_is_judged_by_the_policy_too() -> None:
    proxy = f"http://127.0.0.1:{closed_port()}"
    async with open_http(policy=public_only(), proxy=proxy) as client:
        with pytest.raises(HttpFailure) as caught:
            await client.request("GET", "http://cw.test/")
    assert caught.value.code == "blocked"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "127.0.0.1:3128", "http://", "http://h:port"])
async def test_a_proxy_that_cannot_be_used_is_a_configuration_error(proxy: str) -> None:
    with pytest.raises(ConfigError):
        async with open_http(proxy=proxy):
            pass


async def test_allowed_networks_open_what_the_policy_refuses() -> None:
    async with app_server(echo) as port, open_http(policy=public_only(["127.0.0.0/8"])) as client:
        assert (await client.request("GET", f"http://127.0.0.1:{port}/")).status == 200
        assert (await client.request("GET", f"http://localhost:{port}/")).status == 200


async def test_the_pool_shares_connections_among_equal_settings_and_no_others() -> None:
    async def where(request: web.Request) -> web.Response:
        assert request.transport is not None
        return web.Response(text=str(request.transport.get_extra_info("peername")[1]))

    async with app_server(where) as port, open_pool() as pool:
        url = f"http://127.0.0.1:{port}/"
        local, same = pool.client(), pool.client()
        other = pool.client(policy=public_only(["127.0.0.1"]))
        ports = [(await client.request("GET", url)).body for client in (local, same, other)]
        with pytest.raises(HttpFailure):
            await pool.client(policy=public_only()).request("GET", url)
    assert ports[0] == ports[1] != ports[2]
