"""`--json`, command by command: one document on stdout, and on stderr one JSON object a line, the error last."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from cwconsole.cli.main import cli as program
from cwconsole.cli.simulate import CLIENT_ID
from cwconsole.simulator.receiver import Listening
from cwconsole.simulator.simulator import Running
from tests.cli.conftest import Cli, Stage

CONTACTS = "/company/contacts"
SERVING = {"simulate", "listen"}  # they print line by line until they are stopped
ELSEWHERE = {"demo"}  # test_demo.py plays it through


def commands(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """Every command that can be called, as words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield (*above, name)


def objects(text: str) -> list[dict[str, Any]]:
    """What stands on stderr."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def sent(cli: Cli, played: Any, stage: Stage, connectwise: Running) -> Any:
    """One event that arrived and one that was refused, a job and a queued action."""
    assert cli("run", "--once").code == 0
    return played


def test_every_command_answers_with_one_document(
    cli: Cli, stage: Stage, connectwise: Running, receiver: Listening, write_body: Callable[..., Path]
) -> None:
    where = {"baseUrl": connectwise.base_url, "event.notification.callback.url": f"{receiver.url}/events"}
    path = write_body(**where)
    tried: set[tuple[str, ...]] = set()
    every = set(commands(program))

    def ask(*args: object, code: int = 0) -> Any:
        """The document of a command, whose last words may be its arguments."""
        words = [str(arg) for arg in args]
        tried.add(next(tuple(words[:length]) for length in (2, 1) if tuple(words[:length]) in every))
        result = cli(*words, "--json")
        assert result.code == code, result.err
        said = objects(result.err)
        assert [one.get("exit_code") for one in said if "error" in one] == ([code] if code else [])
        return result.json

    def change(name: str) -> None:
        stage.call(lambda: connectwise.simulator.world().create(CONTACTS, {"firstName": name}))

    assert set(ask("config", "init")) == {"file"}
    assert ask("config", "validate")["warnings"] == []
    assert "database" in {row["name"] for row in ask("config", "show")}
    assert "poll.now" in {row["id"] for row in ask("keys")}

    assert {"id", "token", "name"} <= set(ask("instances", "add", path))
    assert ask("instances", "list")[0]["name"] == "acme"
    assert ask("instances", "show", "acme")["body"]["configuration"]["private.key"] == "********"
    assert ask("instances", "export", "acme")["name"] == "acme"
    assert ask("instances", "export", "acme", "--format", "toml")["name"] == "acme"
    assert ask("instances", "disable", "acme")["enabled"] is False
    assert ask("instances", "enable", "acme")["enabled"] is True
    assert ask("instances", "edit", "acme", "--set", "cwconsole.timezone=Europe/Berlin")["name"] == "acme"

    assert [one["outcome"] for one in ask("run", "--once")] == ["ok", "ok"]
    change("Ada")
    assert set(ask("run", "--for", "0.2")) == {"started", "ended", "signal"}
    assert [one["state"] for one in ask("poll", "acme", "contacts", "--wait")] == ["done"]
    assert [one["state"] for one in ask("sweep", "acme", "contacts", "--wait")] == ["done"]
    assert ask("status")[0]["resource"] == "contacts"
    assert ask("watermark", "acme", "contacts")["watermark"]
    assert ask("watermark", "acme", "contacts", "--set", "2h", "--yes")["action"] == "watermark"
    assert ask("pause", "acme", "tickets")["resource"] == "tickets"
    assert ask("resume", "acme", "tickets")["resource"] == "tickets"
    assert ask("pause", "acme", "--delivery")["action"] == "hold"
    change("Bob")
    ask("poll", "acme", "contacts", "--wait")

    events = ask("events", "list")
    assert len(events) == 2
    assert ask("events", "show", events[0]["event_id"])["record"]["firstName"] == "Bob"
    assert ask("events", "export", cli.folder / "events.json")["events"] == 2
    deliveries = ask("deliveries", "list")
    assert ask("deliveries", "show", deliveries[1]["id"])["attempts"][0]["status"] == 204
    assert ask("deliveries", "cancel", deliveries[0]["id"])["count"] == 1
    assert ask("deliveries", "retry", deliveries[0]["id"])["count"] == 1
    assert ask("resume", "acme", "--delivery")["action"] == "release"
    polls = ask("polls", "list")
    assert ask("polls", "export", cli.folder / "polls.csv")["polls"] == len(polls)
    assert ask("deliveries", "export", cli.folder / "deliveries.ndjson")["deliveries"] == len(deliveries)
    assert ask("actions", "export", cli.folder / "actions.json")["actions"] == len(ask("actions", "list"))
    assert ask("polls", "show", polls[0]["id"])["outcome"] == "ok"

    queued = ask("poll", "acme", code=4)["actions"][0]
    assert ask("actions", "show", queued)["state"] == "queued"
    assert ask("actions", "cancel", queued)["state"] == "cancelled"
    assert queued in {row["id"] for row in ask("actions", "list")}
    assert ask("replay", "--event", events[0]["id"], "--wait")[0]["state"] == "done"
    preview = ask("replay", "type:created", code=3)
    job = ask("replay", "type:created", "--confirm", preview["token"], code=4)["job"]
    assert ask("jobs", "pause", job)["job"] == job
    assert ask("jobs", "resume", job)["job"] == job
    assert ask("jobs", "list")[0]["id"] == job
    assert ask("jobs", "show", job)["state"] == "queued"
    assert ask("jobs", "cancel", job)["job"] == job
    assert ask("instances", "remove", "acme", "--yes")["name"] == "acme"

    assert {words for words in every if words[0] not in SERVING | ELSEWHERE} == tried


def test_every_command_refuses_with_one_object(cli: Cli) -> None:
    for words in commands(program):
        result = cli(*words, "--nonsense", "--json")
        (said,) = objects(result.err)
        assert (said["error"], said["exit_code"], result.out) == ("usage", 2, ""), words


@pytest.mark.parametrize("words", [[], ["instances"], ["events"], ["nonsense"]])
def test_what_is_no_command_is_refused_with_one_object(cli: Cli, words: list[str]) -> None:
    result = cli(*words, "--json")
    (said,) = objects(result.err)
    assert (result.code, said["error"], result.out) == (2, "usage", "")


def test_words_beside_the_document_are_objects_too(
    cli: Cli, write_body: Callable[..., Path], connectwise: Running
) -> None:
    path = write_body(**{"private.key": "env:NOWHERE", "baseUrl": connectwise.base_url})
    added = cli("instances", "add", path, "--json")
    note, made = objects(added.err)
    assert "new database" in made["note"]
    assert (added.json["name"], "env:NOWHERE gives nothing here" in note["note"]) == ("acme", True)
    again = cli("instances", "add", path, "--json")
    note, error = objects(again.err)
    assert (list(note), error["error"], error["exit_code"]) == (["note"], "usage", 2)
    once = cli("run", "--once", "--json")
    *log, error = objects(once.err)
    assert {"timestamp", "level", "event"} <= set(log[0])
    assert (error["error"], error["exit_code"]) == ("failed", 1)
    assert [(row["instance"], row["outcome"]) for row in once.json] == [("acme", "unusable")]


@pytest.mark.parametrize("command", sorted(SERVING))
def test_what_serves_says_first_where_and_then_one_object_a_line(cli: Cli, command: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from cwconsole.cli.main import main; main()", command, "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert str(first["port"]) in first["base_url" if command == "simulate" else "url"]
    if command == "simulate":
        keys = ("company", "public_key", "private_key", "client_id")
        assert [first[key] for key in keys] == ["exampleco", "demo-public-key", "demo-private-key", CLIENT_ID]
    process.terminate()
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (128 + signal.SIGTERM, "", "")
