"""A console that is killed while it exports and hosts the engine: another one goes on, and says what became of both."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from cwconsole.store import export_jobs
from cwconsole.store.connection import writer
from tests.tui.rig import database, small_fleet
from tests.tui.terminals import console, program
from tests.tui.test_terminal_session import ready

SLOW = """
import sys, time
from cwconsole.cli.main import invoke
from cwconsole.store import list_export

real = list_export.piece

def slowly(*args, **more):
    time.sleep(0.5)
    return real(*args, **more)

list_export.PAGE, list_export.piece = 1, slowly
sys.exit(invoke([]))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cw.db"
    with database(path) as conn:
        small_fleet(conn, now_ms=time.time_ns() // 1_000_000)
        conn.execute("UPDATE instances SET enabled = 0")  # the engine has nothing else to do
        conn.execute("UPDATE deliveries SET state = 'cancelled', due_ms = NULL")
    return path


def test_the_other_console_takes_the_engine_over_and_the_export_is_told_as_failed(file: Path) -> None:
    with program(SLOW, file.parent, cols=120, rows=30, env={"CWCONSOLE_DB": str(file)}) as first, ExitStack() as more:
        ready(first)
        second = more.enter_context(console(file, cols=120, rows=30))
        ready(second, f"engine in {first.pid}")
        first.type("2")
        first.until(lambda text: "cancelled" in text)
        first.type("s")
        first.until(lambda text: "enter save" in text)
        first.type(f"\x15{file.parent / 'all.json'}\r")
        second.type("6")
        second.until(lambda text: "◐ running" in text)
        os.kill(first.pid, signal.SIGKILL)
        second.until(lambda text: "engine here" in text, seconds=5)
        second.until(lambda text: "✗ failed" in text, seconds=20)
        second.type("\r")
        second.until(lambda text: export_jobs.LOST.partition(";")[0] in text)
        with closing(writer(file)) as conn:
            assert [tuple(row) for row in conn.execute("SELECT state, error FROM jobs")] == [
                ("failed", export_jobs.LOST)
            ]
    assert not (file.parent / "all.json").exists()
    assert len(list(file.parent.glob(".*.part"))) == 1, "as the sentence says"
