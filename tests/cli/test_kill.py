"""kill -9 at any moment of a run or of a console, followed by `run --once`, loses nothing and leaves no gap."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from cwconsole.simulator.churn import Mix
from cwconsole.simulator.receiver import Receiver
from cwconsole.simulator.records import record_digest
from cwconsole.simulator.simulator import Simulator
from cwconsole.simulator.world import ChangeKind
from tests.tui import terminals
from tests.tui.terminals import Terminal

MOMENTS = 20
FIRST_READS = 3
CONSOLES = 3
NAMES = {"/company/contacts": "contacts", "/service/tickets": "incidents"}
PATHS = tuple(NAMES)
RUN = (sys.executable, "-m", "cwconsole")


def instance(base_url: str, callback: str, **more: str) -> dict[str, Any]:
    """Two resources, polled every 0.6 s in pages so small that a poll has many."""
    url = "/hubs/crm/{}?where=lastUpdated>'${{gmtDate:yyyy-MM-dd'T'HH:mm:ss'Z'}}'"
    return {
        "name": "acme",
        "element": {"key": "connectwisecrmrest"},
        "configuration": {
            "baseUrl": base_url,
            "company": "demo",
            "public.key": "public",
            "private.key": "private",
            "client.id": "00000000-0000-0000-0000-000000000000",
            "event.notification.enabled": True,
            "event.notification.callback.url": callback,
            "event.poller.refresh_interval": 0.01,
            "cwconsole.requests_per_minute": 0,
            **more,
            "event.poller.configuration": {
                name: {"url": url.format(name), "idField": "id", "pageSize": 7} for name in ("contacts", "incidents")
            },
        },
    }


class Commands:
    """The real program, on one database."""

    def __init__(self, folder: Path) -> None:
        self.db = folder / "cw.db"
        self.env = {
            **os.environ,
            "CWCONSOLE_DB": str(self.db),
            "XDG_CONFIG_HOME": str(folder),
            "XDG_DATA_HOME": str(folder),
            "XDG_STATE_HOME": str(folder),
        }

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(*RUN, *arguments, stdout=pipe, stderr=pipe, env=self.env)

    async def run(self, *arguments: str) -> str:
        process = await self.start(*arguments)
        out, err = await process.communicate()
        assert process.returncode == 0, f"{arguments}: {err.decode()}"
        return out.decode()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.db)) as conn:
            return conn.execute(sql).fetchall()


@asynccontextmanager
async def _first_read(folder: Path, *, seed: int) -> AsyncIterator[tuple[Simulator, Receiver, Commands]]:
    """The servers, and a database that has an instance with its baseline."""
    simulator = Simulator(records=40, paths=PATHS, mix=Mix(create=30, update=60, touch=5, delete=5), seed=seed)
    receiver, commands = Receiver(), Commands(folder)
    async with simulator.serve() as cw, receiver.serve() as hook:
        body = folder / "acme.json"
        body.write_text(json.dumps(instance(cw.base_url, hook.url + "/hook")))
        await commands.run("instances", "add", str(body))
        await commands.run("run", "--once")
        yield simulator, receiver, commands


@pytest.mark.timeout(480)
async def test_twenty_kills_lose_nothing_and_leave_no_gap(tmp_path: Path) -> None:
    moments = random.Random(20261124)
    async with _first_read(tmp_path, seed=5) as (simulator, receiver, commands):
        listed, polls = _there(simulator), []
        for moment in range(MOMENTS):
            simulator.rate, before = 60.0, _polls(commands)
            await _until_changed(simulator, simulator.world().totals.total() + 30)
            process = await commands.start("run")
            await _until_working(commands, process.pid)
            if moment % 2:  # else it may be killed before it polls, which has to be survived as well
                await _until_polling(commands, before)
            await asyncio.sleep(moments.uniform(0, 0.6))
            process.send_signal(signal.SIGKILL)
            await process.communicate()
            simulator.rate = 0.0
            polls.append(_polls(commands) - before)
            await commands.run("run", "--once")
            _nothing_is_lost(simulator, receiver)
        assert sum(more > 0 for more in polls) >= MOMENTS // 2, f"polls before each kill: {polls}"
        assert all(simulator.world().totals[kind] > MOMENTS for kind in ChangeKind)
        await _every_deletion_is_told_once(simulator, receiver, commands, listed)
        _no_gap(commands, receiver)


@pytest.mark.timeout(240)
async def test_kills_while_everything_is_read_for_the_first_time_lose_nothing(tmp_path: Path) -> None:
    simulator = Simulator(records=600, paths=PATHS, mix=Mix(create=30, update=65, touch=5, delete=0), seed=7)
    receiver, commands = Receiver(), Commands(tmp_path)
    async with simulator.serve() as cw, receiver.serve() as hook:
        body = tmp_path / "acme.json"
        everything = {"cwconsole.start": "everything"}
        body.write_text(json.dumps(instance(cw.base_url, hook.url + "/hook", **everything)))
        await commands.run("instances", "add", str(body))
        simulator.rate = 60.0
        for _ in range(FIRST_READS):
            before = _read_so_far(commands)
            process = await commands.start("run")
            async with asyncio.timeout(30):
                while _read_so_far(commands) <= before:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            await process.communicate()
            assert commands.rows("SELECT DISTINCT baseline_done FROM resources") == [(0,)], "it was through already"
        simulator.rate = 0.0
        await commands.run("run", "--once")
        _nothing_is_lost(simulator, receiver)
        _no_gap(commands, receiver)


def _polls(commands: Commands) -> int:
    """How many polls have committed a page."""
    return int(commands.rows("SELECT count(*) FROM polls")[0][0])


async def _until_polling(commands: Commands, before: int) -> None:
    async with asyncio.timeout(30):
        while _polls(commands) <= before:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _until_changed(simulator: Simulator, total: int) -> None:
    """Until there have been so many changes, however quick everything else is."""
    async with asyncio.timeout(30):
        while simulator.world().totals.total() < total:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _read_so_far(commands: Commands) -> int:
    """How many records the open crawls have committed."""
    return int(commands.rows("SELECT sum(crawl_records) FROM resources")[0][0])


@pytest.mark.timeout(480)
async def test_killed_consoles_lose_nothing_while_commands_come_and_go(tmp_path: Path) -> None:
    moments = random.Random(20261127)
    async with _first_read(tmp_path, seed=6) as (simulator, receiver, commands):
        for _ in range(CONSOLES):
            simulator.rate, changed = 60.0, simulator.world().totals.total()
            with terminals.console(commands.db, env=commands.env) as terminal:
                async with _drawing(terminal):
                    await _until_working(commands, terminal.pid)
                    for beside in (
                        ["status"],
                        ["pause", "acme", "contacts"],
                        ["resume", "acme", "contacts"],
                        ["poll", "acme"],
                    ):
                        await commands.run(*beside)
                    await _until_changed(simulator, changed + 150)
                    await asyncio.sleep(moments.uniform(0, 1.2))
            simulator.rate = 0.0
            await commands.run("run", "--once")
            _nothing_is_lost(simulator, receiver)
        _no_gap(commands, receiver)


@asynccontextmanager
async def _drawing(terminal: Terminal) -> AsyncIterator[None]:
    """Take what the console sends, as a terminal does: a full pipe would hold it up."""
    over = asyncio.Event()

    async def take() -> None:
        while not over.is_set():
            await asyncio.to_thread(terminal.pump, 0.05)

    async with asyncio.TaskGroup() as group:
        group.create_task(take())
        try:
            yield
        finally:
            over.set()


async def _until_working(commands: Commands, pid: int) -> None:
    """Until this engine has said who it is: from there on any moment is a moment of a run."""
    said = f'"pid": {pid}'
    async with asyncio.timeout(30):
        while said not in str(commands.rows("SELECT value FROM meta WHERE key = 'engine'")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _nothing_is_lost(simulator: Simulator, receiver: Receiver) -> None:
    """The last version of every changed record that is still there arrived."""
    checked = 0
    for path, name in NAMES.items():
        for version in simulator.world().versions(path):
            if version.digest is None:
                continue  # deleted: a sweep tells
            body = receiver.objects[name, str(version.id)].body
            message = json.loads(body)["message"]
            record = message["raw"][name][0]
            assert record_digest(record) == version.digest, f"the last version of {path}/{version.id} is missing"
            checked += 1
    assert checked


def _there(simulator: Simulator) -> set[tuple[str, str]]:
    """The records that there are, by their names in notifications."""
    return {(name, str(number)) for path, name in NAMES.items() for number in simulator.world().ids(path)}


async def _every_deletion_is_told_once(
    simulator: Simulator, receiver: Receiver, commands: Commands, listed: set[tuple[str, str]]
) -> None:
    """After a sweep: of each record that was in the baseline or told of, and is gone. Of no other."""
    gone = (listed | receiver.objects.keys()) - _there(simulator)
    for name in NAMES.values():
        await commands.run("sweep", "acme", name, "--wait", "--confirm-deletes", str(len(gone)))
    assert {what for what, last in receiver.objects.items() if last.event_type == "DELETED"} == gone
    told = commands.rows(
        """
        SELECT r.name, CAST(e.object_id AS TEXT) FROM events e JOIN resources r ON r.id = e.resource_id
        WHERE e.type = 'DELETED'
        """
    )
    assert sorted(told) == sorted(gone)


def _no_gap(commands: Commands, receiver: Receiver) -> None:
    """Everything recorded was delivered; whatever came twice was marked; no number is missing, no version repeats."""
    assert commands.rows("SELECT DISTINCT state FROM deliveries") == [("delivered",)]
    undelivered = "SELECT id FROM events WHERE id NOT IN (SELECT event_id FROM deliveries)"
    assert commands.rows(undelivered) == []
    assert commands.rows("SELECT min(id), max(id) - count(*) FROM events") == [(1, 0)]
    assert commands.rows("SELECT count(*) FROM polls WHERE outcome = 'running'") == [(0,)]
    events = commands.rows("SELECT count(*) FROM events")[0][0]
    assert events > 300
    assert len(receiver.seen) == events
    attempts = commands.rows("SELECT count(*) FROM attempts WHERE error_code IS NULL OR error_code = 'interrupted'")
    assert sum(receiver.seen.values()) <= attempts[0][0]
    twice = commands.rows(
        """
        SELECT count(*) FROM events e JOIN events p ON p.id = e.previous_id
        WHERE p.record = e.record AND e.type <> 'DELETED'
        """
    )
    assert twice == [(0,)]
    _totals_are_true(commands.rows("SELECT id, delivered, pending, sending, retrying, dead FROM resources"), commands)


def _totals_are_true(kept: Iterable[tuple[Any, ...]], commands: Commands) -> None:
    for resource_id, *numbers in kept:
        counted = dict(
            commands.rows(f"SELECT state, count(*) FROM deliveries WHERE resource_id = {resource_id} GROUP BY state")
        )
        names = ("delivered", "pending", "sending", "retrying", "dead")
        assert numbers == [counted.get(name, 0) for name in names]
