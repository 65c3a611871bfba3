"""Events that were chosen: gone through in steps, and stored."""

from __future__ import annotations

import json
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cwconsole.store import selection
from cwconsole.store.selection import Selection
from tests.store.replaying import chosen, forty_events


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    forty_events(conn)
    return conn


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_the_steps_nothing_is_left_out_or_sent_twice(conn: sqlite3.Connection, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(["", "instance:acme", "type:updated", "!object:3", "!type:created", "state:dead"]))
    everything = selection.upwards(conn, chosen(line), after=0, upper=40, limit=1000).numbers
    assert everything == sorted(set(everything))
    seen: list[int] = []
    after, ended = 0, False
    while not ended:
        limit, examined = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
        found = selection.upwards(conn, chosen(line), after=after, upper=40, limit=limit, examined=examined)
        seen += found.numbers
        after, ended = found.reached, found.ended
    assert seen == everything


def test_a_selection_is_stored_and_read_back() -> None:
    for one in (chosen("state:dead '!text:a b' since:2h"), Selection(numbers=(1, 2)), Selection(but=(3, 4))):
        assert selection.from_text(selection.to_text(one)) == one
    assert json.loads(selection.to_text(Selection(numbers=(2, 1, 2))))["numbers"] == [1, 2]
