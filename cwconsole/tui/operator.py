"""The only place where the console writes: every change becomes an action row with its author.

A read-only console is refused here, whatever a screen may have let through; so is a change, as a whole, of which any
part concerns an instance that this console may only look at (`store.read_only`).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Sequence
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.config import Origin
from cwconsole.core.errors import RefusedError
from cwconsole.core.filters import Noun
from cwconsole.core.reconfiguration import Change
from cwconsole.store import (
    actions,
    export_jobs,
    instances,
    operations,
    read_only,
    replay_jobs,
    replay_preview,
    requests,
)
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.database import Store
from cwconsole.store.instances import Draft, Instance
from cwconsole.store.once import Connection
from cwconsole.store.operations import Scope
from cwconsole.store.replay_preview import Preview
from cwconsole.store.selection import Selection
from cwconsole.tui.author import Author

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Turning(Protocol):
    """What an operator does to a job."""

    def __call__(self, conn: Connection, job_id: int, /, *, asked: Asked, now_ms: int) -> str: ...


class Operation(Protocol[R_co]):
    """What is done to an instance or a resource: of `store.operations` at once, or of `store.requests` by an engine."""

    def __call__(self, conn: Connection, target: Scope, /, *, asked: Asked, now_ms: int) -> R_co: ...


class Operator(Struct, frozen=True, kw_only=True):
    """now_ms: this machine's clock."""

    store: Store
    author: Author
    now_ms: Callable[[], int]

    def asked(self, kind: ActionKind, command: str, reason: str | None = None, *, remark: str = "") -> Asked:
        """The author of one change. command: the same on the command line, without the reason; remark: what it omits.

        Raises RefusedError if read-only.
        """
        self._refuse_if_read_only()
        told = shlex.join(["--reason", reason]) if reason and command else ""
        command = " ".join(part for part in (command, told, remark) if part)
        author = self.author
        return Asked(kind=kind, operator=author.login, origin=author.origin, command=command, reason=reason)

    def _refuse_if_read_only(self) -> None:
        if self.author.read_only:
            raise RefusedError("This console is read-only; nothing was changed.")

    async def write(self, unit: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a unit of the store. Raises RefusedError, nothing of it being written, where this console may not."""
        self._refuse_if_read_only()
        if not self.author.read_only_instances:
            return await self.store.write(unit, *args, **kwargs)
        return await self.store.write(read_only.guarded, self.author.read_only_instances, unit, *args, **kwargs)

    async def require_deliveries(self, deliveries: Collection[int]) -> None:
        """Raises RefusedError if any of these is one that this console may not change."""
        if self.author.read_only_instances:
            await self.store.read(read_only.refuse_deliveries, self.author.read_only_instances, deliveries)

    async def require_events(self, selection: Selection) -> None:
        """Raises RefusedError if any of these may be one that this console may not send again."""
        if self.author.read_only_instances:
            await self.store.read(read_only.refuse_selection, self.author.read_only_instances, selection)

    async def do_all(self, operation: Operation[R_co], steps: Sequence[tuple[Asked, str, str | None]]) -> list[R_co]:
        """The same to one place or many, all or none. Each step: its author, an instance, perhaps a resource of it.

        Returns what the operation does for each: outcomes as sentences, or the ids of what is queued.
        Raises UsageError for what there is not any more, and for what cannot be done to it.
        """
        now_ms = self.now_ms()

        def unit(conn: Connection) -> list[R_co]:
            return [
                operation(conn, operations.scope(conn, instance, resource), asked=asked, now_ms=now_ms)
                for asked, instance, resource in steps
            ]

        return await self.write(unit)

    async def confirm_deletes(self, asked: Asked, instance: str, resource: str, gone: int) -> int:
        """Ask the engine to sweep now, and to believe up to so many deletions. Returns the action's id."""
        now_ms = self.now_ms()

        def unit(conn: Connection) -> int:
            target = operations.scope(conn, instance, resource)
            return requests.ask_sweep(conn, target, confirm_deletes=gone, asked=asked, now_ms=now_ms)

        return await self.write(unit)

    async def replay(self, asked: Asked, events: Sequence[int]) -> list[int]:
        """Ask the engine to send events again. Returns the actions' ids."""
        return await self.write(requests.ask_replay, events, asked=asked, now_ms=self.now_ms())

    async def order_replays(self, asked: Asked, shown: Preview, *, rate: float) -> int:
        """Order what a preview showed. Returns the job's id. Raises OtherNumbersError if they are others now."""
        await self.store.read(replay_preview.confirmed, shown.selection, shown.token)
        return await self.write(replay_jobs.create, shown, rate=rate, asked=asked, now_ms=self.now_ms())

    async def turn_job(self, change: Turning, asked: Asked, job_id: int) -> str:
        """Pause, resume or cancel a job. Returns the outcome as a sentence."""
        return await self.write(change, job_id, asked=asked, now_ms=self.now_ms())

    async def order_export(
        self, noun: Noun, path: str, about: str, *, most: int, command: str, reason: str | None
    ) -> int:
        """Record an export that this console writes. Returns the job's id.

        A read-only console may, and its operator's name stands in the audit log: what is there does not change.
        """
        asked = self._export(command, reason)
        return await self.store.write(
            export_jobs.create, noun, path, about, most=most, asked=asked, now_ms=self.now_ms()
        )

    async def exported(self, instance: Instance, outcome: str, *, command: str, reason: str | None) -> None:
        """Record that an instance was written to a file, by whichever console, see `order_export`."""
        asked = replace(self._export(command, reason), instance_id=instance.id)
        await self.store.write(actions.record_done, asked, outcome, now_ms=self.now_ms())

    def _export(self, command: str, reason: str | None) -> Asked:
        author = self.author
        return Asked(
            kind=ActionKind.EXPORT, operator=author.login, origin=author.origin, command=command, reason=reason
        )

    async def call_off(self, action: int, reason: str | None) -> str:
        """Cancel a queued action, in whose row that stands. Returns the outcome as a sentence."""
        author = self.author
        await self.write(
            actions.cancel,
            action,
            operator=author.login,
            origin=author.origin,
            reason=reason,
            now_ms=self.now_ms(),
        )
        return f"Action {action} is called off."

    async def set_watermark(self, asked: Asked, instance: str, resource: str, watermark: int) -> str:
        """Read from another time on (whole seconds, server's clock), forward too: whoever asks has been warned.

        Returns the outcome as a sentence.
        """
        now_ms = self.now_ms()

        def unit(conn: Connection) -> str:
            target = operations.scope(conn, instance, resource)
            return operations.set_watermark(conn, target, watermark, asked=asked, now_ms=now_ms)

        return await self.write(unit)

    async def add_instance(self, asked: Asked, draft: Draft, token: str) -> int:
        """Add an instance. Returns its id. Raises UsageError if the name is taken."""
        return await self.write(
            instances.add, draft, origin=Origin.LOCAL, token=token, asked=asked, now_ms=self.now_ms()
        )

    async def edit_instance(self, asked: Asked, seen: Instance, draft: Draft, *, confirmed: bool) -> list[Change]:
        """Give an instance another configuration. Raises LossesError, in numbers, unless `confirmed`."""
        return await self.write(instances.edit, seen, draft, confirmed=confirmed, asked=asked, now_ms=self.now_ms())

    async def switch_instance(self, asked: Asked, instance: str, *, enabled: bool) -> str:
        """Switch an instance on or off. Returns the outcome as a sentence."""
        now_ms = self.now_ms()

        def unit(conn: Connection) -> str:
            row = instances.load(conn, instance)
            return instances.set_enabled(conn, row.id, enabled, asked=asked, now_ms=now_ms)

        return await self.write(unit)

    async def remove_instance(self, asked: Asked, instance_id: int) -> int:
        """Take an instance out of service. Returns how many open deliveries were given up."""
        return await self.write(instances.remove, instance_id, asked=asked, now_ms=self.now_ms())
