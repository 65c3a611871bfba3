"""One request, one answer: what `connectwise/` and `callback/` see of HTTP.

One client serves any number of instances that share a policy, a CA file and a proxy (`http.pool`). It keeps no cookies,
follows no redirect, trusts no proxy of the environment, and asks for uncompressed bodies, so that a limit in bytes is
one. Limits of how many requests run at once belong to the callers.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import httpx
from msgspec import Struct

from cwconsole import __version__
from cwconsole.http.errors import HttpFailure, diagnose, failure_of, root_of, subject_of
from cwconsole.http.transport import PEER

# Enough for a receiver's explanation; design 7.
EXCERPT_BYTES = 20_000

Headers = Sequence[tuple[str, str]]

_OURS: Headers = (("User-Agent", f"cwconsole/{__version__}"), ("Accept-Encoding", "identity"))
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LINE_BREAK = re.compile(r"[\r\n\0]")


class HttpAnswer(Struct, frozen=True, kw_only=True):
    """A status arrived, whatever it is.

    body: what arrived of it, at most `max_body` bytes.
    cut: None if the body is whole; "limit" if more followed; else "cut_short", "reset" or "timeout".
    peer: the address really connected to, `127.0.0.1:8080`.
    elapsed: seconds from the call until the body was read.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: str | None
    peer: str | None
    elapsed: float

    @property
    def truncated(self) -> bool:
        """Whether the body is not whole."""
        return self.cut is not None

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class HttpClient:
    """Sends requests through a transport. Made by `http.pool`; tests may hand in an `httpx.MockTransport`."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def request(
        self,
        method: str,
        url: str,
        headers: Headers = (),
        content: bytes | None = None,
        *,
        connect: float = 5.0,
        total: float = 15.0,
        max_body: int = EXCERPT_BYTES,
    ) -> HttpAnswer:
        """Make one request.

        connect: seconds for lookup, connection and handshake together. total: seconds until the body is read.
        Raises `HttpFailure` if no status arrived. Once one arrived there is an answer, with `cut` saying what became
        of the body: a receiver that answered 200 has answered.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        request = _build(method, url, headers, content, connect)
        peers: list[Any] = []
        token = PEER.set(peers)
        response: httpx.Response | None = None
        body = bytearray()
        try:
            async with asyncio.timeout(total):
                response = await self._transport.handle_async_request(request)
                cut = await _read(response, body, max_body)
        except TimeoutError:
            if response is None:
                raise _timed_out(request, total, peers) from None
            cut = "timeout"
        except httpx.TransportError as error:
            raise failure_of(error, request, sent=bool(peers), peer=_shown(peers)) from error
        finally:
            PEER.reset(token)
            if response is not None:
                await response.aclose()
        return HttpAnswer(
            status=response.status_code,
            headers=tuple(response.headers.multi_items()),
            body=bytes(body),
            cut=cut,
            peer=_shown(peers),
            elapsed=loop.time() - began,
        )


def _build(method: str, url: str, headers: Headers, content: bytes | None, connect: float) -> httpx.Request:
    try:
        # `pool` is the one that bounds lookup, connection and handshake together in httpx-aiohttp.
        return httpx.Request(
            method,
            _parsed(url),
            headers=_checked(headers),
            content=content,
            extensions={"timeout": {"pool": connect}},
        )
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _unusable(type(error).__name__) from error


@lru_cache(maxsize=1024)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


def _checked(headers: Headers) -> httpx.Headers:
    """The headers with ours, unless given. aiohttp would find a line break only after connecting."""
    given = set()
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name) or _LINE_BREAK.search(value):
            raise _unusable(f"header {name!r} is malformed")
        given.add(name.lower())
    return httpx.Headers([*headers, *(pair for pair in _OURS if pair[0].lower() not in given)], encoding="utf-8")


def _unusable(detail: str) -> HttpFailure:
    return HttpFailure("invalid_request", f"the URL or a header cannot be sent ({detail})", sent=False)


async def _read(response: httpx.Response, body: bytearray, max_body: int) -> str | None:
    """Fill `body`; returns why it is not whole, or None."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    try:
        async for chunk in response.stream:
            body += chunk
            if len(body) > max_body:
                del body[max_body:]
                return "limit"
    except httpx.TransportError as error:
        return diagnose(root_of(error)).code
    return None


def _timed_out(request: httpx.Request, total: float, peers: list[Any]) -> HttpFailure:
    message = f"{subject_of(request)} did not answer within {total:g} s"
    return HttpFailure("timeout", message, sent=bool(peers), peer=_shown(peers))


def _shown(peers: list[Any]) -> str | None:
    if not peers or not peers[-1]:
        return None
    host, port = peers[-1][:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
