"""The program's HTTP clients: one for each policy, CA file and proxy in use.

Pooled connections pass no address check and no certificate check again, so that clients with different settings must
not share them. Instances with equal settings share one client, however many they are.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from cwconsole.core.errors import ConfigError
from cwconsole.http.authorization import basic_authorization
from cwconsole.http.client import HttpClient
from cwconsole.http.policy import ALLOW_ALL, AddressPolicy
from cwconsole.http.transport import HonestTransport

_Settings = tuple[AddressPolicy, str | None, str | None]


class HttpPool:
    """Gives out clients until it is closed. Made by `open_pool`."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._contexts: dict[str | None, ssl.SSLContext] = {None: context}
        self._transports: dict[_Settings, HonestTransport] = {}

    def client(
        self, *, policy: AddressPolicy = ALLOW_ALL, ca_file: str | None = None, proxy: str | None = None
    ) -> HttpClient:
        """The client for these settings. Raises `ConfigError` if the CA file or the proxy cannot be used.

        ca_file: certificates in PEM, trusted beside the system's; reading it takes some 20 ms the first time.
        proxy: `http://[user:password@]host:port`; the policy then judges the proxy's address, since the proxy is what
        looks names up.
        """
        settings = (policy, ca_file, proxy)
        transport = self._transports.get(settings)
        if transport is None:
            if ca_file not in self._contexts:
                self._contexts[ca_file] = tls_context(ca_file)
            transport = HonestTransport(policy=policy, context=self._contexts[ca_file], proxy=_proxy(proxy))
            self._transports[settings] = transport
        return HttpClient(transport)

    async def aclose(self) -> None:
        """Close every connection. Requests that are made later fail with the code `closed`."""
        for transport in self._transports.values():
            await transport.aclose()


@asynccontextmanager
async def open_pool() -> AsyncIterator[HttpPool]:
    """The pool, closed at the end."""
    pool = HttpPool(await asyncio.to_thread(tls_context, None))
    try:
        yield pool
    finally:
        await pool.aclose()


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Verifies as every other program on the machine does, and by the CA file. Reads files."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # SSLError is one
            raise ConfigError(
                "cwconsole.ca_file", f"{ca_file} ({error.strerror})", "a file of PEM certificates"
            ) from error
    return context


def _proxy(address: str | None) -> httpx.Proxy | None:
    """Credentials become a header, since the way that aiohttp has for them is on its way out."""
    if address is None:
        return None
    expected = "an address such as http://proxy.example.com:3128"
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise ConfigError("cwconsole.proxy", "no usable address", expected) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError("cwconsole.proxy", "no usable address", expected)
    headers = {}
    if url.userinfo:
        headers["Proxy-Authorization"] = basic_authorization(url.username, url.password)
    return httpx.Proxy(httpx.URL(scheme=url.scheme, host=url.host, port=url.port), headers=headers)
