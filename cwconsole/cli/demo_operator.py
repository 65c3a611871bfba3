"""The operator in the demo: does what a person at the console would, through the same operations and actions."""

from __future__ import annotations

import asyncio
import secrets

from cwconsole.core.config import Origin
from cwconsole.engine.services import Services
from cwconsole.store import actions, instances, operations, requests, resources
from cwconsole.store.actions import Action, ActionKind, Asked
from cwconsole.store.instances import Draft, Instance
from cwconsole.store.once import Connection
from cwconsole.store.operations import Scope
from cwconsole.store.resources import Resource

LOOK_SECONDS = 0.1
ALL = 1_000_000_000  # deletions agreed to, whatever a sweep finds: here they are all real


class DemoOperator:
    """Acts on the database of a running engine. swept: ids of the resources whose sweep in the end came to its end."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._clock = services.clock
        self._held_since: dict[int, int] = {}
        self.swept: set[int] = set()

    async def add(self, draft: Draft) -> int:
        """Add an instance. Returns its id."""
        return await self._store.write(
            instances.add,
            draft,
            origin=Origin.LOCAL,
            token=secrets.token_urlsafe(32),
            asked=_asked(ActionKind.ADD),
            now_ms=self._clock.now_ms(),
        )

    async def look(self, *, refused: bool, patience: float) -> None:
        """Now and then: let callbacks go, and poll what is parked, if that has been so for `patience` seconds.

        refused: whether ConnectWise still refuses keys, rights or address; parked resources are left alone then.
        """
        now_ms, held = self._clock.now_ms(), await self._held()
        self._held_since = {instance.id: self._held_since.get(instance.id, now_ms) for instance in held}
        long_ago_ms = now_ms - int(patience * 1000)
        await self._release([instance for instance in held if self._held_since[instance.id] <= long_ago_ms])
        if not refused:
            for resource in await self._store.read(resources.cared_for):
                if resource.parked and resource.runs and (resource.failing_since_ms or 0) <= long_ago_ms:
                    await self._ask(ActionKind.POLL, resource)

    async def release_all(self) -> None:
        """Let every held callback go."""
        await self._release(await self._held())

    async def undo_all(self) -> None:
        """Let everything go on that a person has disabled, paused or held: else nobody could prove that all arrived."""
        for instance in await self._store.read(instances.all_instances):
            if not instance.enabled:
                await self._store.write(
                    instances.set_enabled,
                    instance.id,
                    True,
                    asked=_asked(ActionKind.ENABLE),
                    now_ms=self._clock.now_ms(),
                )
        for target in await self._store.read(_all_scopes):
            for kind, since, operation in (
                (ActionKind.RESUME, target.paused_ms, operations.resume),
                (ActionKind.RELEASE, target.held_ms, operations.release),
            ):
                if since is not None:
                    await self._store.write(operation, target, asked=_asked(kind), now_ms=self._clock.now_ms())

    async def sweep_all(self) -> None:
        """Sweep every resource, deletions confirmed; again until each sweep has ended well."""
        left = await self._store.read(resources.cared_for)
        while left:
            asked = [await self._ask(ActionKind.SWEEP, resource) for resource in left]
            for resource, number in zip(left, asked, strict=True):
                if (await self._ended(number)).state == "done":
                    self.swept.add(resource.id)
            left = [resource for resource in left if resource.id not in self.swept]

    async def _held(self) -> list[Instance]:
        """Instances whose callback is held."""
        found = []
        for instance in await self._store.read(instances.all_instances):
            callback = await self._store.read(instances.callback_of, instance)
            if callback is not None and callback.held_reason is not None:
                found.append(instance)
        return found

    async def _release(self, held: list[Instance]) -> None:
        for instance in held:
            await self._store.write(
                operations.release,
                Scope(instance=instance),
                asked=_asked(ActionKind.RELEASE),
                now_ms=self._clock.now_ms(),
            )

    async def _ask(self, kind: ActionKind, resource: Resource) -> int:
        """Queue a poll or a confirmed sweep of a resource. Returns the action's id."""
        instance = await self._store.read(instances.load, str(resource.instance_id))
        target, now_ms = Scope(instance=instance, resource=resource), self._clock.now_ms()
        if kind is ActionKind.POLL:
            return await self._store.write(requests.ask_poll, target, asked=_asked(kind), now_ms=now_ms)
        return await self._store.write(
            requests.ask_sweep, target, confirm_deletes=ALL, asked=_asked(kind), now_ms=now_ms
        )

    async def _ended(self, number: int) -> Action:
        while True:
            action = await self._store.read(actions.load, number)
            assert action is not None, "actions are never deleted"
            if not action.open:
                return action
            await asyncio.sleep(LOOK_SECONDS)


def _all_scopes(conn: Connection) -> list[Scope]:
    """Every instance and every resource."""
    scopes = []
    for instance in instances.all_instances(conn):
        scopes.append(Scope(instance=instance))
        scopes += [Scope(instance=instance, resource=row) for row in resources.of_instance(conn, instance.id)]
    return scopes


def _asked(kind: ActionKind) -> Asked:
    return Asked(kind=kind, operator="demo", origin="the demo", command=f"cwconsole {kind}")
