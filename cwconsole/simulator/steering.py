"""A simulator and receivers in a process of their own, and everything that can be asked of them there.

The process ends with the block, or with whoever started it. A server that does not answer raises `ServersGone`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import IO, Any

import aiohttp

from cwconsole.simulator import control, receiver
from cwconsole.simulator.faults import Fault
from cwconsole.simulator.serve_both import Addresses, Settings

START_SECONDS = 20.0
ANSWER_SECONDS = 10.0
END_SECONDS = 3.0


class ServersGone(Exception):
    """The process ended, or does not answer any more. The text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How many changes the simulator made. uncommitted: those written that cannot be seen yet."""

    created: int
    updated: int
    deleted: int
    uncommitted: int

    @property
    def total(self) -> int:
        """Those that can be seen."""
        return self.created + self.updated + self.deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the simulator says of itself. struck: how often each kind of fault has struck."""

    changes: Changes
    requests: int
    struck: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a receiver says of itself. accepted: notifications. duplicates: those it had accepted before."""

    accepted: int
    duplicates: int
    struck: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A record that was changed, as it is now. digest: None if it was deleted."""

    id: int
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """The last notification of an object that a receiver accepted. digest: of the record in it, as in `Changed`."""

    object_type: str
    object_id: str
    event_type: str
    digest: str | None


class Steering:
    """Both servers by their control surfaces. Receivers are named by their place in `Settings.receiver_keys`."""

    def __init__(self, addresses: Addresses, session: aiohttp.ClientSession) -> None:
        self.addresses = addresses
        self._session = session

    async def source(self) -> Source:
        """The simulator's state."""
        state = await self._asked("GET", self._simulator("state"))
        made = state["changes"]
        counts = {kind: made.get(kind, 0) for kind in ("created", "updated", "deleted")}
        changes = Changes(**counts, uncommitted=state["uncommitted"])
        return Source(changes=changes, requests=state["requests"], struck=state["struck"])

    async def taken(self, number: int) -> Taken:
        """A receiver's state."""
        state = await self._asked("GET", self._receiver(number, "state"))
        return Taken(accepted=state["accepted"], duplicates=state["duplicates"], struck=state["struck"])

    async def set_rate(self, rate: float) -> None:
        """Random changes a second from now on; late ones are still committed at rate 0."""
        await self._asked("POST", self._simulator("rate"), {"rate": rate})

    async def set_source_faults(self, faults: Sequence[Fault]) -> None:
        """These faults and no others at the simulator."""
        await self._set_faults(self._simulator("faults"), faults)

    async def set_receiver_faults(self, number: int, faults: Sequence[Fault]) -> None:
        """These faults and no others at a receiver."""
        await self._set_faults(self._receiver(number, "faults"), faults)

    async def changed(self, path: str) -> list[Changed]:
        """The records of an endpoint that were changed since the start."""
        found = await self._asked("GET", self._simulator(f"versions?path={path}"))
        return [Changed(id=one["id"], digest=one["digest"]) for one in found]

    async def arrived(self, number: int) -> list[Arrived]:
        """The objects that a receiver has heard of."""
        found = await self._asked("GET", self._receiver(number, "objects"))
        return [
            Arrived(
                object_type=one["objectType"],
                object_id=one["objectId"],
                event_type=one["eventType"],
                digest=one["digest"],
            )
            for one in found
        ]

    def _simulator(self, what: str) -> str:
        return f"{self.addresses.root_url}{control.CONTROL}/{what}"

    def _receiver(self, number: int, what: str) -> str:
        return f"{self.addresses.receiver_urls[number]}{receiver.CONTROL}/{what}"

    async def _set_faults(self, url: str, faults: Sequence[Fault]) -> None:
        await self._asked("DELETE", url)
        if faults:
            await self._asked("POST", url, [asdict(fault) for fault in faults])

    async def _asked(self, method: str, url: str, body: object = None) -> Any:
        try:
            async with self._session.request(method, url, json=body) as answer:
                if answer.status != 200:
                    raise ServersGone(f"{method} {url} was answered {answer.status}: {await answer.text()}")
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ServersGone(f"{url} does not answer ({error or 'too slow'})") from error


@asynccontextmanager
async def served_apart(settings: Settings, *, errors: IO[bytes]) -> AsyncIterator[Steering]:
    """Start the process, and end it with the block. errors: an open file for what it writes to stderr.

    Raises ServersGone if it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cwconsole.simulator.serve_both"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
        start_new_session=True,  # a Ctrl-C at the terminal is for whoever started it
    )
    try:
        addresses = await _addresses(process, settings)
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            yield Steering(addresses, session)
    finally:
        await _end(process)


async def _addresses(process: asyncio.subprocess.Process, settings: Settings) -> Addresses:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asdict(settings)).encode() + b"\n")
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        raise ServersGone(f"simulator and receiver did not start within {START_SECONDS:g} s") from None
    if not line:
        raise ServersGone("simulator and receiver could not be started")
    told = json.loads(line)
    return Addresses(**{**told, "receiver_urls": tuple(told["receiver_urls"])})


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
