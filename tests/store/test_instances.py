"""Instances: what adding, editing, switching and removing do to resources, callbacks and open deliveries."""

from __future__ import annotations

import json
import sqlite3

import pytest
from msgspec.structs import replace

from cwconsole.core.config import InstanceConfig, Mode, ResourceConfig
from cwconsole.core.errors import LossesError, RefusedError, StaleError, UsageError
from cwconsole.store import actions, instances, meta, operations, resources
from cwconsole.store.actions import ActionKind
from tests.store.rows import NOW, add, add_delivery, add_events, asked, config, draft, resource, resource_id

LATER = NOW + 60_000


def edit(conn: sqlite3.Connection, instance: int, wanted: InstanceConfig, *, confirmed: bool = False) -> None:
    instances.edit(
        conn,
        instances.load(conn, str(instance)),
        draft(wanted),
        confirmed=confirmed,
        asked=asked(ActionKind.EDIT),
        now_ms=LATER,
    )


def begin(conn: sqlite3.Connection, row_id: int) -> None:
    """As after a baseline and the first page of a window."""
    conn.execute(
        """
        UPDATE resources SET watermark = 1000, start_at = 900, baseline_done = 1, baseline_id = 7,
            crawl_kind = 'window', crawl_last_id = 5, next_poll_ms = ? WHERE id = ?
        """,
        (NOW + 900_000, row_id),
    )


def column(conn: sqlite3.Connection, row_id: int, name: str) -> object:
    return conn.execute(f"SELECT {name} FROM resources WHERE id = ?", (row_id,)).fetchone()[0]


def test_adding_makes_the_resources_and_the_callback_and_is_audited(conn: sqlite3.Connection) -> None:
    instance = instances.load(conn, str(add(conn)))
    rows = resources.of_instance(conn, instance.id)
    assert [row.name for row in rows] == ["contacts", "tickets"]
    assert rows[1].source == "127.0.0.1:8/acme_c/service/tickets"
    assert rows[0].next_poll_ms is None
    (url,) = conn.execute("SELECT url FROM callbacks WHERE id = ?", (instance.callback_id,)).fetchone()
    assert url == "http://127.0.0.1:9/hook"
    audit = actions.load(conn, 1)
    assert audit is not None
    assert (audit.kind, audit.instance_id, audit.state) == (ActionKind.ADD, instance.id, "done")
    assert meta.config_version(conn) == 1


