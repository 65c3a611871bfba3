"""Fixtures for tests of the console."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockBuster
from structlog.testing import capture_logs

from cwconsole.tui.app import ConsoleApp
from tests.tui.rig import database, small_fleet


@pytest.fixture(autouse=True)
def textual_may_look_for_its_style_sheets(no_blocking: BlockBuster) -> None:
    """Textual reads its style sheets on the loop, before the first frame."""
    for name in ("os.path.abspath", "os.stat"):
        no_blocking.functions[name].can_block_in("textual/_path.py", {"_make_path_object_relative"})


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged. A worker that failed unseen fails the test, unless the test has taken the entry out."""
    with capture_logs() as entries:
        yield entries
    failed = [entry for entry in entries if entry["event"] == "console worker failed"]
    assert not failed, failed


@pytest.fixture(autouse=True)
def what_is_said_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is: else the first of two sentences has gone when the second comes."""
    monkeypatch.setattr(ConsoleApp, "NOTIFICATION_TIMEOUT", 60)


@pytest.fixture(autouse=True)
def frames_come_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual paints at most sixty times a second, and each key of a test waits for that."""
    monkeypatch.setattr("textual.screen.UPDATE_PERIOD", 1 / 500)


@pytest.fixture(scope="session")
def small_fleet_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("small-fleet") / "cw.db"
    with database(path) as conn:
        small_fleet(conn)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, small_fleet_file: bytes) -> Path:
    """A database with the small fleet; modules whose tests need another make their own."""
    (tmp_path / "cw.db").write_bytes(small_fleet_file)
    return tmp_path / "cw.db"
