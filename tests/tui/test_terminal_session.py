"""The console in a real terminal: start, resize, end, colours, bytes."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from cwconsole.cli.lock import engine_lock
from tests.benchmarks.console_idle import change_one_row
from tests.store.rows import add_events
from tests.tui.rig import database, small_fleet
from tests.tui.terminals import Terminal, console, fresh_line_modes, python

COLOUR = re.compile(rb"\x1b\[[0-9;]*(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8)(?:;[0-9;]*)?m")

# What a terminal takes as a string until its end: OSC, DCS, APC, PM, SOS; and k, screen's own for a title.
STRINGS = re.compile(rb"\x1b([]P_^Xk])[^\x07\x1b]*(\x07|\x1b\\)?")
CLIPBOARD = re.compile(rb"\x1b\]52;c;([^\x07\x1b]*)\x07")  # OSC 52
SWITCHED = re.compile(rb"\x1b\[\?(\d+)([hl])")  # modes of the terminal
HOME, END, PAGE_UP, PAGE_DOWN = "\x1b[1~", "\x1b[4~", "\x1b[5~", "\x1b[6~"  # as screen and tmux send them
REVERSE = re.compile(rb"\x1b\[(?:\d+;)*7[;m]")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cw.db"
    with database(path) as conn:
        small_fleet(conn, now_ms=time.time_ns() // 1_000_000)
        conn.execute("UPDATE instances SET enabled = 0")  # nothing is polled while we look
        conn.execute("UPDATE deliveries SET state = 'cancelled', due_ms = NULL")
        conn.execute("UPDATE resources SET pending = 0, retrying = 0")
    return path


def ready(terminal: Terminal, words: str = "engine here") -> None:
    terminal.until(lambda text: words in text and "contacts" in text and "? help" in text)


def lines(text: str) -> list[str]:
    return [line.rstrip(" █▁▂▃▄▅▆▇") for line in text.splitlines()]


def quiet(terminal: Terminal, seconds: float = 0, *, still: float = 0.5) -> None:
    """Until nothing was sent for `still` seconds, and no minute, which the header shows, turns for so many more."""
    while terminal.pump(still) or 60 - time.time() % 60 < seconds:
        pass


def leave(terminal: Terminal) -> None:
    terminal.type("q")
    terminal.until(lambda text: "Leave, and stop the engine?" in text)
    terminal.type("y")
    assert terminal.ended() == 0


def is_left_as_it_was(terminal: Terminal) -> None:
    """The ordinary screen is back, with its cursor, and nothing reports mouse, focus or pastes any more."""
    switched = dict(SWITCHED.findall(terminal.sent))
    assert switched.pop(b"25") == switched.pop(b"7", b"h") == b"h", "cursor, wrapping"
    assert switched.keys() >= {b"1049", b"1000", b"2004"}, "it had switched something"
    assert set(switched.values()) == {b"l"}
    assert terminal.line_modes() == fresh_line_modes()


def test_starts_hosts_the_engine_resizes_and_leaves_after_asking(file: Path) -> None:
    with console(file, env={"COLUMNS": "200", "LINES": "10"}) as terminal:
        ready(terminal)
        terminal.resize(120, 40)
        terminal.until(lambda text: "By hour" in text)
        leave(terminal)
        is_left_as_it_was(terminal)


def test_nothing_is_sent_while_nothing_happens_and_little_for_a_key_or_a_row_that_changes(file: Path) -> None:
    with console(file, cols=120, rows=40) as terminal:
        ready(terminal)
        quiet(terminal, 8, still=2)  # on a busy machine the engine's start shows late in the header
        assert terminal.pump(5) == b""
        quiet(terminal, 8)
        before = len(terminal.sent)
        change_one_row(file)
        terminal.until(lambda text: " 41 " in text)
        quiet(terminal)
        assert len(terminal.sent) - before < 1024
        quiet(terminal, 8)
        before = len(terminal.sent)
        terminal.type("j")
        terminal.until(lambda _: len(terminal.sent) > before)
        quiet(terminal)
        assert len(terminal.sent) - before < 1500, "two lines"


def test_without_colour_no_colour_code_is_sent(file: Path) -> None:
    shown = {
        "2": "cancelled",
        "1?": "Keys of fleet",
        "\x1b": "Health",
        ":": "\n :",
        "\x1b ": "? help",
        "q": "Leave, and",
    }
    with console(file, env={"NO_COLOR": "1"}) as terminal:
        ready(terminal)
        for keys, words in shown.items():
            terminal.type(keys.strip())
            terminal.until(lambda text, words=words: words in text)  # type: ignore[misc]
            quiet(terminal)
        assert not COLOUR.findall(terminal.sent)
        assert REVERSE.search(terminal.sent), "the cursor is shown in reverse"


def test_sixteen_colours_are_the_terminals_own(file: Path) -> None:
    with console(file, "--sixteen") as terminal:
        ready(terminal)
        quiet(terminal)
        assert b"38;2;" not in terminal.sent
        assert b"38;5;" not in terminal.sent


def test_a_theme_of_the_settings_is_shown_where_there_are_colours_for_it(file: Path) -> None:
    settings = file.parent / ".config" / "cwconsole" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('theme = "dusk"\n[themes.dusk]\nbackground = "#010203"\n')
    for options, colours, own, any_colour in (
        ((), {}, True, True),
        (("--sixteen",), {}, False, True),
        ((), {"NO_COLOR": "1"}, False, False),
    ):
        with console(file, "--read-only", *options, env=colours) as terminal:
            ready(terminal, "no engine")
            quiet(terminal)
            assert (b"48;2;1;2;3" in terminal.sent) == own
            assert bool(COLOUR.search(terminal.sent)) == any_colour


def test_in_tmux_it_copies_through_the_terminal_and_leaves_it_as_it_was(file: Path) -> None:
    with database(file) as conn:
        add_events(conn, 1, [7], record=json.dumps({"id": 7, "text": "[/] \u6f22 " * 10_000}))
        add_events(conn, 1, [8], record='{"id": 8, "name": "Zo\\u00eb \u6f22"}')
    surroundings = {
        "TERM": "tmux-256color",
        "TMUX": "/tmp/tmux-0/default,1,0",
        "COLORTERM": "",
        "TMPDIR": str(file.parent),
    }
    with console(file, env=surroundings) as terminal:
        ready(terminal)
        terminal.type("2")
        terminal.until(lambda text: "cancelled" in text)
        terminal.type("y")
        terminal.until(lambda text: "Event 42 as JSON was sent" in text)
        (copied,) = CLIPBOARD.findall(terminal.sent)
        document = json.loads(base64.b64decode(copied, validate=True))
        assert (document["id"], document["record"]) == (42, {"id": 8, "name": "Zo\u00eb \u6f22"})
        terminal.type("jy")
        terminal.until(lambda text: "Event 41 as JSON is too long" in text)
        (kept,) = set(file.parent.glob("cwconsole-*.json")) - set(file.parent.glob("cwconsole-copied-*"))
        assert json.loads(kept.read_text())["record"]["id"] == 7
        assert len(CLIPBOARD.findall(terminal.sent)) == 1, "nothing more was sent to the clipboard"
        leave(terminal)
        is_left_as_it_was(terminal)


@pytest.mark.parametrize("term", ["screen", "screen-256color"])
def test_gnu_screen_has_its_keys_and_colours_and_is_sent_nothing_that_it_would_print(file: Path, term: str) -> None:
    with console(file, env={"TERM": term, "COLORTERM": "", "TMPDIR": str(file.parent)}) as terminal:
        ready(terminal)
        terminal.type("2")
        for key, number in ((END, 1), (HOME, 40), (PAGE_DOWN, 20), (PAGE_UP, 40)):
            terminal.until(lambda text: "cancelled" in text)
            terminal.type(key)
            terminal.until(lambda text, end=f" {number}": any(line.endswith(end) for line in lines(text)))  # type: ignore[misc]
        terminal.type("y")
        terminal.until(lambda text: "was sent to the" in text)
        terminal.type("1")
        ready(terminal)
        quiet(terminal)
        ends = {(kind, bool(end)) for kind, end in STRINGS.findall(terminal.sent)}
        assert ends == {(b"]", True)}, "only commands to the terminal itself, which screen drops, and all of them ended"
        few = b"38;5;" not in terminal.sent and b"38;2;" not in terminal.sent
        assert few is (term == "screen")
        assert COLOUR.search(terminal.sent)
        leave(terminal)
        is_left_as_it_was(terminal)


def test_ascii_sends_nothing_but_ascii(file: Path) -> None:
    with console(file, env={"LANG": "C", "LC_ALL": "C"}) as terminal:
        ready(terminal)
        terminal.type("2")
        quiet(terminal)
        assert terminal.text.isascii()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_restores_the_terminal_and_is_the_exit_code(file: Path, number: signal.Signals) -> None:
    with console(file) as terminal:
        ready(terminal)
        os.kill(terminal.pid, number)
        assert terminal.ended() == 128 + number
        is_left_as_it_was(terminal)


def test_a_signal_while_the_first_screen_is_put_together_ends_it_like_any_other(file: Path) -> None:
    with console(file) as terminal:
        assert terminal.first_byte(30)
        os.kill(terminal.pid, signal.SIGINT)
        assert terminal.ended() == 128 + signal.SIGINT
        assert "unexpected" not in terminal.text
        assert terminal.line_modes() == fresh_line_modes()


def test_who_is_ended_and_continued_at_once_leaves_the_terminal_as_it_was(file: Path) -> None:
    """As `timeout` and systemd do it: what they end may stand still."""
    with console(file) as terminal:
        ready(terminal)
        for number in (signal.SIGTERM, signal.SIGCONT):
            os.kill(terminal.pid, number)
        assert terminal.ended() == 128 + signal.SIGTERM
        is_left_as_it_was(terminal)


def test_who_was_stopped_from_outside_takes_the_terminal_again_and_leaves_it_as_it_was(file: Path) -> None:
    with console(file) as terminal:
        ready(terminal)
        for number in (signal.SIGSTOP, signal.SIGCONT):
            os.kill(terminal.pid, number)
        terminal.until(lambda _: terminal.sent.count(b"\x1b[?1049h") == 2)
        ready(terminal)
        leave(terminal)
        is_left_as_it_was(terminal)


def test_a_dropped_line_ends_the_console_in_order(file: Path) -> None:
    with console(file) as terminal:
        ready(terminal)
        terminal.hang_up()
        assert terminal.ended() == 128 + signal.SIGHUP


def test_the_other_console_takes_the_engine_over(file: Path) -> None:
    with console(file) as first:
        ready(first)
        with console(file) as second:
            ready(second, f"engine in {first.pid}")
            os.kill(first.pid, signal.SIGKILL)
            second.until(lambda text: "engine here" in text, seconds=5)
            second.until(lambda text: f"The engine in process {first.pid} has ended" in text)
            second.type("7")
            second.until(lambda text: f"engine taken over         ended_process={first.pid}" in text)


def test_while_the_file_takes_nothing_the_header_says_so(file: Path) -> None:
    with console(file) as terminal, closing(sqlite3.connect(file, isolation_level=None)) as other:
        ready(terminal)
        other.execute("UPDATE instances SET enabled = 1")  # at an address where nobody answers
        other.execute("UPDATE resources SET next_poll_ms = 0, error_code = NULL, failures = 0")
        other.execute("UPDATE meta SET value = value + 1 WHERE key = 'config_version'")
        other.execute("BEGIN IMMEDIATE")
        terminal.until(lambda text: "CANNOT WRITE" in text and "engine here" not in text, seconds=30)
        assert "This console's engine cannot write: The database" in terminal.text
        other.execute("ROLLBACK")
        terminal.until(lambda text: "engine here" in text and "CANNOT WRITE" not in text, seconds=30)
        assert "cannot write" not in terminal.text
        leave(terminal)


def test_an_engine_elsewhere_that_has_written_nothing_for_minutes_is_said_to_be_silent(file: Path) -> None:
    with engine_lock(file), console(file) as attached:
        ready(attached, "engine elsewhere")
        when = time.time() - 600
        with closing(sqlite3.connect(file, isolation_level=None)) as conn:
            conn.execute("INSERT OR REPLACE INTO meta VALUES ('clock_ms', ?)", (str(int(when * 1000)),))
            os.utime(file.with_name(f"{file.name}.lock"), (when, when))
            attached.until(lambda text: "ENGINE SILENT" in text and "The engine has written nothing since" in text)
            conn.execute("UPDATE meta SET value = ? WHERE key = 'clock_ms'", (str(int(time.time() * 1000)),))
            attached.until(lambda text: "engine elsewhere" in text and "has written nothing" not in text)
        attached.type("q")
        assert attached.ended() == 0


def test_commands_beside_the_console_that_hosts_the_engine_leave_its_log_in_place(file: Path) -> None:
    log = file.with_name(f"{file.name}-wal")
    with console(file) as terminal:
        ready(terminal)
        number = log.stat().st_ino
        for _ in range(2):
            run = [sys.executable, "-c", "from cwconsole.cli.main import main; main()"]
            subprocess.run([*run, "instances", "enable", "globex", "--db", str(file)], check=True, timeout=30)
            terminal.until(lambda text: "paused" in text)  # globex has a paused resource
            assert log.stat().st_ino == number, "nobody takes himself for the last one"


def test_a_read_only_console_starts_no_engine_whether_an_option_or_the_settings_say_so(file: Path) -> None:
    settings = file.parent / ".config" / "cwconsole" / "settings.toml"
    settings.parent.mkdir(parents=True)
    for says, option, shows in (("", "--read-only", True), ("read_only = true", "", True),
                                ('read_only = ["acme"]', "--read-only", True),
                                ("read_only = true", "--no-read-only", False)):  # fmt: skip
        settings.write_text(says)
        with console(file, *filter(None, [option])) as terminal:
            ready(terminal, "no engine" if shows else "engine here")
            assert ("READ-ONLY" in terminal.text) == shows
            terminal.type("q")
            if shows:
                assert terminal.ended() == 0


def test_of_a_read_only_instance_nothing_is_changed_and_the_engine_runs_all_the_same(file: Path) -> None:
    settings = file.parent / ".config" / "cwconsole" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('read_only = ["acme", "globx"]')
    with console(file) as terminal:
        ready(terminal, "engine here")
        terminal.until(lambda text: "read_only: there is no instance 'globx'; did you mean globex?" in text)
        assert "READ-ONLY" not in terminal.text
        terminal.type("p")
        terminal.until(lambda text: "acme is read-only on this console" in text)
        terminal.type("\r")
        terminal.until(lambda text: "READ-ONLY" in text)
    with console(file, "--no-read-only", "--fresh") as terminal:
        ready(terminal)
        terminal.type("n")
        terminal.until(lambda text: "acme is enabled." in text)


def test_a_named_database_that_is_not_there_is_not_shown_as_if_it_were(tmp_path: Path) -> None:
    with console(tmp_path / "no" / "such" / "cw.db", cols=200) as terminal:
        assert terminal.ended() == 1
        assert f"There is no folder {tmp_path / 'no' / 'such'}" in terminal.text
    assert not (tmp_path / "no").exists()
    with console(tmp_path / "new.db", cols=200) as terminal:
        terminal.until(lambda text: f"{tmp_path / 'new.db'} is a new database, without instances" in text)


def test_a_terminal_that_cannot_show_it_is_refused_with_a_sentence(file: Path) -> None:
    with console(file, env={"TERM": "dumb"}) as terminal:
        assert terminal.ended() == 2
        assert "cwconsole status" in terminal.text


SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", "cwconsole", *sys.argv[1:]])
while True:
    _, status = os.waitpid(child, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    input("shell$ ")
    os.tcsetpgrp(0, child)
    os.killpg(child, signal.SIGCONT)
"""


