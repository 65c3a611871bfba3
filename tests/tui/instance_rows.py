"""An instance with a body as it is stored, and polls of a resource."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from cwconsole.core.config import Origin
from cwconsole.core.instance_body import canonical
from cwconsole.core.instance_config import to_config
from cwconsole.store import instances
from cwconsole.store.instances import Draft
from tests.store.rows import NOW, asked


def stored_body(name: str = "acme", **configuration: Any) -> dict[str, Any]:
    """As the database holds it: secrets sealed. A time zone beside UTC."""
    return {
        "name": name,
        "element": {"key": "connectwisecrmrest"},
        "tags": ["demo"],
        "providerData": {"code": "kept"},
        "configuration": {
            "baseUrl": "http://127.0.0.1:8/v4_6_release/apis/3.0",
            "company": "acme_c",
            "public.key": "pub",
            "private.key": "sealed:TOPSECRET",
            "event.notification.enabled": True,
            "event.notification.callback.url": "http://127.0.0.1:9/hook",
            "event.poller.refresh_interval": 15,
            "cwconsole.timezone": "America/Denver",
            "event.poller.configuration": {"contacts": {"pageSize": 250}, "tickets": {}},
            **configuration,
        },
    }


def add_stored(conn: sqlite3.Connection, name: str = "acme", **configuration: Any) -> int:
    document = stored_body(name, **configuration)
    config = to_config(canonical(document))
    draft = Draft(body=json.dumps(document), config=config)
    number = instances.add(conn, draft, origin=Origin.LOCAL, token=f"t-{name}", asked=asked(), now_ms=NOW)
    conn.execute(
        "UPDATE resources SET watermark = ?, baseline_done = 1, next_poll_ms = ? WHERE instance_id = ?",
        (NOW // 1000 - 90, NOW + 240_000, number),
    )
    return number


def add_polls(conn: sqlite3.Connection, resource: int, count: int, *, failed: frozenset[int] = frozenset()) -> None:
    """One every five minutes, the last one just now: poll n took n * 100 ms and read n records."""
    for n in range(1, count + 1):
        started = NOW - (count - n + 1) * 300_000
        conn.execute(
            """
            INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, window_from, server_time,
                pages, records, created, outcome, error)
            VALUES (?, 'window', 'schedule', ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)
            """,
            (
                resource,
                n,
                started,
                started + n * 100,
                started // 1000 - 420,
                started // 1000,
                n,
                n,
                "failed" if n in failed else "ok",
                "ConnectWise [/] did not answer \x1b[2J" if n in failed else None,
            ),
        )
