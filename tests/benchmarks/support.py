"""What the benchmarks share: servers in processes of their own, a fresh database, and plain output."""

from __future__ import annotations

import asyncio
import json
import resource
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cwconsole.cli.lock import engine_lock
from cwconsole.cli.wiring import hosted_engine
from cwconsole.core.config import Origin
from cwconsole.core.instance_body import InstanceBody, canonical
from cwconsole.core.instance_config import to_config
from cwconsole.engine.supervisor import Engine
from cwconsole.http.policy import ALLOW_ALL
from cwconsole.store import instances
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.database import prepared
from cwconsole.store.instances import Draft
from cwconsole.store.once import write_once
from cwconsole.store.vault import Vault

SERVE_SIMULATOR = """
import asyncio, json, sys
from cwconsole.simulator.simulator import Simulator
async def main(settings):
    simulator = Simulator(**settings)
    async with simulator.serve() as running:
        for path in settings.get("counts", {}):
            simulator.world().ids(path)  # makes the records now, not while somebody measures
        print(json.dumps({"base_url": running.base_url}), flush=True)
        await asyncio.Event().wait()
asyncio.run(main(json.loads(sys.argv[1])))
"""

SERVE_RECEIVER = """
import asyncio, json, sys
from cwconsole.simulator.receiver import Receiver
async def main(settings):
    receiver = Receiver(**settings)
    async with receiver.serve() as listening:
        print(json.dumps({"url": listening.url}), flush=True)
        await asyncio.Event().wait()
asyncio.run(main(json.loads(sys.argv[1])))
"""


@asynccontextmanager
async def served(program: str, **settings: Any) -> AsyncIterator[dict[str, Any]]:
    """A server in a process of its own; gives what it printed first."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, json.dumps(settings), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


def body(name: str, base_url: str, *, company: str = "demo", callback: str = "", **more: Any) -> dict[str, Any]:
    """An instance body; `more` are configuration keys with `__` for `.`, and `resources`."""
    resources = more.pop("resources", ["contacts"])
    configuration: dict[str, Any] = {
        "baseUrl": base_url,
        "company": company,
        "public.key": "public",
        "private.key": "private",
        "client.id": "11111111-2222-3333-4444-555555555555",
        "event.notification.enabled": True,
        "event.poller.refresh_interval": 1,
        "cwconsole.requests_per_minute": 0,
        "event.poller.configuration": {
            one: {"url": f"/hubs/crm/{one}?where=lastUpdated>'${{gmtDate:yyyy-MM-dd'T'HH:mm:ss'Z'}}'", "idField": "id"}
            for one in resources
        },
        **{key.replace("__", "."): value for key, value in more.items()},
    }
    if callback:
        configuration["event.notification.callback.url"] = callback
    return {"name": name, "element": {"key": "connectwisecrmrest"}, "configuration": configuration}


def create(path: Path, *bodies: dict[str, Any]) -> None:
    """A fresh database with these instances."""
    with engine_lock(path):
        prepared(path).close()
    for one in bodies:
        parsed: InstanceBody = canonical(one)
        asked = Asked(kind=ActionKind.ADD, operator="benchmark", origin="benchmark", command="")
        draft = Draft(body=json.dumps(parsed.document), config=to_config(parsed))
        write_once(
            path,
            instances.add,
            draft,
            origin=Origin.LOCAL,
            token=secrets.token_hex(8),
            asked=asked,
            now_ms=time.time_ns() // 1_000_000,
        )


@asynccontextmanager
async def engine_on(path: Path, **more: Any) -> AsyncIterator[Engine]:
    """An engine on the database, in this process."""
    vault = Vault({}, path.parent)
    async with hosted_engine(path, vault, api_policy=ALLOW_ALL, **more) as engine:
        yield engine


def peak_mb() -> float:
    """This process's highest resident memory, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cpu_seconds() -> float:
    """CPU time of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
