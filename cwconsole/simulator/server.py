"""The look-alike over HTTP: routing, credentials, faults, headers. What is answered is decided in `answers`."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import uuid
from typing import TYPE_CHECKING

from aiohttp import web

from cwconsole.simulator.answers import VERSION, Answer, Asked, answer, company_info, refused, system_info
from cwconsole.simulator.faults import Fault, FaultKind
from cwconsole.simulator.hosting import hang, reset, send_half
from cwconsole.simulator.refusals import Refusal, cannot_route, forbidden, no_such_endpoint, unauthorized
from cwconsole.simulator.world import World

if TYPE_CHECKING:
    from cwconsole.simulator.simulator import Simulator

BASE_PATH = "/v4_6_release/apis/3.0"
COMPANY_INFO = "/login/companyinfo/"
SIMULATED = frozenset(FaultKind) - {FaultKind.REDIRECT, FaultKind.LOST}
_LARGEST_SESSIONS = 10_000


def _html(status: int, title: str) -> Answer:
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Answer(status=status, body=page.encode(), content_type="text/html")


_STATIC = {
    FaultKind.TIMEOUT: Answer(
        status=500, body=b'{"code":"ConnectWiseApi","message":"A timeout has occured. Please try again."}'
    ),
    FaultKind.HTML: _html(200, "ConnectWise"),
    FaultKind.MAINTENANCE: _html(503, "Service Unavailable"),
    FaultKind.UNAUTHORIZED: refused(unauthorized("Invalid API keys.")),
    FaultKind.FORBIDDEN: refused(forbidden()),
    FaultKind.CANNOT_ROUTE: refused(cannot_route()),
    FaultKind.NO_ENDPOINT: refused(no_such_endpoint()),
    FaultKind.WRONG_SHAPE: Answer(body=b'{"message":"OK"}'),
    FaultKind.NULL: Answer(body=b"null"),
}


class Server:
    """Answers the requests of one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._sessions: dict[str, World] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request that is not for the control surface."""
        self._simulator.requests += 1
        path = request.path
        while "//" in path:
            path = path.replace("//", "/")
        site = f"{request.scheme}://{request.host}"
        if path.startswith(COMPANY_INFO):
            company = path.removeprefix(COMPANY_INFO)
            known = self._simulator.knows(company)
            return self._response(company_info(company, site) if known else Answer(body=b"null"))
        try:
            return await self._api(request, site, path)
        except Refusal as refusal:
            return self._response(refused(refusal))

    async def _api(self, request: web.Request, site: str, path: str) -> web.StreamResponse:
        if not path.startswith(BASE_PATH + "/"):
            raise no_such_endpoint()
        below = path.removeprefix(BASE_PATH).rstrip("/")
        if below == "/system/info":
            return self._response(system_info())
        world = self._authenticated(request)
        fault = self._simulator.faults.draw(below, world.company)
        if fault is not None and (spoilt := await self._instead(request, fault)) is not None:
            return spoilt
        asked = Asked(
            method=request.method,
            path=below,
            parameters=request.query,
            url=f"{site}{path}",
            forward_only=request.headers.get("pagination-type", "").lower() == "forward-only",
            body=await request.read() if request.can_read_body else b"",
        )
        response = self._response(answer(world, asked))
        return response if fault is None else await _damaged(request, response, fault)

    def _authenticated(self, request: web.Request) -> World:
        """The world of the credentials' company. Raises Refusal."""
        header = request.headers.get("Authorization", "")
        world = self._sessions.get(header)
        if world is None:
            world = self._login(header)
            if len(self._sessions) >= _LARGEST_SESSIONS:
                self._sessions.clear()
            self._sessions[header] = world
        if not request.headers.get("clientId"):
            raise unauthorized("A clientId header is required. Register one at developer.connectwise.com.")
        return world

    def _login(self, header: str) -> World:
        kind, _, token = header.partition(" ")
        if kind.lower() != "basic":
            raise unauthorized("Authorization is required.")
        try:
            user, _, private = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise unauthorized("The Authorization header cannot be read.") from None
        company, _, public = user.rpartition("+")
        if not self._simulator.knows(company):
            raise cannot_route()
        keys = self._simulator.keys
        if not hmac.compare_digest(f"{public}:{private}".encode(), f"{keys.public}:{keys.private}".encode()):
            raise unauthorized("Invalid API keys.")
        return self._simulator.world(company)

    async def _instead(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        """What a fault puts in place of the answer; None for the faults that damage the answer."""
        if fault.kind is FaultKind.RESET:
            return reset(request)
        if fault.kind is FaultKind.HANG:
            return await hang(request, fault.seconds)
        if fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
        static = _static(fault)
        if static is None:
            return None
        response = self._response(static)
        if fault.kind is FaultKind.RATE_LIMIT or (fault.kind is FaultKind.STATUS and fault.retry_after is not None):
            response.headers["Retry-After"] = str(_retry_after(fault))
        return response

    def _response(self, content: Answer) -> web.Response:
        headers = {
            "Content-Type": f"{content.content_type}; charset=utf-8",
            "Date": self._simulator.clock.http_date(),
            "Server": "ConnectWise look-alike",
            "x-cw-request-id": str(uuid.UUID(int=self._simulator.requests)),
            "x-server-name": "SIMULATOR",
            "api-current-version": VERSION,
        }
        if content.link is not None:
            headers["Link"] = content.link
        return web.Response(status=content.status, body=content.body, headers=headers)


async def leave_out_date(_: web.Request, response: web.StreamResponse) -> None:
    """Signal: take out an empty Date. aiohttp would put in one of its own if there were none before."""
    if response.headers.get("Date") == "":
        del response.headers["Date"]


async def _damaged(request: web.Request, response: web.Response, fault: Fault) -> web.StreamResponse:
    if fault.kind is FaultKind.CUT:
        return await send_half(request, response)
    if fault.kind is FaultKind.GARBAGE and isinstance(response.body, bytes):
        response.body = response.body.replace(b'"id":', b'"garbage":"\xff\xfe","id":', 1)
    if fault.kind is FaultKind.NO_DATE:
        response.headers["Date"] = ""
    return response


def _static(fault: Fault) -> Answer | None:
    """Answers that do not depend on the question; None for a fault that has none."""
    if fault.kind is FaultKind.RATE_LIMIT:
        message = f"Too many requests. Please try again in {_retry_after(fault)} seconds."
        return Answer(status=429, body=f'{{"error":"ConnectWiseAPI","message":"{message}"}}'.encode())
    if fault.kind is FaultKind.STATUS:
        return Answer(status=fault.status, body=b'{"code":"Simulated","message":"A fault was switched on."}')
    return _STATIC.get(fault.kind)


def _retry_after(fault: Fault) -> int:
    return 30 if fault.retry_after is None else fault.retry_after
