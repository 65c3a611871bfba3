"""Rows for the tests of the reading side: an instance through the real units, events and deliveries in bulk."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cwconsole.core.config import CallbackConfig, InstanceConfig, Mode, Origin, ResourceConfig
from cwconsole.core.secret import Secret
from cwconsole.store import instances
from cwconsole.store.actions import ActionKind, Asked
from cwconsole.store.database import prepared
from cwconsole.store.instances import Draft

NOW = 1_790_000_000_000


@cache
def empty_file() -> bytes:
    """A file without rows; making its tables takes longer than many a test."""
    with TemporaryDirectory() as folder:
        prepared(Path(folder) / "cw.db").close()
        return (Path(folder) / "cw.db").read_bytes()


def asked(kind: ActionKind = ActionKind.ADD) -> Asked:
    return Asked(kind=kind, operator="ada", origin="tty", command=f"cwconsole {kind}")


def resource(name: str, *, path: str | None = None, where: str = "", mode: Mode = Mode.WINDOW) -> ResourceConfig:
    return ResourceConfig(name=name, path=path or f"/company/{name}", filter=where, mode=mode)


def config(
    name: str = "acme",
    *resources: ResourceConfig,
    callback: str | None = "http://127.0.0.1:9/hook",
    company: str = "acme_c",
    enabled: bool = True,
) -> InstanceConfig:
    return InstanceConfig(
        name=name,
        base_url="http://127.0.0.1:8/v4_6_release/apis/3.0",
        company=company,
        public_key="pub",
        private_key=Secret("priv"),
        enabled=enabled,
        callback=CallbackConfig(url=callback) if callback else None,
        resources=resources or (resource("contacts"), resource("tickets", path="/service/tickets")),
    )


def draft(wanted: InstanceConfig) -> Draft:
    body = {"name": wanted.name, "configuration": {"company": wanted.company, "event.notification.enabled": True}}
    return Draft(body=json.dumps(body), config=wanted)


def add(conn: sqlite3.Connection, wanted: InstanceConfig | None = None, *, now_ms: int = NOW) -> int:
    wanted = wanted or config()
    token = f"token-{wanted.name}-{now_ms}"
    return instances.add(conn, draft(wanted), origin=Origin.LOCAL, token=token, asked=asked(), now_ms=now_ms)


def resource_id(conn: sqlite3.Connection, instance: int, name: str) -> int:
    row = conn.execute("SELECT id FROM resources WHERE instance_id = ? AND name = ?", (instance, name)).fetchone()
    return int(row[0])


def add_events(
    conn: sqlite3.Connection,
    resource: int,
    objects: Sequence[int],
    *,
    kind: str = "UPDATED",
    seen_ms: int = NOW,
    record: str = '{"id":1}',
) -> list[int]:
    """One event for each object, chained to the object's last one, and the object's version."""
    (instance,) = conn.execute("SELECT instance_id FROM resources WHERE id = ?", (resource,)).fetchone()
    made = []
    for object_id in objects:
        known = conn.execute(
            "SELECT event_id FROM objects WHERE resource_id = ? AND object_id = ?", (resource, object_id)
        ).fetchone()
        cursor = conn.execute(
            """
            INSERT INTO events (instance_id, resource_id, poll_id, object_id, type, seen_ms, record_date, previous_id,
                                digest, record) VALUES (?, ?, 1, ?, ?, ?, ?, ?, x'00', ?)
            """,
            (instance, resource, object_id, kind, seen_ms, seen_ms // 1000, known and known[0], record.encode()),
        )
        assert cursor.lastrowid is not None
        made.append(cursor.lastrowid)
        conn.execute(
            "INSERT OR REPLACE INTO objects (resource_id, object_id, updated, digest, event_id) VALUES (?, ?, ?, ?, ?)",
            (resource, object_id, seen_ms // 1000, b"d" * 16, cursor.lastrowid),
        )
    return made


def add_delivery(conn: sqlite3.Connection, event: int, *, state: str = "pending", created_ms: int = NOW) -> int:
    """A delivery of an event in some state, counted in its resource's totals."""
    cursor = conn.execute(
        """
        INSERT INTO deliveries (event_id, instance_id, resource_id, object_id, callback_id, state, due_ms, created_ms)
        SELECT e.id, e.instance_id, e.resource_id, e.object_id, i.callback_id, ?, ?, ?
        FROM events e JOIN instances i ON i.id = e.instance_id WHERE e.id = ?
        """,
        (state, created_ms if state in {"pending", "retrying"} else None, created_ms, event),
    )
    conn.execute(
        f"UPDATE resources SET {state} = {state} + 1 WHERE id = (SELECT resource_id FROM events WHERE id = ?)", (event,)
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid
