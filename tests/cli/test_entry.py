"""The program as a process: what it loads, how it ends, and that nobody ever sees a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cwconsole.cli.main import COMMANDS
from tests.cli.conftest import Cli

HEAVY = (
    *("httpx", "aiohttp", "textual", "sqlite_utils", "cryptography", "structlog", "asyncio", "dateutil", "tomli_w"),
    "filelock",
)
LOADED = """
import sys
from cwconsole.cli.main import invoke
code = invoke(sys.argv[1:])
print("LOADED", *(name for name in {heavy!r} if name in sys.modules))
sys.exit(code)
"""


def start(*args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from cwconsole.cli.main import main; main()", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("args", [["--help"], ["status"], ["events", "list"], ["pause", "acme"], ["poll", "--help"]])
def test_what_only_reads_or_writes_once_loads_nothing_heavy(cli: Cli, acme: Any, args: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOADED.format(heavy=HEAVY), *args], capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-1] == "LOADED"


def test_what_the_first_screen_needs_loads_no_log_no_network_and_no_migrations() -> None:
    first = "import cwconsole.cli.console, cwconsole.tui.app, cwconsole.tui.screens.fleet, sys"
    late = ("structlog", "httpx", "aiohttp", "sqlite_utils", "cryptography", "dateutil", "orjson", "attr", "pygments")
    loaded = f"{first}; print(*(name for name in {late!r} if name in sys.modules))"
    ended = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []


def test_help_names_every_command_and_every_command_has_help(cli: Cli) -> None:
    overview = cli("--help")
    assert overview.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in overview.out
        told = cli(name, "--help")
        assert told.code == 0
        assert "--json" in told.out
        assert "--db PATH" in told.out


def test_without_a_command_and_a_terminal_it_says_what_to_use(cli: Cli) -> None:
    result = cli()
    assert (result.code, "`cwconsole status`" in result.err) == (2, True)


def test_a_slip_of_the_pen_is_answered_with_the_nearest_command(cli: Cli) -> None:
    result = cli("stauts")
    assert result.code == 2
    assert "did you mean 'status'?" in result.err


@pytest.mark.parametrize(
    "args", [["poll"], ["status", "--nonsense"], ["events", "list", "--limit", "many"], ["instances", "add"]]
)
def test_wrong_usage_ends_with_2_and_one_sentence_also_as_json(cli: Cli, args: list[str]) -> None:
    plain = cli(*args)
    assert (plain.code, plain.out) == (2, "")
    assert plain.err.count("\n") == 1
    error = json.loads(cli(*args, "--json").err)
    assert (error["error"], error["exit_code"]) == ("usage", 2)
    assert error["message"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["simulate", "--rate", "abc"], "--rate: found 'abc', expected a number that is at least 0; "),
        (["simulate", "--rate", "nan"], "--rate: found 'nan', expected a number that is at least 0; "),
        (["simulate", "--company", ""], "--company: found nothing, expected a company's name."),
        (["run", "--for", "inf"], "--for: found 'inf', expected a number that is at least 0; "),
        (["demo", "--headless", "--for", "nan"], "--for: found 'nan', expected a number from 1 to 3600; "),
        (["status", "--db", ""], "--db: found nothing, expected the path of a database."),
        (["demo", "--for", "0"], "--for: found 0.0, expected a number from 1 to 3600; "),
        (["listen", "--port", "99999999"], "--port: found 99999999, expected a whole number from 0 to 65535; "),
        (["events", "list", "--limit", "x"], "--limit: found 'x', expected a whole number; "),
        (["events"], "`cwconsole events` wants one of list, show, export; "),
        (["config"], "`cwconsole config` wants one of show, validate, init; "),
    ],
)
def test_wrong_usage_is_said_in_plain_words(cli: Cli, args: list[str], said: str) -> None:
    result = cli(*args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(said)


def test_no_summary_of_a_command_is_cut(cli: Cli) -> None:
    for noun in ("instances", "polls", "events", "deliveries", "actions", "jobs", "config"):
        lines = cli(noun, "--help").out.partition("Commands:")[2].splitlines()
        assert lines
        assert not [line for line in lines if line.endswith("...")]


def test_a_defect_is_one_sentence_and_its_traceback_goes_to_the_log(
    cli: Cli, acme: Any, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("cwconsole.store.status.fleet", broken)
    result = cli("status")
    assert result.code == 1
    assert "Traceback" not in result.err
    log = home / "xdg_state_home" / "cwconsole" / "log" / "cwconsole.log"
    assert str(log) in result.err
    assert "ZeroDivisionError: a defect" in log.read_text()


def test_a_reader_that_has_seen_enough_ends_it_quietly(cli: Cli, acme: Any) -> None:
    process = start("events", "--help")
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize("stream", ["0<&-", "1>&-", "2>&-"])
def test_a_stream_that_is_closed_is_like_one_that_nobody_reads(cli: Cli, acme: Any, stream: str) -> None:
    script = "from cwconsole.cli.main import main; main()"
    command = f'"{sys.executable}" -c "{script}" instances list {stream}'
    ended = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ("acme" in ended.stdout) == (stream != "1>&-")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only some systems have a device that is full")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_output_that_finds_no_room_is_one_sentence(cli: Cli, acme: Any, more: list[str]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-c", "from cwconsole.cli.main import main; main()", "instances", "list", *more]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert "Writing failed: No space left on device; make room, and do it again." in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_128_and_its_number(cli: Cli, acme: Any, number: signal.Signals) -> None:
    process = start("simulate", "--port", "0", "--json")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert {"base_url", "company", "public_key", "private_key", "client_id"} <= first.keys()
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (128 + number, "")


def test_the_database_is_named_by_option_environment_or_default(
    cli: Cli, acme: Any, monkeypatch: pytest.MonkeyPatch, home: Path, write_body: Callable[..., Path]
) -> None:
    assert cli.good("instances", "list")[0]["name"] == "acme"
    assert cli("status", "--db", home / "none.db").code == 1
    assert cli("--db", home / "none.db", "status").code == 1
    monkeypatch.delenv("CWCONSOLE_DB")
    assert cli("instances", "add", write_body("globex")).code == 0
    assert (home / "xdg_data_home" / "cwconsole" / "cwconsole.db").exists()


@pytest.mark.parametrize("command", [["status"], ["events", "list"], ["pause", "acme"], ["poll", "acme"]])
def test_a_database_that_is_not_there_is_one_sentence(cli: Cli, command: list[str]) -> None:
    result = cli(*command)
    assert result.code == 1
    assert result.err.startswith("There is no database")
    assert not cli.path.exists()


@pytest.mark.parametrize("command", [["status"], ["pause", "acme"], ["run", "--once"], ["events", "list"]])
@pytest.mark.parametrize("path", ["/", "/usr"])
def test_a_folder_is_no_database(cli: Cli, command: list[str], path: str) -> None:
    result = cli(*command, "--db", path)
    assert (result.code, result.out) == (1, "")
    assert "unexpected" not in result.err
    assert path in result.err


@pytest.mark.parametrize("command", [["status"], ["pause", "acme"], ["run", "--once"]])
def test_a_file_that_is_no_database_or_anothers_is_one_sentence(cli: Cli, command: list[str]) -> None:
    cli.path.write_bytes(b"not a database at all" * 100)
    result = cli(*command)
    assert result.code == 1
    assert "is not a SQLite database" in result.err
    assert result.err.count("\n") == 1


def test_broken_settings_are_named(cli: Cli, acme: Any, home: Path) -> None:
    folder = home / "xdg_config_home" / "cwconsole"
    for text, word in (("client_id = 5", "client_id"), ("[", "settings.toml"), ("colour = 1", "colour")):
        (folder / "settings.toml").write_text(text)
        result = cli("run", "--once")
        assert (result.code, result.out) == (1, "")
        assert word in result.err
        told = cli("status")
        assert told.code == 0
        assert word in told.err, "what the engine and the console refuse is said by every command"
        assert "engine and console do not start" in told.err
