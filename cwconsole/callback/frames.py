"""Messages between the engine and its sending process: the length of each in four bytes, then the message.

What is said within one turn of the loop goes out in one write: a system call each would cost as much as the rest.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Final, cast

_LENGTH: Final = struct.Struct("<I")


class Frames(asyncio.Protocol):
    """One end of the connection. Used on its loop only."""

    def __init__(self, received: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        """received: called with each whole message. lost: called once, when the other end or this one has closed."""
        self._received = received
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._parts: list[bytes] = []

    def send(self, message: bytes) -> None:
        """Send a message, with whatever else this turn of the loop says. Nothing happens if the connection is lost."""
        if not self._parts:
            asyncio.get_running_loop().call_soon(self._flush)
        self._parts += (_LENGTH.pack(len(message)), message)

    def close(self) -> None:
        """Close the connection now, whatever is underway."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Called by the loop with whatever has arrived, however it was cut up on its way."""
        data = self._rest + data if self._rest else data
        begin = 0
        while len(data) - begin >= _LENGTH.size:
            first = begin + _LENGTH.size
            end = first + _LENGTH.unpack_from(data, begin)[0]
            if end > len(data):
                break
            self._received(data[first:end])
            begin = end
        self._rest = data[begin:]

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop, once."""
        self._transport = None
        self._lost()

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(self._parts))
        self._parts.clear()
