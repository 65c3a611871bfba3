"""What goes wrong in the demo, and when: a script of spells over the time in which records change. Pure.

Time is cut into rounds. In each, every kind of fault that passes has one spell at the source and one at each receiver,
in an order that chance decides, two or three at a time. Beside these, in each round, one resource's questions are
refused as if keys, rights or address were wrong, one receiver is down for a while, and one says that it is gone for
good (410). Hangs are short: they are to end before the time limits of whoever waits.

Where a person watches, faults come one by one: a turn a minute, in which one resource is refused, by turns so that it
recovers by itself and so that somebody must poll it; a little later one receiver fails for a while.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

from msgspec import Struct, structs

from cwconsole.simulator.faults import Fault, FaultKind

ROUND_SECONDS = 30.0
TURN_SECONDS = 60.0
SPELL_SHARE = 0.16  # of a round

SOURCE = (
    Fault(kind=FaultKind.RATE_LIMIT, probability=0.2, retry_after=1),
    Fault(kind=FaultKind.TIMEOUT, probability=0.3),
    Fault(kind=FaultKind.HTML, probability=0.3),
    Fault(kind=FaultKind.MAINTENANCE, probability=0.3),
    Fault(kind=FaultKind.CUT, probability=0.3),
    Fault(kind=FaultKind.RESET, probability=0.3),
    Fault(kind=FaultKind.NULL, probability=0.2),
    Fault(kind=FaultKind.WRONG_SHAPE, probability=0.2),
    Fault(kind=FaultKind.NO_DATE, probability=0.2),
    Fault(kind=FaultKind.GARBAGE, probability=0.2),
    Fault(kind=FaultKind.SLOW, probability=0.3, seconds=0.4),
    Fault(kind=FaultKind.HANG, probability=0.05, seconds=1.5),
)
REFUSALS = (FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN, FaultKind.CANNOT_ROUTE, FaultKind.NO_ENDPOINT)
RECEIVER = (
    Fault(kind=FaultKind.STATUS, status=500, probability=0.5),
    Fault(kind=FaultKind.STATUS, status=503, probability=0.4, retry_after=2),
    Fault(kind=FaultKind.STATUS, status=429, probability=0.3, retry_after=1),
    Fault(kind=FaultKind.RESET, probability=0.3),
    Fault(kind=FaultKind.LOST, probability=0.3),
    Fault(kind=FaultKind.CUT, probability=0.3),
    Fault(kind=FaultKind.REDIRECT, probability=0.2),
    Fault(kind=FaultKind.SLOW, probability=0.3, seconds=0.5),
    Fault(kind=FaultKind.HANG, probability=0.1, seconds=1.0),
)
CALM_SOURCE = (
    Fault(kind=FaultKind.MAINTENANCE),
    Fault(kind=FaultKind.FORBIDDEN),
    Fault(kind=FaultKind.HTML),
    Fault(kind=FaultKind.NO_ENDPOINT),
)  # every second one parks what it strikes
DOWN = Fault(kind=FaultKind.STATUS, status=503)
GONE = Fault(kind=FaultKind.STATUS, status=410, times=1)
CALM_RECEIVER = (
    Fault(kind=FaultKind.STATUS, status=500),
    GONE,
    DOWN,
    Fault(kind=FaultKind.RESET),
    DOWN,
)  # whoever stays for two minutes has seen what retries and what is held


class Spell(Struct, frozen=True, kw_only=True):
    """A fault that is on from `begin` to `end`, seconds since the changes began. receiver: where; None: the source."""

    begin: float
    end: float
    fault: Fault
    receiver: int | None = None

    @property
    def label(self) -> str:
        """As it stands in the progress line."""
        name = str(self.fault.status) if self.fault.kind is FaultKind.STATUS else str(self.fault.kind)
        return name if self.receiver is None else f"{name} at receiver {self.receiver + 1}"

    def within(self, begin: float, length: float) -> Spell:
        """With its begin and its end, which are shares, as seconds of a round."""
        return structs.replace(self, begin=begin + self.begin * length, end=begin + self.end * length)

    @property
    def refuses(self) -> bool:
        """Whether polls that meet it park their resource."""
        return self.receiver is None and self.fault.kind in REFUSALS


def script(seconds: float, *, paths: Sequence[str], receivers: int, chance: Random) -> list[Spell]:
    """The spells of so many seconds of changes. The same chance gives the same script."""
    rounds = math.ceil(seconds / ROUND_SECONDS)
    length = seconds / rounds
    return [
        spell.within(number * length, length) for number in range(rounds) for spell in _round(paths, receivers, chance)
    ]


def calm_script(seconds: float, *, paths: Sequence[str], receivers: int, chance: Random) -> list[Spell]:
    """The spells of so many seconds for a person to follow. The same chance gives the same script."""
    ill, down = chance.sample(paths, len(paths)), chance.sample(range(receivers), receivers)
    spells = []
    for number in range(math.floor(seconds / TURN_SECONDS)):
        begin = number * TURN_SECONDS
        source = replace(CALM_SOURCE[number % len(CALM_SOURCE)], path=ill[number % len(ill)])
        failing = CALM_RECEIVER[number % len(CALM_RECEIVER)]
        spells += [
            Spell(begin=begin + 4, end=begin + 40, fault=source),
            Spell(begin=begin + 25, end=begin + 50, fault=failing, receiver=down[number % len(down)]),
        ]
    return spells


def active(spells: Iterable[Spell], at: float) -> list[Spell]:
    """The spells that are on at this time."""
    return [spell for spell in spells if spell.begin <= at < spell.end]


def _round(paths: Sequence[str], receivers: int, chance: Random) -> list[Spell]:
    """One round, begins and ends as shares of it. What is sure to strike stands first: the first that applies wins."""
    refusal = Fault(kind=chance.choice(REFUSALS), path=chance.choice(paths))
    down, gone = chance.randrange(receivers), chance.randrange(receivers)
    spells = [
        Spell(begin=0.35, end=0.55, fault=refusal),
        Spell(begin=0.5, end=0.65, fault=DOWN, receiver=down),
        Spell(begin=0.2, end=0.3, fault=GONE, receiver=gone),
        *_in_turn(SOURCE, None, chance),
    ]
    for receiver in range(receivers):
        spells += _in_turn(RECEIVER, receiver, chance)
    return spells


def _in_turn(faults: Sequence[Fault], receiver: int | None, chance: Random) -> list[Spell]:
    order = chance.sample(faults, len(faults))
    step = (1 - SPELL_SHARE) / (len(order) - 1)
    return [
        Spell(begin=at * step, end=at * step + SPELL_SHARE, fault=fault, receiver=receiver)
        for at, fault in enumerate(order)
    ]
