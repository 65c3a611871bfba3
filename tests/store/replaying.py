"""Events to send again, and jobs that do it, for tests of the store."""

from __future__ import annotations

import sqlite3

from msgspec.structs import replace

from cwconsole.core.filters import Noun, parse
from cwconsole.store import jobs, replay_jobs, replay_preview
from cwconsole.store.actions import ActionKind
from cwconsole.store.connection import transaction
from cwconsole.store.jobs import Job
from cwconsole.store.selection import Selection
from tests.store.rows import NOW, add, add_delivery, add_events, asked, resource_id

HOUR = 3_600_000


def forty_events(conn: sqlite3.Connection) -> None:
    """acme with 30 contacts seen an hour ago, the first ten of them again now; of those two deliveries are dead."""
    add(conn)
    contacts = resource_id(conn, 1, "contacts")
    made = add_events(conn, contacts, range(1, 31), seen_ms=NOW - HOUR)
    made += add_events(conn, contacts, range(1, 11), seen_ms=NOW)
    for event in made:
        add_delivery(conn, event, state="dead" if event in {5, 35} else "delivered")


def chosen(line: str = "") -> Selection:
    return Selection(chosen=parse(Noun.EVENTS, line, now_ms=NOW))


def ordered(conn: sqlite3.Connection, wanted: Selection, *, rate: float = 10.0) -> Job:
    shown = replay_preview.preview(conn, wanted, asked_ms=NOW)
    order = replace(asked(ActionKind.REPLAY), reason="receiver lost them")
    return jobs.load(conn, replay_jobs.create(conn, shown, rate=rate, asked=order, now_ms=NOW))


def go(conn: sqlite3.Connection, job_id: int, *, limit: int = 7) -> Job:
    """One step."""
    job = jobs.load(conn, job_id)
    with transaction(conn):
        replay_jobs.step(conn, job, replay_jobs.ahead(conn, job, limit), NOW)
    return jobs.load(conn, job_id)


def to_the_end(conn: sqlite3.Connection, job_id: int) -> Job:
    while (job := jobs.load(conn, job_id)).open:
        job = go(conn, job_id)
    return job


def replayed(conn: sqlite3.Connection) -> list[int]:
    return [row[0] for row in conn.execute("SELECT event_id FROM deliveries WHERE replay = 1 ORDER BY id")]


def actions_of(conn: sqlite3.Connection) -> list[tuple[object, ...]]:
    rows = conn.execute("SELECT kind, target_id, state, outcome, reason FROM actions WHERE kind <> 'add' ORDER BY id")
    return [tuple(row) for row in rows]
