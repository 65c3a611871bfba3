"""An engine that ends while a receiver hangs: it says what it waits for, and Ctrl-C cuts that off without a loss."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cwconsole.simulator.simulator import Running
from tests.cli.conftest import Cli, Stage, until
from tests.cli.posts import Posts
from tests.cli.test_engine import create
from tests.tui.terminals import console

WAITS = "Waiting for 1 delivery that is being sent, for at most 10 seconds. Ctrl-C cuts it off"


@pytest.fixture
def change(
    cli: Cli, stage: Stage, connectwise: Running, posts: Posts, write_body: Callable[..., Path]
) -> Callable[[], None]:
    """Makes a record that is to be sent; the receiver takes it and does not answer."""
    where = {"baseUrl": connectwise.base_url, "event.notification.callback.url": posts.url}
    cli.good("instances", "add", write_body(**where))
    cli.good("run", "--once")
    create(stage, connectwise)
    assert cli("poll", "acme", "contacts").code == 4, "it waits for the engine"
    return lambda: until(lambda: len(posts.came) == 1)


def is_sent_again(cli: Cli, stage: Stage, posts: Posts) -> bool:
    """By the next engine, the attempt that was cut off being on record."""
    stage.call(posts.let_go.set)
    cli.good("run", "--once")
    (delivery,) = cli.good("deliveries", "list")
    attempts = cli.good("deliveries", "show", delivery["id"])["attempts"]
    return (delivery["state"], [one["error_code"] for one in attempts]) == ("delivered", ["interrupted", None])


def test_a_run_says_what_it_waits_for_and_a_second_ctrl_c_cuts_it_off(
    cli: Cli, change: Callable[[], None], stage: Stage, posts: Posts
) -> None:
    run = [sys.executable, "-m", "cwconsole", "run"]
    with subprocess.Popen(run, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            change()
            process.send_signal(signal.SIGINT)
            assert any(WAITS in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
            assert "stopped hard" in process.communicate(timeout=5)[1], "sooner than by itself"
        finally:
            process.kill()
    assert process.returncode == 128 + signal.SIGINT
    assert is_sent_again(cli, stage, posts)


def test_so_does_a_console_once_its_screen_is_gone(
    cli: Cli, change: Callable[[], None], stage: Stage, posts: Posts
) -> None:
    with console(cli.path, cols=200, env=cli.env) as terminal:
        change()
        terminal.until(lambda text: "engine here" in text)
        terminal.type("q")
        terminal.until(lambda text: "Leave, and stop the engine?" in text)
        terminal.type("y")
        terminal.until(lambda text: WAITS in text)
        os.kill(terminal.pid, signal.SIGTERM)
        os.kill(terminal.pid, signal.SIGINT)
        assert terminal.ended(seconds=5) == 0
    assert is_sent_again(cli, stage, posts)
