"""The fleet is read before the screen is loaded, which waits for that neither long nor in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwconsole.cli import console
from cwconsole.cli.clock import now_ms
from cwconsole.store import status
from cwconsole.store.database import Store
from tests.store.rows import add, config
from tests.tui.rig import database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with database(tmp_path / "cw.db") as conn:
        add(conn, config("acme"))
    return tmp_path / "cw.db"


async def test_it_is_read_in_whole(path: Path) -> None:
    async with Store.open(path, migrate=False) as store:
        first = await console._first_look(store)
        assert first is not None
        assert {row.instance for row in first.rows.values()} == {"acme"}


async def test_a_reading_that_lasts_is_left_to_the_console(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "FIRST_LOOK_SECONDS", 0)
    async with Store.open(path, migrate=False) as store:
        assert await console._first_look(store) is None
        assert await store.read(status.fleet, now_ms=now_ms(), engine_runs=False), "the next one is not disturbed"


async def test_a_reading_that_fails_is_left_to_the_console(path: Path) -> None:
    async with Store.open(path, migrate=False) as store:
        pass
    assert await console._first_look(store) is None, "it is closed"
