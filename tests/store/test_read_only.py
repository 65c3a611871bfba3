"""Whatever a console does beside instances that it may only look at is done; what concerns one is undone as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from cwconsole.core.config import Origin
from cwconsole.core.errors import RefusedError
from cwconsole.core.filters import Noun, parse
from cwconsole.store import actions, instances, jobs, operations, read_only, replay_jobs, replay_preview, requests
from cwconsole.store.actions import ActionKind
from cwconsole.store.connection import transaction
from cwconsole.store.selection import Selection
from tests.store.rows import NOW, add, add_delivery, add_events, asked, config, draft, resource_id

ACME, GLOBEX = 1, 2
NAMES = {ACME: "acme", GLOBEX: "globex"}
Unit = Callable[[sqlite3.Connection, int], object]  # what is done to the instance of an id


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    """acme and globex, each with contacts that have a watermark, an event n, and its delivery n, which is dead; a poll
    of each is queued. They share no callback URL."""
    for number, name in NAMES.items():
        add(conn, config(name, company=f"{name}_c", callback=f"http://127.0.0.1:9/{name}"))
        add_delivery(conn, *add_events(conn, resource_id(conn, number, "contacts"), [7]), state="dead")
    conn.execute("UPDATE resources SET watermark = ?", (NOW // 1000 - 90,))
    for name in NAMES.values():
        requests.ask_poll(conn, operations.scope(conn, name), asked=asked(ActionKind.POLL), now_ms=NOW)
    return conn


def guarded(conn: sqlite3.Connection, unit: Callable[[sqlite3.Connection], object], *names: str) -> None:
    with transaction(conn):
        read_only.guarded(conn, frozenset(names or ["acme"]), unit)


def to_place(operation: Callable[..., object], resource: str | None = None, *, kind: str = "pause") -> Unit:
    def unit(conn: sqlite3.Connection, instance: int) -> object:
        target = operations.scope(conn, NAMES[instance], resource)
        return operation(conn, target, asked=asked(ActionKind(kind)), now_ms=NOW)

    return unit


def order(conn: sqlite3.Connection, wanted: Selection) -> int:
    shown = replay_preview.preview(conn, wanted, asked_ms=NOW)
    return replay_jobs.create(conn, shown, rate=10, asked=asked(ActionKind.REPLAY), now_ms=NOW)


def chosen(line: str = "") -> Selection:
    return Selection(chosen=parse(Noun.EVENTS, line, now_ms=NOW))


def renamed(conn: sqlite3.Connection, instance: int) -> object:
    seen = instances.load(conn, NAMES[instance])
    other = draft(config("other", company=f"{NAMES[instance]}_c", callback=f"http://127.0.0.1:9/{NAMES[instance]}"))
    return instances.edit(conn, seen, other, confirmed=True, asked=asked(ActionKind.EDIT), now_ms=NOW)


def called_off(conn: sqlite3.Connection, instance: int) -> object:
    queued = "SELECT id FROM actions WHERE state = 'queued' AND instance_id = ?"
    (number,) = conn.execute(queued, (instance,)).fetchone()
    return actions.cancel(conn, number, operator="ada", origin="tty", reason=None, now_ms=NOW)


UNITS: dict[str, Unit] = {
    "poll": to_place(requests.ask_poll, kind="poll"),
    "sweep": to_place(requests.ask_sweep, "contacts", kind="sweep"),
    "pause": to_place(operations.pause, "contacts"),
    "resume what is not paused": to_place(operations.resume),
    "hold": to_place(operations.hold),
    "watermark": lambda conn, instance: operations.set_watermark(
        conn, operations.scope(conn, NAMES[instance], "contacts"), NOW // 1000 - 500, asked=asked(), now_ms=NOW
    ),
    "retry": lambda conn, instance: operations.retry(conn, instance, asked=asked(), now_ms=NOW),
    "replay": lambda conn, instance: requests.ask_replay(conn, [instance], asked=asked(ActionKind.REPLAY), now_ms=NOW),
    "a job by numbers": lambda conn, instance: order(conn, Selection(numbers=(instance,))),
    "a job by filter": lambda conn, instance: order(conn, chosen(f"instance:{NAMES[instance]}")),
    "rename": renamed,
    "switch off": lambda conn, instance: instances.set_enabled(conn, instance, False, asked=asked(), now_ms=NOW),
    "remove": lambda conn, instance: instances.remove(conn, instance, asked=asked(), now_ms=NOW),
    "call off": called_off,
}


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_what_concerns_a_read_only_instance_is_undone_the_rest_is_done(conn: sqlite3.Connection, unit: Unit) -> None:
    before = [*conn.iterdump()]
    with pytest.raises(RefusedError, match=r"^acme is read-only on this console, by its settings\. Nothing was"):
        guarded(conn, lambda conn: unit(conn, ACME))
    assert [*conn.iterdump()] == before
    guarded(conn, lambda conn: unit(conn, GLOBEX))
    assert [*conn.iterdump()] != before


def test_of_many_nothing_is_done_if_one_is_read_only(conn: sqlite3.Connection) -> None:
    before = [*conn.iterdump()]
    with pytest.raises(RefusedError, match="acme is read-only"):
        guarded(conn, lambda conn: [UNITS["pause"](conn, one) for one in (GLOBEX, ACME)])
    with pytest.raises(RefusedError, match="acme is read-only"):
        guarded(conn, lambda conn: order(conn, Selection(numbers=(GLOBEX, ACME))))
    assert [*conn.iterdump()] == before


def test_an_id_does_as_well_as_a_name_and_all_are_named(conn: sqlite3.Connection) -> None:
    with pytest.raises(RefusedError, match=r"^acme, globex are read-only"):
        guarded(conn, lambda conn: [UNITS["pause"](conn, one) for one in (GLOBEX, ACME)], "2", "acme", "gone")


@pytest.mark.parametrize("line", ["", "type:updated", "state:delivered,dead", "!instance:globex", "instance:1"])
def test_a_filter_that_does_not_leave_it_out_means_its_events(conn: sqlite3.Connection, line: str) -> None:
    wanted = replay_preview.preview(conn, chosen(line), asked_ms=NOW).selection
    with pytest.raises(RefusedError, match="Narrow the filter"):
        read_only.refuse_selection(conn, {"acme"}, wanted)
    with pytest.raises(RefusedError, match="acme is read-only"):
        guarded(conn, lambda conn: order(conn, chosen(line)))


@pytest.mark.parametrize("line", ["!instance:acme", "instance:globex state:dead", "instance:2"])
def test_a_filter_that_leaves_it_out_does_not(conn: sqlite3.Connection, line: str) -> None:
    wanted = replay_preview.preview(conn, chosen(line), asked_ms=NOW).selection
    read_only.refuse_selection(conn, {"acme"}, wanted)
    guarded(conn, lambda conn: order(conn, chosen(line)))


@pytest.mark.parametrize("change", [jobs.pause, jobs.cancel])
def test_a_job_that_sends_its_events_goes_on(conn: sqlite3.Connection, change: Callable[..., str]) -> None:
    both, other = order(conn, chosen()), order(conn, chosen("!instance:acme"))
    with pytest.raises(RefusedError, match="acme is read-only"):
        guarded(conn, lambda conn: change(conn, both, asked=asked(ActionKind(f"{change.__name__}_job")), now_ms=NOW))
    assert jobs.load(conn, both).state == "queued"
    guarded(conn, lambda conn: change(conn, other, asked=asked(ActionKind(f"{change.__name__}_job")), now_ms=NOW))
    assert jobs.load(conn, other).state != "queued"


def test_a_callback_url_that_it_shares_is_not_let_go(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE callbacks SET held_ms = 5, held_reason = 'it answered 410'")
    guarded(conn, lambda conn: to_place(operations.release)(conn, GLOBEX))
    conn.execute("UPDATE callbacks SET held_ms = 5, held_reason = 'it answered 410'")
    conn.execute("UPDATE instances SET callback_id = 1")
    with pytest.raises(RefusedError, match="acme is read-only"):
        guarded(conn, lambda conn: to_place(operations.release)(conn, GLOBEX))
    assert tuple(conn.execute("SELECT held_ms FROM callbacks WHERE id = 1").fetchone()) == (5,)


def test_an_instance_beside_it_is_added(conn: sqlite3.Connection) -> None:
    made = draft(config("third", company="third_c"))
    guarded(
        conn,
        lambda conn: instances.add(conn, made, origin=Origin.LOCAL, token="t", asked=asked(), now_ms=NOW),
    )
    assert instances.load(conn, "third").id == 3


def test_deliveries_are_looked_at_before_any_is_changed(conn: sqlite3.Connection) -> None:
    read_only.refuse_deliveries(conn, {"acme"}, [2])
    with pytest.raises(RefusedError, match="acme is read-only"):
        read_only.refuse_deliveries(conn, {"acme"}, [2, 1])


def test_a_name_that_is_nobodys_is_named_with_what_was_meant(conn: sqlite3.Connection) -> None:
    assert read_only.unknown(conn, {"acme", "2"}) == []
    assert read_only.unknown(conn, {"acmee", "17"}) == [
        "read_only: there is no instance '17'.",
        "read_only: there is no instance 'acmee'; did you mean acme?",
    ]
