"""What the engine and its sending process say to each other, as msgpack."""

from __future__ import annotations

from msgspec import Struct

from cwconsole.core.attempts import Outcome, Parcel


class Order(Struct, frozen=True, kw_only=True):
    """An attempt to be made. way: a pickled `callback.sender.Way`, the same bytes for all parcels that go there."""

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
