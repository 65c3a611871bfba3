"""Messages between two processes arrive whole, in order, however they are cut up on their way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cwconsole.callback.frames import Frames


class End:
    """One end, and what has arrived there."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.lost = asyncio.Event()
        self.arrived = asyncio.Event()
        self.frames = Frames(self._receive, self.lost.set)

    def _receive(self, message: bytes) -> None:
        self.got.append(message)
        self.arrived.set()

    async def until(self, count: int) -> list[bytes]:
        while len(self.got) < count:
            await self.arrived.wait()
            self.arrived.clear()
        return self.got


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[End, End]]:
    loop = asyncio.get_running_loop()
    ends = End(), End()
    for end, sock in zip(ends, socket.socketpair(), strict=True):
        await loop.create_connection(lambda end=end: end.frames, sock=sock)  # type: ignore[misc]
    yield ends
    for end in ends:
        end.frames.close()
        await end.lost.wait()


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return (data[begin:end] for begin, end in pairwise(places))


@given(st.lists(st.binary(max_size=40), max_size=12), st.lists(st.integers(0, 1_000), max_size=20))
def test_messages_come_out_as_they_went_in(messages: list[bytes], cuts: list[int]) -> None:
    written = b"".join(len(message).to_bytes(4, "little") + message for message in messages)
    got: list[bytes] = []
    frames = Frames(got.append, lambda: None)
    for piece in pieces(written, cuts):
        frames.data_received(piece)
    assert got == messages


async def test_both_ways_over_a_socket_small_and_large() -> None:
    messages = [b"", b"x", b"y" * 3_000_000, b"", b"z" * 70_000]
    async with connected() as (here, there):
        for message in messages:
            here.frames.send(message)
        there.frames.send(b"back")
        assert await there.until(len(messages)) == messages
        assert await here.until(1) == [b"back"]


async def test_who_closes_is_told_so_and_the_other_end_too() -> None:
    async with connected() as (here, there):
        here.frames.close()
        await asyncio.gather(here.lost.wait(), there.lost.wait())
        there.frames.send(b"nobody listens")
        await asyncio.sleep(0)
        assert here.got == []


async def test_an_end_that_was_never_connected_can_be_closed() -> None:
    End().frames.close()
