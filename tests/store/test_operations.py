"""Operations: pause, hold, watermark, retry, cancel; each is audited, and tells a running engine."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.core.delivery import IllegalStep
from cwconsole.core.errors import UsageError
from cwconsole.store import actions, meta, operations, resources
from cwconsole.store.actions import ActionKind
from cwconsole.store.operations import Scope, scope
from tests.store.rows import NOW, add, add_delivery, add_events, asked, resource_id

HELD = "SELECT id FROM deliveries WHERE held = 1 ORDER BY id"


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    add(conn)
    return conn


def held(conn: sqlite3.Connection) -> list[int]:
    return [row[0] for row in conn.execute(HELD)]


def contacts(conn: sqlite3.Connection) -> Scope:
    return scope(conn, "acme", "contacts")


def test_an_unknown_resource_is_answered_with_what_there_is(conn: sqlite3.Connection) -> None:
    with pytest.raises(UsageError, match="did you mean contacts"):
        scope(conn, "acme", "contact")
    with pytest.raises(UsageError, match="it has contacts, tickets"):
        scope(conn, "acme", "zzz")


def test_pausing_a_resource_pauses_it_alone_and_resuming_undoes_it(conn: sqlite3.Connection) -> None:
    version = meta.config_version(conn)
    operations.pause(conn, contacts(conn), asked=asked(ActionKind.PAUSE), now_ms=NOW)
    assert [row.name for row in resources.cared_for(conn) if row.runs] == ["tickets"]
    assert meta.config_version(conn) == version + 1
    operations.resume(conn, contacts(conn), asked=asked(ActionKind.RESUME), now_ms=NOW)
    assert len([row for row in resources.cared_for(conn) if row.runs]) == 2


def test_resuming_a_resource_of_a_paused_instance_says_that_it_waits(conn: sqlite3.Connection) -> None:
    operations.pause(conn, scope(conn, "acme"), asked=asked(ActionKind.PAUSE), now_ms=NOW)
    operations.pause(conn, contacts(conn), asked=asked(ActionKind.PAUSE), now_ms=NOW)
    outcome = operations.resume(conn, contacts(conn), asked=asked(ActionKind.RESUME), now_ms=NOW)
    assert "acme is paused" in outcome


def test_pausing_twice_changes_nothing_and_is_audited(conn: sqlite3.Connection) -> None:
    operations.pause(conn, contacts(conn), asked=asked(ActionKind.PAUSE), now_ms=NOW)
    version = meta.config_version(conn)
    operations.pause(conn, contacts(conn), asked=asked(ActionKind.PAUSE), now_ms=NOW + 5)
    assert contacts(conn).paused_ms == NOW
    assert meta.config_version(conn) == version
    last = actions.load(conn, 3)
    assert last is not None
    assert last.resource_id == resource_id(conn, 1, "contacts")


def test_a_delivery_is_held_while_its_instance_or_its_resource_is(conn: sqlite3.Connection) -> None:
    first = add_delivery(conn, add_events(conn, resource_id(conn, 1, "contacts"), [1])[0])
    second = add_delivery(conn, add_events(conn, resource_id(conn, 1, "tickets"), [1])[0])
    settled = add_delivery(conn, add_events(conn, resource_id(conn, 1, "tickets"), [2])[0], state="dead")
    operations.hold(conn, contacts(conn), asked=asked(ActionKind.HOLD), now_ms=NOW)
    assert held(conn) == [first]
    operations.hold(conn, scope(conn, "acme"), asked=asked(ActionKind.HOLD), now_ms=NOW)
    assert held(conn) == [first, second]
    operations.release(conn, scope(conn, "acme"), asked=asked(ActionKind.RELEASE), now_ms=NOW)
    assert held(conn) == [first]
    operations.release(conn, contacts(conn), asked=asked(ActionKind.RELEASE), now_ms=NOW)
    assert held(conn) == []
    assert settled not in held(conn)


def test_releasing_an_instance_lets_its_callback_url_go(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE callbacks SET held_ms = 5, held_reason = '410'")
    outcome = operations.release(conn, scope(conn, "acme"), asked=asked(ActionKind.RELEASE), now_ms=NOW)
    assert "http://127.0.0.1:9/hook is not held any more" in outcome
    assert conn.execute("SELECT held_ms FROM callbacks").fetchone()[0] is None


def test_releasing_a_resource_lets_its_callback_url_go_where_that_is_what_holds_it(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE callbacks SET held_ms = 5, held_reason = '410'")
    operations.hold(conn, contacts(conn), asked=asked(ActionKind.HOLD), now_ms=NOW)
    outcome = operations.release(conn, contacts(conn), asked=asked(ActionKind.RELEASE), now_ms=NOW)
    assert "callback URL" not in outcome, "it was held by name: that alone is meant"
    assert conn.execute("SELECT held_ms FROM callbacks").fetchone()[0] == 5
    outcome = operations.release(conn, contacts(conn), asked=asked(ActionKind.RELEASE), now_ms=NOW)
    assert "http://127.0.0.1:9/hook is not held any more" in outcome
    assert conn.execute("SELECT held_ms FROM callbacks").fetchone()[0] is None


def test_a_watermark_goes_back_at_once_and_drops_the_crawl(conn: sqlite3.Connection) -> None:
    row_id = resource_id(conn, 1, "contacts")
    conn.execute(
        "UPDATE resources SET watermark = 1000, crawl_kind = 'window', crawl_last_id = 4 WHERE id = ?", (row_id,)
    )
    operations.set_watermark(conn, contacts(conn), 400, asked=asked(ActionKind.WATERMARK), now_ms=NOW)
    row = resources.load(conn, row_id)
    assert row is not None
    assert (row.watermark, row.crawl_kind, row.crawl_id, row.next_poll_ms) == (400, None, 2, NOW)
    audit = actions.load(conn, 2)
    assert audit is not None
    assert audit.params == {"from": 1000, "to": 400}


def test_a_watermark_is_never_later_than_the_servers_clock(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE resources SET watermark = 1000, skew_ms = -60000")
    with pytest.raises(UsageError, match="has not come yet"):
        operations.set_watermark(conn, contacts(conn), NOW // 1000 - 59, asked=asked(ActionKind.WATERMARK), now_ms=NOW)


def test_a_watermark_cannot_be_set_before_there_is_one(conn: sqlite3.Connection) -> None:
    with pytest.raises(UsageError, match="first poll sets it"):
        operations.set_watermark(conn, contacts(conn), 5, asked=asked(ActionKind.WATERMARK), now_ms=NOW)


def test_retry_and_cancel_go_through_the_delivery_and_are_audited_with_it(conn: sqlite3.Connection) -> None:
    dead = add_delivery(conn, add_events(conn, resource_id(conn, 1, "contacts"), [1])[0], state="dead")
    operations.retry(conn, dead, asked=asked(ActionKind.RETRY), now_ms=NOW)
    operations.cancel(conn, dead, asked=asked(ActionKind.CANCEL), now_ms=NOW)
    assert conn.execute("SELECT state FROM deliveries").fetchone()[0] == "cancelled"
    audit = actions.load(conn, 3)
    assert audit is not None
    assert (audit.target_id, audit.instance_id) == (dead, 1)
    with pytest.raises(IllegalStep):
        operations.cancel(conn, dead, asked=asked(ActionKind.CANCEL), now_ms=NOW)
    with pytest.raises(UsageError, match="no delivery 77"):
        operations.retry(conn, 77, asked=asked(ActionKind.RETRY), now_ms=NOW)


def test_a_retry_says_what_it_waits_for(conn: sqlite3.Connection) -> None:
    events = add_events(conn, resource_id(conn, 1, "contacts"), [1, 1, 2])
    dead = [add_delivery(conn, event, state="dead") for event in events]

    def said(delivery: int) -> str:
        return operations.retry(conn, delivery, asked=asked(ActionKind.RETRY), now_ms=NOW)

    assert said(dead[0]) == "Delivery 1 is tried again."
    assert said(dead[1]) == "Delivery 2 is tried again when it is its turn: another delivery of its object is open."
    conn.execute("UPDATE callbacks SET held_ms = 1")
    assert said(dead[2]) == "Delivery 3 is tried again once it is let go: it is held."


def test_holding_and_moving_touch_open_deliveries_only(conn: sqlite3.Connection) -> None:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    operations.hold(conn, scope(conn, "acme"), asked=asked(ActionKind.HOLD), now_ms=NOW)
    conn.set_trace_callback(None)
    (update,) = [text for text in statements if "UPDATE deliveries" in text]
    plan = [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {update}")]
    assert any("deliveries USING INDEX deliveries_open" in step for step in plan), plan
