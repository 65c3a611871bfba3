"""Serving an aiohttp application on loopback, and the rude ways of ending a connection. For simulator and receiver."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from json import JSONDecodeError
from typing import Any

from aiohttp import web

_STOP_SECONDS = 0.2  # handlers that hang on purpose are not waited for
_LARGEST_BODY = 64 * 1024 * 1024


def application(handler: Callable[[web.Request], Awaitable[web.StreamResponse]], prefix: str) -> web.Application:
    """One handler for every method and path but those below `prefix`, which are left to routes added later."""
    app = web.Application(client_max_size=_LARGEST_BODY)
    app.router.add_route("*", f"/{{path:(?!{prefix.strip('/')}/).*}}", handler)
    return app


@asynccontextmanager
async def hosted(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve until the block is left. Yields the port; 0 asks for any free one."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def reset(request: web.BaseRequest) -> web.Response:
    """End the connection with a reset, nothing sent. The returned response is never written."""
    transport = request.transport
    if transport is not None:
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def hang(request: web.BaseRequest, seconds: float) -> web.Response:
    """Say nothing for so long, then end the connection. The returned response is never written."""
    await asyncio.sleep(seconds)
    return reset(request)


async def send_half(request: web.BaseRequest, response: web.Response) -> web.StreamResponse:
    """Promise the whole body, send half of it, and close."""
    body = response.body if isinstance(response.body, bytes) else b""
    cut = web.StreamResponse(status=response.status, headers=response.headers)
    cut.content_length = max(len(body), 2)
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2] or b"[")
    cut.force_close()
    if request.transport is not None:
        request.transport.close()
    return cut


async def read_json(request: web.Request) -> Any:
    """The body of a control request. Answers 400 if it is no JSON."""
    try:
        return await request.json()
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise web.HTTPBadRequest(text=f"the body is not JSON: {error}") from None


@web.middleware
async def loopback_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Control requests are taken from this machine alone, whatever address the server listens on."""
    if request.path.startswith("/_") and not _is_loopback(request.remote):
        raise web.HTTPForbidden(text="control requests are taken from this machine alone")
    return await handler(request)


def _is_loopback(address: str | None) -> bool:
    return address is not None and ipaddress.ip_address(address.partition("%")[0]).is_loopback
