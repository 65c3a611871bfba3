"""One page, one transaction: its events, their deliveries, the objects' versions, the poll's row and the crawl.

The known versions are read inside the same transaction, so what is decided about a page cannot be out of date when
it is written (design 5.4). A first full read passes here tens of thousands of records a second: nothing is asked of the
database per record.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cwconsole.core.config import Mode
from cwconsole.core.errors import StaleError
from cwconsole.core.polling import Birth, Verdict, classify, judge
from cwconsole.core.records import EventType, Known, Page, Presence, Seen
from cwconsole.store import polls, resources
from cwconsole.store.bulk import insert_rows
from cwconsole.store.delivery_indexes import OPEN
from cwconsole.store.polls import PollStart, Tally
from cwconsole.store.resources import Resource

EVENT_COLUMNS = (
    *("id", "instance_id", "resource_id", "poll_id", "object_id", "type", "seen_ms", "record_date", "future"),
    *("previous_id", "digest", "record"),
)
# Whether any object in a range of ids has an open delivery: asked once a page, since on a first full read none has.
# Not told by `previous_id`: what was begun anew knows nothing of the events before, whose deliveries may be open still.
_SOME_OPEN = f"""
    SELECT EXISTS (
        SELECT 1 FROM deliveries INDEXED BY deliveries_open
        WHERE resource_id = ? AND object_id BETWEEN ? AND ? AND {OPEN}
    )
"""
FUTURE_SLACK = 2  # seconds a record's date may lie after the answer's own time before it is flagged


class Recording(Struct, frozen=True, kw_only=True):
    """Where a batch of records belongs.

    poll_id: the poll that saw them. server_time: of the answer, whole seconds. now_ms: this machine's time.
    windowed: whether they were asked for by their dates.
    """

    resource: Resource
    birth: Birth
    poll_id: int
    server_time: int
    now_ms: int
    windowed: bool = False


class SetAside(Struct, frozen=True, kw_only=True):
    """A record that cannot be decoded. error: one sentence."""

    object_id: int
    error: str


class PageCommit(Struct, frozen=True, kw_only=True):
    """One answer of a crawl, ready to be written.

    poll_id: None for the first page of a poll. last_id: the cursor after this page.
    finish: set when the crawl is complete. baseline: records are ids and dates, and no events.
    """

    resource: Resource
    start: PollStart
    poll_id: int | None
    birth: Birth
    page: Page
    last_id: int
    now_ms: int
    finish: Finish | None = None
    baseline: bool = False
    set_aside: tuple[SetAside, ...] = ()


class Finish(Struct, frozen=True, kw_only=True):
    """How a complete crawl ends. watermark: whole seconds, if other than the crawl's own server time."""

    next_poll_ms: int
    watermark: int | None = None
    baselined: bool = False


def commit_page(conn: sqlite3.Connection, commit: PageCommit) -> tuple[int, Tally]:
    """Write one page. Returns the poll's id and the page's tally.

    Raises StaleError, and writes nothing, if the crawl was dropped meanwhile.
    """
    resource, page = commit.resource, commit.page
    set_back = resources.advance_crawl(
        conn,
        resource,
        kind=commit.start.kind,
        window_from=commit.start.window_from,
        server_time=page.server_time,
        last_id=commit.last_id,
        records=len(page.records),
        now_ms=commit.now_ms,
    )
    poll_id = commit.poll_id
    if poll_id is None:
        poll_id = polls.open_poll(conn, commit.start, page.server_time)
    tally = Tally(pages=1, records=len(page.records), bytes=page.size)
    if page.records:
        # Read again: a delivery hold or another callback may have come since the poll began.
        current = resources.load(conn, resource.id)
        if current is None or not current.active:
            raise StaleError(f"{resource.label} is not polled any more; nothing of this page was written")
        recording = Recording(
            resource=current,
            birth=commit.birth,
            poll_id=poll_id,
            server_time=page.server_time,
            now_ms=commit.now_ms,
            windowed=commit.start.kind == "window" and resource.mode == Mode.WINDOW,
        )
        if commit.baseline:
            counted = list_ids(conn, recording, page.records)
        else:
            counted = record(conn, recording, page.records)
            take_back(conn, resource.id, page.records)
        tally = replace(counted, pages=1, records=len(page.records), bytes=page.size)
    tally = put_aside(conn, resource.id, commit.set_aside, tally, commit.now_ms)
    polls.add_tally(conn, poll_id, tally)
    if commit.finish is not None:
        _finish(conn, commit, poll_id)
    return poll_id, replace(tally, set_back=set_back)


