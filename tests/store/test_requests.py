"""What operators ask the engine for is checked before it is queued."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.core.errors import UsageError
from cwconsole.store import actions, requests
from cwconsole.store.actions import ActionKind
from cwconsole.store.operations import scope
from tests.store.rows import NOW, add, add_events, asked, config, resource_id


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    add(conn)
    return conn


def test_a_poll_is_queued_for_its_scope(conn: sqlite3.Connection) -> None:
    whole = requests.ask_poll(conn, scope(conn, "acme"), asked=asked(ActionKind.POLL), now_ms=NOW)
    single = requests.ask_poll(conn, scope(conn, "acme", "contacts"), asked=asked(ActionKind.POLL), now_ms=NOW)
    picked = {action.id: action for action in actions.pick(conn, NOW)}
    assert (picked[whole].instance_id, picked[whole].resource_id) == (1, None)
    assert picked[single].resource_id == resource_id(conn, 1, "contacts")


def test_an_instance_without_resources_has_nothing_to_poll(conn: sqlite3.Connection) -> None:
    add(conn, config("empty"), now_ms=NOW + 1)
    conn.execute("UPDATE resources SET active = 0 WHERE instance_id = 2")
    with pytest.raises(UsageError, match="empty has no resources"):
        requests.ask_poll(conn, scope(conn, "empty"), asked=asked(ActionKind.POLL), now_ms=NOW)


def test_nothing_of_a_disabled_instance_is_polled_or_swept(conn: sqlite3.Connection) -> None:
    add(conn, config("the big one", enabled=False), now_ms=NOW + 1)
    for resource, ask, kind in (
        (None, requests.ask_poll, ActionKind.POLL),
        ("contacts", requests.ask_poll, ActionKind.POLL),
        ("contacts", requests.ask_sweep, ActionKind.SWEEP),
    ):
        with pytest.raises(UsageError) as refused:
            ask(conn, scope(conn, "the big one", resource), asked=asked(kind), now_ms=NOW)
        assert refused.value.message == (
            "the big one is disabled, so nothing of it is polled; enable it: cwconsole instances enable 'the big one'"
        )
    assert not actions.has_queued(conn)


def test_deletions_are_agreed_to_for_one_resource(conn: sqlite3.Connection) -> None:
    with pytest.raises(UsageError, match="name it"):
        requests.ask_sweep(conn, scope(conn, "acme"), confirm_deletes=5, asked=asked(ActionKind.SWEEP), now_ms=NOW)
    requests.ask_sweep(
        conn, scope(conn, "acme", "contacts"), confirm_deletes=5, asked=asked(ActionKind.SWEEP), now_ms=NOW
    )
    (action,) = actions.pick(conn, NOW)
    assert action.params == {"confirm_deletes": 5}


def test_events_are_replayed_in_the_order_given(conn: sqlite3.Connection) -> None:
    first, second = add_events(conn, resource_id(conn, 1, "contacts"), [1, 2])
    requests.ask_replay(conn, [second, first], asked=asked(ActionKind.REPLAY), now_ms=NOW)
    assert [action.target_id for action in actions.pick(conn, NOW)] == [second, first]


def test_an_event_that_cannot_be_sent_is_refused(conn: sqlite3.Connection) -> None:
    (event,) = add_events(conn, resource_id(conn, 1, "contacts"), [1])
    with pytest.raises(UsageError, match="no event 99"):
        requests.ask_replay(conn, [99], asked=asked(ActionKind.REPLAY), now_ms=NOW)
    conn.execute("UPDATE instances SET callback_id = NULL")
    with pytest.raises(UsageError, match="only records"):
        requests.ask_replay(conn, [event], asked=asked(ActionKind.REPLAY), now_ms=NOW)
