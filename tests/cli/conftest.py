"""The command line as the tests use it: in this process, on files of their own, with a played ConnectWise beside it."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cwconsole.cli.main import invoke
from cwconsole.simulator.receiver import Listening, Receiver
from cwconsole.simulator.simulator import Running, Simulator
from tests.cli.posts import Posts

T = TypeVar("T")


def until(holds: Callable[[], bool], *, seconds: float = 30) -> None:
    """Wait until it is as wanted."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not get there"
        time.sleep(0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cli:
    """Runs commands on one database."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    @property
    def path(self) -> Path:
        return self.folder / "cw.db"

    @property
    def env(self) -> dict[str, str]:
        """What another process needs to use the same database and folders, and no more: COLUMNS is not its size."""
        return {name: value for name, value in os.environ.items() if name.startswith(("CWCONSOLE_", "XDG_", "HOME"))}

    def __call__(self, *args: object) -> Result:
        code = invoke([str(arg) for arg in args])
        captured = self.capture.readouterr()
        return Result(code=code, out=captured.out, err=captured.err)

    def good(self, *args: object) -> Any:
        """The JSON of a command that must work."""
        result = self(*args, "--json")
        assert result.code == 0, result.err
        return result.json


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folders and environment of their own."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HOME"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("CWCONSOLE_DB", str(tmp_path / "cw.db"))
    monkeypatch.setenv("CWCONSOLE_CLIENT_ID", "client")
    for name in ("CWCONSOLE_SECRET_KEY", "SSH_CONNECTION", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(folder=home, capture=capsys)


def body(name: str = "acme", **configuration: object) -> dict[str, Any]:
    """An instance body in Open Connectors' spelling."""
    return {
        "name": name,
        "element": {"key": "connectwisecrmrest"},
        "tags": ["Test"],
        "configuration": {
            "baseUrl": "http://127.0.0.1:9/v4_6_release/apis/3.0",
            "company": "demo",
            "public.key": "public",
            "private.key": "private",
            "event.notification.enabled": True,
            "event.notification.callback.url": "http://127.0.0.1:9/hook",
            "event.poller.refresh_interval": "15",
            "event.poller.configuration": {"contacts": {}, "tickets": {}},
            **configuration,
        },
    }


@pytest.fixture
def write_body(home: Path) -> Callable[..., Path]:
    def write(name: str = "acme", **configuration: object) -> Path:
        path = home / f"{name}.json"
        path.write_text(json.dumps(body(name, **configuration)))
        return path

    return write


@pytest.fixture
def acme(cli: Cli, write_body: Callable[..., Path]) -> Any:
    """An instance whose ConnectWise and whose receiver nobody plays."""
    return cli.good("instances", "add", write_body())


class Stage:
    """An event loop on a thread of its own, where servers are played while commands run in the test's thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._entered: list[AbstractAsyncContextManager[Any]] = []
        self._thread.start()

    def enter(self, context: AbstractAsyncContextManager[T]) -> T:
        self._entered.append(context)
        entered: T = self._do(context.__aenter__())
        return entered

    def close(self) -> None:
        for context in reversed(self._entered):
            self._do(context.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def call(self, fn: Callable[[], T]) -> T:
        """Run a function on the servers' loop."""

        async def on_loop() -> T:
            return fn()

        called: T = self._do(on_loop())
        return called

    def _do(self, coroutine: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(timeout=30)


@pytest.fixture
def stage() -> Iterator[Stage]:
    playing = Stage()
    yield playing
    playing.close()


@pytest.fixture
def connectwise(stage: Stage) -> Running:
    return stage.enter(Simulator(records=20).serve())


@pytest.fixture
def receiver(stage: Stage) -> Listening:
    return stage.enter(Receiver().serve())


@pytest.fixture
def played(cli: Cli, write_body: Callable[..., Path], connectwise: Running, receiver: Listening) -> Any:
    """An instance whose ConnectWise and whose receiver are played."""
    where = {"baseUrl": connectwise.base_url, "event.notification.callback.url": f"{receiver.url}/events"}
    return cli.good("instances", "add", write_body(**where))


@pytest.fixture
def posts(stage: Stage) -> Posts:
    return stage.enter(Posts().serve())
