"""Where attempts are made: here while there is little to send, in a process of its own while there is much.

An attempt takes a quarter of a millisecond of computing. Thousands of them a second would hold the interpreter for
which the store's thread and the operator's keys wait. The process is started when attempts go on without a rest, and
ended when it has been idle. It is a help and no need: while there is none, attempts are made here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from cwconsole.callback.orders import packed
from cwconsole.callback.sender import CallbackSender, Way
from cwconsole.callback.sending_process import LostError, SendingProcess
from cwconsole.core.attempts import Outcome, Parcel
from cwconsole.http.pool import HttpPool
from cwconsole.log import log

BUSY: Final = 200  # attempts without a rest in between; starting the process takes as long as a thousand
MOST_STARTS: Final = 3  # of processes that proved nothing, in a row; then all attempts are made here


class Senders:
    """Makes the ways to callback URLs, which share the process. Made by `open_senders`."""

    def __init__(self, pool: HttpPool, clock_ms: Callable[[], int]) -> None:
        """clock_ms: this machine's time, milliseconds since the epoch, UTC."""
        self.clock_ms = clock_ms
        self._pool = pool
        self._process: SendingProcess | None = None
        self._hosting: asyncio.Task[None] | None = None
        self._starts = 0
        self._here = 0  # attempts that are being made here
        self._run = 0  # those that were begun since there was none

    def sender(self, way: Way) -> SharedSender:
        """The way to one callback URL. Raises `ConfigError` if its CA file or its proxy cannot be used."""
        return SharedSender(self, way.sender(self._pool, self.clock_ms), packed(way))

    async def attempt(self, sender: CallbackSender, way: bytes, parcel: Parcel) -> Outcome:
        """Make an attempt, wherever that is best. Raises what `SendingProcess.send` raises."""
        if self._process is not None and self._process.ready:
            outcome = await self._process.send(way, parcel)
            if outcome is not None:
                return outcome
        self._here += 1
        self._run += 1
        if self._run > BUSY and self._hosting is None and self._starts < MOST_STARTS:
            self._hosting = asyncio.create_task(self._host())
        try:
            return await sender.send(parcel)
        finally:
            self._here -= 1
            if not self._here:
                self._run = 0

    async def close(self) -> None:
        """End the process, if there is one."""
        if self._hosting is not None:
            self._hosting.cancel()
            await asyncio.wait((self._hosting,))

    async def _host(self) -> None:
        """One process, from its start to its end."""
        self._starts += 1
        process = self._process = SendingProcess()
        try:
            await process.start()
            await process.watch()
        except OSError as error:
            log.debug("no sending process; sending here", error=repr(error))
        finally:
            self._process = None
            if process.proven:
                self._starts = 0
            await process.end()
            self._run = 0
            self._hosting = None
        if self._starts == MOST_STARTS:
            log.warning("the sending process does not work; the engine sends by itself until it is started again")


class SharedSender:
    """The way to one instance's callback URL (`engine.ports.Sender`). Built anew when the configuration changes."""

    def __init__(self, senders: Senders, here: CallbackSender, way: bytes) -> None:
        self._senders = senders
        self._here = here
        self._way = way

    async def send(self, parcel: Parcel) -> Outcome:
        """Make one attempt. Never raises for what the network or the receiver does; cancellation passes through."""
        started_ms = self._senders.clock_ms()
        try:
            return await self._senders.attempt(self._here, self._way, parcel)
        except LostError:
            return self._here.lost(started_ms)


@asynccontextmanager
async def open_senders(pool: HttpPool, clock_ms: Callable[[], int]) -> AsyncIterator[Senders]:
    """The senders of an engine; their process is ended at the end."""
    senders = Senders(pool, clock_ms)
    try:
        yield senders
    finally:
        await senders.close()
