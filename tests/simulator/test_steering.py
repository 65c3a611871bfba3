"""Simulator and receivers in a process of their own: steered from here, and never left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from cwconsole.simulator.faults import Fault, FaultKind
from cwconsole.simulator.serve_both import Settings
from cwconsole.simulator.signatures import Verifier
from cwconsole.simulator.steering import Arrived, ServersGone, Steering, served_apart

CONTACTS = "/company/contacts"


def settings(**more: object) -> Settings:
    given = {"company": "demo", "public_key": "p", "private_key": "q", "paths": (CONTACTS,), "records": 5, "seed": 3}
    return Settings(**{**given, **more})  # type: ignore[arg-type]


@asynccontextmanager
async def apart(tmp_path: Path, **more: object) -> AsyncIterator[Steering]:
    with (tmp_path / "errors").open("wb") as errors:
        async with served_apart(settings(**more), errors=errors) as steering:
            yield steering


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition, at most ten seconds."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - it is in another process
            await asyncio.sleep(0.02)


async def test_changes_are_made_at_the_rate_and_told(tmp_path: Path) -> None:
    async with apart(tmp_path, late_share=0.5, late_seconds=0.2) as steering:
        assert (await steering.source()).changes.total == 0
        await steering.set_rate(100)

        async def changed() -> bool:
            return (await steering.source()).changes.total >= 20

        await until(changed)
        await steering.set_rate(0)

        async def committed() -> bool:
            return (await steering.source()).changes.uncommitted == 0

        await until(committed)
        changes = (await steering.source()).changes
        assert len(await steering.changed(CONTACTS)) <= changes.total
        assert (await steering.source()).changes == changes, "nothing goes on by itself"


async def test_each_receiver_has_its_own_key_and_tells_what_arrived(tmp_path: Path) -> None:
    body = json.dumps({"message": {"events": [{"eventType": "DELETED", "objectType": "contacts", "objectId": "7"}]}})
    async with apart(tmp_path, receiver_keys=(None, "a-key")) as steering, aiohttp.ClientSession() as session:
        for url, status in zip(steering.addresses.receiver_urls, (204, 401), strict=True):
            async with session.post(f"{url}/events", data=body) as answer:
                assert answer.status == status
        stamp, key = str(int(time.time())), Verifier("a-key")
        signed = {
            "webhook-id": "m",
            "webhook-timestamp": stamp,
            "webhook-signature": key.standard("m", stamp, body.encode()),
            "Elements-Webhook-Signature": key.elements(body.encode()),
        }
        async with session.post(steering.addresses.receiver_urls[1], data=body, headers=signed) as answer:
            assert answer.status == 204
        gone = Arrived(object_type="contacts", object_id="7", event_type="DELETED", digest=None)
        assert [await steering.arrived(number) for number in (0, 1)] == [[gone], [gone]]
        assert (await steering.taken(0)).accepted == 1


async def test_faults_replace_those_before(tmp_path: Path) -> None:
    async with apart(tmp_path) as steering, aiohttp.ClientSession() as session:
        hook = steering.addresses.receiver_urls[0]

        async def status() -> int:
            async with session.post(hook, data=b"{}") as answer:
                return answer.status

        await steering.set_receiver_faults(0, [Fault(kind=FaultKind.STATUS, status=500)])
        assert await status() == 500
        await steering.set_receiver_faults(0, [Fault(kind=FaultKind.STATUS, status=503)])
        assert await status() == 503
        await steering.set_receiver_faults(0, [])
        assert await status() == 204
        assert (await steering.taken(0)).struck == {"status": 2}
        await steering.set_source_faults([Fault(kind=FaultKind.HTML)])
        assert (await steering.source()).struck == {}


async def test_what_the_servers_refuse_is_said(tmp_path: Path) -> None:
    async with apart(tmp_path) as steering:
        with pytest.raises(ServersGone, match="redirect"):
            await steering.set_source_faults([Fault(kind=FaultKind.REDIRECT)])


async def test_it_ends_with_the_block_and_then_does_not_answer(tmp_path: Path) -> None:
    async with apart(tmp_path) as steering:
        root = steering.addresses.root_url
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{root}/_simulator/state")
    assert (tmp_path / "errors").read_bytes() == b""


async def test_a_start_that_fails_says_so_and_leaves_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ServersGone, match="could not be started"):
        async with apart(tmp_path, receiver_keys=("whsec_no base64",)):
            pass
    assert b"whsec_ and is not base64" in (tmp_path / "errors").read_bytes()


PARENT = """
import asyncio, json, sys
from cwconsole.simulator.serve_both import Settings
from cwconsole.simulator.steering import served_apart
async def main():
    settings = Settings(company="demo", public_key="p", private_key="q", paths=(), records=1)
    async with served_apart(settings, errors=sys.stderr.buffer) as steering:
        print(steering.addresses.root_url, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_it_does_not_outlive_a_parent_that_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    root = (await parent.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{root}/_simulator/state") as answer:
            assert answer.status == 200
        os.kill(parent.pid, signal.SIGKILL)
        await parent.wait()

        async def gone() -> bool:
            try:
                async with session.get(f"{root}/_simulator/state"):
                    return False
            except aiohttp.ClientConnectionError:
                return True

        await until(gone)
