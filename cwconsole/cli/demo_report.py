"""What came of a demo: the receivers compared with the simulator, in numbers, and one sentence. Pure.

A record counts as arrived if its last notification tells how it is now: DELETED if it is gone, else CREATED or UPDATED
with the very same record. One that came and went between two polls was never seen by anybody, and is counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from cwconsole.cli import output
from cwconsole.core.records import EventType
from cwconsole.simulator.steering import Arrived, Changed, Changes
from cwconsole.store.totals import Totals

SHOWN = 10  # missing records named in the report for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A changed record whose last version did not arrive. why: half a sentence."""

    instance: str
    resource: str
    object_id: int
    why: str

    def __str__(self) -> str:
        return f"{self.instance}/{self.resource} {self.object_id}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The changed records of one resource or more. unseen: those that came and went between two polls."""

    arrived: int = 0
    unseen: int = 0
    missing: tuple[Missing, ...] = ()

    def __add__(self, other: Compared) -> Compared:
        return Compared(
            arrived=self.arrived + other.arrived,
            unseen=self.unseen + other.unseen,
            missing=self.missing + other.missing,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How often each kind of fault struck."""

    source: Mapping[str, int]
    receivers: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
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
        return self.settled is not None and not self.compared.missing

    @property
    def verdict(self) -> str:
        """One sentence."""
        compared, waiting = self.compared, self.totals.deliveries.open
        checked = compared.arrived + len(compared.missing)
        if compared.missing:
            return f"The last version of {len(compared.missing)} of {checked} changed records did not arrive."
        if self.settled is None:
            return f"Nothing is missing, but not all work was done in time; {waiting} deliveries are open."
        return f"Nothing is missing: the last version of all {checked} changed records arrived."


def compare(
    changed: Sequence[Changed],
    arrived: Sequence[Arrived],
    *,
    instance: str,
    resource: str,
    old: int,
    known: AbstractSet[int],
) -> Compared:
    """One resource of one instance. arrived: at its receiver, of any resource.

    old: ids up to here existed before the first change. known: the ids that any poll or sweep has seen.
    """
    last = {one.object_id: one for one in arrived if one.object_type == resource}
    unseen, missing = 0, []
    for record in changed:
        notified = last.get(str(record.id))
        if notified is None and record.digest is None and record.id > old and record.id not in known:
            unseen += 1
        elif (why := _difference(record, notified)) is not None:
            missing.append(Missing(instance=instance, resource=resource, object_id=record.id, why=why))
    return Compared(arrived=len(changed) - unseen - len(missing), unseen=unseen, missing=tuple(missing))


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
    return {"ok": report.ok, "verdict": report.verdict, **output.as_json(report)}


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
        ("deliveries", _counted(**output.as_json(deliveries))),
        ("attempts", f"{report.totals.attempts}, {report.accepted} accepted, {report.duplicates} of them twice"),
        ("faults", f"at ConnectWise: {_kinds(report.faults.source)}"),
        ("", f"at the receivers: {_kinds(report.faults.receivers)}"),
        ("settled", "not in time" if report.settled is None else f"{report.settled:.1f} s after the last change"),
        ("records", f"{compared.arrived} arrived as they are now, {len(compared.missing)} did not{unseen}"),
        *(("missing", str(one)) for one in compared.missing[:SHOWN]),
        ("verdict", report.verdict),
    ]


def _counted(**counts: int) -> str:
    return f"{sum(counts.values())}: {', '.join(f'{count} {name}' for name, count in counts.items())}"


def _kinds(struck: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(struck.items())) or "none"
