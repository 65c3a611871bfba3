"""Actions: recorded, queued, picked once, finished, called off, expired."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.core.errors import StaleError, TooLateError, UsageError
from cwconsole.store import actions, meta
from cwconsole.store.actions import EXPIRES_MS, ActionKind, Asked
from cwconsole.store.meta import EngineProcess

NOW = 1_790_000_000_000


def asked(kind: ActionKind = ActionKind.POLL, **more: object) -> Asked:
    values = {"kind": kind, "operator": "ada", "origin": "tty", "command": f"cwconsole {kind} acme", **more}
    return Asked(**values)  # type: ignore[arg-type]


def test_what_was_done_is_recorded_with_who_and_when(conn: sqlite3.Connection) -> None:
    action_id = actions.record_done(conn, asked(ActionKind.PAUSE, instance_id=3), "paused acme", now_ms=NOW)
    action = actions.load(conn, action_id)
    assert action is not None
    assert (action.kind, action.operator, action.instance_id) == (ActionKind.PAUSE, "ada", 3)
    assert (action.state, action.outcome, action.asked_ms, action.finished_ms) == ("done", "paused acme", NOW, NOW)


def test_a_queued_action_is_picked_once_and_oldest_first(conn: sqlite3.Connection) -> None:
    first = actions.queue(conn, asked(params=(("confirm_deletes", 12),)), now_ms=NOW)
    second = actions.queue(conn, asked(), now_ms=NOW)
    assert actions.has_queued(conn)
    picked = actions.pick(conn, NOW + 1)
    assert [one.id for one in picked] == [first, second]
    assert picked[0].params == {"confirm_deletes": 12}
    assert actions.pick(conn, NOW + 1) == []
    assert not actions.has_queued(conn)


def test_an_engine_that_is_here_for_one_action_leaves_the_others(conn: sqlite3.Connection) -> None:
    first = actions.queue(conn, asked(), now_ms=NOW)
    second = actions.queue(conn, asked(), now_ms=NOW)
    assert [one.id for one in actions.pick(conn, NOW, only=second)] == [second]
    assert not actions.has_queued(conn, second)
    assert actions.has_queued(conn, first)


def test_a_running_action_ends_once(conn: sqlite3.Connection) -> None:
    action_id = actions.queue(conn, asked(), now_ms=NOW)
    with pytest.raises(StaleError):
        actions.finish(conn, action_id, "done", "too early", NOW)
    actions.pick(conn, NOW + 1)
    actions.finish(conn, action_id, "failed", "no route", NOW + 2)
    with pytest.raises(StaleError):
        actions.finish(conn, action_id, "done", "twice", NOW + 3)
    action = actions.load(conn, action_id)
    assert action is not None
    assert (action.state, action.outcome, action.started_ms, action.finished_ms) == (
        "failed",
        "no route",
        NOW + 1,
        NOW + 2,
    )


def test_what_waited_an_hour_expires_instead_of_being_picked(conn: sqlite3.Connection) -> None:
    old = actions.queue(conn, asked(), now_ms=NOW)
    young = actions.queue(conn, asked(), now_ms=NOW + 1)
    assert [one.id for one in actions.pick(conn, NOW + EXPIRES_MS)] == [young]
    expired = actions.load(conn, old)
    assert expired is not None
    assert expired.state == "expired"


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (None, "Called off by bob from tty pts/1."),
        ("asked for twice.", "Called off by bob from tty pts/1: asked for twice."),
    ],
)
def test_what_is_called_off_says_who_did_and_why(conn: sqlite3.Connection, reason: str | None, outcome: str) -> None:
    action_id = actions.queue(conn, asked(), now_ms=NOW)
    assert call_off(conn, action_id, reason=reason) == outcome
    row = actions.load(conn, action_id)
    assert row is not None
    assert (row.state, row.outcome) == ("cancelled", outcome)


def test_only_a_queued_action_can_be_called_off(conn: sqlite3.Connection) -> None:
    action_id = actions.queue(conn, asked(), now_ms=NOW)
    call_off(conn, action_id)
    with pytest.raises(TooLateError, match="cancelled"):
        call_off(conn, action_id)
    with pytest.raises(UsageError, match="no action 99"):
        call_off(conn, 99)


def call_off(conn: sqlite3.Connection, action_id: int, *, reason: str | None = None) -> str:
    return actions.cancel(conn, action_id, operator="bob", origin="tty pts/1", reason=reason, now_ms=NOW)


def test_what_an_ended_engine_was_doing_is_done_again(conn: sqlite3.Connection) -> None:
    action_id = actions.queue(conn, asked(), now_ms=NOW)
    actions.pick(conn, NOW)
    assert actions.requeue_running(conn) == 1
    assert [one.id for one in actions.pick(conn, NOW)] == [action_id]


def test_what_is_done_at_once_is_never_queued(conn: sqlite3.Connection) -> None:
    with pytest.raises(ValueError, match="never queued"):
        actions.queue(conn, asked(ActionKind.PAUSE), now_ms=NOW)


def test_picking_reads_the_open_actions_only(conn: sqlite3.Connection) -> None:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    actions.queue(conn, asked(), now_ms=NOW)
    actions.pick(conn, NOW)
    actions.requeue_running(conn)
    conn.set_trace_callback(None)
    plans = [conn.execute(f"EXPLAIN QUERY PLAN {text}").fetchall() for text in statements if "'queued'" in text]
    steps = [row["detail"] for plan in plans for row in plan if "actions" in row["detail"]]
    assert len(steps) >= 3
    assert all("actions_open" in step for step in steps if not step.startswith("SEARCH actions USING INTEGER PRIMARY"))


def test_the_database_is_named_once(conn: sqlite3.Connection) -> None:
    assert meta.get(conn, "tag") is None
    assert meta.ensure_tag(conn, "abcd1234") == "abcd1234"
    assert meta.ensure_tag(conn, "zzzzzzzz") == "abcd1234"


def test_every_change_of_configuration_raises_its_version(conn: sqlite3.Connection) -> None:
    before = meta.config_version(conn)
    meta.bump_config_version(conn)
    assert meta.config_version(conn) == before + 1


def test_an_engine_leaves_word_of_itself(conn: sqlite3.Connection) -> None:
    assert meta.engine(conn) is None
    note = EngineProcess(pid=12, host="box", started_ms=NOW)
    meta.note_engine(conn, note)
    assert meta.engine(conn) == note
