"""What came of events that were sent again is said where that was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwconsole.store import actions, replay_jobs, replays
from cwconsole.store.once import Connection
from tests.store.rows import NOW
from tests.tui.rig import Rig, console


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        await rig.press("2")
        yield rig


def said(rig: Rig) -> list[tuple[str, str]]:
    return [(one.message, one.severity) for one in rig.app._notifications]


async def send_again(rig: Rig, *keys: str) -> None:
    """Ask for it, and drop what was said of that."""
    await rig.press(*keys, "r")
    await rig.until(lambda: "again?" in rig.text())
    await rig.press("y")
    await rig.until(lambda: bool(said(rig)))
    rig.app.clear_notifications()


def replay(conn: Connection) -> int:
    """As the engine does it: the action is taken, a delivery made."""
    conn.execute("UPDATE actions SET state = 'running' WHERE kind = 'replay'")
    (number,) = conn.execute("SELECT id FROM actions WHERE kind = 'replay'").fetchone()
    action = actions.load(conn, number)
    assert action is not None
    return replays.replay(conn, action, NOW)


def step(conn: Connection) -> None:
    """As the engine does it: a job makes its replays, and is done."""
    (job,) = replay_jobs.runnable(conn)
    replay_jobs.step(conn, job, replay_jobs.ahead(conn, job, 100), NOW)


SENT = "UPDATE deliveries SET {} WHERE replay = 1 AND id = (SELECT max(id) - {} FROM deliveries)"


@pytest.mark.parametrize(
    ("change", "told", "severity"),
    [
        ("state = 'delivered', status = 200", "Event 40 has arrived again (delivery 41).", "information"),
        ("state = 'dead', status = 503", "Event 40 did not arrive: 503 (delivery 41 is dead).", "error"),
        ("state = 'dead', error_code = 'dns'", "Event 40 did not arrive: dns (delivery 41 is dead).", "error"),
        ("held = 1", "Event 40 is not sent yet: delivery 41 is held until it is let go.", "warning"),
        ("state = 'cancelled'", "Event 40 is not sent again: delivery 41 was given up.", "warning"),
    ],
)
async def test_one_that_was_sent_again_has_arrived_or_not(rig: Rig, change: str, told: str, severity: str) -> None:
    await send_again(rig)
    await rig.store.write(replay)
    await rig.press("1")
    assert said(rig) == [], "it is on its way"
    await rig.write(SENT.format(change, 0))
    await rig.until(lambda: said(rig) == [(told, severity)])


async def test_one_that_cannot_be_sent_again_says_why(rig: Rig) -> None:
    await send_again(rig)
    await rig.write("UPDATE actions SET state = 'failed', outcome = 'It only records.' WHERE kind = 'replay'")
    await rig.until(lambda: said(rig) == [("It only records.", "error")])


async def test_of_a_job_it_is_said_how_many_arrived_once_nothing_of_it_is_on_its_way(rig: Rig) -> None:
    await send_again(rig, "space", "space", "space")
    await rig.store.write(step)
    await rig.write(SENT.format("state = 'delivered'", 0))
    await rig.write(SENT.format("state = 'dead'", 1))
    await rig.settle()
    assert said(rig) == []
    await rig.write(SENT.format("held = 1", 2))
    await rig.until(lambda: said(rig) == [("Job 1 is done: 1 arrived, 1 dead, 1 held.", "error")])


async def test_of_a_job_that_arrived_whole_there_is_nothing_to_warn_of(rig: Rig) -> None:
    await send_again(rig, "space", "space")
    await rig.store.write(step)
    await rig.write("UPDATE deliveries SET state = 'delivered' WHERE job_id = 1")
    await rig.until(lambda: said(rig) == [("Job 1 is done: 2 arrived.", "information")])


async def test_of_a_job_it_is_said_how_many_had_no_need_to_be_sent(rig: Rig) -> None:
    await send_again(rig, "space", "space")
    await rig.store.write(step)
    await rig.write("UPDATE jobs SET total = 3")
    await rig.write("UPDATE deliveries SET state = 'delivered' WHERE job_id = 1")
    told = "Job 1 is done: 2 arrived, 1 did not fit the filter any more."
    await rig.until(lambda: said(rig) == [(told, "information")])
    await rig.press("6", "enter")
    await rig.until(lambda: "skipped 1 that did not fit" in " ".join(rig.text().split()))


async def test_a_job_that_was_called_off_says_what_it_had_sent(rig: Rig) -> None:
    await send_again(rig, "space", "space")
    await rig.write("UPDATE jobs SET state = 'cancelled', finished_ms = 5")
    await rig.until(lambda: said(rig) == [("Job 1 is cancelled: nothing was sent.", "information")])
