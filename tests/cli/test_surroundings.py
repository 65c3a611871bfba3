"""Who asks, which times they type, the engine's lock, the log, and how one error leaves an event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cwconsole.cli import log_entries, logs, loop, settings
from cwconsole.cli.door import guarded
from cwconsole.cli.lock import engine_lock, engine_runs
from cwconsole.cli.operator import operator, origin, typed_again
from cwconsole.cli.times import read_time, require_time
from cwconsole.core.errors import EngineRunningError, PassingFault, StoreError, UsageError
from cwconsole.log import log
from cwconsole.store.vault import Vault
from cwconsole.tui.log_tail import LogTail
from tests.cli.conftest import Cli

WRITE = """
import logging, sys
from pathlib import Path
from cwconsole.cli.shared_log import SharedLogHandler
handler = SharedLogHandler(Path(sys.argv[1]), largest=5_000, kept=99)
for number in range(1000):
    handler.handle(logging.makeLogRecord({"msg": f"{sys.argv[2]} {number:04d} {'.' * 50}"}))
"""

NOW = 1_790_000_000_000  # 2026-09-21 14:13:20Z
HOLD = """
import sys
from pathlib import Path
from cwconsole.cli.lock import engine_lock
with engine_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


async def raising(error: Exception) -> None:
    raise error


def test_the_command_can_be_typed_again_and_holds_no_secret() -> None:
    args = ["--db", "/x", "instances", "edit", "my acme", "--set", "private.key=abc", "--set=client.id=def", "--json"]
    assert (
        typed_again(args)
        == "cwconsole instances edit 'my acme' --set 'private.key=********' '--set=client.id=********'"
    )
    headers = ["edit", "--set", "configuration.event.notification.callback.headers.X-Key=abc", "--db=/x"]
    assert "abc" not in typed_again(headers)
    assert typed_again(["pause", "acme"]) == "cwconsole pause acme"


def test_sudo_and_ssh_are_seen_through() -> None:
    assert operator({"SUDO_USER": "ada"}).startswith("ada (as ")
    assert origin({"SSH_CONNECTION": "10.0.0.7 5000 10.0.0.1 22"}) == "ssh 10.0.0.7"
    assert origin({}).startswith(("tty ", "no terminal"))


@pytest.mark.parametrize(
    ("typed", "ms"),
    [
        ("14:00", 1_789_999_200_000),
        ("Sep 21", 1_789_948_800_000),
        ("21 Sep 2026 14:00", 1_789_999_200_000),
        ("21 Sep 2026 14:00 +02:00", 1_789_992_000_000),
        ("10", None),
        ("03/04/2026", None),
        ("whenever", None),
        ("99999-01-01", None),
    ],
)
def test_times_that_people_type(typed: str, ms: int | None) -> None:
    assert read_time(typed, now_ms=NOW) == ms


@pytest.mark.parametrize(
    "typed",
    [
        *("-2h", "+1h", "2 h", "1.5h", "2h30", "90 m", "-1", "Monday", "yesterday", "5-3", "5-3 14:00", "03.04.2026"),
        *("03.04.2026 14:00", "03-04-2026 14:00", "2026-11-27 15:00 PST", "14:00 XYZ", "14:00 GMT+3", "14:00 UTC -1"),
        *("10:61", "2026-02-30", "2026-11-27T24:00", "", " ", "12"),
    ],
)
def test_what_could_be_two_times_is_none(typed: str, recwarn: pytest.WarningsRecorder) -> None:
    assert read_time(typed, now_ms=NOW) is None
    assert not recwarn.list


def test_a_required_time_is_understood_or_refused() -> None:
    assert require_time("2h", now_ms=NOW) == NOW - 7_200_000
    assert require_time("14:00", now_ms=NOW) == 1_789_999_200_000
    with pytest.raises(UsageError, match="is no time"):
        require_time("soon", now_ms=NOW)


