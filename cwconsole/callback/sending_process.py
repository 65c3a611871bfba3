"""The engine's end of the process that makes attempts (`callback.sending`)."""

from __future__ import annotations

import asyncio
import itertools
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from typing import Final

import msgspec

from cwconsole.callback.frames import Frames
from cwconsole.callback.orders import HELLO, Order, Report
from cwconsole.callback.sender import TOTAL_SECONDS
from cwconsole.core.attempts import Outcome, Parcel

IDLE_SECONDS: Final = 60.0
PATIENCE_SECONDS: Final = TOTAL_SECONDS + 5  # for a report: the process keeps the limit of a request
WATCH_SECONDS: Final = 1.0
END_SECONDS: Final = 1.0


class LostError(Exception):
    """The process ended while an attempt was with it. Whether it was made, nobody knows."""


class DefectError(Exception):
    """An attempt broke in the process; the traceback from there."""


class SendingProcess:
    """One process, from `start` to `end`. Used on one loop."""

    def __init__(self) -> None:
        self.ready = False  # takes attempts
        self.proven = False  # has reported on one, or been ready in vain
        self._lost = asyncio.Event()
        self._frames = Frames(self._received, self._lost.set)
        self._process: Process | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Report]] = {}  # oldest first
        self._used = 0.0
        self._orders = msgspec.msgpack.Encoder()
        self._reports = msgspec.msgpack.Decoder(Report)

    async def start(self) -> None:
        """Start it; it is ready a moment later. Raises OSError."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "cwconsole.callback.sending", str(theirs.fileno())),
                    pass_fds=(theirs.fileno(),),
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    stderr=DEVNULL,  # nobody but the console writes to the operator's terminal
                    start_new_session=True,  # Ctrl-C is for the engine, which drains first
                )
            await asyncio.get_running_loop().create_connection(lambda: self._frames, sock=ours)
        except BaseException:
            ours.close()
            raise

    async def send(self, way: bytes, parcel: Parcel) -> Outcome | None:
        """Have an attempt made. None if it was not made. Raises LostError if nobody knows, DefectError if it broke."""
        loop, number = asyncio.get_running_loop(), next(self._numbers)
        future: asyncio.Future[Report] = loop.create_future()
        self._frames.send(self._orders.encode(Order(number=number, way=way, parcel=parcel)))
        self._used = loop.time()
        self._waiting[number] = future
        try:
            report = await future
        finally:
            self._waiting.pop(number, None)
        if report.defect is not None:
            raise DefectError(report.defect)
        return report.outcome

    async def watch(self) -> None:
        """Wait until it has to be ended: it is gone, it hangs, or there was nothing to do for a while.

        It hangs if it was looked at in vain for long: after a Ctrl-Z it is the engine that stood still.
        """
        loop, oldest, looks = asyncio.get_running_loop(), None, 0
        self._used = loop.time()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(WATCH_SECONDS):
                    await self._lost.wait()
                return
            before, oldest = oldest, next(iter(self._waiting), None)
            if oldest is None and loop.time() - self._used > IDLE_SECONDS:
                self.proven |= self.ready
                return
            looks = looks + 1 if oldest is not None and oldest == before else 0
            if looks * WATCH_SECONDS > PATIENCE_SECONDS:
                return

    async def end(self) -> None:
        """End it and wait for it. Attempts that are with it raise LostError then: it can make none of them any more."""
        self.ready = False
        self._frames.close()  # which ends it
        try:
            if self._process is not None:
                await _ended(self._process)
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(LostError())

    def _received(self, message: bytes) -> None:
        if not self.ready:
            self.ready = message == HELLO
            if not self.ready:
                self._frames.close()
            return
        self.proven = True
        report = self._reports.decode(message)
        future = self._waiting.get(report.number)
        if future is not None and not future.done():
            future.set_result(report)


async def _ended(process: Process) -> None:
    """Wait for its end. One that hangs is killed."""
    try:
        await _ends_in_time(process)
    finally:
        if process.returncode is None:
            process.kill()
            await _ends_in_time(process)  # or the kernel holds it, as at a dead mount; it does nothing more


async def _ends_in_time(process: Process) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
