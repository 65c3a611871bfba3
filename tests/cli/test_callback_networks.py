"""Whom an instance from the HTTP API may deliver to: a settings file, a real `cwconsole run`, and what is shown."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cwconsole.cli.instance_files import draft_of, read_file
from cwconsole.core.config import Origin
from cwconsole.simulator.receiver import Listening
from cwconsole.simulator.simulator import Running
from cwconsole.store import instances
from cwconsole.store.database import prepared
from cwconsole.store.once import write_once
from cwconsole.store.vault import Vault
from tests.cli.conftest import Cli
from tests.store.rows import asked

RUN = [sys.executable, "-c", "from cwconsole.cli.main import main; main()", "run", "--once"]


def settings_file(cli: Cli) -> Path:
    return cli.folder / "xdg_config_home" / "cwconsole" / "settings.toml"


@pytest.fixture
def from_api(cli: Cli, write_body: Callable[..., Path], connectwise: Running) -> Callable[..., None]:
    """Adds an instance with twenty events to deliver to a URL, as the HTTP API will, or as it is done here."""

    def add(url: str, origin: Origin = Origin.API) -> None:
        path = write_body(
            **{
                "baseUrl": connectwise.base_url,
                "event.notification.callback.url": url,
                "event.poller.configuration": {"contacts": {}},
                "cwconsole.start": "everything",
            },
        )
        prepared(cli.path).close()
        settings_file(cli).parent.mkdir()
        draft = draft_of(read_file(str(path)), Vault({}, settings_file(cli).parent))
        write_once(cli.path, instances.add, draft, origin=origin, token="t", asked=asked(), now_ms=1)

    return add


def run_once() -> None:
    ended = subprocess.run(RUN, capture_output=True, text=True, timeout=50, check=False)
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr


@pytest.mark.parametrize(
    ("host", "settings"),
    [
        ("127.0.0.1", None),
        ("localhost", None),
        ("[::ffff:127.0.0.1]", None),
        ("127.0.0.1", 'callback_networks = ["10.0.0.0/8", "127.9.0.0/16"]'),
    ],
)
def test_what_the_settings_do_not_allow_is_never_connected_to(
    cli: Cli,
    from_api: Callable[..., None],
    receiver: Listening,
    host: str,
    settings: str | None,
) -> None:
    from_api(f"http://{host}:{receiver.port}/events")
    if settings is not None:
        settings_file(cli).write_text(settings)
    run_once()
    assert receiver.receiver.requests == 0
    rows = {(row["state"], row["error_code"]): row for row in cli.good("deliveries", "list")}
    assert set(rows) == {("retrying", "blocked"), ("pending", None)}  # these wait for the breaker
    number = rows["retrying", "blocked"]["id"]
    (attempt,) = cli.good("deliveries", "show", number)["attempts"]
    assert (attempt["status"], attempt["peer"]) == (None, None)
    assert f":{receiver.port} is refused by the address policy" in attempt["error"]
    assert "allow its network by callback_networks in the settings" in attempt["error"]
    assert attempt["error"] in cli("deliveries", "show", number).out


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_the_settings_allow_is_delivered(
    cli: Cli, from_api: Callable[..., None], receiver: Listening, host: str
) -> None:
    from_api(f"http://{host}:{receiver.port}/events")
    settings_file(cli).write_text('callback_networks = ["127.0.0.0/8", "::1/128"]')
    run_once()
    assert {row["state"] for row in cli.good("deliveries", "list")} == {"delivered"}
    assert len(receiver.receiver.seen) == 20


def test_instances_of_this_machine_may_deliver_anywhere(
    cli: Cli, from_api: Callable[..., None], receiver: Listening
) -> None:
    from_api(f"http://127.0.0.1:{receiver.port}/events", Origin.LOCAL)
    run_once()
    assert {row["state"] for row in cli.good("deliveries", "list")} == {"delivered"}


def test_networks_that_are_none_stop_the_engine_with_a_sentence(
    cli: Cli, from_api: Callable[..., None], receiver: Listening
) -> None:
    from_api(f"http://127.0.0.1:{receiver.port}/events")
    settings_file(cli).write_text('callback_networks = ["10.0.0.0/99"]')
    ended = subprocess.run(RUN, capture_output=True, text=True, timeout=50, check=False)
    assert ended.returncode != 0
    assert "callback_networks: found 10.0.0.0/99" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert receiver.receiver.requests == 0
