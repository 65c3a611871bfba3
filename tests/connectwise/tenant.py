"""A ConnectWise that says what the test wants, over loopback, and a client that asks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import stamina
from aiohttp import web
from msgspec.structs import replace

from cwconsole.cli.wiring import open_decoder
from cwconsole.connectwise.client import ConnectWiseClient
from cwconsole.connectwise.limits import CompanyLimits
from cwconsole.core.config import InstanceConfig, ResourceConfig
from cwconsole.core.secret import Secret
from cwconsole.http.client import HttpClient
from tests.http.clients import open_http
from tests.http.servers import Talk, app_server, raw_server

CONFIG = InstanceConfig(
    name="acme-prod",
    base_url="https://api-na.myconnectwise.net/v4_6_release/apis/3.0",
    company="acme",
    public_key="pub",
    private_key=Secret("s3cr3t"),
    client_id="00000000-0000-4000-8000-000000000001",
    resources=(ResourceConfig(name="contacts", path="/company/contacts"),),
)
CONTACTS = "/company/contacts"
DATE = "Tue, 09 Jun 2026 22:00:00 GMT"
DATE_EPOCH = 1781042400

Answer = web.Response | Callable[[web.Request], Awaitable[web.StreamResponse]]


def said(status: int, body: str | bytes, content_type: str = "application/json", **headers: str) -> web.Response:
    """An answer with ConnectWise's usual headers; `date="..."` and the like change them."""
    named = {"Date": DATE, "x-cw-request-id": "req-1"} | {
        name.replace("_", "-").title(): text for name, text in headers.items()
    }
    raw = body if isinstance(body, bytes) else body.encode()
    return web.Response(status=status, body=raw, headers={**named, "Content-Type": content_type})


def rows(*records: dict[str, Any], **headers: str) -> web.Response:
    return said(200, json.dumps(records), **headers)


@dataclass
class Tenant:
    """answers: given out in order; the last one for ever. asked: every request's query and headers."""

    answers: list[Answer]
    asked: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, web.Response):
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        return await answer(request)

    def query(self, number: int = -1) -> dict[str, str]:
        return dict(self.asked[number].query)


@asynccontextmanager
async def connect(
    http: HttpClient, config: InstanceConfig, limits: CompanyLimits | None = None, total: float = 5.0
) -> AsyncIterator[ConnectWiseClient]:
    """A client that repeats without waiting."""
    with stamina.set_testing(True, attempts=3, cap=True):
        async with open_decoder() as decoder:
            yield ConnectWiseClient(config, http, limits or CompanyLimits("acme"), decoder, total=total)


@asynccontextmanager
async def tenant(
    *answers: Answer, config: InstanceConfig = CONFIG, limits: CompanyLimits | None = None, total: float = 5.0
) -> AsyncIterator[tuple[ConnectWiseClient, Tenant]]:
    """A client and the ConnectWise it asks."""
    served = Tenant(list(answers))
    async with app_server(served.handle) as port, open_http() as http:
        base_url = f"http://127.0.0.1:{port}/v4_6_release/apis/3.0"
        async with connect(http, replace(config, base_url=base_url), limits, total) as client:
            yield client, served


@asynccontextmanager
async def raw_tenant(
    talk: Talk, *, limits: CompanyLimits | None = None, total: float = 5.0
) -> AsyncIterator[ConnectWiseClient]:
    """A client of a server that misbehaves below HTTP."""
    async with raw_server(talk) as port, open_http() as http:
        config = replace(CONFIG, base_url=f"http://127.0.0.1:{port}/v4_6_release/apis/3.0")
        async with connect(http, config, limits, total) as client:
            yield client


class FakeTime:
    """A clock that moves only when somebody sleeps by it. slept: how long each time."""

    def __init__(self) -> None:
        self.moment = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds


async def hanging(request: web.Request) -> web.StreamResponse:
    """Never answers."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")
