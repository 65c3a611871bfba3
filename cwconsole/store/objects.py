"""Objects: the last known version of every record, as a sweep compares, confirms and deletes them."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from msgspec.structs import replace

from cwconsole.core.records import EventType, Known, Presence, Seen
from cwconsole.store import meta, resources
from cwconsole.store.pages import Recording, SetAside, add_events, known_versions, put_aside, record, take_back
from cwconsole.store.polls import Tally, add_tally


class Listed(NamedTuple):
    """What a sweep needs of a known object. updated: whole seconds, or None. event_id: its last event, if any."""

    object_id: int
    updated: int | None
    presence: str
    event_id: int | None


def known_range(
    conn: sqlite3.Connection, resource_id: int, after: int, up_to: int | None, limit: int = -1
) -> list[Listed]:
    """Known objects with `after < id <= up_to`, ids ascending, the first `limit`; up_to None means to the end."""
    return [
        Listed(*row)
        for row in conn.execute(
            """
            SELECT object_id, updated, presence, event_id FROM objects
            WHERE resource_id = ? AND object_id > ? AND object_id <= ? ORDER BY object_id LIMIT ?
            """,
            (resource_id, after, 2**63 - 1 if up_to is None else up_to, limit),
        )
    ]


def highest_known(conn: sqlite3.Connection, resource_id: int) -> int:
    """The highest id of a resource's known objects, or 0."""
    row = conn.execute("SELECT max(object_id) FROM objects WHERE resource_id = ?", (resource_id,)).fetchone()
    return row[0] or 0


def newest_event(conn: sqlite3.Connection) -> int:
    """The id of the newest event of all, or 0: what is recorded from now on has a higher one."""
    return int(meta.get(conn, "last_event_id") or 0)


def aside_range(conn: sqlite3.Connection, resource_id: int, after: int, up_to: int | None) -> set[int]:
    """Ids with `after < id <= up_to` of records that are set aside; up_to None means to the end."""
    rows = conn.execute(
        "SELECT object_id FROM set_aside WHERE resource_id = ? AND object_id > ? AND object_id <= ?",
        (resource_id, after, 2**63 - 1 if up_to is None else up_to),
    )
    return {row[0] for row in rows}


def record_fetched(
    conn: sqlite3.Connection, recording: Recording, fetched: list[Seen], aside: tuple[SetAside, ...] = ()
) -> Tally:
    """Judge what a sweep fetched; whatever could be decoded is not set aside any more."""
    resources.require_unchanged(conn, recording.resource)
    tally = record(conn, recording, fetched)
    take_back(conn, recording.resource.id, fetched)
    tally = put_aside(conn, recording.resource.id, aside, tally, recording.now_ms)
    add_tally(conn, recording.poll_id, tally)
    return tally


def record_deletion(conn: sqlite3.Connection, recording: Recording, object_id: int) -> Tally:
    """A confirmed deletion: a DELETED event with the last known record, or `{"id": …}` if none was ever kept.

    No event for what was set aside and never known: nobody was told of it.
    """
    resource_id = recording.resource.id
    resources.require_unchanged(conn, recording.resource)
    _not_aside(conn, resource_id, object_id)
    known = known_versions(conn, resource_id, [object_id]).get(object_id)
    if known is None or known.presence is Presence.DELETED:
        return Tally()
    gone = Seen(object_id, known.updated, None, known.digest or b"", _last_record(conn, object_id, known))
    dated = replace(recording, server_time=known.updated or 0)  # its own date: a deletion is not "from the future"
    tally = add_events(conn, dated, [(gone, known, EventType.DELETED)])
    add_tally(conn, recording.poll_id, tally)
    return tally


def _last_record(conn: sqlite3.Connection, object_id: int, known: Known) -> bytes:
    row = conn.execute("SELECT record FROM events WHERE id = ?", (known.event_id,)).fetchone()
    return b'{"id":%d}' % object_id if row is None else bytes(row[0])


def _not_aside(conn: sqlite3.Connection, resource_id: int, object_id: int) -> None:
    conn.execute("DELETE FROM set_aside WHERE resource_id = ? AND object_id = ?", (resource_id, object_id))


def mark_outside(conn: sqlite3.Connection, recording: Recording, object_id: int) -> None:
    """It exists but is not listed: it left the filter. No event, and not asked again until it is listed."""
    resource_id = recording.resource.id
    resources.require_unchanged(conn, recording.resource)  # the new filter may take it in
    _not_aside(conn, resource_id, object_id)
    conn.execute(
        """
        UPDATE objects SET presence = 'outside' WHERE resource_id = ? AND object_id = ? AND presence = 'listed'
        """,
        (resource_id, object_id),
    )
