"""What pausing, holding or letting go of instances and resources would do, in numbers: asked before it is done."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from cwconsole.core.errors import RefusedError
from cwconsole.store import callback_list, open_deliveries, operations, resources
from cwconsole.store.callback_list import CallbackRow
from cwconsole.store.operations import Scope


class Reach(Struct, frozen=True, kw_only=True):
    """label: `acme`, or `acme/contacts`. polled: its resources that are polled now. waiting: its open deliveries.

    held: how many of these wait behind a hold of the resource, the instance or the callback URL.
    """

    label: str
    polled: tuple[str, ...]
    waiting: int
    held: int


def reach(conn: sqlite3.Connection, instance: str, resource: str | None = None) -> Reach:
    """From the maintained totals. Raises UsageError for what there is not."""
    target = operations.scope(conn, instance, resource)
    rows = resources.of_instance(conn, target.instance.id) if target.resource is None else [target.resource]
    stands = target.instance.paused_ms is not None or not target.instance.enabled
    waiting, held = conn.execute(
        """
        SELECT total(r.pending + r.sending + r.retrying),
            total((r.pending + r.retrying) * (coalesce(r.held_ms, i.held_ms, c.held_ms) IS NOT NULL))
        FROM resources r JOIN instances i ON i.id = r.instance_id LEFT JOIN callbacks c ON c.id = i.callback_id
        WHERE i.id = :instance AND (:resource IS NULL OR r.id = :resource)
        """,
        {"instance": target.instance.id, "resource": None if target.resource is None else target.resource.id},
    ).fetchone()
    return Reach(
        label=target.label,
        polled=() if stands else tuple(row.label for row in rows if row.paused_ms is None),
        waiting=int(waiting),
        held=int(held),
    )


class Release(Struct, frozen=True, kw_only=True):
    """sent: how many deliveries would go on, those of other instances at the same callback URLs included.

    later: how many of them only once a next try is due, for letting go hastens none.
    stay: how many of the places themselves would go on waiting behind something else. callbacks: let go as well.
    barred: an instance that is held as a whole, over a resource that was to be let go alone; None as a rule.
    """

    labels: tuple[str, ...]
    sent: int
    later: int
    stay: int
    callbacks: tuple[CallbackRow, ...]
    barred: str | None


_LET_GO = """
    c.id IN (SELECT value FROM json_each(:callbacks)) OR i.id IN (SELECT value FROM json_each(:instances))
        OR r.id IN (SELECT value FROM json_each(:resources))
    """
_FREE = """
    (c.held_ms IS NULL OR c.id IN (SELECT value FROM json_each(:callbacks)))
        AND (i.held_ms IS NULL OR i.id IN (SELECT value FROM json_each(:instances)))
        AND (r.held_ms IS NULL OR r.id IN (SELECT value FROM json_each(:resources)))
    """


def release(conn: sqlite3.Connection, places: Sequence[tuple[str, str | None]], *, now_ms: int) -> Release:
    """What `operations.release` of each place would send, by the maintained totals but for `later`.

    Raises UsageError for what there is not, and RefusedError if nothing there is held.
    """
    targets = [operations.scope(conn, *place) for place in places]
    flagged = {target.instance.id for target in targets if target.resource is None and target.held_ms is not None}
    whole = [
        target.instance
        for target in targets
        if target.resource is not None and target.instance.held_ms is not None and target.instance.id not in flagged
    ]
    callbacks = [found for target in targets if (found := _callback_let_go(conn, target)) is not None]
    params = {
        "callbacks": json.dumps([one.id for one in callbacks]),
        "instances": json.dumps(sorted(flagged)),
        "resources": json.dumps(
            [one.resource.id for one in targets if one.resource is not None and one.held_ms is not None]
        ),
        "whole": json.dumps([one.instance.id for one in targets if one.resource is None]),
        "single": json.dumps([one.resource.id for one in targets if one.resource is not None]),
    }
    if not whole and not callbacks and not flagged and params["resources"] == "[]":
        raise RefusedError(f"Deliveries of {', '.join(target.label for target in targets)} are not held.")
    rows = conn.execute(
        f"""
        SELECT r.id, r.pending + r.retrying, {_FREE} AS free FROM resources r
            JOIN instances i ON i.id = r.instance_id LEFT JOIN callbacks c ON c.id = i.callback_id
        WHERE i.removed_ms IS NULL AND r.pending + r.retrying > 0 AND CASE WHEN {_FREE} THEN {_LET_GO}
            ELSE i.id IN (SELECT value FROM json_each(:whole)) OR r.id IN (SELECT value FROM json_each(:single)) END
        """,
        params,
    ).fetchall()
    let_go = {row[0]: int(row[1]) for row in rows if row[2]}
    return Release(
        labels=tuple(target.label for target in targets),
        sent=sum(let_go.values()),
        later=open_deliveries.due_later(conn, let_go, now_ms),
        stay=sum(int(row[1]) for row in rows if not row[2]),
        callbacks=tuple(dict.fromkeys(callbacks)),
        barred=whole[0].name if whole else None,
    )


def _callback_let_go(conn: sqlite3.Connection, target: Scope) -> CallbackRow | None:
    callback = operations.callback_let_go(conn, target)
    return None if callback is None else callback_list.of_url(conn, callback.url)
