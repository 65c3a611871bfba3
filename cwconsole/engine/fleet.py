"""What is to be polled and delivered for, kept in step with the database: connected instances and pollers."""

from __future__ import annotations

import asyncio
import traceback

from msgspec import Struct

from cwconsole.core.attempts import EventFacts, facts_of
from cwconsole.core.config import InstanceConfig, ResourceConfig
from cwconsole.core.delivery import SCHEDULES
from cwconsole.core.errors import ConfigError, StoreError
from cwconsole.core.polling import PARKED_INTERVAL
from cwconsole.engine.crawl import Target
from cwconsole.engine.poller import Poller
from cwconsole.engine.ports import Connect, ConnectedInstance, Sender
from cwconsole.engine.services import CALM_SECONDS, Services
from cwconsole.log import log
from cwconsole.store import instances, open_deliveries, resources
from cwconsole.store.deliveries import Claimed
from cwconsole.store.instances import Instance
from cwconsole.store.resources import Resource

UNRECORDED_SECONDS = 5.0  # until a poll that could not be recorded is tried again


class Member(Struct, frozen=True, kw_only=True):
    """An instance that is connected: what the dispatcher needs of it."""

    config: InstanceConfig
    sender: Sender
    schedule: tuple[float, ...]
    resources: dict[int, ResourceConfig]

    def facts(self, claimed: Claimed, event_id: str) -> EventFacts:
        """A claimed event with what its notification says of the instance."""
        return facts_of(
            self.config,
            self.resources.get(claimed.resource_id),
            event_id=event_id,
            number=claimed.event_id,
            kind=claimed.type,
            object_type=claimed.resource_name,
            object_id=claimed.object_id,
            record=claimed.record,
            record_date=claimed.record_date,
            seen_ms=claimed.seen_ms,
            instance_id=claimed.instance_id,
        )


class Unusable(Struct, frozen=True, kw_only=True):
    """An instance that cannot be connected, and why, as a sentence."""

    instance: str
    why: str

    @property
    def sentence(self) -> str:
        """Why, with the name in front."""
        return f"{self.instance}: {self.why}"


