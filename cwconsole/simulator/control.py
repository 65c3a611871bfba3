"""The simulator's control surface, under `/_simulator/` on the same port, taken from loopback alone.

    GET    /_simulator/state                what it is doing: companies, requests, changes, those not committed yet,
                                            faults, rate, its clock
    POST   /_simulator/faults               switch on one fault or a list of them: {"kind": "timeout", "times": 3, ...}
    DELETE /_simulator/faults               switch all off
    POST   /_simulator/change               {"count": 10} random changes; "company", "path" and "kind" narrow them down;
                                            with "id" (or "members" for a creation) that very change.
                                            Kinds: create, update, touch, delete, and with an id poison, cure
    POST   /_simulator/rate                 {"rate": 5.0} random changes a second
    POST   /_simulator/clock                {"skew": 30.0} seconds that the server's clock is ahead
    GET    /_simulator/versions?path=...    the records that changed, as they are now; "company", "after" (a change's
                                            number), "record=true" for the records themselves

Answers are JSON; a request that cannot be done is answered 400 with a sentence.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from cwconsole.simulator.clock import iso
from cwconsole.simulator.fault_routes import add_fault_routes
from cwconsole.simulator.hosting import loopback_only, read_json
from cwconsole.simulator.world import Version, World

if TYPE_CHECKING:
    from cwconsole.simulator.simulator import Simulator

CONTROL = "/_simulator"
_KINDS = frozenset({"create", "update", "touch", "delete"})


def add_control(app: web.Application, simulator: Simulator) -> None:
    """Add the routes to an application."""
    control = _Control(simulator)
    app.middlewares.append(loopback_only)
    app.router.add_get(f"{CONTROL}/state", control.state)
    add_fault_routes(app, CONTROL, simulator.faults)
    app.router.add_post(f"{CONTROL}/change", control.change)
    app.router.add_post(f"{CONTROL}/rate", control.set_rate)
    app.router.add_post(f"{CONTROL}/clock", control.set_clock)
    app.router.add_get(f"{CONTROL}/versions", control.versions)


class _Control:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def state(self, _: web.Request) -> web.Response:
        simulator = self._simulator
        changes: Counter[str] = Counter()
        for world in simulator.worlds():
            changes.update({kind.value: count for kind, count in world.totals.items()})
        return web.json_response(
            {
                "companies": [world.company for world in simulator.worlds()],
                "requests": simulator.requests,
                "changes": dict(changes),
                "uncommitted": simulator.churn.uncommitted,
                "faults": [asdict(fault) for fault in simulator.faults.active()],
                "struck": dict(simulator.faults.struck),
                "rate": simulator.rate,
                "skew": simulator.clock.skew,
                "now": iso(simulator.clock.now()),
            }
        )

    async def change(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        try:
            done = self._changed(body)
        except KeyError as error:
            raise web.HTTPBadRequest(text=f"no such company, endpoint or record: {error}") from None
        except (AttributeError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return web.json_response(done)

    async def set_rate(self, request: web.Request) -> web.Response:
        self._simulator.rate = await _number(request, "rate")
        return web.json_response({"rate": self._simulator.rate})

    async def set_clock(self, request: web.Request) -> web.Response:
        self._simulator.clock.skew = await _number(request, "skew")
        return web.json_response({"skew": self._simulator.clock.skew})

    async def versions(self, request: web.Request) -> web.Response:
        asked = request.query
        try:
            world = self._simulator.world(asked.get("company", ""))
            found = world.versions(asked["path"], int(asked.get("after", "0")))
        except (KeyError, ValueError) as error:
            raise web.HTTPBadRequest(text=f"no such company or endpoint, or no number: {error}") from None
        whole = asked.get("record", "") in ("true", "1")
        return web.json_response([_plain(version, whole=whole) for version in found])

    def _changed(self, body: Mapping[str, Any]) -> dict[str, Any]:
        kind, path = body.get("kind"), body.get("path")
        if "id" in body or "members" in body:
            if not isinstance(path, str) or not isinstance(kind, str):
                raise ValueError("a change of one record needs path and kind")
            world = self._simulator.world(body.get("company", ""))
            return {"id": _change_one(world, kind, path, body.get("id"), body.get("members"))}
        if kind is not None and kind not in _KINDS:
            raise ValueError(f"random changes are of the kinds {', '.join(sorted(_KINDS))}")
        worlds = [self._simulator.world(body["company"])] if body.get("company") else self._simulator.worlds()
        return dict(self._simulator.churn.change(worlds, int(body.get("count", 1)), kind=kind, path=path))


def _change_one(world: World, kind: str, path: str, number: Any, members: Mapping[str, Any] | None) -> int:
    if kind == "create":
        return world.create(path, members)
    number = int(number)
    match kind:
        case "update":
            world.update(path, number, members)
        case "touch":
            world.touch(path, number)
        case "delete":
            world.delete(path, number)
        case "poison":
            world.poison(path, number)
        case "cure":
            world.cure(path, number)
        case _:
            raise ValueError(f"no such kind of change: {kind}")
    return int(number)


def _plain(version: Version, *, whole: bool) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": version.id,
        "change": version.number,
        "lastUpdated": None if version.updated is None else iso(version.updated),
        "digest": version.digest,
    }
    if whole:
        plain["record"] = None if version.body is None else json.loads(version.body)
    return plain


async def _number(request: web.Request, name: str) -> float:
    body = await read_json(request)
    try:
        return float(body[name])
    except (KeyError, TypeError, ValueError):
        raise web.HTTPBadRequest(text=f"expected {{{name!r}: a number}}") from None
