"""How fast the demo goes: brisk where nobody watches, so that a few seconds prove something; calm for a person."""

from __future__ import annotations

from msgspec import Struct


class Pace(Struct, frozen=True, kw_only=True):
    """rate: changes a second; deletes: of a hundred of them, more or less. poll, sweep: seconds between two.

    patience: seconds for which the demo leaves it to a person to let go what is held and to poll what is parked.
    """

    rate: float
    deletes: int
    poll: float
    sweep: float
    patience: float


BRISK = Pace(rate=12.0, deletes=10, poll=2.0, sweep=8.0, patience=0.5)
CALM = Pace(rate=4.0, deletes=4, poll=5.0, sweep=90.0, patience=90.0)
