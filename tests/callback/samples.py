"""Facts that several tests send."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cwconsole.core.attempts import EventFacts, Parcel
from cwconsole.core.records import EventType

CONTACT = EventFacts(
    event_id="a1b2c3d4000000000042",
    number=42,
    type=EventType.UPDATED,
    object_type="contacts",
    object_id=7,
    record=b'{"id":7,"firstName":"Ada","_info":{"lastUpdated":"2026-03-01T10:00:00Z"}}',
    record_date=1772359200000,
    poll_date=1772359265500,
    instance_id=3,
    instance_name="Acme",
    instance_tags=("Acme", "production"),
    element_key="connectwisecrmrest",
)


def contact(**changes: Any) -> EventFacts:
    """The contact's event with some facts changed."""
    return replace(CONTACT, **changes)


def parcel(*, attempt: int = 1, replay: int | None = None, facts: EventFacts = CONTACT) -> Parcel:
    """One attempt to send it."""
    return Parcel(delivery_id=9, attempt=attempt, facts=facts, replay=replay)
