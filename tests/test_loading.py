"""The garbage collector waits while the program loads, and works afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys

# Whoever runs the tests in the background has them ignore the key, and their children too.
ATTENTIVE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"


def _said(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_it_waits_from_the_entry_on() -> None:
    assert _said("import gc, cwconsole.__main__; print(gc.isenabled())") == "False"


def test_it_works_once_the_command_is_loaded_and_leaves_what_was_loaded_alone() -> None:
    program = (
        "import gc, cwconsole.__main__; from cwconsole.cli.main import cli; cli.get_command(None, 'status');"
        "print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    )
    assert _said(program) == "True True"


def test_a_key_that_ends_it_while_it_loads_ends_it_quietly() -> None:
    program = f"{ATTENTIVE} import cwconsole.__main__, os; os.kill(os.getpid(), signal.SIGINT)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


def test_once_it_is_loaded_the_key_is_answered_in_order() -> None:
    said = _said(
        f"{ATTENTIVE} import cwconsole.__main__; from cwconsole import loading; loading.main_begins();"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    assert said == "True"


def test_a_process_that_ignores_the_key_goes_on_ignoring_it() -> None:
    said = _said(
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import cwconsole.__main__;"
        "from cwconsole import loading; loading.main_begins();"
        "print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    )
    assert said == "True"


def test_a_process_that_never_let_it_wait_is_left_as_it_is() -> None:
    assert _said("import gc; from cwconsole import loading; loading.done(); print(gc.get_freeze_count())") == "0"
