"""One company's data: dates, late commits, poisoned records, and the record of what changed."""

from __future__ import annotations

import json

import pytest

from cwconsole.simulator.records import encoded, record_digest
from cwconsole.simulator.simulator import Simulator
from cwconsole.simulator.world import ChangeKind, When, World
from tests.simulator.conftest import CONTACTS, NOW


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    return Simulator(records=10, seed=7, clock=clock).world()


def date(world: World, number: int) -> str | None:
    found: str | None = world.record(CONTACTS, number)["_info"].get("lastUpdated")
    return found


def test_the_same_seed_gives_the_same_records_and_another_seed_others() -> None:
    def bodies(seed: int) -> list[bytes]:
        collection = Simulator(records=10, seed=seed, clock=lambda: NOW).world().endpoint(CONTACTS).collection
        return [row.body for row in collection.rows.values()]

    assert bodies(1) == bodies(1)
    assert bodies(1) != bodies(2)


def test_contacts_are_of_the_size_of_real_ones(world: World) -> None:
    sizes = [len(row.body) for row in world.endpoint(CONTACTS).collection.rows.values()]
    assert 800 < sum(sizes) / len(sizes) < 1000


def test_nothing_was_changed_in_the_day_before_the_start(world: World) -> None:
    rows = world.endpoint(CONTACTS).collection.rows.values()
    assert all(row.updated is not None and row.updated <= NOW - 24 * 3600 for row in rows)


def test_a_change_carries_the_servers_second(world: World, clock: Clock) -> None:
    world.clock.skew = 10
    clock.now += 5.9
    world.update(CONTACTS, 3, {"firstName": "Ada", "title": None})
    record = world.record(CONTACTS, 3)
    assert record["_info"]["lastUpdated"] == "2026-06-09T10:13:35Z"
    assert record["firstName"] == "Ada"
    assert "title" not in record


def test_a_touch_moves_the_date_alone(world: World) -> None:
    before = world.record(CONTACTS, 3)
    world.touch(CONTACTS, 3)
    after = world.record(CONTACTS, 3)
    assert after["_info"].pop("lastUpdated") != before["_info"].pop("lastUpdated")
    assert after == before


def test_ids_are_never_used_twice(world: World) -> None:
    assert world.create(CONTACTS, {"firstName": "Ada"}) == 11
    world.delete(CONTACTS, 11)
    assert world.create(CONTACTS) == 12
    assert world.ids(CONTACTS) == [*range(1, 11), 12]


def test_records_can_have_no_date_or_one_in_the_future(world: World) -> None:
    world.touch(CONTACTS, 1, updated=When.NEVER)
    world.touch(CONTACTS, 2, updated=NOW + 3600)
    assert date(world, 1) is None
    assert date(world, 2) == "2026-06-09T11:13:20Z"
    assert world.endpoint(CONTACTS).collection.ids_since(NOW) == [2]
    assert not world.endpoint(CONTACTS).collection.all_since(0)
    world.touch(CONTACTS, 1)
    assert world.endpoint(CONTACTS).collection.all_since(0)


def test_a_record_can_be_put_exactly_as_given(world: World) -> None:
    record = {"id": 500, "colour": "red", "_info": {"lastUpdated": "2026-06-09T10:00:00Z"}}
    assert world.put(CONTACTS, record) == 500
    assert world.record(CONTACTS, 500) == record
    assert world.endpoint(CONTACTS).vocabulary.canonical("COLOUR") == "colour"
    assert world.create(CONTACTS) == 501


def test_changes_to_what_is_not_there_are_refused(world: World) -> None:
    for change in (world.touch, world.delete, world.begin, world.cure):
        with pytest.raises(KeyError):
            change(CONTACTS, 99)
    with pytest.raises(KeyError):
        world.create("/company/nothing")
    assert world.totals.total() == 0


def test_a_late_commit_appears_behind_the_present(world: World, clock: Clock) -> None:
    updated = world.begin(CONTACTS, 3, {"firstName": "Ada"})
    created = world.begin(CONTACTS)
    clock.now += 30
    world.touch(CONTACTS, 5)
    assert world.record(CONTACTS, 3)["firstName"] != "Ada"
    assert world.ids(CONTACTS)[-1] == 10
    world.commit(updated)
    world.commit(created)
    assert world.record(CONTACTS, 3)["firstName"] == "Ada"
    assert [date(world, number) for number in (3, 11, 5)] == [
        "2026-06-09T10:13:20Z",
        "2026-06-09T10:13:20Z",
        "2026-06-09T10:13:50Z",
    ]


def test_a_late_commit_does_not_turn_a_later_date_back_nor_bring_back_the_deleted(world: World, clock: Clock) -> None:
    overtaken, lost = world.begin(CONTACTS, 3, {"firstName": "Ada"}), world.begin(CONTACTS, 4)
    clock.now += 30
    world.touch(CONTACTS, 3)
    world.delete(CONTACTS, 4)
    world.commit(overtaken)
    world.commit(lost)
    assert date(world, 3) == "2026-06-09T10:13:50Z"
    assert 4 not in world.ids(CONTACTS)


@pytest.mark.parametrize("surrogate", [False, True])
def test_a_poisoned_record_is_undecodable_until_it_is_cured(world: World, surrogate: bool) -> None:
    collection = world.endpoint(CONTACTS).collection
    healthy = collection.rows[3]
    world.poison(CONTACTS, 3, surrogate=surrogate)
    world.poison(CONTACTS, 3, surrogate=surrogate)
    body = collection.rows[3].body
    with pytest.raises(UnicodeError):
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    assert collection.rows[3].updated == healthy.updated
    assert world.record(CONTACTS, 3) == json.loads(healthy.body)
    world.cure(CONTACTS, 3)
    assert collection.rows[3] == healthy


def test_a_change_undoes_poison(world: World) -> None:
    world.poison(CONTACTS, 3)
    world.touch(CONTACTS, 3)
    assert "garbage" not in json.loads(world.endpoint(CONTACTS).collection.rows[3].body)


def test_versions_tell_the_last_state_of_what_changed(world: World) -> None:
    world.touch(CONTACTS, 3)
    world.update(CONTACTS, 5, {"title": "Boss"})
    world.touch(CONTACTS, 3)
    world.delete(CONTACTS, 7)
    world.poison(CONTACTS, 5)
    touched, gone = world.versions(CONTACTS, after=2)
    assert (touched.id, touched.number, touched.updated) == (3, 3, NOW)
    assert touched.digest == record_digest(world.record(CONTACTS, 3))
    assert gone == (7, 4, None, None, None)
    assert [version.id for version in world.versions(CONTACTS)] == [5, 3, 7]
    assert world.versions(CONTACTS)[0].digest == record_digest(world.record(CONTACTS, 5))
    assert world.totals == {ChangeKind.UPDATED: 3, ChangeKind.DELETED: 1}
    assert [(change.number, change.id, change.kind) for change in world.log][-1] == (4, 7, ChangeKind.DELETED)


def test_the_digest_does_not_depend_on_the_order_of_members() -> None:
    assert record_digest({"a": 1, "b": {"c": "ö", "d": None}}) == record_digest({"b": {"d": None, "c": "ö"}, "a": 1})
    assert record_digest({"a": 1}) != record_digest({"a": "1"})
    assert encoded({"a": [1, "ö"]}) == '{"a":[1,"ö"]}'.encode()
