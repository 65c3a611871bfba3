"""The fleet: one row per resource, from maintained rows alone, so it costs the same at ten million events.

A resource that an edit has left out of its instance keeps its row as long as it has deliveries that are open or dead:
somebody must see them.

Whoever looks again and again keeps the last reading (`Reading`) and gives it to the next one, which compares a stamp of
each row and makes anew only what has changed. What comes with time alone (how late, the hours of the last day) is made
anew when the minute turns, for all of them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct

from cwconsole.core.config import Mode
from cwconsole.core.health import Health, Vitals, health, lag_seconds
from cwconsole.core.json_values import as_json
from cwconsole.store import production, troubles
from cwconsole.store.polls import HOUR_MS
from cwconsole.store.troubles import Row

MINUTE_MS: Final = 60_000


class Waiting(NamedTuple):
    """Deliveries that are still to be sent. held: those behind a hold, which are in no other number."""

    pending: int
    retrying: int
    held: int


class StatusRow(Struct, frozen=True, kw_only=True):
    """How one resource does.

    watermark: whole seconds on the server's clock; lag_seconds: how far it lies behind that clock, None without one.
    last_poll_ms, last_success_ms, next_poll_ms, failing_since_ms: milliseconds since the epoch, UTC. What is paused or
    switched off has no next poll.
    created, updated, deleted: events of the last 24 hours, by whole hours.
    pending, sending, retrying, dead: deliveries. held: whether anything holds them; held_why says what.
    left_out: whether it is configured no longer, and here for its deliveries alone.
    production: whether the instance is tagged PROD or PRODUCTION, in whatever letters.
    last_error: what is wrong now, in sentences; None if nothing is.
    set_aside: how many records cannot be decoded, so that what has changed in them is in no event.
    asking: how many records a sweep found gone and wants to be confirmed, whatever the state; None if it asks nothing.
    listed_ms: when all ids were last listed to the end, by a sweep or by the baseline: deletes before that are known.
    server_ahead_seconds: the server's clock minus this machine's; None before the first answer.
    """

    instance_id: int
    instance: str
    resource_id: int
    resource: str
    state: Health
    mode: Mode
    interval: float
    watermark: int | None
    lag_seconds: int | None
    last_poll_ms: int | None
    last_success_ms: int | None
    next_poll_ms: int | None
    failing_since_ms: int | None
    created: int
    updated: int
    deleted: int
    pending: int
    sending: int
    retrying: int
    dead: int
    held: bool
    held_why: str | None
    error_code: str | None
    last_error: str | None
    left_out: bool = False
    production: bool = False
    listed_ms: int | None = None
    asking: int | None = None
    set_aside: int = 0
    server_ahead_seconds: int | None = None

    @property
    def waiting(self) -> Waiting:
        """Its open deliveries as people are told of them; what is being sent counts as pending."""
        if self.held:
            return Waiting(self.sending, 0, self.pending + self.retrying)
        return Waiting(self.pending + self.sending, self.retrying, 0)

    @property
    def standings(self) -> dict[str, int]:
        """How many of its deliveries a list shows in each state that is not done with."""
        pending = 0 if self.held else self.pending
        _, retrying, held = self.waiting
        return {"pending": pending, "sending": self.sending, "retrying": retrying, "held": held, "dead": self.dead}


class BareInstance(Struct, frozen=True, kw_only=True):
    """An instance without resources: nothing is read of it, and no resource's row speaks for it."""

    id: int
    name: str
    enabled: bool
    paused: bool
    production: bool


class Reading(Struct, frozen=True, kw_only=True):
    """The fleet, and what it was made from. A row that has not changed since the reading before is the same object.

    rows, stamps: by the ids of resources; rows in the order of instances and names. minute: in which all were made.
    bare: by name.
    """

    rows: Mapping[int, StatusRow]
    stamps: Mapping[int, str]
    minute: int
    engine_runs: bool
    bare: tuple[BareInstance, ...] = ()

    def instances(self) -> Iterator[tuple[int, str]]:
        """The id and the name of each instance, once for each of its resources."""
        yield from ((row.instance_id, row.instance) for row in self.rows.values())
        yield from ((one.id, one.name) for one in self.bare)


