"""Keys of an instance and of the settings that reach as far as the wire or the schedule: real runs on real servers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from cwconsole.simulator.receiver import Listening
from cwconsole.simulator.simulator import Running
from tests.cli.conftest import Cli, Stage

NOBODY = "http://127.0.0.1:9"
Add = Callable[..., None]


@pytest.fixture
def add(cli: Cli, write_body: Callable[..., Path], connectwise: Running, receiver: Listening) -> Add:
    """Adds an instance all of whose contacts become events; None takes a key away."""

    def adding(**configuration: object) -> None:
        path = write_body(
            **{
                "baseUrl": connectwise.base_url,
                "event.notification.callback.url": f"{receiver.url}/events",
                "event.poller.configuration": {"contacts": {}},
                "cwconsole.start": "everything",
                **configuration,
            }
        )
        body = json.loads(path.read_text())
        kept = {key: value for key, value in body["configuration"].items() if value is not None}
        path.write_text(json.dumps({**body, "configuration": kept}))
        assert cli("instances", "add", path).code == 0

    return adding


def test_connectwises_client_id_is_the_instances_or_the_variables_or_the_settings(
    cli: Cli, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CWCONSOLE_CLIENT_ID")
    add()
    refused = cli("run", "--once")
    assert refused.code == 1
    assert "clientId header is required" in refused.err
    assert "client.id" in refused.err
    monkeypatch.setenv("CWCONSOLE_CLIENT_ID", "from-variable")
    assert cli("run", "--once").code == 0
    monkeypatch.delenv("CWCONSOLE_CLIENT_ID")
    assert cli("run", "--once").code == 1
    folder = cli.folder / "xdg_config_home" / "cwconsole"
    folder.mkdir(exist_ok=True)
    (folder / "settings.toml").write_text('client_id = "from-settings"\n')
    assert cli("run", "--once").code == 0
    (folder / "settings.toml").unlink()
    cli.good("instances", "edit", "acme", "--set", "client.id=its-own")
    assert cli("run", "--once").code == 0


def test_a_proxy_is_asked_for_what_cannot_be_reached_without(
    cli: Cli, add: Add, connectwise: Running, receiver: Listening
) -> None:
    """The look-alike answers whatever is asked of it as a proxy."""
    add(baseUrl=f"{NOBODY}/v4_6_release/apis/3.0", **{"cwconsole.proxy": f"http://127.0.0.1:{connectwise.port}"})
    reports = cli("run", "--once", "--json").json
    assert [(one["outcome"], one["events"]) for one in reports] == [("ok", 20)]
    assert receiver.receiver.accepted == 0, "what goes to the receiver goes through the proxy as well"


@pytest.mark.parametrize(("preset", "seconds"), [("standard", 5), ("open-connectors", 8)])
def test_the_schedule_of_retries_is_the_instances(cli: Cli, add: Add, preset: str, seconds: float) -> None:
    add(**{"cwconsole.retry": preset, "event.notification.callback.url": f"{NOBODY}/hook"})
    assert cli("run", "--once").code == 0
    failed = [row for row in cli.good("deliveries", "list") if row["state"] == "retrying"]
    (attempt,) = cli.good("deliveries", "show", failed[0]["id"])["attempts"]
    ended = datetime.fromisoformat(attempt["started"]).timestamp() + attempt["duration_ms"] / 1000
    wait = datetime.fromisoformat(attempt["next"]).timestamp() - ended
    assert 0.8 * seconds - 0.5 <= wait <= 1.2 * seconds + 0.5


def test_what_is_not_enabled_is_kept_and_not_polled(cli: Cli, add: Add) -> None:
    add(**{"event.notification.enabled": None})
    assert cli("run", "--once", "--json").json == []
    assert [row["state"] for row in cli.good("status")] == ["off"]
    assert cli.good("polls", "list") == []
    cli.good("instances", "enable", "acme")
    assert [one["events"] for one in cli.good("run", "--once")] == [20]


def test_without_a_callback_url_events_are_recorded_and_nothing_is_delivered(
    cli: Cli, add: Add, receiver: Listening
) -> None:
    add(**{"event.notification.callback.url": None})
    assert [one["events"] for one in cli.good("run", "--once")] == [20]
    assert {row["delivery"] for row in cli.good("events", "list")} == {None}
    assert cli.good("deliveries", "list") == []
    assert receiver.receiver.requests == 0


@pytest.mark.parametrize("filtered", [None, "true", "false"])
def test_nulls_are_left_out_of_the_record_unless_the_instance_keeps_them(
    cli: Cli, add: Add, stage: Stage, connectwise: Running, filtered: str | None
) -> None:
    record = {"id": 21, "nickName": None, "_info": {"lastUpdated": "2026-06-09T10:00:00Z"}}
    stage.call(lambda: connectwise.simulator.world().put("/company/contacts", record))
    add(**{"filter.response.nulls": filtered})
    cli.good("run", "--once")
    assert ("nickName" in cli.good("events", "show", 21)["record"]) is (filtered == "false")


def test_a_masked_secret_and_a_number_for_a_name_are_refused(cli: Cli, write_body: Callable[..., Path]) -> None:
    masked = cli("instances", "add", write_body(**{"private.key": "********"}))
    assert masked.code == 1
    assert "configuration.private.key: found a masked secret" in masked.err
    number = cli("instances", "add", write_body("12345"))
    assert number.code == 1
    assert "that is not a number" in number.err
    assert not cli.path.exists() or cli.good("instances", "list") == []
