"""A served simulator, and a client that shares no code with it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from cwconsole.simulator.simulator import Running, Simulator

CONTACTS = "/company/contacts"
CLIENT_ID = "00000000-0000-4000-8000-00000000000c"
NOW = 1_781_000_000  # 2026-06-09T10:13:20Z


def credentials(company: str = "demo", public: str = "public", private: str = "private") -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{company}+{public}:{private}".encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back, read whole."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Asks the way ConnectWise clients do."""

    def __init__(self, session: aiohttp.ClientSession, running: Running) -> None:
        self.session = session
        self.running = running
        self.headers = {"Authorization": credentials(), "clientId": CLIENT_ID}

    async def get(self, path: str, headers: dict[str, str] | None = None, **parameters: Any) -> Reply:
        """GET below the base URL."""
        return await self.fetch("GET", self.running.base_url + path, headers=headers, params=parameters)

    async def ids(self, path: str = CONTACTS, **parameters: Any) -> list[int]:
        """The ids that a list request answers with, in its order."""
        reply = await self.get(path, **parameters)
        assert reply.status == 200, reply.content
        return [record["id"] for record in reply.json]

    async def fetch(self, method: str, url: str, headers: dict[str, str] | None = None, **more: Any) -> Reply:
        """Any request; the body read whole."""
        sent = self.headers if headers is None else headers
        async with self.session.request(method, url, headers=sent, allow_redirects=False, **more) as answer:
            return Reply(status=answer.status, headers=dict(answer.headers), content=await answer.read())

    async def control(self, method: str, path: str, body: Any = None) -> Reply:
        """A control request."""
        return await self.fetch(method, f"{self.running.root_url}/_simulator/{path}", headers={}, json=body)


@pytest.fixture
def simulator() -> Simulator:
    """Thirty records an endpoint, a clock that stands still."""
    return Simulator(records=30, seed=7, clock=lambda: NOW)


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[Client]:
    """A client of the served simulator."""
    async with simulator.serve() as running, aiohttp.ClientSession() as session:
        yield Client(session, running)
