"""Two consoles and `cwconsole run` on one database: all show the same, and one goes on where `run` was killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from cwconsole.cli.lock import engine_runs
from cwconsole.simulator.simulator import Running
from tests.cli.conftest import Cli, Stage, until
from tests.tui.terminals import Terminal, console


@contextmanager
def engine(cli: Cli) -> Iterator[subprocess.Popen[bytes]]:
    """`cwconsole run`, once it runs the engine: a console that is faster would. Its log is beside the database."""
    with (cli.folder / "run.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "cwconsole", "run"], stdout=log, stderr=log)
        try:
            until(lambda: engine_runs(cli.path))
            yield process
        finally:
            process.kill()
            process.wait()


def in_one_line(words: Sequence[str], text: str) -> bool:
    return any(all(word in line for word in words) for line in text.splitlines())


def show(terminals: Sequence[Terminal], *words: str) -> None:
    """Until each of them shows all these words in one line."""
    for terminal in terminals:
        terminal.until(partial(in_one_line, words), seconds=10)


@pytest.mark.timeout(120)
def test_all_show_the_same_and_one_takes_over(cli: Cli, played: Any, stage: Stage, connectwise: Running) -> None:
    def poll_a_new_contact() -> str:
        number = stage.call(lambda: connectwise.simulator.world().create("/company/contacts"))
        assert cli("poll", "acme", "contacts").code == 0
        return f" {number} "

    def open_console(login: str) -> Any:
        return console(cli.path, "--fresh", cols=130, rows=30, env={**cli.env, "LOGNAME": login})

    with engine(cli) as run, open_console("ada") as ada, open_console("grace") as grace:
        both = (ada, grace)
        for words in (f"engine in {run.pid}",), ("● fresh", "contacts"), ("● fresh", "tickets"):
            show(both, *words)

        # what a command changes, and what the engine records and delivers
        assert cli("pause", "acme", "tickets").code == 0
        show(both, "‖ paused", "tickets")
        for one in both:
            one.type("2")
        show(both, "created", "contacts", poll_a_new_contact(), "● delivered")

        # what is asked for in one console
        ada.type("1Gp")
        for one in both:
            one.type("5")
        show(both, "● done", "ada", "poll", "acme/contacts: polled, 1 record")
        grace.type("\r")
        show([grace], "asked by", "ada")

        # the engine's process dies
        run.kill()
        show(both, f"The engine in process {run.pid} has ended")
        (host,) = (one for one in both if "this console has taken over" in one.text)
        (guest,) = (one for one in both if one is not host)
        show([guest], f"process {host.pid} has taken over")
        show([host], "engine here")
        show([guest], f"engine in {host.pid}")
        for one in both:
            one.type("2")
        show(both, "created", "contacts", poll_a_new_contact(), "● delivered")
