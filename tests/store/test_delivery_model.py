"""A model of the delivery states: whatever senders and operators do, in any order, on a real file.

After every step:
1. Of an object's open deliveries exactly one is due or being sent, so nobody overtakes and nobody is stuck.
2. The resource's maintained totals are what counting gives.
3. A delivery that is not held can be claimed when it is due, and one whose instance or resource is held cannot.
4. Every delivery is open, or settled with a time; every attempt belongs to a delivery.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cwconsole.core.attempts import Outcome
from cwconsole.core.delivery import Decision, IllegalStep, Signal, decide
from cwconsole.core.errors import UsageError
from cwconsole.core.polling import Birth
from cwconsole.core.records import Seen
from cwconsole.store import deliveries, instances, operations, pages, redelivery, resources, settlements
from cwconsole.store.actions import ActionKind
from cwconsole.store.connection import transaction
from cwconsole.store.database import prepared
from cwconsole.store.deliveries import Claimed
from cwconsole.store.operations import Scope
from cwconsole.store.settlements import Settlement
from tests.store.rows import NOW, add, asked, config, draft, empty_file, resource

STATES = ("pending", "sending", "retrying", "dead", "delivered", "cancelled")
OBJECTS = st.integers(1, 3)
SCHEDULE = (5.0, 300.0)
URLS = st.sampled_from(["http://127.0.0.1:9/hook", "http://127.0.0.1:9/other", None])
STATUSES = st.sampled_from([200, 200, 500, 429, 410])


class Deliveries(RuleBasedStateMachine):
    """Two resources of one instance, three objects each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "cw.db").write_bytes(empty_file())
        self.conn: sqlite3.Connection = prepared(self.folder / "cw.db")
        self.conn.execute("PRAGMA synchronous = OFF")
        self.now = NOW
        self.sending: list[Claimed] = []
        self.contents = 0

    def unit(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        with transaction(self.conn):
            return fn(self.conn, *args, **kwargs)

    @initialize()
    def begin(self) -> None:
        self.instance = self.unit(add, config("acme", resource("contacts"), resource("tickets")), now_ms=NOW)
        self.unit(lambda conn: conn.execute("UPDATE resources SET baseline_done = 1"))

    @rule(resource_id=st.integers(1, 2), object_ids=st.sets(OBJECTS, min_size=1))
    def record(self, resource_id: int, object_ids: set[int]) -> None:
        self.contents += 1
        row = resources.load(self.conn, resource_id)
        assert row is not None
        seen = [Seen(one, self.now // 1000, None, b"%016d" % self.contents, b'{"id":1}') for one in sorted(object_ids)]
        birth = Birth(everything=True, start_at=0, baseline_id=0)
        recording = pages.Recording(resource=row, birth=birth, poll_id=1, server_time=self.now // 1000, now_ms=self.now)
        self.unit(pages.record, recording, seen)

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        for callback_id in self._column("SELECT id FROM callbacks"):
            claim = self.unit(deliveries.claim, callback_id, now_ms=self.now, limit=limit)
            self.sending += claim.rows
            assert all(row.callback_id == callback_id for row in claim.rows)

    @precondition(lambda self: self.sending)
    @rule(data=st.data(), chance=st.floats(0, 0.99), took=st.booleans())
    def settle(self, data: st.DataObject, chance: float, took: bool) -> None:
        chosen = data.draw(st.lists(st.sampled_from(self.sending), unique=True, min_size=1))
        self.sending = [row for row in self.sending if row not in chosen]
        made = [self._settlement(row, data.draw(STATUSES), chance, took) for row in chosen]
        woken = self.unit(settlements.settle, made, self.now)
        assert set(self._column("SELECT id FROM callbacks")) >= set(woken)
        waiting = "SELECT callback_id FROM deliveries WHERE id = ? AND due_ms IS NOT NULL"
        for row in chosen:  # whoever waits for another try has been told so, wherever it goes by now
            assert set(self._column(waiting, row.delivery_id)) <= set(woken)

    def _settlement(self, row: Claimed, status: int, chance: float, took: bool) -> Settlement:
        code = None if status == 200 else "gone" if status == 410 else "http_5xx"
        outcome = Outcome(started_ms=self.now, duration_ms=1, url="http://x", status=status, error_code=code)
        decision: Decision = decide(
            outcome,
            tries=row.tries,
            replay=bool(row.replay),
            schedule=SCHEDULE,
            url_took_since_first=took,
            chance=chance,
        )
        due_ms = None if decision.wait is None else self.now + int(decision.wait * 1000)
        return Settlement(claimed=row, outcome=outcome, decision=decision, due_ms=due_ms)

    @precondition(lambda self: self.sending)
    @rule(data=st.data(), wait=st.sampled_from([0, 60_000]))
    def give_back(self, data: st.DataObject, wait: int) -> None:
        chosen = data.draw(st.lists(st.sampled_from(self.sending), unique=True, min_size=1))
        self.sending = [row for row in self.sending if row not in chosen]
        woken = self.unit(deliveries.release, chosen, self.now + wait)
        waiting = "SELECT callback_id FROM deliveries WHERE id = ? AND due_ms IS NOT NULL"
        for row in chosen:
            assert set(self._column(waiting, row.delivery_id)) <= set(woken)

    @rule()
    def crash(self) -> None:
        self.sending = []
        self.unit(settlements.recover, self.now)

    @rule(seconds=st.sampled_from([1, 60, 400]))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds * 1000

    @rule()
    def hurry(self) -> None:
        self.unit(redelivery.hurry, self.now)

    @rule(data=st.data(), what=st.sampled_from([redelivery.rearm, redelivery.cancel]))
    def decide_about_one(self, data: st.DataObject, what: Any) -> None:
        ids = self._column("SELECT id FROM deliveries ORDER BY id DESC")
        if not ids:
            return
        chosen = data.draw(st.sampled_from(ids))
        signal = Signal.REARMED if what is redelivery.rearm else Signal.CANCELLED
        try:
            self.unit(what, chosen, self.now)
        except IllegalStep as refused:
            assert refused.signal is signal
        except UsageError:
            assert self._records_only()

    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        ids = self._column("SELECT id FROM events ORDER BY id DESC")
        if ids:
            with nullcontext() if not self._records_only() else pytest.raises(UsageError):
                self.unit(redelivery.add_replay, data.draw(st.sampled_from(ids)), self.now)

    def _records_only(self) -> bool:
        return instances.load(self.conn, "acme").callback_id is None

    @rule(what=st.sampled_from([operations.hold, operations.release]), resource=st.sampled_from([None, "contacts"]))
    def hold_or_release(self, what: Any, resource: str | None) -> None:
        scope: Scope = operations.scope(self.conn, "acme", resource)
        self.unit(what, scope, asked=asked(ActionKind.HOLD), now_ms=self.now)

    @rule(url=URLS)
    def move(self, url: str | None) -> None:
        wanted = config("acme", resource("contacts"), resource("tickets"), callback=url)
        seen = instances.load(self.conn, "acme")
        self.unit(instances.edit, seen, draft(wanted), confirmed=True, asked=asked(ActionKind.EDIT), now_ms=self.now)

    @invariant()
    def exactly_one_of_an_objects_open_deliveries_has_its_turn(self) -> None:
        wrong = self.conn.execute(
            """
            SELECT resource_id, object_id, count(*), total(state = 'sending' OR due_ms IS NOT NULL) AS turns
            FROM deliveries WHERE state IN ('pending', 'sending', 'retrying')
            GROUP BY resource_id, object_id HAVING turns <> 1
            """
        ).fetchall()
        assert [tuple(row) for row in wrong] == []

    @invariant()
    def totals_are_the_truth(self) -> None:
        for resource_id in (1, 2):
            counted = dict(
                self.conn.execute(
                    "SELECT state, count(*) FROM deliveries WHERE resource_id = ? GROUP BY state", (resource_id,)
                ).fetchall()
            )
            kept = self.conn.execute(f"SELECT {', '.join(STATES)} FROM resources WHERE id = ?", (resource_id,))
            found = kept.fetchone()
            if found is not None:
                assert dict(zip(STATES, found, strict=True)) == {state: counted.get(state, 0) for state in STATES}

    @invariant()
    def open_deliveries_are_held_as_their_holds_say_and_go_where_their_instance_says(self) -> None:
        wrong = self.conn.execute(
            """
            SELECT d.id FROM deliveries d JOIN instances i ON i.id = d.instance_id
                JOIN resources r ON r.id = d.resource_id
            WHERE d.state IN ('pending', 'sending', 'retrying')
                AND (d.held <> (i.held_ms IS NOT NULL OR r.held_ms IS NOT NULL) OR d.callback_id <> i.callback_id)
            """
        ).fetchall()
        assert [tuple(row) for row in wrong] == []

    @invariant()
    def what_is_settled_has_a_time_and_no_due_time(self) -> None:
        wrong = self.conn.execute(
            """
            SELECT id FROM deliveries WHERE (state IN ('delivered', 'dead', 'cancelled')) <> (settled_ms IS NOT NULL)
                OR (state NOT IN ('pending', 'retrying') AND due_ms IS NOT NULL)
            """
        ).fetchall()
        assert [tuple(row) for row in wrong] == []

    def _column(self, sql: str, *parameters: Any) -> list[int]:
        return [row[0] for row in self.conn.execute(sql, parameters)]

    def teardown(self) -> None:
        try:
            if hasattr(self, "instance"):
                self._everything_settles()
        finally:
            self.conn.close()
            shutil.rmtree(self.folder)

    def _everything_settles(self) -> None:
        """Once holds are lifted and the receiver takes everything, nothing stays open."""
        self.crash()
        self.unit(lambda conn: conn.execute("UPDATE callbacks SET held_ms = NULL, held_reason = NULL"))
        for name in ("contacts", "tickets", None):
            self.unit(operations.release, operations.scope(self.conn, "acme", name), asked=asked(), now_ms=self.now)
        for _ in range(len(self._column("SELECT id FROM deliveries")) + 1):
            self.now += 10**9
            self.claim(100)
            taken, self.sending = self.sending, []
            self.unit(settlements.settle, [self._settlement(row, 200, 0.0, True) for row in taken], self.now)
        assert self._column("SELECT id FROM deliveries WHERE state IN ('pending', 'sending', 'retrying')") == []
        self.totals_are_the_truth()


Deliveries.TestCase.settings = settings(
    max_examples=80, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDeliveries = Deliveries.TestCase
