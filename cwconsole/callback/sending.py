"""The process that makes attempts for `sending_process`: `python -m cwconsole.callback.sending FD`.

FD is a connection to the engine. The first message says which program this is, and that it is ready; a request is an
order, and the answer to it a report. It ends the moment the engine closes the connection or dies: another engine may
then begin to send. Signals do not end it: what it makes is still wanted while the engine drains.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import time
import traceback
from functools import lru_cache
from typing import Final

import msgspec

from cwconsole.callback.frames import Frames
from cwconsole.callback.orders import HELLO, Order, Report, unpacked
from cwconsole.callback.sender import CallbackSender
from cwconsole.core.errors import ConfigError
from cwconsole.http.pool import HttpPool, open_pool

MOST_SENDERS: Final = 4_096  # built and kept; the one not used for longest goes
# Each handing-in wakes the engine, which takes a core from somebody. While half of the orders are still on their way
# the others can wait for company, but not for long.
GATHER_SECONDS: Final = 0.002


class Desk:
    """Takes orders and reports what became of them."""

    def __init__(self, pool: HttpPool) -> None:
        self.frames = Frames(self._take, leave)
        self._pool = pool
        self._orders = msgspec.msgpack.Decoder(Order)
        self._reports = msgspec.msgpack.Encoder()
        self._sender = lru_cache(MOST_SENDERS)(self._built)
        self._underway: set[asyncio.Task[None]] = set()
        self._done: list[bytes] = []
        self._later: asyncio.TimerHandle | None = None

    def _take(self, message: bytes) -> None:
        task = asyncio.create_task(self._make(self._orders.decode(message)))
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)

    async def _make(self, order: Order) -> None:
        number = order.number
        try:
            outcome = await self._sender(order.way).send(order.parcel)
            report = self._reports.encode(Report(number=number, outcome=outcome))
        except ConfigError:  # its CA file can't be read any more. Nothing was sent, and the engine has it in memory
            report = self._reports.encode(Report(number=number))
        except Exception:  # noqa: BLE001 - the engine tells of it
            report = self._reports.encode(Report(number=number, defect=traceback.format_exc()))
        self._done.append(report)
        if 2 * len(self._done) >= len(self._underway):
            self._hand_in()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._hand_in)

    def _hand_in(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        for report in self._done:
            self.frames.send(report)
        self._done.clear()

    def _built(self, way: bytes) -> CallbackSender:
        return unpacked(way).sender(self._pool, lambda: time.time_ns() // 1_000_000)


async def serve(fd: int) -> None:
    """Make attempts until the engine is gone."""
    async with open_pool() as pool:
        frames = Desk(pool).frames
        await asyncio.get_running_loop().create_connection(lambda: frames, sock=socket.socket(fileno=fd))
        frames.send(HELLO)
        await asyncio.Event().wait()


def leave() -> None:
    """End without another byte to anybody."""
    os._exit(0)


if __name__ == "__main__":
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # systemd sends them to a unit's every process; the engine drains first
    gc.freeze()
    gc.set_threshold(5_000, 10, 100)  # no key waits for this process
    asyncio.run(serve(int(sys.argv[1])))