def _finish(conn: sqlite3.Connection, commit: PageCommit, poll_id: int) -> None:
    assert commit.finish is not None
    crawl_time = conn.execute("SELECT crawl_server_time FROM resources WHERE id = ?", (commit.resource.id,)).fetchone()[
        0
    ]
    watermark = crawl_time if commit.finish.watermark is None else min(commit.finish.watermark, crawl_time)
    resources.close_crawl(
        conn,
        commit.resource,
        watermark=watermark,
        baselined=commit.finish.baselined,
        next_poll_ms=commit.finish.next_poll_ms,
        now_ms=commit.now_ms,
    )
    polls.finish_poll(conn, poll_id, outcome="ok", now_ms=commit.now_ms)


def known_versions(conn: sqlite3.Connection, resource_id: int, object_ids: Sequence[int]) -> dict[int, Known]:
    """The known versions of the given ids, which ascend. Unknown ids are absent."""
    highest = conn.execute("SELECT max(object_id) FROM objects WHERE resource_id = ?", (resource_id,)).fetchone()[0]
    if not object_ids or highest is None or highest < object_ids[0]:
        return {}  # a first full read: everything is new
    rows = conn.execute(
        """
        SELECT object_id, updated, digest, event_id, presence FROM objects
        WHERE resource_id = ? AND object_id IN (SELECT value FROM json_each(?))
        """,
        (resource_id, json.dumps(object_ids)),
    )
    return {row[0]: Known(row[1], row[2], row[3], Presence(row[4])) for row in rows}


def list_ids(conn: sqlite3.Connection, recording: Recording, listed: Iterable[Seen]) -> Tally:
    """Keep ids, dates and, where a record was read whole, digests. No events.

    Known objects stay as they are; one that had left another filter is listed again. What is set aside is not made
    known: whoever reads it at last must see that nobody was told of it.
    """
    resource_id = recording.resource.id
    rows = conn.execute("SELECT object_id FROM set_aside WHERE resource_id = ?", (resource_id,))
    aside = {row[0] for row in rows}
    before = conn.total_changes
    conn.executemany(
        """
        INSERT INTO objects (resource_id, object_id, updated, digest) VALUES (?, ?, ?, ?)
        ON CONFLICT (resource_id, object_id) DO UPDATE SET presence = 'listed' WHERE presence = 'outside'
        """,
        [
            (resource_id, seen.object_id, seen.updated, seen.digest or None)
            for seen in listed
            if seen.object_id not in aside
        ],
    )
    return Tally(learned=conn.total_changes - before)


def record(conn: sqlite3.Connection, recording: Recording, seen_records: list[Seen]) -> Tally:
    """Judge records against the known versions and write what is news."""
    birth = recording.birth
    known = known_versions(conn, recording.resource.id, [seen.object_id for seen in seen_records])
    news: list[tuple[Seen, Known | None, EventType]] = []
    learned: list[Seen] = []
    for seen in seen_records:
        before = known.get(seen.object_id)
        verdict = judge(seen, before, birth, windowed=recording.windowed)
        if verdict is Verdict.NEWS:
            news.append((seen, before, classify(seen, before, birth)))
        elif verdict is Verdict.LEARN:
            learned.append(seen)
    _learn(conn, recording.resource.id, learned)
    tally = add_events(conn, recording, news)
    return replace(tally, learned=len(learned))


def _learn(conn: sqlite3.Connection, resource_id: int, learned: list[Seen]) -> None:
    if learned:
        conn.executemany(
            """
            UPDATE objects SET updated = ?, digest = ?, presence = 'listed' WHERE resource_id = ? AND object_id = ?
            """,
            [(seen.updated, seen.digest, resource_id, seen.object_id) for seen in learned],
        )


def add_events(
    conn: sqlite3.Connection, recording: Recording, news: list[tuple[Seen, Known | None, EventType]]
) -> Tally:
    """Write events with their objects and deliveries. Each object may occur once."""
    if not news:
        return Tally()
    resource = recording.resource
    first_id = _take_event_ids(conn, len(news))
    horizon = recording.server_time + FUTURE_SLACK
    insert_rows(
        conn,
        "events",
        EVENT_COLUMNS,
        [
            (
                event_id,
                resource.instance_id,
                resource.id,
                recording.poll_id,
                seen.object_id,
                kind.value,
                recording.now_ms,
                seen.updated,
                seen.updated is not None and seen.updated > horizon,
                None if known is None else known.event_id,
                seen.digest,
                seen.body,
            )
            for event_id, (seen, known, kind) in enumerate(news, first_id)
        ],
    )
    _keep_versions(conn, first_id, len(news))
    ids = [seen.object_id for seen, _, _ in news]
    due = 0 if resource.callback_id is None else _add_deliveries(conn, recording, first_id, ids)
    kinds = [kind for _, _, kind in news]
    return Tally(
        created=kinds.count(EventType.CREATED),
        updated=kinds.count(EventType.UPDATED),
        deleted=kinds.count(EventType.DELETED),
        deliveries=due,
        callback_id=resource.callback_id,
    )


