"""A receiver that keeps what is posted to it byte by byte, and answers as and when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from cwconsole.simulator.hosting import hosted


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Posts:
    """statuses: of the next answers; 204 once there are no more. let_go: until it is set, no answer is given."""

    url: str = ""
    came: list[Post] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Posts]:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        async with hosted(app, "127.0.0.1", 0) as port:
            self.url = f"http://127.0.0.1:{port}/hook"
            yield self

    async def _take(self, request: web.Request) -> web.Response:
        self.came.append(Post(url=str(request.url), headers=dict(request.headers), body=await request.read()))
        await self.let_go.wait()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)
