"""A few screens as they are to look, sign by sign. To freeze one anew, delete its file and run this twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cwconsole.tui.terminal import Colours, Terminal
from tests.tui.rig import PLAIN_TERMINAL, console

PICTURES = Path(__file__).parent / "pictures"
ASCII = Terminal(colours=Colours.ALL, unicode=False, remote=False)


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wherever this machine stands: the header shows its time beside UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_utc")
@pytest.mark.parametrize(
    ("name", "keys", "size", "terminal", "words"),
    [
        ("fleet-80", (), (80, 24), PLAIN_TERMINAL, "contacts"),
        ("fleet-80-ascii", (), (80, 24), ASCII, "contacts"),
        ("fleet-120", (), (120, 40), PLAIN_TERMINAL, "contacts"),
        ("fleet-60", (), (60, 20), PLAIN_TERMINAL, "contacts"),
        ("fleet-59", (), (59, 19), PLAIN_TERMINAL, "too small"),
        ("events-120", ("2",), (120, 40), PLAIN_TERMINAL, "What changed"),
        ("deliveries-80", ("3",), (80, 24), PLAIN_TERMINAL, "delivered"),
        ("pause-80", ("x",), (80, 24), PLAIN_TERMINAL, "Reason"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_it_looks_as_it_did(
    path: Path, name: str, *, keys: tuple[str, ...], size: tuple[int, int], terminal: Terminal, words: str
) -> None:
    frozen = PICTURES / f"{name}.txt"
    async with console(path, size=size, terminal=terminal) as rig:
        await rig.press(*keys)
        await rig.until(lambda: words in rig.text())
        if not frozen.exists():
            frozen.write_text(rig.text() + "\n", encoding="utf-8")
            pytest.fail(f"{frozen.name} was not there; look at it, and run this again")
        await rig.until(lambda: rig.text() + "\n" == frozen.read_text(encoding="utf-8"))
