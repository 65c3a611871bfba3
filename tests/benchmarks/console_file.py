"""The file that the console's benchmarks look at: many resources, and events by the million with small records.

    python -m tests.benchmarks.console_file --file PATH [--events 10000000] [--resources 1000]

Instances are made by the program's own units; the rest is computed by SQL from the event's number alone, so two runs
make the same rows. Event n belongs to resource 1 + n % R and to one of its thousand objects; its predecessor is
1000 * R events before. The newest tenth has deliveries, nearly all of them delivered. The file takes about 170 bytes an
event, and is used again if it is there. Nothing in it is due within a day of `freshen`.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.support import body, create

OBJECTS = 1000  # of each resource
RESOURCES = ["contacts", "companies", "tickets", "activities", "opportunities"]
BYTES_AN_EVENT = 250  # while it is made
DAY_MS = 86_400_000

EVENTS = """
WITH RECURSIVE n(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM n WHERE n < :last)
INSERT INTO events (id, instance_id, resource_id, poll_id, object_id, type, seen_ms, record_date, previous_id, digest,
                    record)
SELECT n, 1 + (n % :r) / 5, 1 + n % :r, 1, 1 + n / :r % :objects,
       CASE WHEN n <= :r * :objects THEN 'CREATED' WHEN n % 97 = 0 THEN 'DELETED' ELSE 'UPDATED' END,
       :now - (:events - n) * 100, (:now - (:events - n) * 100) / 1000,
       CASE WHEN n > :r * :objects THEN n - :r * :objects END, x'00',
       CAST('{"id":' || (1 + n / :r % :objects) || ',"name":"Ada ' || n || '"}' AS BLOB)
FROM n
"""
OBJECTS_OF = """
INSERT INTO objects (resource_id, object_id, updated, digest, event_id)
SELECT resource_id, object_id, record_date, digest, max(id) FROM events WHERE id > :events - :r * :objects GROUP BY 1, 2
"""
DELIVERIES = """
INSERT INTO deliveries (id, event_id, instance_id, resource_id, object_id, callback_id, state, attempts, created_ms,
                        settled_ms, status)
SELECT id - :events * 9 / 10, id, instance_id, resource_id, object_id, 1,
       CASE WHEN id % 5000 = 0 THEN 'dead' ELSE 'delivered' END, 1, seen_ms, seen_ms + 40, 200
FROM events WHERE id > :events * 9 / 10 ORDER BY id
"""


def arguments(description: str | None, *, events: int = 10_000_000, resources: int = 1000) -> argparse.Namespace:
    """What every one of these programs takes."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--file", type=Path, help="made if it is missing, and kept; without it, a temporary one")
    parser.add_argument("--events", type=int, default=events)
    parser.add_argument("--resources", type=int, default=resources)
    return parser.parse_args()


@contextmanager
def big_file(chosen: argparse.Namespace) -> Iterator[Path]:
    """The file that was asked for, ready to be looked at."""
    if chosen.file is not None:
        yield _ready(chosen.file, chosen.events, chosen.resources)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield _ready(Path(folder) / "cw.db", chosen.events, chosen.resources)


def _ready(path: Path, events: int, resources: int) -> Path:
    if not path.exists():
        make(path, events, resources)
    freshen(path)
    return path


def make(path: Path, events: int, resources: int) -> None:
    """A new file. Refuses where the disk has not twice the room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(path.parent).free
    if free < 2 * events * BYTES_AN_EVENT:
        sys.exit(f"{free / 1e9:.0f} GB are free beside {path}; {2 * events * BYTES_AN_EVENT / 1e9:.0f} GB are wanted.")
    began = time.perf_counter()
    more: dict[str, Any] = {"event__poller__refresh_interval": 1440, "callback": "http://127.0.0.1:9/hook"}
    create(path, *(body(f"company{n:04}", "http://127.0.0.1:9", company=f"c{n}", resources=RESOURCES, **more)
                   for n in range(resources // len(RESOURCES))))  # fmt: skip
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        _fill(conn, events, resources)
    print(f"{events:,} events made in {time.perf_counter() - began:.0f} s, {path.stat().st_size / 1e9:.2f} GB")


def _fill(conn: sqlite3.Connection, events: int, resources: int) -> None:
    now = time.time_ns() // 1_000_000
    params = {"r": resources, "objects": OBJECTS, "events": events, "now": now}
    (index,) = conn.execute("SELECT sql FROM sqlite_master WHERE name = 'events_resource'").fetchone()
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
        conn.execute(f"PRAGMA {pragma}")
    conn.execute("BEGIN")
    conn.execute("DROP INDEX events_resource")
    for first in range(1, events + 1, 1_000_000):
        conn.execute(EVENTS, {**params, "first": first, "last": min(first + 999_999, events)})
    conn.execute(index)  # sorting once is faster than keeping an index in order
    conn.execute(OBJECTS_OF, params)
    conn.execute(DELIVERIES, params)
    conn.execute(
        """
        UPDATE resources SET baseline_done = 1, baselined_ms = :now, delivered = :events / 10 / :r,
            dead = (SELECT count(*) FROM deliveries d WHERE d.resource_id = resources.id AND d.state = 'dead')
        """,
        params,
    )
    conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('last_event_id', ?)", (str(events),))
    conn.execute("COMMIT")
    conn.execute("PRAGMA journal_mode = WAL")


def freshen(path: Path) -> None:
    """Everything was read a moment ago and is due again in a day; the last 24 hours are as busy as ever."""
    now = time.time_ns() // 1_000_000
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("BEGIN")
        conn.execute(
            """
            UPDATE resources SET watermark = ? / 1000, next_poll_ms = ?, next_sweep_ms = ?, last_poll_ms = ?,
                last_success_ms = ?, swept_ms = ?, skew_ms = 0, failures = 0, error = NULL, error_code = NULL,
                parked = 0
            """,
            (now, now + DAY_MS, now + DAY_MS, now, now, now),
        )
        conn.execute("DELETE FROM hours")
        conn.execute(
            """
            WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 23)
            INSERT INTO hours (resource_id, hour, polls, records, created, updated)
            SELECT id, ? / 3600000 - n, 60, 120, id % 7, (id * 31 + n * 17) % 40 FROM resources, n
            """,
            (now,),
        )
        conn.execute("COMMIT")


if __name__ == "__main__":
    with big_file(arguments(__doc__)):
        pass
