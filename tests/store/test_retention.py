"""Pruning: old events go in small steps; the last version of an object and open deliveries stay."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from cwconsole.engine.janitor import OLD, Janitor
from cwconsole.store import actions, polls, retention, wall_clock
from cwconsole.store.actions import ActionKind
from tests.engine.rig import Rig, rig
from tests.fakes import SERVER_EPOCH
from tests.store.rows import asked

NOW_MS = SERVER_EPOCH * 1000
LATER_MS = NOW_MS + retention.KEEP_MS + 1000


def record(conn: sqlite3.Connection, kind: ActionKind, now_ms: int = NOW_MS) -> int:
    return actions.record_done(conn, asked(kind), "Done.", now_ms=now_ms)


async def with_versions(it: Rig, object_id: int, count: int) -> None:
    """So many versions of one object, each an event."""
    for _ in range(count):
        it.source.now += 1
        it.source.put(object_id)
        await it.poll()


async def prune(it: Rig, now_ms: int) -> None:
    while await it.store.write(retention.prune_events, now_ms, 3):
        pass


async def test_old_versions_go_and_the_last_one_stays(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await with_versions(it, 1, 5)
        await it.execute("UPDATE deliveries SET state = 'delivered', due_ms = NULL")
        await it.execute("UPDATE resources SET pending = 0, delivered = 5")
        await prune(it, LATER_MS)
        assert await it.rows("SELECT id FROM events") == [(5,)]
        assert await it.rows("SELECT event_id FROM deliveries") == [(5,)]
        assert await it.rows("SELECT delivered FROM resources") == [(1,)]


async def test_what_was_deleted_goes_as_a_whole_and_may_come_back(tmp_path: Path) -> None:
    async with rig(tmp_path, callback=False) as it:
        await it.poll()
        await with_versions(it, 1, 2)
        await with_versions(it, 2, 1)
        del it.source.rows[1]
        await it.sweep(confirmed=1)
        await prune(it, LATER_MS)
        assert await it.rows("SELECT object_id, event_id FROM objects") == [(2, 3)]
        assert await it.rows("SELECT id FROM events") == [(3,)]
        await with_versions(it, 1, 1)
        assert await it.rows("SELECT type, previous_id FROM events WHERE object_id = 1") == [("CREATED", None)]


async def test_an_open_delivery_keeps_its_event(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await with_versions(it, 1, 3)
        await prune(it, LATER_MS)
        assert await it.rows("SELECT count(*) FROM events") == [(3,)]


async def test_nothing_younger_than_the_retention_goes(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await with_versions(it, 1, 3)
        await it.execute("UPDATE deliveries SET state = 'delivered', due_ms = NULL")
        await prune(it, NOW_MS + retention.KEEP_MS - 1000)
        assert await it.rows("SELECT count(*) FROM events") == [(3,)]


async def test_an_event_id_is_never_used_twice(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await with_versions(it, 1, 2)
        await it.execute("DELETE FROM deliveries")
        await it.execute("DELETE FROM events")
        await with_versions(it, 1, 1)
        assert await it.rows("SELECT id FROM events") == [(3,)]


async def test_a_removed_instance_goes_with_its_history(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await with_versions(it, 1, 4)
        await it.execute("UPDATE instances SET removed_ms = ?", NOW_MS)
        while await it.store.write(retention.prune_removed, LATER_MS, 2):
            pass
        for table in ("events", "deliveries", "attempts", "objects", "polls", "hours", "resources"):
            assert await it.rows(f"SELECT count(*) FROM {table}") == [(0,)], table


async def test_quiet_polls_are_thinned_after_two_days_and_stay_in_the_hourly_totals(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await with_versions(it, 1, 1)
        for _ in range(3):
            await it.poll()
        hours = await it.rows("SELECT sum(polls), sum(created) FROM hours")
        assert hours == [(5, 1)]
        later = it.clock.now_ms() + polls.KEEP_QUIET_POLLS_MS + 1000
        while await it.store.write(polls.thin, later, 1):
            pass
        kept = await it.rows("SELECT kind, created FROM polls ORDER BY id")
        assert (("window", 1) in kept, len(kept)) == (True, 2), "the one with news, and the newest"
        assert await it.rows("SELECT sum(polls), sum(created) FROM hours") == hours


async def test_a_poll_whose_end_could_not_be_written_does_not_keep_the_others(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for _ in range(4):
            await it.poll()
        await it.execute("UPDATE polls SET outcome = 'running', finished_ms = NULL WHERE id = 2")
        later = it.clock.now_ms() + polls.KEEP_QUIET_POLLS_MS + 1
        await it.store.write(polls.thin, later - 1000)
        assert await it.rows("SELECT count(*) FROM polls") == [(4,)]
        await it.store.write(polls.thin, later)
        assert await it.rows("SELECT id, outcome FROM polls") == [(2, "running"), (4, "ok")]


async def test_the_engine_thins_quiet_polls_after_48_hours_and_prunes_after_90_days(tmp_path: Path) -> None:
    hour, day = 3_600_000, 86_400_000
    async with rig(tmp_path, callback=False) as it:
        await it.poll()
        await with_versions(it, 1, 2)
        await it.poll()
        await it.poll()
        janitor = Janitor(it.services)
        for after_ms, polled, events in (
            (48 * hour, 5, 2),
            (48 * hour + 1, 3, 2),
            (90 * day, 3, 2),
            (90 * day + 1, 1, 1),
        ):
            it.clock.time_ms = NOW_MS + after_ms
            await it.execute("UPDATE resources SET watermark = ?", it.clock.time_ms // 1000 + 1)  # the time is sure
            await it.store.write(wall_clock.note, it.clock.time_ms)
            await janitor.tidy()
            left = await it.rows("SELECT (SELECT count(*) FROM polls), (SELECT count(*) FROM events)")
            assert left == [(polled, events)], after_ms


async def test_what_thinning_kept_it_does_not_look_at_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await with_versions(it, 1, 4)  # kept for their news
        for _ in range(3):
            await it.poll()
        later = it.clock.now_ms() + polls.KEEP_QUIET_POLLS_MS + 1000
        looked = [await it.store.write(polls.thin, later, 3) for _ in range(4)]
        assert looked == [3, 3, 1, 0]
        assert await it.rows("SELECT id FROM polls ORDER BY id") == [(2,), (3,), (4,), (5,), (8,)]
        it.clock.time_ms += polls.KEEP_QUIET_POLLS_MS * 2
        await it.poll()
        assert await it.store.write(polls.thin, it.clock.now_ms(), 3) == 1, "the newest of then"


async def test_no_step_of_the_housekeeping_reads_a_table_that_grows_from_end_to_end(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await with_versions(it, 1, 3)
        await it.execute("UPDATE deliveries SET state = 'delivered', due_ms = NULL")
        await it.execute("UPDATE instances SET removed_ms = 1")
        await it.store.write(record, ActionKind.PAUSE)
        ran: list[str] = []

        def traced(conn: sqlite3.Connection) -> list[str]:
            conn.set_trace_callback(ran.append)
            for _ in range(12):
                for step in (polls.thin, *OLD, retention.prune_removed):
                    step(conn, LATER_MS, 1)
            conn.set_trace_callback(None)
            return [f"{row[3]}: {sql}" for sql in ran for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}")]

        plans = await it.store.write(traced)
        growing = re.compile("SCAN (objects|set_aside|polls|hours|h|events|deliveries|attempts|actions)|USE TEMP")
        unbounded = [plan for plan in plans if growing.match(plan) and "LIMIT" not in plan]
        assert unbounded == []
        for table in ("objects", "polls", "hours", "events", "deliveries", "actions"):
            assert any(f"DELETE FROM {table}" in plan for plan in plans), f"{table} was pruned, so its plan was seen"


async def test_a_pass_over_kept_events_begins_again_once_a_day(tmp_path: Path) -> None:
    async with rig(tmp_path, callback=False) as it:
        await it.poll()
        await with_versions(it, 1, 1)
        await prune(it, LATER_MS)
        await prune(it, LATER_MS + 60_000)
        assert await it.rows("SELECT value FROM meta WHERE key = 'pruned_to'") == [("1",)]
        await with_versions(it, 1, 1)
        await prune(it, LATER_MS + retention.DAY_MS)
        await prune(it, LATER_MS + retention.DAY_MS)
        assert await it.rows("SELECT id FROM events") == [(2,)]


async def test_polls_older_than_the_retention_go_whatever_they_brought(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await with_versions(it, 1, 3)
        assert await it.store.write(retention.prune_polls, LATER_MS - 2000, 10) == 0
        assert await it.store.write(retention.prune_polls, LATER_MS, 10) == 2
        assert await it.rows("SELECT id FROM polls") == [(3,)]
        assert await it.rows("SELECT polls FROM hours") == [(3,)]


async def test_hourly_totals_older_than_the_retention_go_in_steps(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        for age in range(1, 6):
            await it.execute("INSERT INTO hours (resource_id, hour) SELECT 1, max(hour) - ? FROM hours", age)
        ((first, last),) = await it.rows("SELECT min(hour), max(hour) FROM hours")
        late_ms = (first + 3) * retention.HOUR_MS + retention.KEEP_MS
        gone = [await it.store.write(retention.prune_hours, late_ms, 2) for _ in range(3)]
        assert gone == [2, 1, 0]
        assert await it.rows("SELECT hour FROM hours ORDER BY hour") == [(hour,) for hour in range(first + 3, last + 1)]


async def test_what_operators_asked_for_goes_with_the_retention_but_not_what_is_open(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        done = [await it.store.write(record, ActionKind.PAUSE) for _ in range(3)]
        queued = await it.store.write(actions.queue, asked(ActionKind.POLL), now_ms=NOW_MS)
        young = await it.store.write(record, ActionKind.RESUME, NOW_MS + 5000)
        assert await it.store.write(retention.prune_actions, LATER_MS - 2000, 2) == 0
        assert [await it.store.write(retention.prune_actions, LATER_MS, 2) for _ in range(3)] == [2, 1, 0]
        assert await it.rows("SELECT id FROM actions ORDER BY id") == [(queued,), (young,)]
        assert await it.store.write(record, ActionKind.PAUSE) > max(*done, young), "an id is never used twice"


async def test_a_job_goes_when_it_is_over_and_its_action_goes_with_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        for state, finished_ms in (("done", NOW_MS), ("paused", None)):
            action = await it.store.write(record, ActionKind.REPLAY)
            await it.execute(
                """
                INSERT INTO jobs (kind, action_id, chosen, upper, rate, state, total, exact, created_ms, finished_ms)
                VALUES ('replay', ?, '{}', 1, 10, ?, 1, 1, ?, ?)
                """,
                *(action, state, NOW_MS, finished_ms),
            )
        assert await it.store.write(retention.prune_actions, LATER_MS, 10) == 0, "both have their jobs"
        assert await it.store.write(retention.prune_jobs, LATER_MS, 10) == 1
        assert await it.store.write(retention.prune_actions, LATER_MS, 10) == 1
        assert await it.rows("SELECT a.id, state FROM jobs JOIN (SELECT id FROM actions) a ON a.id = action_id") == [
            (2, "paused")
        ]


async def test_of_a_removed_instance_nothing_stays_not_even_its_sealed_keys(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        await it.poll()
        await with_versions(it, 1, 2)
        await it.execute("UPDATE instances SET removed_ms = 1")
        while await it.store.write(retention.prune_removed, NOW_MS, 10):
            pass
        for table in ("instances", "resources", "objects", "events", "deliveries", "polls", "hours"):
            assert await it.rows(f"SELECT 1 FROM {table}") == [], table
