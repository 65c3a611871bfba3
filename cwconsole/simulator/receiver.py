"""The callback receiver: takes notifications at any path, checks their signatures, and can be told to fail.

What came in is kept in memory within bounds: how often each message id was seen, and the last body of each object.

While it runs it can be steered over HTTP, from loopback alone:

    GET    /_receiver/state       counts: requests, messages, duplicates, objects, verdicts, faults
    POST   /_receiver/faults      one fault or a list of them: {"kind": "status", "status": 503, "times": 2}
    DELETE /_receiver/faults      all off
    GET    /_receiver/objects     the last event type and message of each object, and the digest of its record, as the
                                  simulator's `versions` gives it (null if bodies are not kept)
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple

from aiohttp import web

from cwconsole.simulator.fault_routes import add_fault_routes
from cwconsole.simulator.faults import Fault, FaultKind, Faults
from cwconsole.simulator.hosting import application, hang, hosted, loopback_only, reset, send_half
from cwconsole.simulator.records import record_digest
from cwconsole.simulator.signatures import Verdict, Verifier

CONTROL = "/_receiver"
_TAKEN = frozenset({FaultKind.SLOW, FaultKind.CUT, FaultKind.LOST})  # faults by which a notification is kept
RECEIVED = _TAKEN | {FaultKind.STATUS, FaultKind.REDIRECT, FaultKind.HANG, FaultKind.RESET}


class Keep(StrEnum):
    """What is kept of each object."""

    BODIES = "bodies"  # the last body
    FACTS = "facts"  # the event type and the message id alone
    COUNTS = "counts"  # nothing: bodies are not even read as JSON


class Delivery(NamedTuple):
    """One request that came in. attempt: its `cwconsole-attempt` header. refused: the fault that struck it, or ""."""

    at: float
    path: str
    message_id: str
    event_type: str
    object_type: str
    object_id: str
    attempt: str
    verdict: Verdict
    refused: str

    def line(self) -> str:
        """One line for a person."""
        clock = time.strftime("%H:%M:%S", time.localtime(self.at))
        what = f"{self.event_type or '?'} {self.object_type}/{self.object_id}"
        tail = f"  answered with {self.refused}" if self.refused else ""
        return f"{clock}  {self.path}  {what}  attempt {self.attempt or '?'}  signature {self.verdict}{tail}"


class Last(NamedTuple):
    """The last accepted notification of an object. body: empty unless bodies are kept."""

    event_type: str
    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A served receiver. url: its root; any path below it takes notifications."""

    receiver: Receiver
    url: str
    port: int