def test_the_lock_is_held_by_one_process_and_freed_when_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "cw.db"
    assert not engine_runs(path)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert engine_runs(path)
    with pytest.raises(EngineRunningError, match="Another engine"), engine_lock(path):
        pass
    process.kill()
    process.communicate(timeout=20)
    assert not engine_runs(path)
    with engine_lock(path):
        assert engine_runs(path)
    assert Path(f"{path}.lock").exists()


def test_a_link_to_the_database_has_no_lock_of_its_own(tmp_path: Path) -> None:
    path, link = tmp_path / "cw.db", tmp_path / "link.db"
    path.touch()
    link.symlink_to(path)
    with engine_lock(link):
        assert engine_runs(path)
        with pytest.raises(EngineRunningError), engine_lock(path):
            pass


def test_a_lock_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be taken"), engine_lock(tmp_path / "file" / "cw.db"):
        pass


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no folder that takes no files")
def test_a_folder_that_takes_no_files_is_not_taken_for_another_engine() -> None:
    with pytest.raises(StoreError, match="cannot be made; check the folder"), engine_lock(Path("/proc/cw.db")):
        pass


def test_the_log_has_no_secrets_and_no_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "x.log"
    with logs.log_to_file("info", path):
        log.info("polled", private_key="abc", remote="a\x1b[31mb", count=3)
        log.debug("not this")
    (line,) = path.read_text().splitlines()
    assert 'level=info event=polled private_key=******** remote="a [31mb" count=3' in line


