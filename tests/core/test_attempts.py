"""The facts of a notification, made of a recorded event and its instance's configuration."""

from __future__ import annotations

from typing import Any

from cwconsole.core.attempts import EventFacts, facts_of
from cwconsole.core.config import DateField, InstanceConfig, ResourceConfig
from cwconsole.core.records import EventType
from cwconsole.core.secret import Secret

ENTERED = DateField(path="timeEnd")
TICKETS = ResourceConfig(name="tickets", path="/service/tickets", id_field="summary", updated=ENTERED)
ACME = InstanceConfig(
    name="acme", base_url="http://127.0.0.1", company="acme", public_key="p", private_key=Secret("q"), tags=("night",)
)


def facts(resource: ResourceConfig | None, **changes: Any) -> EventFacts:
    recorded: dict[str, Any] = {
        "event_id": "a1b2c3d4000000000042",
        "number": 42,
        "kind": "UPDATED",
        "object_type": "tickets",
        "object_id": 7,
        "record": b'{"id":7}',
        "record_date": 1772359200,
        "seen_ms": 1772359265500,
        "instance_id": 3,
    }
    return facts_of(ACME, resource, **(recorded | changes))


def test_the_facts_are_what_is_stored_in_milliseconds_and_what_the_configuration_says() -> None:
    assert facts(TICKETS) == EventFacts(
        event_id="a1b2c3d4000000000042",
        number=42,
        type=EventType.UPDATED,
        object_type="tickets",
        object_id=7,
        record=b'{"id":7}',
        record_date=1772359200000,
        poll_date=1772359265500,
        instance_id=3,
        instance_name="acme",
        instance_tags=("night",),
        element_key="connectwisecrmrest",
        id_field="summary",
        dated=ENTERED,
    )


def test_a_record_without_a_date_has_none() -> None:
    assert facts(TICKETS, record_date=None).record_date is None


def test_what_is_left_of_a_resource_that_is_configured_no_longer_goes_by_its_id_and_polled_date() -> None:
    left = facts(None)
    assert (left.id_field, left.dated, left.record_date) == ("id", None, 1772359200000)
