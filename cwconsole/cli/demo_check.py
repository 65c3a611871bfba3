"""The end of the demo: what the receivers took beside what the simulator and the database hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet

from cwconsole.cli.demo_report import Compared, Faults, Recorded, Report, compare
from cwconsole.cli.demo_stage import RECORDS, Play
from cwconsole.core.records import Presence
from cwconsole.store import objects, open_deliveries, resources
from cwconsole.store.once import Connection
from cwconsole.store.resources import Resource
from cwconsole.store.totals import totals


async def reported(play: Play, lasted: float, settled: float | None) -> Report:
    """Everything that is to be told. lasted: seconds of changes; settled: as in `Report`."""
    source = await play.steering.source()
    taken = [await play.steering.taken(number) for number in range(len(play.members))]
    struck: Counter[str] = Counter()
    for one in taken:
        struck.update(one.struck)
    return Report(
        seed=play.seed,
        seconds=lasted,
        settled=None if settled is None else round(settled, 3),
        changes=source.changes,
        totals=await play.engine.services.store.read(totals),
        faults=Faults(source=source.struck, receivers=dict(struck)),
        requests=source.requests,
        accepted=sum(one.accepted for one in taken),
        duplicates=sum(one.duplicates for one in taken),
        compared=await _compared(play),
    )


async def _compared(play: Play) -> Compared:
    """Every resource of every instance against its receiver; what a person has removed is left out."""
    store, compared = play.engine.services.store, Compared()
    for number, (instance_id, config) in enumerate(play.members.items()):
        arrived = await play.steering.arrived(number)
        rows = {row.name: row for row in await store.read(resources.of_instance, instance_id)}
        for resource in config.resources:
            if resource.name in rows:
                compared += compare(
                    await play.steering.changed(resource.path),
                    arrived,
                    instance=config.name,
                    resource=resource.name,
                    old=RECORDS,
                    recorded=await store.read(_recorded, rows[resource.name], play.operator.swept),
                )
    return compared


def _recorded(conn: Connection, resource: Resource, swept: AbstractSet[int]) -> Recorded:
    known = objects.known_range(conn, resource.id, 0, None)
    return Recorded(
        known={one.object_id for one in known},
        listed={one.object_id for one in known if one.presence == Presence.LISTED},
        undelivered=open_deliveries.objects_of(conn, resource.id),
        asks=resource.sweep_vanished is not None,
        read=resource.id in swept,
    )