class Receiver:
    """Takes notifications.

    key: the signature key; None accepts everything unchecked. A request whose signatures are not right is answered 401.
    keep: what is remembered of each object. limit: of how many messages and objects; the oldest are forgotten.
    on_delivery: called with each request, after its answer is decided.

    seen: how often each accepted message id came in, oldest first. objects: by object type and id.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        keep: Keep = Keep.BODIES,
        limit: int = 1_000_000,
        on_delivery: Callable[[Delivery], None] | None = None,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
    ) -> None:
        self._verifier = None if key is None else Verifier(key)
        self._keep = keep
        self._limit = limit
        self._on_delivery = on_delivery
        self._clock = clock
        self.faults = Faults(RECEIVED, seed)
        self.seen: OrderedDict[str, int] = OrderedDict()
        self.objects: OrderedDict[tuple[str, str], Last] = OrderedDict()
        self.requests = 0
        self.accepted = 0
        self.duplicates = 0
        self.verdicts: Counter[Verdict] = Counter()

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Listening]:
        """Take notifications until the block is left; port 0 asks for any free one."""
        app = application(self._take, CONTROL)
        _add_control(app, self)
        async with hosted(app, host, port) as bound:
            yield Listening(receiver=self, url=f"http://{host}:{bound}", port=bound)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if request.method != "POST":
            return web.Response(status=405, text="POST notifications here")
        body = await request.read()
        now = self._clock()
        verdict = Verdict.UNCHECKED if self._verifier is None else self._verifier.verdict(request.headers, body, now)
        self.verdicts[verdict] += 1
        fault = self.faults.draw(request.path)
        taken = fault is None or fault.kind in _TAKEN
        accepted = taken and verdict in (Verdict.UNCHECKED, Verdict.GOOD)
        event = ("", "", "") if self._keep is Keep.COUNTS else _event(body)
        message_id = request.headers.get("webhook-id", "")
        if accepted:
            self._remember(message_id, event, body)
        if self._on_delivery is not None:
            attempt = request.headers.get("cwconsole-attempt", "")
            refused = "" if fault is None else fault.kind.value
            self._on_delivery(Delivery(now, request.path, message_id, *event, attempt, verdict, refused))
        if fault is not None and (spoilt := await _misbehave(request, fault)) is not None:
            return spoilt
        return web.Response(status=204 if accepted else 401)

    def _remember(self, message_id: str, event: tuple[str, str, str], body: bytes) -> None:
        self.accepted += 1
        times = self.seen.get(message_id, 0) + 1
        self.seen[message_id] = times
        self.duplicates += times > 1
        if len(self.seen) > self._limit:
            self.seen.popitem(last=False)
        event_type, *name = event
        if not event_type:
            return
        self.objects[name[0], name[1]] = Last(event_type, message_id, body if self._keep is Keep.BODIES else b"")
        if len(self.objects) > self._limit:
            self.objects.popitem(last=False)


def _event(body: bytes) -> tuple[str, str, str]:
    """Event type, object type and object id of a notification; empty where the body is none."""
    try:
        event = json.loads(body)["message"]["events"][0]
        return str(event["eventType"]), str(event["objectType"]), str(event["objectId"])
    except (ValueError, KeyError, IndexError, TypeError):
        return "", "", ""


def _digest(body: bytes) -> str | None:
    """The digest of the record in a notification; None where there is none."""
    try:
        message = json.loads(body)["message"]
        return record_digest(message["raw"][message["events"][0]["objectType"]][0])
    except (ValueError, KeyError, IndexError, TypeError):
        return None


async def _misbehave(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    """The answer that a fault asks for; None for the ordinary one, late."""
    match fault.kind:
        case FaultKind.RESET | FaultKind.LOST:
            return reset(request)
        case FaultKind.HANG:
            return await hang(request, fault.seconds)
        case FaultKind.CUT:
            return await send_half(request, web.Response(text="accepted"))
        case FaultKind.REDIRECT:
            return web.Response(status=302, headers={"Location": "/elsewhere"})
        case FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            return None
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return web.Response(status=fault.status, headers=headers, text="told to fail")


def _add_control(app: web.Application, receiver: Receiver) -> None:
    control = _Control(receiver)
    app.middlewares.append(loopback_only)
    app.router.add_get(f"{CONTROL}/state", control.state)
    add_fault_routes(app, CONTROL, receiver.faults)
    app.router.add_get(f"{CONTROL}/objects", control.objects)


class _Control:
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def state(self, _: web.Request) -> web.Response:
        receiver = self._receiver
        return web.json_response(
            {
                "requests": receiver.requests,
                "accepted": receiver.accepted,
                "messages": len(receiver.seen),
                "duplicates": receiver.duplicates,
                "objects": len(receiver.objects),
                "verdicts": dict(receiver.verdicts),
                "faults": [asdict(fault) for fault in receiver.faults.active()],
                "struck": dict(receiver.faults.struck),
            }
        )

    async def objects(self, _: web.Request) -> web.Response:
        found = self._receiver.objects.items()
        return web.json_response(
            [
                {
                    "objectType": kind,
                    "objectId": number,
                    "eventType": last.event_type,
                    "messageId": last.message_id,
                    "digest": _digest(last.body),
                }
                for (kind, number), last in found
            ]
        )
