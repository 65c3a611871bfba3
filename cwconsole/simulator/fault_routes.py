"""Switching faults on and off over HTTP, the same for simulator and receiver."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from cwconsole.simulator.faults import Faults, read_fault
from cwconsole.simulator.hosting import read_json


def add_fault_routes(app: web.Application, prefix: str, faults: Faults) -> None:
    """`POST prefix/faults` switches on one fault or a list of them, all or none; `DELETE` switches all off."""

    async def add(request: web.Request) -> web.Response:
        body = await read_json(request)
        try:
            faults.add(*(read_fault(item) for item in (body if isinstance(body, list) else [body])))
        except (TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return _active(faults)

    async def clear(_: web.Request) -> web.Response:
        faults.clear()
        return _active(faults)

    app.router.add_post(f"{prefix}/faults", add)
    app.router.add_delete(f"{prefix}/faults", clear)


def _active(faults: Faults) -> web.Response:
    return web.json_response({"faults": [asdict(fault) for fault in faults.active()]})
