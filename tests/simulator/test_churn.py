"""Random changes, and the rate they come at."""

from __future__ import annotations

import asyncio

from cwconsole.simulator.catalogue import SHAPES
from cwconsole.simulator.churn import Churn, Mix
from cwconsole.simulator.simulator import Simulator
from cwconsole.simulator.world import ChangeKind
from tests.simulator.conftest import CONTACTS, NOW, Client


def test_the_same_seed_makes_the_same_changes() -> None:
    def after_changes() -> list[tuple[str, int, ChangeKind]]:
        simulator = Simulator(records=20, seed=5, companies=("a", "b"), clock=lambda: NOW)
        simulator.churn.change(simulator.worlds(), 200)
        return [(change.path, change.id, change.kind) for world in simulator.worlds() for change in world.log]

    assert after_changes() == after_changes()


def test_an_update_changes_exactly_one_member_and_the_date() -> None:
    world = Simulator(records=50, seed=5, clock=lambda: NOW).world()
    churn = Churn(seed=1)
    for path in SHAPES:
        for _ in range(20):
            before = {number: world.record(path, number) for number in world.ids(path)}
            assert churn.change([world], 1, kind="update", path=path) == {"update": 1}
            number = world.log[-1].id
            after = world.record(path, number)
            changed = {name for name in before[number] | after if before[number].get(name) != after.get(name)}
            assert len(changed - {"_info"}) == 1


def test_the_mix_is_kept_roughly() -> None:
    world = Simulator(records=300, clock=lambda: NOW).world()
    done = Churn(seed=2, mix=Mix(create=50, update=30, touch=0, delete=20)).change([world], 1000, path=CONTACTS)
    assert 450 < done["create"] < 550
    assert 250 < done["update"] < 350
    assert "touch" not in done


def test_an_empty_endpoint_is_filled_before_anything_else() -> None:
    world = Simulator(records=0, clock=lambda: NOW).world()
    assert Churn(seed=2).change([world], 1, kind="delete", path=CONTACTS) == {"create": 1}
    assert world.ids(CONTACTS) == [1]


def test_late_changes_wait_for_their_time() -> None:
    now = [float(NOW)]
    world = Simulator(records=10, clock=lambda: now[0]).world()
    churn = Churn(seed=2, late_share=1.0, late_seconds=30)
    churn.change([world], 5, kind="update", path=CONTACTS)
    now[0] += 29
    churn.commit_due()
    assert not world.log
    assert churn.uncommitted == 5
    now[0] += 1
    churn.commit_due()
    assert len(world.log) == 5
    assert churn.uncommitted == 0
    assert {version.updated for version in world.versions(CONTACTS)} == {NOW}
    churn.change([world], 2, kind="create", path=CONTACTS)
    churn.commit_all()
    assert len(world.log) == 7


def test_the_rate_is_kept_to_over_many_small_steps() -> None:
    simulator = Simulator(records=20, rate=3.0, clock=lambda: NOW)
    for _ in range(100):
        simulator.advance(0.05)
    assert simulator.world().totals.total() in (14, 15)
    simulator.rate = 0.0
    simulator.advance(1000)
    assert simulator.world().totals.total() < 16


async def test_records_change_by_themselves_while_it_is_served(client: Client, simulator: Simulator) -> None:
    simulator.rate = 1000.0
    async with asyncio.timeout(30):
        while not (await client.control("GET", "state")).json["changes"]:
            pass
