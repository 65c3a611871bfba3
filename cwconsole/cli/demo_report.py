"""What came of a demo: the receivers compared with the simulator, in numbers, and one sentence. Pure.

A record counts as arrived if its last notification tells how it is now: DELETED if it is gone, else CREATED or UPDATED
with the very same record. One that came and went between two polls was never seen by anybody, and is counted apart.
One that did not arrive is missing only if nothing is left that would bring it: while a delivery of it is open, or
ConnectWise was not read to the end, it is open; while a sweep waits to hear whether it is deleted, it is asking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core import json_values
from cwconsole.core.counted import counted
from cwconsole.core.records import EventType
from cwconsole.simulator.steering import Arrived, Changed, Changes
from cwconsole.store.totals import Totals

SHOWN = 10  # missing records that are named in the report for people


class Absent(Struct, frozen=True, kw_only=True):
    """A changed record whose last version did not arrive. why: half a sentence."""

    instance: str
    resource: str
    object_id: int
    why: str

    @property
    def label(self) -> str:
        """The resource, as sentences name it."""
        return f"{self.instance}/{self.resource}"


class Recorded(Struct, frozen=True, kw_only=True):
    """What the database holds of one resource, when its receiver is compared.

    known: the ids that any poll or sweep has seen. listed: those that are believed to exist. undelivered: those with an
    open delivery. asks: whether a sweep waits for agreement. read: whether a sweep begun after the last change ended.
    """

    known: AbstractSet[int] = frozenset()
    listed: AbstractSet[int] = frozenset()
    undelivered: AbstractSet[int] = frozenset()
    asks: bool = False
    read: bool = True


class Compared(Struct, frozen=True, kw_only=True):
    """The changed records of one resource or more. unseen: those that came and went between two polls."""

    arrived: int = 0
    unseen: int = 0
    missing: tuple[Absent, ...] = ()
    open: tuple[Absent, ...] = ()
    asking: tuple[Absent, ...] = ()

    @property
    def checked(self) -> int:
        """All that somebody could have been told of."""
        return self.arrived + len(self.missing) + len(self.open) + len(self.asking)

    def __add__(self, other: Compared) -> Compared:
        return Compared(
            arrived=self.arrived + other.arrived,
            unseen=self.unseen + other.unseen,
            missing=self.missing + other.missing,
            open=self.open + other.open,
            asking=self.asking + other.asking,
        )


class Faults(Struct, frozen=True, kw_only=True):
    """How often each kind of fault struck."""

    source: Mapping[str, int]
    receivers: Mapping[str, int]


class Report(Struct, frozen=True, kw_only=True):
    """seconds: of changes. settled: seconds from the last change until nothing was left to do; None: not in time.

    accepted, duplicates: notifications at the receivers.
    """

    seed: int
    seconds: float
    settled: float | None
    changes: Changes
    totals: Totals
    faults: Faults
    requests: int
    accepted: int
    duplicates: int
    compared: Compared

    @property
    def ok(self) -> bool:
        """Whether everything was delivered in time and every last version arrived."""
        return self.settled is not None and self.compared.arrived == self.compared.checked

    @property
    def verdict(self) -> str:
        """One sentence, which calls nothing missing that may still arrive, and nothing arrived that did not."""
        compared, waiting = self.compared, self.totals.deliveries.open
        if compared.arrived < compared.checked:
            lead = "" if compared.missing else "Nothing is missing so far: of"
            return f"{lead or 'Of'} {compared.checked} changed records {_standing(compared)}."
        whole = f"Nothing is missing: the last version of all {compared.checked} changed records arrived"
        if self.settled is None:
            some = counted(waiting, "delivery is", "deliveries are")
            return f"{whole}, but not all work was done in time; {some} open."
        return f"{whole}."


def _standing(compared: Compared) -> str:
    """`9 arrived as they are now, 2 are missing, 3 are still open, 1 waits for an answer`."""
    words = [f"{compared.arrived} arrived as they are now"]
    for absent, one, many in (
        (compared.missing, "is missing", "are missing"),
        (compared.open, "is still open", "are still open"),
        (compared.asking, "waits for an answer", "wait for an answer"),
    ):
        if absent:
            words.append(counted(len(absent), one, many))
    return ", ".join(words)


def compare(
    changed: Sequence[Changed],
    arrived: Sequence[Arrived],
    *,
    instance: str,
    resource: str,
    old: int,
    recorded: Recorded,
) -> Compared:
    """One resource of one instance. arrived: at its receiver, of any resource.

    old: ids up to here existed before the first change.
    """
    last = {one.object_id: one for one in arrived if one.object_type == resource}
    compared = Compared()
    for record in changed:
        notified = last.get(str(record.id))
        difference = _difference(record, notified)
        if difference is None:
            compared += Compared(arrived=1)
        elif notified is None and record.digest is None and record.id > old and record.id not in recorded.known:
            compared += Compared(unseen=1)
        else:
            absent = Absent(instance=instance, resource=resource, object_id=record.id, why=difference)
            compared += _placed(record, absent, recorded)
    return compared


def _placed(record: Changed, absent: Absent, recorded: Recorded) -> Compared:
    """A record that did not arrive, under what is still to come of it."""
    if record.id in recorded.undelivered:
        return Compared(open=(replace(absent, why="a delivery is open"),))
    if record.digest is None and recorded.asks and record.id in recorded.listed:
        return Compared(asking=(replace(absent, why="a sweep asks whether it was deleted"),))
    if not recorded.read:
        return Compared(open=(replace(absent, why="no sweep after the last change has completed"),))
    return Compared(missing=(absent,))


def _difference(record: Changed, notified: Arrived | None) -> str | None:
    """What is wrong with a record's last notification; None if nothing is."""
    if notified is None:
        return "nothing arrived"
    is_gone = notified.event_type == EventType.DELETED
    if record.digest is None:
        return None if is_gone else f"it was deleted, and the last to arrive was {notified.event_type}"
    if is_gone:
        return "it exists, and DELETED arrived last"
    return None if notified.digest == record.digest else "an older version arrived last"


