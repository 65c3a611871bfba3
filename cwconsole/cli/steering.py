"""What `pause`, `resume` and `watermark` share: a scope, an operation on it, and what came of it."""

from __future__ import annotations

from typing import Protocol

from cwconsole.cli import output
from cwconsole.cli.invocation import Invocation
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.once import Connection
from cwconsole.store.operations import Scope, scope


class Operation(Protocol):
    """One of `store.operations`: changes what the scope names, and says what came of it."""

    def __call__(self, conn: Connection, target: Scope, /, *, asked: Asked, now_ms: int) -> str: ...


def steer(
    invocation: Invocation,
    operation: Operation,
    *,
    kind: ActionKind,
    instance: str,
    resource: str | None,
    reason: str | None,
) -> None:
    """Do it in one transaction, and print the outcome."""
    asked = invocation.asked(kind, reason=reason)

    def unit(conn: Connection) -> tuple[Scope, str]:
        target = scope(conn, instance, resource)
        return target, operation(conn, target, asked=asked, now_ms=invocation.now_ms)

    target, outcome = invocation.write(unit)
    if invocation.as_json:
        row = target.resource
        named = {"instance": target.instance.name, "resource": None if row is None else row.name}
        output.print_json({**named, "action": str(kind), "outcome": outcome})
    else:
        output.print_line(outcome)
