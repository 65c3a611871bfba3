"""A console that fails in a way nobody foresaw: a sentence, an exit code, a traceback in the log, and no secret."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cwconsole.cli import settings
from cwconsole.simulator.faults import Fault, FaultKind
from cwconsole.simulator.receiver import Listening
from cwconsole.simulator.simulator import Running
from tests.cli.conftest import Cli, Stage
from tests.tui.terminals import Terminal, program

SECRET = "Kohlrabi-4711"  # of no instance: what a traceback knows of it is a local variable alone
BROKEN = """
import sys
from cwconsole.cli.main import invoke
from cwconsole.core.errors import UsageError
from cwconsole.tui.app import ConsoleApp

def broken(self):
    kept = {secret!r}
    raise {error}

ConsoleApp.next_theme = broken
sys.exit(invoke([]))
"""
REFUSAL = "UsageError('There is no event 42; look for another.')"


@contextmanager
def crashing(cli: Cli, error: str) -> Iterator[Terminal]:
    """A console in which the key for another theme meets a defect."""
    text = BROKEN.format(secret=SECRET, error=error)
    with program(text, cli.folder, cols=80, rows=24, env=cli.env) as terminal:
        terminal.until(lambda shown: "engine here" in shown and "? help" in shown)
        yield terminal


def log() -> str:
    return settings.log_file().read_text()


def test_it_says_a_sentence_and_keeps_the_traceback_without_values(cli: Cli, played: Any) -> None:
    # `private` is the instance's key, which this process has unsealed by then
    with crashing(cli, "RuntimeError(f'broken by {chr(112)}rivate')") as terminal:
        terminal.type("\x14")
        assert terminal.ended() == 1
        last = terminal.sent.rpartition(b"\x1b[?1049l")[2].decode()
    assert "An unexpected error ended this (RuntimeError); its traceback is in" in last
    assert str(settings.log_file()) in last.replace("\r\n", "")
    assert "Traceback" not in terminal.sent.decode("utf-8", "replace")
    assert SECRET not in terminal.sent.decode("utf-8", "replace")
    assert "in broken" in log()
    assert "broken by ********" in log()
    assert SECRET not in log().replace(f"kept = {SECRET!r}", "")


def test_a_refusal_that_nobody_caught_is_said_and_its_traceback_kept(cli: Cli, played: Any) -> None:
    with crashing(cli, REFUSAL) as terminal:
        terminal.type("\x14")
        assert terminal.ended() == 1
        assert "The console ended unexpectedly: There is no event 42; look for another." in terminal.text
        assert "Traceback" not in terminal.text
    assert "console crashed" in log()
    assert "in broken" in log()


def test_the_engine_finishes_what_it_is_sending(
    cli: Cli, played: Any, stage: Stage, connectwise: Running, receiver: Listening
) -> None:
    assert cli("run", "--once").code == 0
    stage.call(lambda: connectwise.simulator.world().create("/company/contacts", {"firstName": "Ada"}))
    stage.call(lambda: receiver.receiver.faults.add(Fault(kind=FaultKind.SLOW, seconds=3)))
    assert cli("poll", "acme", "contacts").code == 4, "it waits for the console's engine"
    with crashing(cli, "RuntimeError('broken')") as terminal:
        deadline = time.monotonic() + 30
        while not stage.call(lambda: dict(receiver.receiver.faults.struck)):
            assert time.monotonic() < deadline, terminal.text
            terminal.pump(0.05)
        assert [row["state"] for row in cli.good("deliveries", "list")] == ["sending"]
        terminal.type("\x14")
        assert terminal.ended() == 1
    assert [(row["state"], row["attempts"]) for row in cli.good("deliveries", "list")] == [("delivered", 1)]
    assert len(receiver.receiver.seen) == 1
    assert "engine stopped" in log()
