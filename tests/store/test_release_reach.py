"""What letting go would send, against what it does send: the question's number is that of deliveries let go."""

from __future__ import annotations

import sqlite3

import pytest

from cwconsole.core.errors import RefusedError
from cwconsole.store import operations, reach
from cwconsole.store.actions import ActionKind
from cwconsole.tui.render.reach_lines import release_lines
from tests.store.rows import NOW, add, add_delivery, add_events, asked, config, resource_id


@pytest.fixture
def conn(conn: sqlite3.Connection) -> sqlite3.Connection:
    """acme and globex deliver to one URL: 3 contacts and 2 tickets each wait."""
    for name in ("acme", "globex"):
        instance = add(conn, config(name, company=f"{name}_c"))
        for resource, number in (("contacts", 3), ("tickets", 2)):
            for event in add_events(conn, resource_id(conn, instance, resource), range(1, number + 1)):
                add_delivery(conn, event)
    return conn


def free(conn: sqlite3.Connection) -> int:
    """How many deliveries nothing holds."""
    row = conn.execute(
        """
        SELECT count(*) FROM deliveries d JOIN callbacks c ON c.id = d.callback_id
        WHERE d.held = 0 AND c.held_ms IS NULL AND d.state IN ('pending', 'retrying')
        """
    ).fetchone()
    return int(row[0])


@pytest.mark.parametrize(
    ("held", "let_go", "sent", "stay"),
    [
        (["r acme contacts"], [("acme", "contacts")], 3, 0),
        (["i acme"], [("acme", None)], 5, 0),
        (["i acme", "r acme tickets"], [("acme", None)], 3, 2),
        (["i acme", "r acme tickets"], [("acme", None), ("acme", "tickets")], 5, 0),
        (["c"], [("acme", None)], 10, 0),
        (["c"], [("acme", "contacts")], 10, 0),
        (["c", "i globex"], [("acme", None)], 5, 0),
        (["c", "r acme tickets"], [("acme", "tickets")], 0, 2),
        (["r acme tickets", "r globex tickets"], [("acme", "tickets"), ("globex", "tickets")], 4, 0),
    ],
)
def test_the_number_asked_about_is_the_number_let_go(
    conn: sqlite3.Connection, held: list[str], let_go: list[tuple[str, str | None]], sent: int, stay: int
) -> None:
    for one in held:
        what, *place = one.split()
        if what == "c":
            conn.execute("UPDATE callbacks SET held_ms = 5, held_reason = 'it answered 410'")
        else:
            operations.hold(conn, operations.scope(conn, *place), asked=asked(ActionKind.HOLD), now_ms=NOW)
    found, before = reach.release(conn, let_go, now_ms=NOW), free(conn)
    assert (found.sent, found.stay, found.barred) == (sent, stay, None)
    for instance, resource in let_go:
        target = operations.scope(conn, instance, resource)
        operations.release(conn, target, asked=asked(ActionKind.RELEASE), now_ms=NOW)
    assert free(conn) - before == sent


def test_what_is_held_as_a_whole_bars_its_resources_and_what_is_not_held_is_refused(conn: sqlite3.Connection) -> None:
    with pytest.raises(RefusedError, match="acme/contacts are not held"):
        reach.release(conn, [("acme", "contacts")], now_ms=NOW)
    operations.hold(conn, operations.scope(conn, "acme"), asked=asked(ActionKind.HOLD), now_ms=NOW)
    assert reach.release(conn, [("acme", "contacts")], now_ms=NOW).barred == "acme"


def test_what_waits_for_its_next_try_is_not_said_to_be_sent_now(conn: sqlite3.Connection) -> None:
    """Two of acme's contacts and what comes after one of them; letting go hastens none of these."""
    contacts = resource_id(conn, 1, "contacts")
    conn.execute(
        "UPDATE deliveries SET state = 'retrying', due_ms = ? WHERE resource_id = ? AND object_id < 3",
        (NOW + 60_000, contacts),
    )
    conn.execute("UPDATE resources SET retrying = 2, pending = 1 WHERE id = ?", (contacts,))
    (behind,) = add_events(conn, contacts, [1])
    conn.execute("UPDATE deliveries SET due_ms = NULL WHERE id = ?", (add_delivery(conn, behind),))
    target = operations.scope(conn, "acme")
    operations.hold(conn, target, asked=asked(ActionKind.HOLD), now_ms=NOW)
    found = reach.release(conn, [("acme", None)], now_ms=NOW)
    assert (found.sent, found.later) == (6, 3)
    assert release_lines(found, NOW)[0] == "3 deliveries are sent now, in order, 3 at their next try:"
    target = operations.scope(conn, "acme")
    told = operations.release(conn, target, asked=asked(ActionKind.RELEASE), now_ms=NOW)
    assert told == "Deliveries of acme go on: 3 now, 3 at their next try."
    assert reach.reach(conn, "acme").held == 0
    assert [tuple(row) for row in conn.execute("SELECT due_ms FROM deliveries WHERE state = 'retrying'")] == [
        (NOW + 60_000,),
        (NOW + 60_000,),
    ]