def test_an_attached_console_stands_still_in_the_shells_background(file: Path) -> None:
    surroundings = {"CWCONSOLE_DB": str(file)}
    with python(["-c", SHELL, "--read-only"], file.parent, cols=80, rows=24, env=surroundings) as terminal:
        ready(terminal, "no engine")
        terminal.type("\x1a")
        terminal.until(lambda text: "shell$" in text)
        terminal.type("fg\r")
        ready(terminal, "no engine")
        terminal.type("q")
        assert terminal.ended() == 0


def test_a_console_that_hosts_the_engine_does_not_stand_still(file: Path) -> None:
    with console(file) as terminal:
        ready(terminal)
        terminal.type("\x1a")
        terminal.until(lambda text: "would stand still with it" in text)


def test_the_mouse_is_given_to_the_terminal_and_taken_back(file: Path) -> None:
    with console(file, "--read-only") as terminal:
        ready(terminal, "no engine")
        terminal.type("\x05")
        terminal.until(lambda text: "The mouse is the terminal's" in text)
        assert b"\x1b[?1000l" in terminal.sent
        before = len(terminal.sent)
        terminal.type("\x05")
        terminal.until(lambda text: "The console has the mouse again" in text)
        assert b"\x1b[?1000h" in terminal.sent[before:]