_FROM = """
    FROM resources r JOIN instances i ON i.id = r.instance_id LEFT JOIN callbacks c ON c.id = i.callback_id
        LEFT JOIN (SELECT resource_id, count(*) AS number, min(object_id) AS first FROM set_aside GROUP BY 1) a
            ON a.resource_id = r.id
    """
_SHOWN = "(r.active = 1 OR r.pending + r.sending + r.retrying + r.dead > 0)"
_WHERE = f"WHERE {_SHOWN} AND i.removed_ms IS NULL"
_STAMPS = f"""
    SELECT r.id, json_array(r.active, i.updated_ms, i.enabled, i.paused_ms, i.held_ms, c.held_ms, r.paused_ms,
        r.held_ms, r.watermark, r.last_poll_ms, r.next_poll_ms, r.pending, r.sending, r.retrying, r.dead, r.failures,
        r.error, r.parked, r.baseline_done, r.crawl_last_id, r.sweep_vanished, r.sweep_failures, r.swept_ms, a.number,
        a.first, c.breaker_until_ms IS NOT NULL)
    {_FROM} {_WHERE}
    """  # what else a row shows changes with one of these: an edit dates the instance, a poll's end the resource
_SELECT = f"""
    SELECT i.id AS instance_id, i.name AS instance, r.id AS resource_id, r.name AS resource, r.active, r.mode,
        r.interval_s, r.watermark, r.last_poll_ms, r.last_success_ms, r.next_poll_ms, r.failing_since_ms,
        r.pending, r.sending, r.retrying, r.dead, r.error_code, r.error, r.failures, r.parked, r.baseline_done,
        r.skew_ms, r.sweep_vanished, r.sweep_interval_s, r.sweep_failures, r.sweep_error,
        coalesce(r.swept_ms, r.baselined_ms) AS listed_ms, i.enabled,
        coalesce(a.number, 0) AS set_aside, a.first AS first_aside,
        i.paused_ms IS NOT NULL OR r.paused_ms IS NOT NULL AS paused,
        i.held_ms IS NOT NULL AS instance_held, r.held_ms IS NOT NULL AS resource_held,
        c.held_ms IS NOT NULL AS callback_held, c.held_reason, c.breaker_until_ms IS NOT NULL AS breaker_open,
        total(h.created) AS created, total(h.updated) AS updated, total(h.deleted) AS deleted
    {_FROM} LEFT JOIN hours h ON h.resource_id = r.id AND h.hour > :hour
    {_WHERE}
    """
_SOME = "AND r.id IN (SELECT value FROM json_each(:ids))"
_ORDER = "GROUP BY r.id ORDER BY i.name, r.name"
# What stands for a resource that is left out, whatever its row has kept: nothing goes on that it could be about.
_LEFT_OUT: Final[Row] = {
    "enabled": 0,
    "next_poll_ms": None,
    "failing_since_ms": None,
    "error_code": None,
    "sweep_vanished": None,
    "set_aside": 0,
}


def fleet(
    conn: sqlite3.Connection, ids: Sequence[int] | None = None, *, now_ms: int, engine_runs: bool
) -> list[StatusRow]:
    """Every resource, by instance and name. ids: these resources only.

    engine_runs: whether anything polls now; without an engine nothing overdue counts as up to date.
    """
    some = "" if ids is None else _SOME
    params = {"hour": now_ms // HOUR_MS - 24, "ids": json.dumps(ids)}
    found = conn.execute(f"{_SELECT} {some} {_ORDER}", params)
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]  # sqlite3.Row looks through all for a name
    tagged = production.tagged(conn, {row["instance_id"] for row in rows})
    return [_status(row, now_ms, engine_runs, row["instance_id"] in tagged) for row in rows]


def document(row: StatusRow) -> dict[str, Any]:
    """How a resource does, as JSON. held: how many deliveries are; held_why says what holds them."""
    one: dict[str, Any] = as_json(row)
    one["held"] = row.waiting.held
    one["next_poll_at"] = one.pop("next_poll")
    return one


