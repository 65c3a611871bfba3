"""What operators do that only changes state, and so needs no engine: each one unit with its action row.

A scope is an instance, or one resource of it. Doing twice what is done already changes nothing, and says so.
"""

from __future__ import annotations

import sqlite3
from difflib import get_close_matches

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.errors import UsageError
from cwconsole.core.moments import iso
from cwconsole.store import actions, instances, meta, open_deliveries, redelivery, resources
from cwconsole.store.actions import Asked
from cwconsole.store.delivery_list import HELD
from cwconsole.store.instances import Callback, Instance
from cwconsole.store.resources import Resource


class Scope(Struct, frozen=True, kw_only=True):
    """What an operation is about: an instance, or one of its resources."""

    instance: Instance
    resource: Resource | None = None

    @property
    def label(self) -> str:
        """`acme`, or `acme/contacts`."""
        return self.instance.name if self.resource is None else self.resource.label

    @property
    def table(self) -> str:
        """Where its flags stand."""
        return "instances" if self.resource is None else "resources"

    @property
    def row_id(self) -> int:
        """Its row there."""
        return self.instance.id if self.resource is None else self.resource.id

    @property
    def paused_ms(self) -> int | None:
        """Since when its polling is paused by its own flag."""
        return self.instance.paused_ms if self.resource is None else self.resource.paused_ms

    @property
    def held_ms(self) -> int | None:
        """Since when its deliveries are held by its own flag."""
        return self.instance.held_ms if self.resource is None else self.resource.held_ms

    def of(self, asked: Asked) -> Asked:
        """The question with the scope filled in."""
        resource_id = None if self.resource is None else self.resource.id
        return replace(asked, instance_id=self.instance.id, resource_id=resource_id)


def scope(conn: sqlite3.Connection, instance: str, resource: str | None = None) -> Scope:
    """An instance by id or name, and one of its active resources by name, for something to be done to it.

    Raises UsageError for what there is not, and for a resource that is left out of the configuration.
    """
    target = looked_at(conn, instance, resource)
    if target.resource is not None and not target.resource.active:
        name = target.instance.name
        raise UsageError(
            f"{target.label} is left out of the configuration of {name}: it is neither polled nor steered by itself. "
            f"Configure it again, or name {name} as a whole; its deliveries can be tried again or cancelled one by one."
        )
    return target


def looked_at(conn: sqlite3.Connection, instance: str, resource: str | None = None) -> Scope:
    """As `scope`, but a resource that is left out of the configuration can still be looked at."""
    found = instances.load(conn, instance)
    if resource is None:
        return Scope(instance=found)
    if (row := resources.named(conn, found.id, resource)) is not None:
        return Scope(instance=found, resource=row)
    known = [row.name for row in resources.of_instance(conn, found.id)]
    close = get_close_matches(resource, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(known) or 'none'}."
    raise UsageError(f"{found.name} has no resource {resource!r}; {hint}")


def pause(conn: sqlite3.Connection, target: Scope, *, asked: Asked, now_ms: int) -> str:
    """Stand still: no polls by the schedule; an open crawl is kept. Returns the outcome as a sentence."""
    if target.paused_ms is not None:
        return _nothing(conn, target, asked, f"{target.label} was paused already.", now_ms)
    conn.execute(f"UPDATE {target.table} SET paused_ms = ? WHERE id = ?", (now_ms, target.row_id))
    return _done(conn, target, asked, f"{target.label} is paused; deliveries that nothing holds go on.", now_ms)


def resume(conn: sqlite3.Connection, target: Scope, *, asked: Asked, now_ms: int) -> str:
    """Go on polling; what is overdue is polled at once. Returns the outcome as a sentence."""
    if target.paused_ms is None:
        return _nothing(conn, target, asked, _not_by_itself(target, target.instance.paused_ms, "paused"), now_ms)
    conn.execute(f"UPDATE {target.table} SET paused_ms = NULL WHERE id = ?", (target.row_id,))
    still = target.resource is not None and target.instance.paused_ms is not None
    outcome = f"{target.label} goes on" + (
        f" as soon as its instance does: {target.instance.name} is paused." if still else "."
    )
    return _done(conn, target, asked, outcome, now_ms)


def hold(conn: sqlite3.Connection, target: Scope, *, asked: Asked, now_ms: int) -> str:
    """Keep recording events and send none. Returns the outcome as a sentence."""
    if target.held_ms is not None:
        return _nothing(conn, target, asked, f"Deliveries of {target.label} were held already.", now_ms)
    conn.execute(f"UPDATE {target.table} SET held_ms = ? WHERE id = ?", (now_ms, target.row_id))
    open_deliveries.apply_hold(conn, target.instance.id)
    return _done(conn, target, asked, f"Deliveries of {target.label} are held; events are still recorded.", now_ms)