def _keep_versions(conn: sqlite3.Connection, first_id: int, count: int) -> None:
    """Let the objects point to the events just written. One statement for all: Python's other threads run meanwhile."""
    conn.execute(
        """
        INSERT OR REPLACE INTO objects (resource_id, object_id, updated, digest, event_id, presence)
        SELECT resource_id, object_id, record_date, digest, id,
               CASE type WHEN 'DELETED' THEN 'deleted' ELSE 'listed' END
        FROM events WHERE id >= ? AND id < ? ORDER BY id
        """,
        (first_id, first_id + count),
    )


def _add_deliveries(conn: sqlite3.Connection, recording: Recording, first_id: int, object_ids: list[int]) -> int:
    """One delivery an event; due at once unless an earlier one of its object is open. Returns how many are not held."""
    resource, count = recording.resource, len(object_ids)
    some_open = conn.execute(_SOME_OPEN, (resource.id, min(object_ids), max(object_ids))).fetchone()[0]
    conn.execute(
        f"""
        INSERT INTO deliveries (event_id, instance_id, resource_id, object_id, callback_id, due_ms, held, created_ms)
        SELECT e.id, e.instance_id, e.resource_id, e.object_id, :callback,
               CASE WHEN :some_open AND EXISTS (
                   SELECT 1 FROM deliveries o INDEXED BY deliveries_open
                   WHERE o.resource_id = e.resource_id AND o.object_id = e.object_id AND o.{OPEN}
               ) THEN NULL ELSE :now END,
               :held, :now
        FROM events e WHERE e.id >= :first AND e.id < :first + :count ORDER BY e.id
        """,
        {
            "callback": resource.callback_id,
            "some_open": some_open,
            "now": recording.now_ms,
            "held": int(resource.holds),
            "first": first_id,
            "count": count,
        },
    )
    conn.execute("UPDATE resources SET pending = pending + ? WHERE id = ?", (count, resource.id))
    return 0 if resource.holds else count


def _take_event_ids(conn: sqlite3.Connection, count: int) -> int:
    """Reserve so many event ids; returns the first. An id is never used twice, even if its event was pruned."""
    changed = conn.execute(
        "UPDATE meta SET value = CAST(value AS INTEGER) + ? WHERE key = 'last_event_id'", (count,)
    ).rowcount
    if not changed:
        conn.execute("INSERT INTO meta (key, value) VALUES ('last_event_id', ?)", (count,))
    last = conn.execute("SELECT value FROM meta WHERE key = 'last_event_id'").fetchone()[0]
    return int(last) - count + 1


def take_back(conn: sqlite3.Connection, resource_id: int, decoded: Sequence[Seen]) -> None:
    """Whatever could be decoded is not set aside any more."""
    if conn.execute("SELECT 1 FROM set_aside WHERE resource_id = ? LIMIT 1", (resource_id,)).fetchone() is not None:
        conn.executemany(
            "DELETE FROM set_aside WHERE resource_id = ? AND object_id = ?",
            [(resource_id, seen.object_id) for seen in decoded],
        )


def put_aside(
    conn: sqlite3.Connection, resource_id: int, asides: Sequence[SetAside], tally: Tally, now_ms: int
) -> Tally:
    """Remember records that cannot be decoded; the next sweep tries them again. Returns the tally with them in it."""
    if not asides:
        return tally
    count = "SELECT count(*) FROM set_aside WHERE resource_id = ?"
    before = conn.execute(count, (resource_id,)).fetchone()[0]
    conn.executemany(
        """
        INSERT INTO set_aside (resource_id, object_id, first_ms, last_ms, error) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (resource_id, object_id) DO UPDATE SET last_ms = excluded.last_ms, tries = tries + 1,
            error = excluded.error
        """,
        [(resource_id, aside.object_id, now_ms, now_ms, aside.error) for aside in asides],
    )
    newly = conn.execute(count, (resource_id,)).fetchone()[0] - before
    return replace(tally, set_aside=len(asides), newly_aside=newly)
