"""One change to many deliveries: in small transactions, so that the engine's writes take their turn in between.

Each delivery has an action row of its own. One that has moved on meanwhile is left as it is, and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

from cwconsole.core.delivery import IllegalStep
from cwconsole.core.errors import UsageError
from cwconsole.store import operations
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.once import Connection
from cwconsole.tui.operator import Operator

AT_ONCE: Final = 100


class _Change(Protocol):
    def __call__(self, conn: Connection, delivery_id: int, /, *, asked: Asked, now_ms: int) -> str: ...


class Verb(Struct, frozen=True, kw_only=True):
    """What is done. command: on the command line. did: for the outcome, `3 deliveries are tried again`."""

    kind: ActionKind
    change: _Change
    command: str
    did: str


RETRY: Final = Verb(kind=ActionKind.RETRY, change=operations.retry, command="retry", did="tried again")
CANCEL: Final = Verb(kind=ActionKind.CANCEL, change=operations.cancel, command="cancel", did="cancelled")


async def change_all(operator: Operator, verb: Verb, deliveries: Sequence[int], reason: str | None = None) -> str:
    """Do it to each. Returns the outcome as a sentence.

    Raises RefusedError, before any is changed, if the console may not change one of them.
    """
    asked = {one: operator.asked(verb.kind, f"cwconsole deliveries {verb.command} {one}", reason) for one in deliveries}
    await operator.require_deliveries(deliveries)
    now_ms, refused = operator.now_ms(), list[str]()

    def unit(conn: Connection, some: Sequence[int]) -> list[str]:
        left: list[str] = []
        for one in some:
            try:
                verb.change(conn, one, asked=asked[one], now_ms=now_ms)
            except (IllegalStep, UsageError) as error:  # raised before anything of this one was written
                left.append(error.message)
        return left

    for first in range(0, len(deliveries), AT_ONCE):
        refused += await operator.write(unit, deliveries[first : first + AT_ONCE])
    return _outcome(verb, deliveries, refused)


def _outcome(verb: Verb, deliveries: Sequence[int], refused: Sequence[str]) -> str:
    done = len(deliveries) - len(refused)
    what = f"Delivery {deliveries[0]} is" if len(deliveries) == 1 else f"{done:,} deliveries are"
    if not refused:
        return f"{what} {verb.did}."
    if len(deliveries) == 1:
        return refused[0]
    return f"{what} {verb.did}; {len(refused):,} were left as they are: {refused[0]}"
