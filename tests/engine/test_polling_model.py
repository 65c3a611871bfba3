"""A model of a source that ties, commits late, drifts, has its own clock set and fails, polled on a real file.

Whatever happens in between, after the last poll and sweep: the last version of every record that changed since the
start was recorded, no version was recorded twice, and every deletion was found once.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections import defaultdict
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from cwconsole.core.errors import HeavyQueryFault
from tests.engine.rig import Rig, contacts, rig
from tests.fakes import SERVER_EPOCH, Crash, fault

OVERLAP = 120
IDS = st.integers(1, 12)
LATE = st.integers(0, OVERLAP - 15)  # how far behind its commit a change may be dated; the rest is the poll's duration
SKEWS = st.integers(-4000, 4000)


class PolledSource(RuleBasedStateMachine):
    """Changes at the source, polls, sweeps, faults and crashes in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.changed: dict[int, list[int]] = defaultdict(list)  # object id -> contents that came after the start

    @initialize(
        skew=SKEWS,
        existing=st.sets(IDS),
        size=st.integers(1, 4),
        ahead=st.booleans(),
        drift=st.lists(st.tuples(IDS, st.sampled_from([0, 1, 60, 600, -10, -600, -3000])), max_size=6),
    )
    def begin(self, skew: int, existing: set[int], size: int, ahead: bool, drift: list[tuple[int, int]]) -> None:
        """While the baseline is read records change, time passes, and the server's clock is set back."""
        entering = self.stack.enter_async_context(rig(self.folder, resource=contacts(page_size=size, overlap=OVERLAP)))
        self.it: Rig = self.runner.run(entering)
        self.it.clock.time_ms = (SERVER_EPOCH + skew) * 1000
        self.it.source.tells_ahead = ahead
        for object_id in existing:
            self.it.source.put(object_id, updated=SERVER_EPOCH - 5000 - object_id)

        def next_change(_: int) -> None:
            if drift:
                object_id, seconds = drift.pop()
                self.it.source.now = max(self.it.source.now + seconds, SERVER_EPOCH - 4000)
                self.it.clock.time_ms += max(seconds, 0) * 1000
                self.change(object_id, 0)

        self.it.source.before_page = next_change
        self.poll()
        self.it.source.before_page = lambda _: None

    @rule(object_id=IDS, late=LATE)
    def change(self, object_id: int, late: int) -> None:
        row = self.it.source.put(object_id, updated=self.it.source.now - late)
        self.changed[object_id].append(row.content)

    @rule(object_id=IDS)
    def delete(self, object_id: int) -> None:
        self.it.source.rows.pop(object_id, None)

    @rule(seconds=st.sampled_from([0, 1, 2, 60, 600]))
    def pass_time(self, seconds: int) -> None:
        self.it.source.now += seconds
        self.it.clock.time_ms += seconds * 1000

    @rule(seconds=st.sampled_from([-10_000, -600, -90, 90, 600, 10_000]), object_id=IDS)
    def set_the_servers_clock(self, seconds: int, object_id: int) -> None:
        """An answer comes before it is set again: a clock that was wrong only between two polls was seen by nobody.

        Never back to the dates of what the baseline listed: a date that is the same says nothing.
        """
        self.it.source.now = max(self.it.source.now + seconds, SERVER_EPOCH - 4000)
        self.change(object_id, 0)
        self.poll()

    @rule()
    def poll(self) -> None:
        self.runner.run(self.it.poll())

    @rule(drift=st.lists(st.tuples(IDS, st.booleans(), st.sampled_from([0, 1, 300])), max_size=6))
    def poll_while_it_changes(self, drift: list[tuple[int, bool, int]]) -> None:
        """Before each answer something is changed or deleted, and time goes on."""
        pending = list(drift)

        def next_change(_: int) -> None:
            if pending:
                object_id, deletes, seconds = pending.pop()
                self.it.source.now += seconds
                if deletes:
                    self.it.source.rows.pop(object_id, None)
                else:
                    self.change(object_id, 0)

        self.it.source.before_page = next_change
        self.poll()
        self.it.source.before_page = lambda _: None

    @rule(answers=st.integers(0, 4), kind=st.sampled_from(["fault", "heavy", "crash"]))
    def poll_that_breaks(self, answers: int, kind: str) -> None:
        breaking = {"fault": fault(), "heavy": HeavyQueryFault("timeout"), "crash": Crash()}[kind]
        self.it.source.faults = [None] * answers + [breaking]
        with suppress(Crash):
            self.poll()
        self.it.source.faults = []

    @rule()
    def sweep(self) -> None:
        self.runner.run(self.it.sweep(confirmed=99))

    def teardown(self) -> None:
        try:
            if hasattr(self, "it"):
                self.it.source.now += 1
                self.poll()
                self.poll()
                self._check_last_versions()  # before the sweep, which would find what polling lost
                self.sweep()
                self._check_history()
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.folder)

    def _history(self) -> dict[int, list[tuple[str, bytes]]]:
        history: dict[int, list[tuple[str, bytes]]] = defaultdict(list)
        for object_id, kind, record in self.runner.run(
            self.it.rows("SELECT object_id, type, record FROM events ORDER BY id")
        ):
            history[object_id].append((kind, record))
        return history

    def _check_last_versions(self) -> None:
        history = self._history()
        for object_id, row in self.it.source.rows.items():
            if self.changed[object_id]:
                kind, record = history[object_id][-1] if history[object_id] else ("nothing", b"")
                assert kind in ("CREATED", "UPDATED"), f"{object_id} exists, and was last {kind}"
                assert record == row.seen(ids_only=False).body, f"the last version of {object_id} is missing"

    def _check_history(self) -> None:
        history = self._history()
        for object_id, events in history.items():
            self._no_repeats(object_id, events)
            assert (events[-1][0] == "DELETED") == (object_id not in self.it.source.rows)

    def _no_repeats(self, object_id: int, events: list[tuple[str, bytes]]) -> None:
        versions: list[Any] = [record for kind, record in events if kind != "DELETED"]
        for earlier, later in itertools.pairwise(versions):
            assert earlier != later, f"a version of {object_id} was sent twice"
        kinds = [kind for kind, _ in events]
        assert ("DELETED", "DELETED") not in list(itertools.pairwise(kinds))


PolledSource.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestPolledSource = PolledSource.TestCase
