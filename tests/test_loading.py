"""The garbage collector waits while the program loads, and works afterwards."""

from __future__ import annotations

import subprocess
import sys


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


def test_a_process_that_never_let_it_wait_is_left_as_it_is() -> None:
    assert _said("import gc; from cwconsole import loading; loading.done(); print(gc.get_freeze_count())") == "0"
