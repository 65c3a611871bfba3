"""The notification's bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.callback.envelope import COMPANY_ID, notification
from cwconsole.core.attempts import EventFacts
from cwconsole.core.config import DateField
from cwconsole.core.records import EventType
from tests.callback.samples import contact

# As NetSuite sent it, shortened: numbers, nesting, a text outside ASCII.
INVOICE = (
    '{"tranId":"INV10000925","salesRep":{"internalId":"-5","name":"Sample Rep"},"taxTotal":0,"internalId":"14682",'
    '"total":2000,"customFieldList":{"customField":[{"internalId":"4563","value":50}]},"toBeFaxed":false,'
    '"lastModifiedDate":"2018-08-20T15:29:06Z","message":"Provided “as is”","createdDate":"2018-08-20T15:29:06Z"}'
)

NETSUITE = EventFacts(
    event_id="AWVX9OTIhdQRdI1F7Q7v",
    number=1496771,
    type=EventType.CREATED,
    object_type="invoices",
    object_id=925,
    record=INVOICE.encode(),
    record_date=1534778946000,
    poll_date=1534778974827,
    instance_id=7950647,
    instance_name="Local netsuite",
    instance_tags=("Local netsuite",),
    element_key="netsuiteerpv2",
    id_field="internalId",
)

# The captured notification (reference/open-connectors-events.md 3.1), with this record, our account, company, user and
# hub, and the poll's time where the capture has the time of posting.
CAPTURED = (
    '{"severity":"medium","createdDate":"Mon Aug 20 15:29:34 UTC 2018","topic":"instance-7950647-netsuiteerpv2-events",'
    '"action":"create","id":"1496771","message":{"elementKey":"netsuiteerpv2","accountId":1,'
    '"eventId":"AWVX9OTIhdQRdI1F7Q7v","companyId":1,"instanceId":7950647,"instance_id":7950647,'
    '"instanceName":"Local netsuite","instanceTags":["Local netsuite"],"raw":{"invoices":[' + INVOICE + "],"
    '"pollDate":1534778974827,"objectType":"invoices"},"userId":1,"events":[{"date":"2018-08-20T15:29:06Z",'
    '"elementKey":"netsuiteerpv2","pollDate":"2018-08-20T15:29:34Z","eventType":"CREATED","hubKey":"crm",'
    '"objectId":"14682","objectType":"invoices"}]},"user":"notifications@cloud-elements.com"}'
)


def event_of(facts: EventFacts) -> dict[str, str]:
    event: dict[str, str] = orjson.loads(notification(facts))["message"]["events"][0]
    return event


@pytest.mark.parametrize(
    ("record", "date"),
    [
        (b'{"id":7,"timeEnd":"2026-02-01 08:30"}', "2026-02-01T13:30:00Z"),
        (b'{"id":7}', "2026-03-01T10:00:00Z"),
        (b'{"id":7,"timeEnd":"soon"}', "2026-03-01T10:00:00Z"),
        (b'{"id":7,"timeEnd":"9999-12-31 23:59"}', "2026-03-01T10:00:00Z"),  # in UTC it is beyond all that is written
    ],
)
def test_the_date_is_that_of_the_configured_field_where_the_record_has_it(record: bytes, date: str) -> None:
    own = DateField(path="timeEnd", format="yyyy-MM-dd HH:mm", zone="EST")
    assert event_of(contact(record=record, dated=own))["date"] == date


def test_the_captured_notification_is_rebuilt_byte_for_byte() -> None:
    assert notification(NETSUITE).decode() == CAPTURED


def test_the_same_facts_give_the_same_bytes() -> None:
    assert notification(contact()) == notification(contact())


@pytest.mark.parametrize(
    ("kind", "action"),
    [(EventType.CREATED, "create"), (EventType.UPDATED, "update"), (EventType.DELETED, "delete")],
)
def test_the_action_follows_the_type(kind: EventType, action: str) -> None:
    body = orjson.loads(notification(contact(type=kind)))
    assert body["action"] == action
    assert body["message"]["events"][0]["eventType"] == kind.value


def test_a_deleted_object_known_by_its_id_alone_still_has_an_object_id() -> None:
    facts = contact(type=EventType.DELETED, record=b'{"id":7}', record_date=None, id_field="identifier")
    body = orjson.loads(notification(facts))
    assert body["message"]["raw"]["contacts"] == [{"id": 7}]
    assert body["message"]["events"][0]["objectId"] == "7"


def test_a_record_without_a_date_gets_the_polls() -> None:
    event = event_of(contact(record_date=None))
    assert event["date"] == event["pollDate"] == "2026-03-01T10:01:05Z"


@pytest.mark.parametrize(
    ("id_field", "object_id"),
    [
        ("id", "7"),
        ("name", "Ada"),
        ("owner.id", "12"),
        ("owner.code", "AL"),
        ("long", "12345678901234567890123"),
        ("ratio", "1.5"),
        ("", "7"),
        (" ", "7"),
        ("@.@id", "7"),
        ("['Modified Time']", "7"),
        ("owner", "7"),
        ("owner.id.deeper", "7"),
        ("tags", "7"),
        ("flag", "7"),
        ("blank", "7"),
        ("nothing", "7"),
        ("absent.member", "7"),
    ],
)
def test_the_object_id_is_found_by_the_id_field_or_is_connectwises_own(id_field: str, object_id: str) -> None:
    record = {
        "id": 7,
        "name": "Ada",
        "owner": {"id": 12, "code": "AL"},
        "ratio": 1.5,
        "tags": ["a"],
        "flag": True,
        "blank": " ",
        "nothing": None,
    }
    record_json = orjson.dumps(record).replace(b"{", b'{"long":12345678901234567890123,', 1)
    assert event_of(contact(record=record_json, id_field=id_field))["objectId"] == object_id


def test_a_record_given_as_a_list_has_connectwises_own_id() -> None:
    assert event_of(contact(record=b"[1,2]", id_field="name"))["objectId"] == "7"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values, max_size=6),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_the_record_is_passed_on_byte_for_byte_and_names_are_escaped(
    record: dict[str, object], escaped: bool, name: str
) -> None:
    raw = json.dumps(record, ensure_ascii=escaped, separators=(",", ":")).encode(errors="surrogatepass")
    body = notification(contact(record=raw, instance_name=name, instance_tags=(name, name)))
    assert b'"raw":{"contacts":[' + raw + b'],"pollDate":' in body
    message = json.loads(body.decode(errors="surrogatepass"))["message"]
    assert message["instanceName"] == name
    assert message["instanceTags"] == [name, name]
    assert message["companyId"] == COMPANY_ID


@given(st.integers(0, 4_102_444_800_000))
def test_dates_are_javas_in_english_and_iso_in_whole_seconds(poll_date: int) -> None:
    body = orjson.loads(notification(contact(poll_date=poll_date)))
    moment = datetime.fromtimestamp(poll_date // 1000, UTC)
    assert body["createdDate"] == f"{moment:%a %b %d %H:%M:%S} UTC {moment:%Y}"
    assert body["message"]["events"][0]["pollDate"] == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    assert body["message"]["raw"]["pollDate"] == poll_date
