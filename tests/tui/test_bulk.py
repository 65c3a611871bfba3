"""Many at once: their number is typed, and nothing less does it; they stay marked until it is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from cwconsole.tui.widgets.confirm import Confirm
from tests.store.rows import add_delivery, add_events, resource_id
from tests.tui.rig import Rig, console, database, small_fleet

MANY = 25


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Tickets of acme: 25 are dead, 25 wait."""
    with database(tmp_path / "cw.db") as conn:
        small_fleet(conn)
        tickets = resource_id(conn, 1, "tickets")
        for state, first in (("dead", 100), ("pending", 200)):
            for event in add_events(conn, tickets, range(first, first + MANY)):
                add_delivery(conn, event, state=state)
    return tmp_path / "cw.db"


async def states(rig: Rig) -> dict[str, int]:
    rows = await rig.rows("SELECT state, count(*) FROM deliveries WHERE resource_id = 2 GROUP BY state")
    return {str(state): int(number) for state, number in rows}


async def actions(rig: Rig, kind: str) -> int:
    return len(await rig.rows(f"SELECT id FROM actions WHERE kind = '{kind}'"))


@dataclass(frozen=True, kw_only=True)
class Verb:
    """What a key does to deliveries in a state. after: how many are in which state then."""

    key: str
    kind: str
    state: str
    asks: str
    type_it: str
    after: dict[str, int]


RETRY = Verb(key="r", kind="retry", state="dead", asks="Try 25 deliveries again?", type_it="Type 25 to try again",
             after={"pending": 50})  # fmt: skip
CANCEL = Verb(key="c", kind="cancel", state="pending", asks="Give up 25 deliveries?", type_it="Type 25 to give up",
              after={"dead": 25, "cancelled": 25})  # fmt: skip


@pytest.mark.parametrize("verb", [RETRY, CANCEL], ids=lambda verb: verb.kind)
async def test_their_number_is_typed(path: Path, verb: Verb) -> None:
    async with console(path, size=(100, 30)) as rig:
        await rig.press("3", "slash", *f"state:{verb.state} resource:tickets", "enter")
        await rig.until(lambda: rig.screen.table.rows.total == MANY)
        await rig.press("asterisk", verb.key)
        assert verb.asks in rig.text()
        assert verb.type_it in rig.text()
        for wrong in ("y", "enter", "2", "enter", "4", "enter"):
            await rig.press(wrong)
            assert isinstance(rig.screen, Confirm), f"{wrong} does not do it"
        assert await actions(rig, verb.kind) == 0
        await rig.press("ctrl+u", *str(MANY), "enter")
        await rig.until(lambda: any(f"{MANY} deliveries are" in one.message for one in rig.app._notifications))
        assert await states(rig) == verb.after
        assert await actions(rig, verb.kind) == MANY


async def test_the_ones_that_are_named_are_those_that_are_changed(path: Path) -> None:
    """Of 50 that are marked the newest 25 are delivered and stay as they are."""
    async with console(path, size=(100, 40)) as rig:
        await rig.write("UPDATE deliveries SET state = 'delivered' WHERE resource_id = 2 AND state = 'pending'")
        dead = [row[0] for row in await rig.rows("SELECT id FROM deliveries WHERE resource_id = 2 AND state = 'dead'")]
        await rig.press("3", "slash", *"resource:tickets", "enter", "asterisk", "r")
        lines = [line.strip(" │") for line in rig.lines()]
        at = lines.index("Try 25 deliveries again?")
        named = [line.split(":")[0] for line in lines[at:] if line.startswith("delivery ")]
        assert named == [f"delivery {one}" for one in sorted(dead)[:-4:-1]]
        assert "and 22 more" in lines
        assert "Left as they are: 25 delivered." in lines


async def test_escape_leaves_all_as_they_are_and_marked(path: Path) -> None:
    async with console(path, size=(100, 30)) as rig:
        await rig.press("3", "slash", *"state:dead resource:tickets", "enter", "asterisk", "r", *str(MANY), "escape")
        assert "25 marked" in rig.lines()[1]
        assert await states(rig) == {"dead": MANY, "pending": MANY}
        assert await actions(rig, "retry") == 0


async def test_fewer_want_one_key(path: Path) -> None:
    async with console(path, size=(100, 30)) as rig:
        await rig.press("3", "slash", *"state:dead resource:tickets", "enter", "space", "space", "r")
        assert "Try 2 deliveries again?" in rig.text()
        await rig.press("y")
        await rig.until(lambda: any("2 deliveries are tried again." in one.message for one in rig.app._notifications))


FULL = "There is no space left for the database"


async def fill_the_disk(rig: Rig) -> None:
    """What takes a page more finds no room."""
    ((pages,),) = await rig.rows("PRAGMA page_count")
    await rig.store.write(lambda conn: conn.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0])


async def make_room(rig: Rig) -> None:
    await rig.store.write(lambda conn: conn.execute("PRAGMA max_page_count = 1000000").fetchone()[0])


@pytest.mark.parametrize(
    ("keys", "kind", "marked"),
    [
        (("1", "space", "space", "x"), "pause", "2 marked"),
        (("3", "slash", *"state:dead resource:tickets", "enter", "space", "space", "r"), "retry", "2 marked"),
    ],
)
async def test_what_could_not_be_written_stays_marked_for_another_try(
    path: Path, keys: tuple[str, ...], kind: str, marked: str
) -> None:
    async with console(path, size=(100, 30)) as rig:
        await rig.press(*keys)
        await rig.until(lambda: isinstance(rig.screen, Confirm))
        await fill_the_disk(rig)
        rig.screen.query_one("#reason").value = "a long story " * 2000
        await rig.press("y")
        await rig.until(lambda: any(FULL in one.message for one in rig.app._notifications))
        assert marked in rig.lines()[1]
        assert await actions(rig, kind) == 0
        await make_room(rig)
        await rig.press(keys[-1])
        await rig.until(lambda: isinstance(rig.screen, Confirm))
        await rig.press("y")
        await rig.until(lambda: marked not in rig.lines()[1])
        assert await actions(rig, kind) == 2
