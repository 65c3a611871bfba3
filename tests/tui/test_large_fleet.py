"""A fleet of five thousand resources: every key does what it does in a small one, and soon."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fair_clock import fair_clock
from tests.store.rows import add, config, resource
from tests.tui.rig import Rig, console, database

INSTANCES = 1_000
NAMES = ("contacts", "companies", "tickets", "activities", "opportunities")
SECONDS = 3.0  # for one key, on a machine that does other things as well


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "cw.db"
    with database(file) as conn:
        for at in range(INSTANCES):
            add(conn, config(f"acme {at:04}", *map(resource, NAMES), company=f"c{at}"))
        conn.execute("UPDATE resources SET failures = 3, failing_since_ms = 1, error = 'no route' WHERE id = 4321")
    return file


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path, size=(120, 40)) as rig:
        await rig.until(lambda: rig.screen.table.rows.total == INSTANCES * len(NAMES))
        yield rig


@pytest.mark.timeout(120)
async def test_worst_first_end_filter_order_and_folding(rig: Rig) -> None:
    assert "failing" in rig.lines()[3], "the worst one, wherever it stands in the file"
    begun = fair_clock()
    await rig.press("G")
    await rig.until(lambda: rig.screen.table.cursor == 4_999)
    assert fair_clock() - begun < SECONDS
    begun = fair_clock()
    await rig.press("o")
    await rig.until(lambda: rig.screen.spec.sort == "instance")
    await rig.press("g", "g")
    assert "acme 0000" in rig.lines()[3]
    assert fair_clock() - begun < SECONDS
    begun = fair_clock()
    await rig.press("f")
    await rig.until(lambda: rig.screen.table.rows.total == INSTANCES)
    assert fair_clock() - begun < SECONDS
    await rig.press("f", "slash", *"acme 0864 tickets", "enter")
    await rig.until(lambda: rig.screen.table.rows.total == 1)
