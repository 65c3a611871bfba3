"""Before many events are sent again: what a preview shows, and what its token binds."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.core.errors import RefusedError, UsageError
from cwconsole.store import replay_preview
from tests.store.replaying import actions_of, chosen, forty_events
from tests.store.rows import NOW, add_events, resource_id


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    forty_events(conn)
    return conn


def test_a_preview_counts_shows_some_and_says_how_many_are_old(conn: sqlite3.Connection) -> None:
    shown = replay_preview.preview(conn, chosen("instance:acme"), asked_ms=NOW)
    assert (shown.total, shown.exact, shown.not_newest, shown.judged) == (40, True, 10, 40)
    assert [row.id for row in shown.sample] == [1, 2, 3, 4, 5]
    assert shown.sentence == "40 events would be sent again; 10 not the newest of their object."
    assert not actions_of(conn)


def test_a_token_holds_as_long_as_the_numbers_do(conn: sqlite3.Connection) -> None:
    wanted = chosen("state:dead")
    token = replay_preview.preview(conn, wanted, asked_ms=NOW).token
    add_events(conn, resource_id(conn, 1, "tickets"), range(1, 5))
    assert replay_preview.confirmed(conn, wanted, token).token == token, "what comes later is not meant"
    conn.execute("UPDATE deliveries SET state = 'delivered' WHERE event_id = 5")
    with pytest.raises(RefusedError, match="1 event would be sent again") as refused:
        replay_preview.confirmed(conn, wanted, token)
    fresh = refused.value.message.rsplit(" ", 1)[1].rstrip(".")
    assert replay_preview.confirmed(conn, wanted, fresh).total == 1


def test_a_token_is_of_one_question_alone(conn: sqlite3.Connection) -> None:
    token = replay_preview.preview(conn, chosen("state:dead"), asked_ms=NOW).token
    with pytest.raises(RefusedError, match="40 events"):
        replay_preview.confirmed(conn, chosen(), token)
    for nonsense in ("", "yes", "1-2-3-4", "x-y-z"):
        with pytest.raises(UsageError, match="is no token"):
            replay_preview.confirmed(conn, chosen(), nonsense)