def as_json(report: Report) -> dict[str, Any]:
    """The report as one JSON object."""
    return {"ok": report.ok, "verdict": report.verdict, **json_values.as_json(report)}


def facts(report: Report) -> list[tuple[str, str]]:
    """The report for people: names and values."""
    changes, events, deliveries = report.changes, report.totals.events, report.totals.deliveries
    compared = report.compared
    unseen = f", {compared.unseen} came and went between two polls" if compared.unseen else ""
    return [
        ("seed", str(report.seed)),
        ("changes", _counted(created=changes.created, updated=changes.updated, deleted=changes.deleted)),
        ("requests", f"{report.requests} at ConnectWise"),
        ("events", _counted(created=events.created, updated=events.updated, deleted=events.deleted)),
        ("", "one for each instance that polls the record; what changes again before the next poll is one event"),
        ("deliveries", _counted(**json_values.as_json(deliveries))),
        ("attempts", f"{report.totals.attempts}, {report.accepted} accepted, {report.duplicates} of them twice"),
        ("faults", f"at ConnectWise: {_kinds(report.faults.source)}"),
        ("", f"at the receivers: {_kinds(report.faults.receivers)}"),
        ("settled", "not in time" if report.settled is None else f"{report.settled:.1f} s after the last change"),
        ("records", f"{_standing(compared)}{unseen}"),
        *(("missing", f"{one.label} {one.object_id}: {one.why}") for one in compared.missing[:SHOWN]),
        *(("open", line) for line in _summed(compared.open)),
        *(("asking", line) for line in _summed(compared.asking)),
        ("verdict", report.verdict),
    ]


def _counted(**counts: int) -> str:
    return f"{sum(counts.values())}: {', '.join(f'{count} {name}' for name, count in counts.items())}"


def _summed(absent: Iterable[Absent]) -> list[str]:
    """`acme/contacts, 12: a delivery is open`: what may still arrive is not named one by one."""
    counted = Counter((one.label, one.why) for one in absent)
    return [f"{label}, {number}: {why}" for (label, why), number in counted.items()]


def _kinds(struck: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(struck.items())) or "none"