def reread(conn: sqlite3.Connection, before: Reading | None, *, now_ms: int, engine_runs: bool) -> Reading:
    """The fleet again. Returns the reading before if nothing has changed. See `fleet`."""
    stamps: dict[int, str] = {row[0]: row[1] for row in conn.execute(_STAMPS).fetchall()}
    bare, minute = _bare(conn), now_ms // MINUTE_MS
    if before is None or (before.minute, before.engine_runs) != (minute, engine_runs):
        rows = {row.resource_id: row for row in fleet(conn, now_ms=now_ms, engine_runs=engine_runs)}
        return Reading(rows=rows, stamps=stamps, minute=minute, engine_runs=engine_runs, bare=bare)
    changed = [one for one, stamp in stamps.items() if before.stamps.get(one) != stamp]
    if not changed and len(stamps) == len(before.stamps) and bare == before.bare:
        return before
    rows = dict(before.rows)
    rows |= {row.resource_id: row for row in fleet(conn, changed, now_ms=now_ms, engine_runs=engine_runs)}
    if any(_name(rows[one]) != _name(before.rows.get(one)) for one in changed) or len(rows) != len(stamps):
        rows = {row.resource_id: row for row in sorted(rows.values(), key=_name) if row.resource_id in stamps}
    return Reading(rows=rows, stamps=stamps, minute=minute, engine_runs=engine_runs, bare=bare)


def _bare(conn: sqlite3.Connection) -> tuple[BareInstance, ...]:
    rows = conn.execute(
        f"""
        SELECT id, name, enabled, paused_ms IS NOT NULL FROM instances i WHERE removed_ms IS NULL
            AND NOT EXISTS (SELECT 1 FROM resources r WHERE r.instance_id = i.id AND {_SHOWN}) ORDER BY name
        """
    ).fetchall()
    tagged = production.tagged(conn, [row[0] for row in rows]) if rows else frozenset()
    return tuple(
        BareInstance(id=row[0], name=row[1], enabled=bool(row[2]), paused=bool(row[3]), production=row[0] in tagged)
        for row in rows
    )


def _name(row: StatusRow | None) -> tuple[str, str]:
    return ("", "") if row is None else (row.instance, row.resource)


def _status(row: Row, now_ms: int, engine_runs: bool, production: bool) -> StatusRow:
    why, left_out, left = troubles.held_why(row), not row["active"], ""
    if left_out:
        left = troubles.what_is_left(row)
        row = {**row, **_LEFT_OUT}
    vitals = Vitals(
        enabled=bool(row["enabled"]),
        paused=bool(row["paused"]),
        held=why is not None,
        parked=bool(row["parked"]),
        failures=row["failures"],
        watermark=row["watermark"],
        baseline_done=bool(row["baseline_done"]),
        interval=row["interval_s"],
        mode=Mode(row["mode"]),
        next_poll_ms=row["next_poll_ms"],
        skew_ms=row["skew_ms"],
        sweep_vanished=row["sweep_vanished"],
        sweep_interval=row["sweep_interval_s"],
        sweep_failures=row["sweep_failures"],
        listed_ms=row["listed_ms"],
        set_aside=row["set_aside"],
        unsent=troubles.unsent_why(row) is not None,
    )
    return StatusRow(
        instance_id=row["instance_id"],
        instance=row["instance"],
        resource_id=row["resource_id"],
        resource=row["resource"],
        state=health(vitals, now_ms=now_ms, engine_runs=engine_runs),
        mode=vitals.mode,
        interval=vitals.interval,
        watermark=vitals.watermark,
        lag_seconds=None if left_out else lag_seconds(vitals, now_ms),
        last_poll_ms=row["last_poll_ms"],
        last_success_ms=row["last_success_ms"],
        next_poll_ms=vitals.next_poll_ms if vitals.enabled and not vitals.paused else None,
        failing_since_ms=row["failing_since_ms"],
        created=int(row["created"]),
        updated=int(row["updated"]),
        deleted=int(row["deleted"]),
        pending=row["pending"],
        sending=row["sending"],
        retrying=row["retrying"],
        dead=row["dead"],
        held=why is not None,
        held_why=why,
        error_code=row["error_code"],
        last_error=left or troubles.what_is_wrong(row, vitals, now_ms),
        left_out=left_out,
        production=production,
        listed_ms=vitals.listed_ms,
        asking=vitals.sweep_vanished or None,
        set_aside=vitals.set_aside,
        server_ahead_seconds=None if vitals.skew_ms is None else round(vitals.skew_ms / 1000),
    )
