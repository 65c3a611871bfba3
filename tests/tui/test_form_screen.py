"""The form of an instance: adding, editing, copying, importing; testing the connection; losses are confirmed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.events import Resize

from cwconsole.core.errors import RefusedError, UsageError
from cwconsole.core.instance_body import canonical
from cwconsole.core.instance_config import hidden, to_config
from cwconsole.tui.instance_fields import edit_command, empty_body, fields_of, filled_in, offers_of
from cwconsole.tui.outside import Counted
from cwconsole.tui.screens.fleet import FleetScreen
from cwconsole.tui.screens.instance_form import InstanceForm
from cwconsole.tui.terminal import Colours, Terminal
from cwconsole.tui.widgets.confirm import Confirm
from cwconsole.tui.widgets.secret_input import SecretInput
from tests.store.rows import add_delivery, add_events, resource_id
from tests.tui.instance_rows import add_stored, stored_body
from tests.tui.outside import FakeOutside
from tests.tui.rig import Rig, console, database

ACTIONS = "SELECT kind, operator, command, reason FROM actions WHERE operator = 'ada' AND id > 1 ORDER BY id"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with database(tmp_path / "cw.db") as conn:
        add_stored(conn)
        add_events(conn, resource_id(conn, 1, "contacts"), range(1, 13))
    return tmp_path / "cw.db"


@pytest.fixture
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with console(path) as rig:
        rig.app.outside = FakeOutside()
        yield rig


async def form(rig: Rig, key: str) -> None:
    await rig.press(key)
    await rig.until(lambda: isinstance(rig.screen, InstanceForm) and rig.text() != "")
    await rig.settle()


def fill(rig: Rig, **texts: str) -> None:
    for name, text in texts.items():
        rig.screen.query_one(f"#{name.replace('_', '-')}").value = text


async def bodies(rig: Rig) -> list[dict[str, Any]]:
    rows = await rig.rows("SELECT body FROM instances WHERE removed_ms IS NULL ORDER BY id")
    return [json.loads(row[0]) for row in rows]


async def saved(rig: Rig) -> None:
    await rig.press("ctrl+s")
    await rig.until(lambda: not isinstance(rig.screen, InstanceForm))


def text(rig: Rig) -> str:
    return " ".join(rig.text().replace("│", " ").split())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_adding_by_filling_in_and_ticking(path: Path, size: tuple[int, int]) -> None:
    async with console(path, size=size) as rig:
        rig.app.outside = FakeOutside()
        await form(rig, "a")
        assert "^s save" in rig.text()
        assert "[ ] contacts" in rig.text()
        fill(rig, field_name="globex [/]", field_baseUrl="http://127.0.0.1:8/v4_6_release/apis/3.0")
        fill(rig, field_company="gx", field_public_key="pub", field_private_key="hush", reason="new customer")
        assert "hush" not in rig.text()
        rig.screen.query_one("#resources").focus()
        await rig.press("space", "j", "j", "j", "enter")
        await saved(rig)
        await rig.until(lambda: "is instance 2, with" in text(rig))
        stored = (await bodies(rig))[1]
        assert stored["name"] == "globex [/]"
        assert stored["configuration"]["event.poller.configuration"] == {"contacts": {}, "tickets": {}}
        assert stored["configuration"]["private.key"] == "sealed:hsuh"
        assert await rig.rows(ACTIONS) == [
            ("add", "ada", "cwconsole instances add FILE --reason 'new customer'", "new customer")
        ]
        await rig.press("escape")
        await rig.until(lambda: isinstance(rig.screen, FleetScreen) and "globex [/]" in rig.text())


async def test_saving_without_resources_asks_first_and_the_instance_is_found_again(rig: Rig) -> None:
    rig.app.outside = FakeOutside()
    await form(rig, "a")
    fill(rig, field_name="globex", field_baseUrl="http://127.0.0.1:8/v4_6_release/apis/3.0")
    fill(rig, field_company="gx", field_public_key="pub", field_private_key="hush")
    await rig.press("ctrl+s")
    await rig.until(lambda: "No resource is ticked: nothing of it is polled." in text(rig))
    await rig.press("escape")
    assert len(await bodies(rig)) == 1
    await rig.press("ctrl+s")
    await rig.until(lambda: "Save it without resources?" in text(rig))
    await rig.press("y")
    await rig.until(lambda: "with no resources" in text(rig))
    await rig.press("escape")
    await rig.until(lambda: isinstance(rig.screen, FleetScreen) and "no resources" in rig.text())
    assert len(await bodies(rig)) == 2


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(rig: Rig) -> None:
    await form(rig, "a")
    await rig.press("ctrl+s")
    assert "name: found nothing" in text(rig)
    fill(rig, field_name="globex", field_baseUrl="ftp://x")
    await rig.press("ctrl+s")
    await rig.until(lambda: "Base URL: found" in text(rig))
    assert rig.screen.focused.id == "field-baseUrl"
    assert len(await bodies(rig)) == 1


async def test_a_name_that_is_taken_is_said(rig: Rig) -> None:
    await form(rig, "C")
    fill(rig, field_name="acme")
    await rig.press("ctrl+s")
    await rig.until(lambda: "There already is an instance 'acme'" in text(rig))


async def test_editing_keeps_secrets_and_what_the_form_does_not_show(rig: Rig) -> None:
    await form(rig, "E")
    assert "TOPSECRET" not in rig.text()
    assert rig.screen.query_one("#field-private-key").value == "********"
    fill(rig, field_event_poller_refresh_interval="5", field_tags="demo, prod")
    await saved(rig)
    (stored,) = await bodies(rig)
    assert stored["configuration"]["private.key"] == "sealed:TOPSECRET"
    assert stored["configuration"]["event.poller.refresh_interval"] == 5
    assert stored["configuration"]["event.poller.configuration"]["contacts"] == {"pageSize": 250}
    assert "code" in stored["providerData"]
    assert stored["tags"] == ["demo", "prod"]
    command = 'cwconsole instances edit acme --set \'tags=["demo", "prod"]\' --set event.poller.refresh_interval=5'
    assert await rig.rows(ACTIONS) == [("edit", "ada", command, None)]


async def test_another_company_loses_records_and_wants_the_name(rig: Rig) -> None:
    await form(rig, "E")
    fill(rig, field_company="other")
    await rig.press("ctrl+s")
    await rig.until(lambda: isinstance(rig.screen, Confirm))
    assert "contacts would start anew and forget 12 known records" in text(rig)
    assert (await bodies(rig))[0]["configuration"]["company"] == "acme_c"
    await rig.press("escape")
    assert isinstance(rig.screen, InstanceForm), "what was typed is still there"
    await rig.press("ctrl+s")
    await rig.until(lambda: isinstance(rig.screen, Confirm))
    await rig.press(*"acme", "enter")
    await rig.until(lambda: isinstance(rig.screen, FleetScreen))
    assert (await bodies(rig))[0]["configuration"]["company"] == "other"
    assert (await rig.rows(ACTIONS))[0][2] == "cwconsole instances edit acme --set company=other --yes"


async def test_a_resource_that_is_unticked_asks_before_it_is_polled_no_more(rig: Rig) -> None:
    await rig.store.write(lambda conn: [add_delivery(conn, event, state="pending") for event in (1, 2, 3)])
    await form(rig, "E")
    rig.screen.query_one("#resources").focus()
    await rig.press("space", "ctrl+s")
    await rig.until(lambda: isinstance(rig.screen, Confirm))
    assert "contacts would not be polled any more, with 12 known records" in text(rig)
    assert "3 deliveries of contacts would stay to be sent." in text(rig)
    assert "--yes" not in rig.text(), "that is for the command line"
    await rig.press(*"acme", "enter")
    await rig.until(lambda: isinstance(rig.screen, FleetScreen))
    assert await rig.rows("SELECT active FROM resources WHERE name = 'contacts'") == [(0,)]


async def test_a_refusal_that_no_name_would_lift_is_not_asked_about(rig: Rig) -> None:
    await form(rig, "E")
    assert isinstance(rig.app.outside, FakeOutside)
    rig.app.outside.fault = RefusedError("The vault is closed.")
    fill(rig, field_company="other")
    await rig.press("ctrl+s")
    await rig.until(lambda: "The vault is closed." in text(rig))
    assert isinstance(rig.screen, InstanceForm)


async def test_somebody_elses_edit_is_never_undone(rig: Rig) -> None:
    await form(rig, "E")
    await rig.write("UPDATE instances SET updated_ms = updated_ms + 1")
    fill(rig, field_tags="mine")
    await rig.press("ctrl+s")
    await rig.until(lambda: "was changed by somebody else meanwhile" in text(rig))


async def test_a_copy_is_not_polled_until_it_is_ticked(rig: Rig) -> None:
    await form(rig, "C")
    await saved(rig)
    await rig.until(lambda: "It is not polled: n switches it on." in text(rig))
    copy = (await bodies(rig))[1]
    assert (copy["name"], copy["configuration"]["private.key"]) == ("acme copy", "sealed:TOPSECRET")
    assert await rig.rows("SELECT enabled FROM instances ORDER BY id") == [(1,), (0,)]


async def test_testing_shows_the_clock_and_counts_beside_the_resources(rig: Rig) -> None:
    await form(rig, "E")
    await rig.press("ctrl+t")
    await rig.until(lambda: "Its clock is 7 s ahead of this machine's." in text(rig))
    assert "12,345 records" in rig.text()
    assert "not yours" in rig.text()
    outside = rig.app.outside
    assert isinstance(outside, FakeOutside)
    assert outside.bodies[0].configuration["private.key"] == "sealed:TOPSECRET", "masks stand for what is stored"
    assert await rig.rows(ACTIONS) == []


async def test_a_test_that_fails_says_so(rig: Rig) -> None:
    assert isinstance(rig.app.outside, FakeOutside)
    rig.app.outside.fault = UsageError("ConnectWise [/] did not answer within 30 s.")
    await form(rig, "E")
    await rig.press("ctrl+t")
    await rig.until(lambda: "ConnectWise [/] did not answer within 30 s." in text(rig))


async def test_advice_names_what_the_form_calls_it_and_ends_before_the_clock(rig: Rig) -> None:
    assert isinstance(rig.app.outside, FakeOutside)
    sentence = "refused; check company, public.key and baseUrl"
    outside = rig.app.outside
    outside.tested = replace(outside.tested, ok=False, sentence=sentence, ahead_seconds=0.4)
    await form(rig, "E")
    await rig.press("ctrl+t")
    said = "refused; check company, Public key and Base URL. Its clock and this machine's agree."
    await rig.until(lambda: said in text(rig))


async def test_what_the_test_has_refused_is_saved_only_when_that_is_wanted(rig: Rig) -> None:
    """It was saved at once, and was said to be polled from then on."""
    assert isinstance(rig.app.outside, FakeOutside)
    outside = rig.app.outside
    outside.tested = replace(outside.tested, ok=False, sentence="ConnectWise refused the login; check private.key")
    await form(rig, "C")
    await rig.press("ctrl+t")
    await rig.until(lambda: "check Private key." in text(rig))
    await rig.press("ctrl+s")
    await rig.until(
        lambda: "Save what the test refused? ConnectWise refused the login; check Private key." in text(rig)
    )
    await rig.press("escape")
    assert len(await bodies(rig)) == 1
    fill(rig, field_private_key="another")  # of this, the test said nothing
    await saved(rig)
    assert len(await bodies(rig)) == 2


async def test_what_the_test_found_wrong_with_a_resource_is_read_in_full_while_the_cursor_is_on_it(rig: Rig) -> None:
    assert isinstance(rig.app.outside, FakeOutside)
    outside = rig.app.outside
    refused = "the keys may not read this (403): check the security role of the API member, and that it may see tickets"
    outside.tested = replace(outside.tested, counted=(Counted(resource="tickets", error=refused),))
    await form(rig, "E")
    await rig.press("ctrl+t")
    await rig.until(lambda: "the keys may not" in rig.text())
    rig.screen.query_one("#resources").focus()
    await rig.press("down")
    await rig.until(lambda: refused in text(rig))


async def test_a_file_is_read_into_the_form(rig: Rig) -> None:
    assert isinstance(rig.app.outside, FakeOutside)
    rig.app.outside.files["new.toml"] = canonical(stored_body("initech", **{"private.key": "hush"}))
    await rig.press("A", *"new.toml", "enter")
    await rig.until(lambda: isinstance(rig.screen, InstanceForm) and "initech" in rig.text())
    assert "hush" not in rig.text()
    await saved(rig)
    assert (await rig.rows(ACTIONS))[0][2] == "cwconsole instances add new.toml"


async def test_nothing_typed_is_lost_without_a_question(rig: Rig) -> None:
    await form(rig, "E")
    await rig.press("escape")
    assert isinstance(rig.screen, FleetScreen)
    await form(rig, "E")
    fill(rig, field_tags="x")
    await rig.press("escape")
    assert isinstance(rig.screen, Confirm)
    await rig.press("y")
    await rig.until(lambda: isinstance(rig.screen, FleetScreen))


async def test_a_secret_that_is_typed_is_stars_in_every_terminal_and_where_it_is_to_be_found_is_shown(
    path: Path,
) -> None:
    terminal = Terminal(colours=Colours.ALL, unicode=False, remote=False)
    async with console(path, size=(120, 40), terminal=terminal) as rig:
        rig.app.outside = FakeOutside()
        await form(rig, "a")
        fill(rig, field_private_key="hush", field_client_id="env:CLIENT", field_name="gx")
        fill(rig, field_event_notification_callback_headers="X-Team=blue")
        await rig.until(lambda: "Private key    ****" in rig.text() and "env:CLIENT" in rig.text())
        assert "Headers        ***********" in rig.text()
        assert rig.text().isascii()


async def test_basic_auth_and_headers_are_filled_in_and_shown_masked(rig: Rig) -> None:
    await form(rig, "E")
    fill(rig, field_event_notification_basic_username="receiver", field_event_notification_basic_password="hush")
    fill(rig, field_event_notification_callback_headers="X-Team=env:TEAM 'X-Note=two words'")
    await saved(rig)
    kept = (await bodies(rig))[0]["configuration"]
    assert kept["event.notification.basic.username"] == "receiver"
    assert kept["event.notification.basic.password"] == "sealed:hsuh"
    assert list(kept["event.notification.callback.headers"]) == ["X-Team", "X-Note"]
    await form(rig, "E")
    shown = rig.screen.query_one("#field-event-notification-callback-headers").value
    assert shown == "X-Team=******** X-Note=********", "this outside seals references too"
    fill(rig, field_event_notification_callback_headers="X-Team=******** X-New=1")
    await saved(rig)
    headers = (await bodies(rig))[0]["configuration"]["event.notification.callback.headers"]
    assert headers == {"X-Team": "sealed:MAET:vne", "X-New": "sealed:1"}, "what is masked stays as it is stored"


@pytest.mark.parametrize(
    ("typed", "said"), [("X-Team", "X-Team without a value"), ("'X=1", "a quote that is not closed")]
)
async def test_headers_that_cannot_be_read_are_named(rig: Rig, typed: str, said: str) -> None:
    await form(rig, "E")
    fill(rig, field_event_notification_callback_headers=typed)
    await rig.press("ctrl+s")
    await rig.until(lambda: said in text(rig))
    assert rig.screen.focused is rig.screen.query_one("#field-event-notification-callback-headers")


async def test_what_should_be_known_of_a_resource_stands_there_in_full_while_the_cursor_is_on_it(rig: Rig) -> None:
    await form(rig, "E")
    assert "A deleted company" in rig.text()
    assert all(len(line) == 80 for line in rig.lines())
    rig.screen.query_one("#resources").focus()
    await rig.press("down", "down")
    note = next(offer.note for offer in offers_of(empty_body()) if offer.name == "companies")
    await rig.until(lambda: note in text(rig))


def test_an_untouched_form_changes_nothing() -> None:
    body = canonical(stored_body())
    assert filled_in(body, fields_of(body)) == body
    older = stored_body()
    older["configuration"]["event.objects"] = "contacts,incidents"
    del older["configuration"]["event.poller.configuration"]
    assert filled_in(canonical(older), fields_of(canonical(older))) == canonical(older)
    offers = offers_of(canonical(older))
    assert [one.name for one in offers if one.ticked] == ["contacts", "incidents"]
    assert "tickets" not in [one.name for one in offers], "it is there by another name"


def test_what_an_older_key_says_of_a_resource_stays_with_it_when_another_is_ticked() -> None:
    older = stored_body()
    where = "/company/contacts?conditions=inactiveFlag=false and lastUpdated>[${gmtDate:yyyy-MM-dd'T'HH:mm:ss'Z'}]"
    older["configuration"]["event.poller.urls"] = f"contacts|{where}|id|_info/lastUpdated|yyyy-MM-dd"
    del older["configuration"]["event.poller.configuration"]
    before = canonical(older)
    filled = fields_of(before)
    after = filled_in(before, replace(filled, resources=(*filled.resources, "tickets")))
    kept = {one.name: one for one in to_config(after, hidden).resources}
    assert kept.keys() == {"contacts", "tickets"}
    assert kept["contacts"] == to_config(before, hidden).resources[0]


def test_the_command_never_tells_a_secret() -> None:
    before = canonical(stored_body())
    after = canonical(stored_body(**{"client.id": "0000-secret"}))
    assert edit_command("acme", before, after) == "cwconsole instances edit acme --set 'client.id=********'"


async def test_what_is_saved_while_leaving_is_asked_about_takes_the_question_along(rig: Rig) -> None:
    gate = asyncio.Event()
    rig.app.outside = FakeOutside(gate=gate)
    await form(rig, "a")
    fill(rig, field_name="globex", field_baseUrl="http://127.0.0.1:8/v4_6_release/apis/3.0")
    fill(rig, field_company="gx", field_public_key="pub", field_private_key="hush")
    rig.screen.query_one("#resources").focus()
    await rig.press("space")
    for key in ("ctrl+s", "escape"):  # nothing is calm while it is being saved
        rig.send(key)
    await rig.until(lambda: "Leave the form?" in text(rig))
    gate.set()
    await rig.until(lambda: "is instance 2, with" in text(rig))
    await rig.press("escape")
    await rig.until(lambda: isinstance(rig.screen, FleetScreen) and "globex" in rig.text())
    assert len(rig.app.screen_stack) == 1
    assert len(await bodies(rig)) == 2


async def test_a_long_text_shows_its_beginning_once_its_field_is_left(rig: Rig) -> None:
    await form(rig, "a")
    await rig.press(*"Beginning of a name", *" and more of it" * 5, *" and its end")
    await rig.until(lambda: "and its end" in rig.text() and "Beginning" not in rig.text())
    await rig.press("tab")
    await rig.until(lambda: "Beginning of a name" in rig.text() and "and its end" not in rig.text())


async def test_the_form_is_laid_out_as_wide_as_it_is_to_be_from_the_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: list[int] = []

    def note(_: SecretInput, event: Resize) -> None:
        widths.append(event.size.width)

    monkeypatch.setattr(SecretInput, "on_resize", note, raising=False)
    async with console(path, size=(120, 40)) as rig:
        rig.app.outside = FakeOutside()
        await form(rig, "a")
        await rig.until(lambda: bool(widths))
        assert len(set(widths)) == 1