def release(conn: sqlite3.Connection, target: Scope, *, asked: Asked, now_ms: int) -> str:
    """Send what was held, in order, with its callback URL if that is held (`callback_let_go`).

    Returns the outcome as a sentence.
    """
    callback = callback_let_go(conn, target)
    if target.held_ms is None and callback is None:
        return _nothing(conn, target, asked, _not_by_itself(target, target.instance.held_ms, "held"), now_ms)
    conn.execute(f"UPDATE {target.table} SET held_ms = NULL WHERE id = ?", (target.row_id,))
    open_deliveries.apply_hold(conn, target.instance.id)
    if callback is not None:
        conn.execute("UPDATE callbacks SET held_ms = NULL, held_reason = NULL WHERE id = ?", (callback.id,))
    outcome = f"Deliveries of {target.label} go on{_how_many(conn, target, callback, now_ms)}."
    if callback is not None:
        outcome += f" The callback URL {callback.url} is not held any more."
    if target.resource is not None and target.instance.held_ms is not None:
        outcome = f"{target.label} goes on as soon as its instance does: deliveries of {target.instance.name} are held."
    return _done(conn, target, asked, outcome, now_ms)


def _how_many(conn: sqlite3.Connection, target: Scope, callback: Callback | None, now_ms: int) -> str:
    """Of what was let go, how much is sent now, if some of it waits for its next try."""
    rows = conn.execute(
        """
        SELECT r.id, r.pending + r.retrying FROM resources r
            JOIN instances i ON i.id = r.instance_id LEFT JOIN callbacks c ON c.id = i.callback_id
        WHERE r.pending + r.retrying > 0 AND coalesce(r.held_ms, i.held_ms, c.held_ms) IS NULL AND i.removed_ms IS NULL
            AND (c.id = :callback OR (i.id = :instance AND (:resource IS NULL OR r.id = :resource)))
        """,
        {
            "callback": None if callback is None else callback.id,
            "instance": target.instance.id,
            "resource": None if target.resource is None else target.resource.id,
        },
    ).fetchall()
    later = open_deliveries.due_later(conn, [row[0] for row in rows], now_ms)
    if not later:
        return ""
    return f": {sum(row[1] for row in rows) - later:,} now, {later:,} at their next try"


def callback_let_go(conn: sqlite3.Connection, target: Scope) -> Callback | None:
    """The held callback URL that is let go with a scope: with an instance always, with a resource where nobody holds
    it by name.
    """
    if target.resource is not None and (target.held_ms or target.instance.held_ms) is not None:
        return None
    callback = instances.callback_of(conn, target.instance)
    return None if callback is None or callback.held_reason is None else callback


class Watermark(Struct, frozen=True, kw_only=True):
    """Up to when a resource is known to be recorded, and the time there now: whole seconds on the server's clock.

    server_ahead_seconds: that clock minus this machine's; None before the first answer.
    """

    instance: str
    resource: str
    watermark: int | None
    server_now: int
    server_ahead_seconds: int | None = None


def watermark(conn: sqlite3.Connection, instance: str, resource: str, *, now_ms: int) -> Watermark:
    """A resource's watermark. Raises UsageError for an instance or a resource that there is not."""
    row = scope(conn, instance, resource).resource
    assert row is not None
    return Watermark(
        instance=row.instance_name,
        resource=row.name,
        watermark=row.watermark,
        server_now=server_now(conn, row.id, now_ms),
        server_ahead_seconds=None if row.skew_ms is None else round(row.skew_ms / 1000),
    )


def set_watermark(conn: sqlite3.Connection, target: Scope, watermark: int, *, asked: Asked, now_ms: int) -> str:
    """Read from another time on, whole seconds on the server's clock; an open crawl is dropped.

    Going back makes no events of records that have not changed since they were last seen; going forward skips changes:
    whoever asks has been shown that (`core.rewinding`). Returns the outcome as a sentence. Raises as `settable` does.
    """
    resource, before = settable(conn, target, watermark, now_ms=now_ms)
    resources.drop_crawl(conn, resource.id)
    conn.execute("UPDATE resources SET watermark = ?, next_poll_ms = ? WHERE id = ?", (watermark, now_ms, resource.id))
    params = (("from", before), ("to", watermark))
    outcome = f"{target.label}: the watermark was set to {_second(watermark)}; it was {_second(before)}."
    return _done(conn, target, replace(asked, params=params), outcome, now_ms)


