"""What the engine and its sending process say to each other, as msgpack."""

from __future__ import annotations

import pickle
from typing import Final, cast

from msgspec import Struct

from cwconsole import __version__
from cwconsole.callback.sender import Way
from cwconsole.core.attempts import Outcome, Parcel

# The process's first message. An upgrade may have brought another program while the engine runs on.
HELLO: Final = __version__.encode()


class Order(Struct, frozen=True, kw_only=True):
    """An attempt to be made. way: packed, the same bytes for all parcels that go there."""

    number: int
    way: bytes
    parcel: Parcel


class Report(Struct, frozen=True, kw_only=True):
    """What became of an order, by its number. Without an outcome and a defect nothing was sent.

    defect: the traceback of an error in this program.
    """

    number: int
    outcome: Outcome | None = None
    defect: str | None = None


def packed(way: Way) -> bytes:
    """A way as it crosses over, secrets and all."""
    return pickle.dumps(way)


def unpacked(way: bytes) -> Way:
    """The way, on the other side."""
    return cast(Way, pickle.loads(way))