def test_what_nobody_wants_to_read_loads_no_log_and_a_log_that_has_ended_gets_nothing_more(tmp_path: Path) -> None:
    told = """
import sys
from pathlib import Path
from cwconsole.cli.logs import log_to_file
from cwconsole.log import log

with log_to_file("info", Path(sys.argv[1])):
    log.debug("not this")
    print("structlog" in sys.modules)
    log.info("polled", count=3)
log.warning("afterwards")
"""
    path = tmp_path / "x.log"
    ended = subprocess.run([sys.executable, "-c", told, str(path)], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[0] == "False"
    (line,) = path.read_text().splitlines()
    assert line.endswith("level=info event=polled count=3")


def test_an_unexpected_failure_is_in_the_log_with_its_traceback_and_without_the_secrets_it_quotes(
    tmp_path: Path,
) -> None:
    (tmp_path / "key").write_text("it's s3cret/so")
    vault = Vault({}, tmp_path)
    path = tmp_path / "x.log"
    with logs.log_to_file("info", path, vault.given):
        secret = vault.resolve(f"file:{tmp_path / 'key'}").reveal()
        try:
            raise ValueError(
                {"key": secret, "of": "http://ada:pass@host/?k=it%27s%20s3cret%2Fso", "h": "Basic YWRhOnBhc3M="}
            )
        except ValueError:
            log.exception("broke", body=f"{secret}!", parts=[secret])
    line = path.read_text()
    assert "Traceback (most recent call last)" in line
    assert "test_surroundings.py" in line
    assert (
        "ValueError: {'key': \\\"********\\\", 'of': 'http://ada:********@host/?k=********', 'h': 'Basic ********'}"
        in line
    )
    assert "s3cret" not in line


def test_a_secret_that_comes_later_or_is_part_of_another_is_left_out_too() -> None:
    given = {"s3cret"}
    process = log_entries.without_secrets(given)
    assert process(None, "", {"event": "s3cret"}) == {"event": "********"}
    given |= {"s3cret-and-more", "abc"}
    told = process(None, "", {"event": "s3cret-and-more", "error": "of s3cret", "note": "abc", "count": 3})
    assert told == {"event": "********", "error": "of ********", "note": "abc", "count": 3}


def test_a_task_that_failed_while_nobody_waited_is_in_the_log_and_not_on_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def abandoned() -> None:
        asyncio.get_running_loop().create_task(raising(ValueError("lost")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()

    path = tmp_path / "x.log"
    with logs.log_to_file("info", path):
        asyncio.run(abandoned())
    line = path.read_text()
    assert "Task exception was never retrieved" in line
    assert "logger=asyncio" in line
    assert "ValueError: lost" in line
    assert capfd.readouterr().err == ""


def test_the_traceback_of_a_command_that_broke_is_kept_without_secrets(home: Path) -> None:
    def breaks() -> None:
        raise ValueError("it was hush-hush")

    assert guarded(breaks, as_json=False, given=lambda: ["hush-hush"]) == 1
    told = settings.log_file().read_text()
    assert "ValueError: it was ********" in told


def test_processes_that_share_a_log_lose_no_line_and_are_followed_through_its_rotations(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    tail, followed = LogTail(path), list[str]()
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(path), name], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b")
    ]
    while any(writer.poll() is None for writer in writers):
        followed += tail.look().lines
    followed += tail.look().lines
    assert [writer.communicate(timeout=20)[0] for writer in writers] == ["", ""]
    kept = [file.read_text().splitlines() for file in tmp_path.glob("x.log*") if file.suffix != ".lock"]
    expected = sorted(f"{name} {number:04d} {'.' * 50}" for name in ("a", "b") for number in range(1000))
    assert len(kept) > 5, "it was rotated"
    assert sorted(line for lines in kept for line in lines) == expected
    assert set(followed) <= set(expected), "no line is torn"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to play with")
def test_a_log_on_a_full_disk_ends_nothing_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with logs.log_to_file("info", Path("/dev/full")):
        log.info("polled")
    assert capfd.readouterr().err == ""


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"), logs.log_to_file("info", tmp_path / "file" / "x.log"):
        pass


def test_one_error_leaves_the_loop_and_it_is_ours_if_there_is_one() -> None:
    async def fails() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(raising(ValueError("defect")))
            group.create_task(raising(PassingFault("try again")))

    with pytest.raises(PassingFault, match="try again"):
        loop.run(fails())


def test_a_key_file_that_is_gone_is_named_with_what_to_do(cli: Cli, played: Any) -> None:
    key = cli.folder / "xdg_config_home" / "cwconsole" / "secret.key"
    key.rename(cli.folder / "away")
    said = f"found no key file {key}, expected the file that the secrets were sealed with put back"
    ended = cli("run", "--once")
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith("acme: configuration.")
    assert said in ended.err.splitlines()[-1]
    assert said in cli.good("status")[0]["last_error"]
    assert said in cli("instances", "edit", "acme", "--set", "event.poller.refresh_interval=5").err
    assert not key.exists(), "a new key would open nothing"
    assert cli("instances", "edit", "acme", "--set", "private.key=private").code == 0, "every secret is new"
    assert cli("run", "--once").code == 0


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_the_log_of_an_engine_without_a_screen_is_in_the_file_that_consoles_show_too(
    cli: Cli, home: Path, flags: list[str]
) -> None:
    ended = cli("run", "--for", "0", *flags)
    assert ended.code == 0
    (line,) = (line for line in settings.log_file().read_text().splitlines() if 'event="engine starts"' in line)
    assert line.startswith("timestamp=")
    assert ('"event": "engine starts"' if flags else line) in ended.err


def test_the_log_of_another_user_is_left_alone(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under sudo, which may keep HOME, the log would become root's, and the user's console could not start."""
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    ended = cli("run", "--for", "0")
    assert ended.code == 0
    assert "belongs to another user than the one who runs this; it is left alone." in ended.err
    assert not settings.log_file().exists()


def test_an_engine_without_a_screen_starts_though_the_log_file_cannot_be_written(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    ended = cli("run", "--for", "0")
    assert ended.code == 0
    assert 'event="consoles cannot show this log" why="The log ' in ended.err
    assert 'event="engine starts"' in ended.err
