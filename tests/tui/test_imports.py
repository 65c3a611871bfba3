"""What must start fast, or run without a screen, loads no Textual."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["cwconsole.engine.supervisor", "cwconsole.cli.main", "cwconsole.cli.wiring", "cwconsole.tui.terminal"]
)
def test_loads_no_textual(module: str) -> None:
    program = f"import {module}, sys; print(sorted(m for m in sys.modules if m.split('.')[0] == 'textual'))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_the_first_screen_waits_for_no_other() -> None:
    """What only other screens, dialogs and changes need comes after it."""
    program = (
        "import sys, cwconsole.cli.console, cwconsole.tui.app, cwconsole.tui.screens.fleet;"
        "print(sorted(m for m in sys.modules if m.startswith(('cwconsole.tui.screens.', 'cwconsole.store.')) and"
        " m.split('.')[-1] in {'events', 'help', 'palette', 'watermark', 'instance_form', 'operations', 'event_list'}))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