class Fleet:
    """The instances that can be used, with what their deliveries need, and a poller for each active resource.

    scheduled: whether pollers poll by themselves, or only when asked.
    """

    def __init__(self, services: Services, connect: Connect, *, scheduled: bool) -> None:
        self.services = services
        self.connect = connect
        self.scheduled = scheduled
        self.members: dict[int, Member] = {}
        self.pollers: dict[int, Poller] = {}
        self.broken: dict[int, Unusable] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._locks: dict[int, asyncio.Lock] = {}  # of resources: a poller that was retired may still be at work
        self._bodies: dict[int, str] = {}
        self._connected: dict[int, ConnectedInstance] = {}

    def recipient(self, instance_id: int) -> Member | None:
        """What deliveries of an instance need; None if it is gone or cannot be delivered for now."""
        return self.members.get(instance_id)

    def wake(self) -> None:
        """Let every poller look at its row again."""
        for poller in self.pollers.values():
            poller.wake()

    async def refresh(self, group: asyncio.TaskGroup) -> None:
        """Follow the database: connect what is new or changed, start and end pollers, wake the rest."""
        store = self.services.store
        stored = await store.read(instances.all_instances)
        cared_for = await store.read(resources.cared_for)
        by_instance: dict[int, list[Resource]] = {}
        for resource in cared_for:
            by_instance.setdefault(resource.instance_id, []).append(resource)
        for instance in stored:
            await self._connect(instance, by_instance.get(instance.id, []))
        gone = self._connected.keys() - {instance.id for instance in stored}
        for instance_id in gone:
            self._forget(instance_id)
        self._start_and_end([resource for resource in cared_for if resource.active], group)

    async def _connect(self, instance: Instance, its_resources: list[Resource]) -> None:
        connected = self._connected.get(instance.id)
        if connected is None or self._bodies.get(instance.id) != instance.body:
            try:
                connected = await self.connect(instance)
            except ConfigError as error:
                await self._break(instance, its_resources, error.message)
                return
            except Exception as defect:  # noqa: BLE001 - one instance's trouble must not end the engine
                log.error("instance broke", instance=instance.name, traceback=traceback.format_exc())
                sentence = f"An unexpected error hinders its use ({type(defect).__name__}); see the log."
                await self._break(instance, its_resources, sentence)
                return
            self._connected[instance.id], self._bodies[instance.id] = connected, instance.body
        self.broken.pop(instance.id, None)
        for resource in its_resources:
            if resource.error_code == ConfigError.code and not resource.runs:  # no poll of its own will show it
                await self.services.store.write(resources.note_usable, resource.id, self.services.clock.now_ms())
        configs = {resource.name: resource for resource in connected.config.resources}
        known = {row.id: configs[row.name] for row in its_resources if row.active and row.name in configs}
        if connected.sender is not None:
            self.members[instance.id] = Member(
                config=connected.config,
                sender=connected.sender,
                schedule=SCHEDULES[connected.config.retry],
                resources=known,
            )
        else:
            self.members.pop(instance.id, None)
        for resource_id, config in known.items():
            self._aim(
                resource_id,
                Target(
                    config=config,
                    instance=connected.config,
                    source=connected.source,
                    instance_updated_ms=instance.updated_ms,
                ),
            )

    async def _break(self, instance: Instance, its_resources: list[Resource], why: str) -> None:
        """An instance that cannot be connected: not polled, not delivered for, and red, or paused with the reason.

        Of one that is switched off nothing is said, unless it has deliveries: they stand still.
        """
        known = self.broken.get(instance.id)
        self._forget(instance.id)
        if not instance.enabled and not await self.services.store.read(open_deliveries.count, instance.id):
            return
        self.broken[instance.id] = unusable = Unusable(instance=instance.name, why=why)
        if known != unusable:
            log.warning("instance cannot be used", instance=instance.name, error=why)
        await self._park(its_resources, ConfigError.code, unusable.sentence)

    def _aim(self, resource_id: int, target: Target) -> None:
        poller = self.pollers.get(resource_id)
        if poller is None:
            lock = self._locks.setdefault(resource_id, asyncio.Lock())
            self.pollers[resource_id] = Poller(self.services, resource_id, target, scheduled=self.scheduled, lock=lock)
        elif poller.target != target:
            poller.retarget(target)
        else:
            poller.wake()

    def _start_and_end(self, active: list[Resource], group: asyncio.TaskGroup) -> None:
        wanted = {resource.id for resource in active if resource.instance_id in self._connected}
        for resource_id in self.pollers.keys() - wanted:
            self.pollers.pop(resource_id).retire()
            self._tasks.pop(resource_id, None)
        for resource_id, poller in self.pollers.items():
            if resource_id not in self._tasks:
                self._tasks[resource_id] = group.create_task(self._guard(poller))

    async def _guard(self, poller: Poller) -> None:
        """Run a poller. A defect parks it, red, with its traceback in the log; the rest goes on.

        A file that cannot be written is no defect of the poller: it tries again soon, and moves nothing until then.
        """
        said = ""
        while not poller.ended:
            began_ms = self.services.clock.now_ms()
            try:
                try:
                    await poller.run()
                except StoreError:
                    raise
                except Exception as defect:  # noqa: BLE001 - whatever it is, the other pollers must go on
                    await self._park_defect(poller, defect)
                    await poller.rest(PARKED_INTERVAL)
            except StoreError as error:
                if self.services.clock.now_ms() - began_ms > CALM_SECONDS * 1000:
                    said = ""
                if said != error.message:
                    said = error.message
                    log.warning("poll could not be recorded; trying on", resource=poller.target.label, error=said)
                await self.services.pause(UNRECORDED_SECONDS)

    async def _park_defect(self, poller: Poller, defect: Exception) -> None:
        log.error("poller broke", resource=poller.target.label, traceback=traceback.format_exc())
        row = await self.services.store.read(resources.load, poller.resource_id)
        sentence = f"An unexpected error stopped this poller ({type(defect).__name__}); see the log."
        await self._park([] if row is None else [row], "defect", sentence)

    async def _park(self, parked: list[Resource], code: str, sentence: str) -> None:
        now_ms = self.services.clock.now_ms()
        for resource in parked:
            await self.services.store.write(
                resources.note_failure,
                resource.id,
                code=code,
                error=sentence,
                parked=True,
                next_poll_ms=now_ms + int(PARKED_INTERVAL * 1000),
                now_ms=now_ms,
            )

    def _forget(self, instance_id: int) -> None:
        for table in (self._connected, self._bodies, self.members, self.broken):
            table.pop(instance_id, None)
