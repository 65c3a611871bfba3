"""httpx over aiohttp's connections, with honest exceptions. Nobody outside `http/` sees this.

Why aiohttp: design 9. What it must be protected from: reference/libraries.md.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextvars import ContextVar
from functools import partial
from typing import Any

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from httpx_aiohttp import AiohttpTransport

from cwconsole.http.errors import TransportClosed, diagnose, root_of
from cwconsole.http.policy import AddressPolicy, PolicedSockets, PolicyResolver

# Filled with the peer of every connection that carries the current task's request, new or reused.
PEER: ContextVar[list[Any] | None] = ContextVar("PEER", default=None)

_FOREIGN = (httpx.TransportError, aiohttp.ClientError, ValueError)


class PeerResponse(aiohttp.ClientResponse):
    """Notes where the request really went, and drops the reason phrase.

    Nobody reads that; and what is no UTF-8 in it, such as a word with an accent from an old server, would hide the
    status: httpx-aiohttp cannot pass it on.
    """

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Called once the request is on its way."""
        # A proxy's CONNECT is an answer, too, but nothing of the request has left by then.
        if self.method != "CONNECT" and (peers := PEER.get()) is not None and connection.transport:
            peers.append(connection.transport.get_extra_info("peername"))
        await super().start(connection)
        self.reason = None
        return self


class WholeHead(ResponseHandler):
    """Takes the head of an answer by itself, so that what is wrong behind it does not hide the status.

    aiohttp's parser drops an answer for bytes that came with it and do not belong there: a 204 with a body, something
    after the end. Yet a receiver that sent it has taken the event.
    """

    def data_received(self, data: bytes) -> None:
        """Called with whatever has arrived; how it was cut up on its way means nothing."""
        head, end, rest = data.partition(b"\r\n\r\n")
        super().data_received(head + end)
        if rest and self.exception() is None:
            super().data_received(rest)
        if self.exception() is not None and self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(aiohttp.ClientPayloadError())  # else who reads the body waits for its time-out

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Called with each answer: its head, and its body to come.

        A body that a 204 announces, though it must have none, may arrive late, amid the next request's answer.
        """
        announced = data[0].headers
        if data[0].code == 204 and ("Transfer-Encoding" in announced or announced.get("Content-Length", "0") != "0"):
            self.force_close()
        super().feed_data(data, size)


class HonestTransport(AiohttpTransport):
    """Raises `httpx.TransportError`s only, each of the right kind, with aiohttp's exception as its cause."""

    def __init__(self, *, policy: AddressPolicy, context: ssl.SSLContext, proxy: httpx.Proxy | None) -> None:
        def session() -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(
                limit=0,  # who may send how much is decided by the callers
                ssl=context,
                resolver=PolicyResolver(policy),
                socket_factory=PolicedSockets(policy),
            )
            # There is no public way in.
            connector._factory = partial(WholeHead, loop=asyncio.get_running_loop())  # type: ignore[assignment]
            return aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),  # one jar would be shared by all instances
                response_class=PeerResponse,
                trust_env=False,
            )

        # verify=False: the real context is the connector's; another one would cost 20 ms for nothing.
        super().__init__(verify=False, trust_env=False, client=session, proxy=proxy)
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request; returns when the headers are in."""
        if self._closed:
            raise httpx.ConnectError("closed", request=request) from TransportClosed()
        if self.proxy is not None and request.url.scheme == "http":
            request.headers.update(self.proxy.headers)  # aiohttp sends them with CONNECT only
        try:
            response = await super().handle_async_request(request)
        except _FOREIGN as error:
            raise _honest(error, request) from root_of(error)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = HonestStream(response.stream, request)
        return response

    async def aclose(self) -> None:
        """Closes every connection."""
        self._closed = True
        await super().aclose()


class HonestStream(httpx.AsyncByteStream):
    """A body whose reading raises the right exceptions too."""

    def __init__(self, stream: httpx.AsyncByteStream, request: httpx.Request) -> None:
        self._stream = stream
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except _FOREIGN as error:
            raise _honest(error, self._request) from root_of(error)

    async def aclose(self) -> None:
        """Gives the connection back if the body was read to its end, closes it otherwise."""
        try:
            await self._stream.aclose()
        except _FOREIGN as error:
            raise _honest(error, self._request) from root_of(error)


def _honest(error: BaseException, request: httpx.Request) -> httpx.TransportError:
    root = root_of(error)
    return diagnose(root).kind(str(root), request=request)
