"""What the fleet says of a resource at each width: the more room, the more of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.rows import NOW, resource_id
from tests.tui.rig import Rig, console, database

NARROW = ["Health", "Instance", "Resource", "Lag", "Last poll", "Next", "24h", "Deliveries"]
WIDER = ["Health", "Ago", *NARROW[1:]]
SPARKLINE = "Events by hour"
KINDS = ["New", "Upd", "Del"]
WAITING = ["Pend", "Retry", "Dead", "Held"]


@pytest.fixture
def path(path: Path) -> Path:
    """The small fleet, in which acme/contacts has been polled, and has had a delete."""
    with database(path) as conn:
        contacts = resource_id(conn, 1, "contacts")
        conn.execute(
            """
            INSERT INTO polls (resource_id, kind, trigger, crawl_id, started_ms, finished_ms, outcome)
            VALUES (?, 'window', 'schedule', 1, ?, ?, 'ok')
            """,
            (contacts, NOW - 2_500, NOW - 700),
        )
        conn.execute("UPDATE hours SET deleted = 2 WHERE created = 30")
    return path


def titles(rig: Rig) -> list[str]:
    """The head of the list, column by column; the sign of the order taken off."""
    return [one.column.title for one in rig.screen.table._placed if one.column.title]


def row(rig: Rig) -> str:
    return next(line for line in rig.lines() if "contacts" in line)


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (60, NARROW[:5]),
        (70, [*NARROW[:5], "Deliveries"]),
        (80, NARROW),
        (84, WIDER),
        (120, [*WIDER, "By hour"]),
        (128, [*WIDER, "By hour"]),
        (129, [*WIDER, SPARKLINE]),
        (160, [*WIDER, *KINDS, SPARKLINE, "Why"]),
        (170, [*WIDER, *WAITING, *KINDS, SPARKLINE, "Why"]),
    ],
)
async def test_columns_come_with_the_width(path: Path, width: int, columns: list[str]) -> None:
    async with console(path, size=(width, 24)) as rig:
        await rig.until(lambda: "ok 1.8s" in row(rig))
        assert titles(rig) == columns
        head = rig.lines()[2]
        assert all(title in head for title in columns), "and all of them fit"
        if "New" in columns:
            assert row(rig)[head.index(" New ") : head.index(" Del ") + 4].split() == ["30", "10", "2"]
        assert bool({SPARKLINE, "By hour"} & set(columns)) is ("█" in row(rig))


async def test_what_waits_has_its_room_before_the_whole_chart(path: Path) -> None:
    async with console(path, size=(130, 24)) as rig:
        await rig.until(lambda: "✗ 1 dead…" in row(rig) and "▲ 1 retry…" in row(rig))