def settable(conn: sqlite3.Connection, target: Scope, watermark: int, *, now_ms: int) -> tuple[Resource, int]:
    """The resource whose watermark can be set so, and where it stands.

    Raises UsageError before the first poll has set a watermark, and for a time that has not come yet.
    """
    resource = target.resource
    if resource is None:
        raise UsageError(f"{target.label}: a watermark belongs to one resource; name it.")
    if resource.watermark is None:
        raise UsageError(f"{target.label} has no watermark yet: its first poll sets it.")
    if watermark > server_now(conn, resource.id, now_ms):
        raise UsageError(f"{target.label}: that time has not come yet on the server's clock; name an earlier one.")
    return resource, resource.watermark


def _second(seconds: int) -> str:
    return f"{iso(seconds * 1000)[:19].replace('T', ' ')} UTC"


def server_now(conn: sqlite3.Connection, resource_id: int, now_ms: int) -> int:
    """The time on the server's clock, whole seconds, by the last answer's difference from ours."""
    row = conn.execute("SELECT coalesce(skew_ms, 0) FROM resources WHERE id = ?", (resource_id,)).fetchone()
    return (now_ms + int(row[0])) // 1000


def retry(conn: sqlite3.Connection, delivery_id: int, *, asked: Asked, now_ms: int) -> str:
    """Arm a delivery again. Returns the outcome as a sentence. Raises UsageError, or IllegalStep if it cannot be."""
    asked = _about_delivery(conn, delivery_id, asked)
    redelivery.rearm(conn, delivery_id, now_ms)
    return _settled(conn, asked, f"Delivery {delivery_id} is tried again{_how_soon(conn, delivery_id)}.", now_ms)


def _how_soon(conn: sqlite3.Connection, delivery_id: int) -> str:
    """What a delivery that was armed again waits for; nothing as a rule."""
    sql = f"SELECT {HELD}, d.due_ms IS NULL FROM deliveries d WHERE d.id = ?"
    held, waits = conn.execute(sql, (delivery_id,)).fetchone()
    if held:
        return " once it is let go: it is held"
    return " when it is its turn: another delivery of its object is open" if waits else ""


def cancel(conn: sqlite3.Connection, delivery_id: int, *, asked: Asked, now_ms: int) -> str:
    """Give a delivery up. Returns the outcome as a sentence. Raises UsageError, or IllegalStep if it cannot be."""
    asked = _about_delivery(conn, delivery_id, asked)
    redelivery.cancel(conn, delivery_id, now_ms)
    return _settled(conn, asked, f"Delivery {delivery_id} was cancelled.", now_ms)


def _about_delivery(conn: sqlite3.Connection, delivery_id: int, asked: Asked) -> Asked:
    row = conn.execute(
        """
        SELECT d.instance_id, d.resource_id, i.removed_ms FROM deliveries d JOIN instances i ON i.id = d.instance_id
        WHERE d.id = ?
        """,
        (delivery_id,),
    ).fetchone()
    if row is None or row[2] is not None:
        raise UsageError(f"There is no delivery {delivery_id}; `cwconsole deliveries list` shows the ids.")
    return replace(asked, instance_id=row[0], resource_id=row[1], target_id=delivery_id)


def _not_by_itself(target: Scope, whole_ms: int | None, what: str) -> str:
    """Why nothing was let go. whole_ms: since when the instance as a whole stands."""
    whole = target.instance.name
    if target.resource is not None and whole_ms is not None:
        return f"{target.label} was not {what} by itself: {whole} is, as a whole; let {whole} go on."
    return f"{target.label} was not {what}."


def _done(conn: sqlite3.Connection, target: Scope, asked: Asked, outcome: str, now_ms: int) -> str:
    return _settled(conn, target.of(asked), outcome, now_ms)


def _settled(conn: sqlite3.Connection, asked: Asked, outcome: str, now_ms: int) -> str:
    meta.bump_config_version(conn)
    actions.record_done(conn, asked, outcome, now_ms=now_ms)
    return outcome


def _nothing(conn: sqlite3.Connection, target: Scope, asked: Asked, outcome: str, now_ms: int) -> str:
    """It was asked for, and is in the audit log, but nothing has changed that an engine should follow."""
    actions.record_done(conn, target.of(asked), outcome, now_ms=now_ms)
    return outcome