def test_an_instance_is_found_by_id_and_by_name_and_nearly(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    assert instances.load(conn, "acme") == instances.load(conn, str(instance))
    with pytest.raises(UsageError, match="did you mean acme"):
        instances.load(conn, "acne")
    with pytest.raises(UsageError, match="no instance '99999999999999999999'"):
        instances.load(conn, "99999999999999999999")


def test_a_name_is_taken_until_its_instance_is_removed(conn: sqlite3.Connection) -> None:
    first = add(conn)
    with pytest.raises(UsageError, match="already is an instance 'acme'"):
        add(conn, now_ms=LATER)
    instances.remove(conn, first, asked=asked(ActionKind.REMOVE), now_ms=NOW)
    assert add(conn, now_ms=LATER) != first


def test_an_edit_that_changes_no_question_keeps_watermark_crawl_and_schedule(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    contacts = resource_id(conn, instance, "contacts")
    begin(conn, contacts)
    before = resources.load(conn, contacts)
    edit(conn, instance, config(callback="http://127.0.0.1:9/other"))
    assert resources.load(conn, contacts) == replace(before, callback_id=2, instance_updated_ms=NOW + 60_000)  # type: ignore[type-var]


def test_another_company_starts_anew_only_when_confirmed(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    contacts = resource_id(conn, instance, "contacts")
    begin(conn, contacts)
    add_events(conn, contacts, [1, 2])
    moved = config(company="other")
    with pytest.raises(RefusedError, match="contacts would start anew and forget 2 known records"):
        edit(conn, instance, moved)
    assert column(conn, contacts, "watermark") == 1000

    edit(conn, instance, moved, confirmed=True)
    row = resources.load(conn, contacts)
    assert row is not None
    assert (row.watermark, row.start_at, row.baseline_done, row.crawl_kind) == (None, None, 0, None)
    assert row.crawl_id == 2
    assert row.next_poll_ms == LATER
    assert conn.execute("SELECT count(*) FROM objects").fetchone()[0] == 0
    assert conn.execute("SELECT count(*) FROM events").fetchone()[0] == 2


def test_a_resource_that_never_began_takes_another_path_without_questions(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    edit(conn, instance, config("acme", resource("contacts", path="/company/people")))
    assert column(conn, resource_id(conn, instance, "contacts"), "source") == "127.0.0.1:8/acme_c/company/people"


def test_another_filter_keeps_the_watermark_and_baselines_again(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    contacts = resource_id(conn, instance, "contacts")
    begin(conn, contacts)
    add_events(conn, contacts, [1])
    edit(conn, instance, config("acme", resource("contacts", where="inactiveFlag = false")))
    row = resources.load(conn, contacts)
    assert row is not None
    assert (row.watermark, row.baseline_done, row.crawl_kind, row.crawl_id) == (1000, 0, None, 2)
    assert row.next_poll_ms == LATER
    assert conn.execute("SELECT count(*) FROM objects").fetchone()[0] == 1


def test_another_template_run_as_written_counts_as_another_filter(conn: sqlite3.Connection) -> None:
    written = replace(resource("contacts", mode=Mode.AS_WRITTEN), template="/company/contacts?a=1")
    instance = add(conn, config("acme", written))
    contacts = resource_id(conn, instance, "contacts")
    begin(conn, contacts)
    edit(conn, instance, config("acme", replace(written, template="/company/contacts?a=2")))
    assert column(conn, contacts, "crawl_id") == 2


def test_a_resource_left_out_stops_and_goes_on_when_it_is_back(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    tickets = resource_id(conn, instance, "tickets")
    begin(conn, tickets)
    edit(conn, instance, config("acme", resource("contacts")), confirmed=True)
    assert column(conn, tickets, "active") == 0
    edit(conn, instance, config())
    assert (column(conn, tickets, "active"), column(conn, tickets, "watermark")) == (1, 1000)
    assert column(conn, tickets, "next_poll_ms") == LATER


def test_an_edit_lets_what_was_parked_try_at_once(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    contacts = resource_id(conn, instance, "contacts")
    conn.execute("UPDATE resources SET parked = 1, failures = 3, next_poll_ms = ? WHERE id = ?", (NOW * 2, contacts))
    edit(conn, instance, config())
    assert (column(conn, contacts, "parked"), column(conn, contacts, "next_poll_ms")) == (0, LATER)


def test_a_shorter_interval_counts_at_once(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    contacts = resource_id(conn, instance, "contacts")
    begin(conn, contacts)
    edit(conn, instance, config("acme", replace(resource("contacts"), interval=60)))
    assert column(conn, contacts, "next_poll_ms") == LATER + 60_000


def test_open_deliveries_follow_another_callback_and_settled_ones_stay(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    event, other = add_events(conn, resource_id(conn, instance, "contacts"), [1, 2])
    waiting, dead = add_delivery(conn, event), add_delivery(conn, other, state="dead")
    edit(conn, instance, config(callback="http://127.0.0.1:9/new"))
    rows = dict(conn.execute("SELECT id, callback_id FROM deliveries").fetchall())
    assert rows == {waiting: 2, dead: 1}


def test_taking_the_callback_away_gives_up_what_waits_only_when_confirmed(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    contacts = resource_id(conn, instance, "contacts")
    event, other = add_events(conn, contacts, [1, 2])
    add_delivery(conn, event)
    add_delivery(conn, other, state="retrying")
    record_only = config(callback=None)
    with pytest.raises(RefusedError, match="2 open deliveries would be given up"):
        edit(conn, instance, record_only)
    edit(conn, instance, record_only, confirmed=True)
    states = [row[0] for row in conn.execute("SELECT state FROM deliveries")]
    assert states == ["cancelled", "cancelled"]
    assert (column(conn, contacts, "pending"), column(conn, contacts, "cancelled")) == (0, 2)


def test_an_edit_never_undoes_what_somebody_else_has_changed_meanwhile(conn: sqlite3.Connection) -> None:
    add(conn)
    seen = instances.load(conn, "acme")
    edit(conn, seen.id, config(callback="http://127.0.0.1:9/new"))
    with pytest.raises(StaleError, match="changed by somebody else"):
        instances.edit(conn, seen, draft(config("renamed")), confirmed=True, asked=asked(ActionKind.EDIT), now_ms=LATER)
    assert instances.load(conn, "acme").callback_id == 2


def test_switching_off_and_on_is_kept_in_the_body_and_polls_at_once(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    contacts = resource_id(conn, instance, "contacts")
    begin(conn, contacts)
    instances.set_enabled(conn, instance, False, asked=asked(ActionKind.DISABLE), now_ms=LATER)
    row = instances.load(conn, "acme")
    assert not row.enabled
    assert json.loads(row.body)["configuration"]["event.notification.enabled"] is False
    instances.set_enabled(conn, instance, True, asked=asked(ActionKind.ENABLE), now_ms=LATER)
    assert column(conn, contacts, "next_poll_ms") == LATER


def test_removing_gives_up_what_waits_and_calls_off_what_is_queued(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    event, sending = add_events(conn, resource_id(conn, instance, "contacts"), [1, 2])
    add_delivery(conn, event)
    add_delivery(conn, sending, state="sending")
    poll = actions.queue(conn, replace(asked(ActionKind.POLL), instance_id=instance), now_ms=NOW)
    assert instances.remove(conn, instance, asked=asked(ActionKind.REMOVE), now_ms=LATER) == 1
    states = [row[0] for row in conn.execute("SELECT state FROM deliveries ORDER BY id")]
    assert states == ["cancelled", "sending"]
    queued = actions.load(conn, poll)
    assert queued is not None
    assert queued.state == "cancelled"
    assert instances.all_instances(conn) == []
    assert resources.cared_for(conn) == []


def test_a_resource_under_another_name_goes_on_with_all_that_is_known(conn: sqlite3.Connection) -> None:
    instance = add(conn, config("acme", resource("contacts")))
    contacts = resource_id(conn, instance, "contacts")
    begin(conn, contacts)
    add_events(conn, contacts, [1, 2])
    edit(conn, instance, config("acme", resource("people", path="/company/contacts")))
    assert resource_id(conn, instance, "people") == contacts
    assert (column(conn, contacts, "watermark"), column(conn, contacts, "crawl_last_id")) == (1000, 5)
    assert [row.name for row in resources.of_instance(conn, instance)] == ["people"]
    assert conn.execute("SELECT count(*) FROM objects WHERE resource_id = ?", (contacts,)).fetchone()[0] == 2
    outcome = conn.execute("SELECT outcome FROM actions ORDER BY id DESC LIMIT 1").fetchone()[0]
    assert outcome == "Edited acme (people: rename, formerly contacts)."


def test_a_resource_that_had_stopped_goes_on_under_another_name(conn: sqlite3.Connection) -> None:
    instance = add(conn, config("acme", resource("contacts"), resource("tickets")))
    contacts = resource_id(conn, instance, "contacts")
    begin(conn, contacts)
    edit(conn, instance, config("acme", resource("tickets")), confirmed=True)
    edit(conn, instance, config("acme", resource("people", path="/company/contacts"), resource("tickets")))
    assert resource_id(conn, instance, "people") == contacts
    assert (column(conn, contacts, "active"), column(conn, contacts, "watermark")) == (1, 1000)


@pytest.mark.parametrize(
    "wanted",
    [
        (resource("tickets"),),
        (resource("people", path="/company/contacts", where="inactiveFlag = false"), resource("tickets")),
    ],
)
def test_a_resource_that_would_stop_asks_with_its_numbers(
    conn: sqlite3.Connection, wanted: tuple[ResourceConfig, ...]
) -> None:
    instance = add(conn, config("acme", resource("contacts"), resource("tickets")))
    contacts = resource_id(conn, instance, "contacts")
    add_events(conn, contacts, [1, 2, 3])
    begin(conn, contacts)
    add_delivery(conn, 1, state="retrying")
    with pytest.raises(LossesError, match="contacts would not be polled any more, with 3 known records") as refused:
        edit(conn, instance, config("acme", *wanted))
    assert refused.value.losses[1:] == ("1 delivery of contacts would stay to be sent",)
    assert "confirm it with --yes" in refused.value.message
    assert column(conn, contacts, "active") == 1
    edit(conn, instance, config("acme", *wanted), confirmed=True)
    assert column(conn, contacts, "active") == 0


def test_a_resource_that_stops_lets_go_what_it_holds_only_when_confirmed(conn: sqlite3.Connection) -> None:
    """It cannot be steered by its own name afterwards: its deliveries would be held for good."""
    instance = add(conn)
    row_id = resource_id(conn, instance, "contacts")
    delivery = add_delivery(conn, add_events(conn, row_id, [1])[0])
    target = operations.scope(conn, "acme", "contacts")
    operations.hold(conn, target, asked=asked(ActionKind.HOLD), now_ms=NOW)
    without = config("acme", resource("tickets"))
    with pytest.raises(RefusedError, match="1 delivery that contacts holds would be let go"):
        edit(conn, instance, without)
    edit(conn, instance, without, confirmed=True)
    assert conn.execute("SELECT held, state FROM deliveries WHERE id = ?", (delivery,)).fetchone()[:] == (0, "pending")
    edit(conn, instance, config())
    assert operations.scope(conn, "acme", "contacts").held_ms is None


def test_an_edit_before_the_first_answer_drops_the_question_that_is_on_its_way(conn: sqlite3.Connection) -> None:
    instance = add(conn)
    contacts = resource_id(conn, instance, "contacts")
    before = resources.load(conn, contacts)
    edit(conn, instance, config(company="other"))
    after = resources.load(conn, contacts)
    assert before is not None and after is not None
    assert after.crawl_id == before.crawl_id + 1
