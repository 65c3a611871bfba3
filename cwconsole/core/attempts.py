"""What passes between a delivery and its sending: the notification's facts, and one attempt's outcome."""

from __future__ import annotations

from msgspec import Struct

from cwconsole.core.config import DateField, InstanceConfig, ResourceConfig
from cwconsole.core.records import EventType


class EventFacts(Struct, frozen=True, kw_only=True):
    """An event, with what the notification says of its instance. The notification's body is a pure function of this.

    event_id: the public id, 20 characters of [0-9a-z], constant over retries and replays.
    number: the event's number in the database; the notification's `id`.
    object_type: the resource's name.
    record: the record as compact JSON; for a deleted object its last known record, or `{"id": …}`.
    record_date, poll_date: milliseconds since the epoch, UTC; record_date is the record's `_info.lastUpdated`, or
        None. dated: where another date stands in the record, if the notification is to carry that.
    """

    event_id: str
    number: int
    type: EventType
    object_type: str
    object_id: int
    record: bytes
    record_date: int | None
    poll_date: int
    instance_id: int
    instance_name: str
    instance_tags: tuple[str, ...]
    element_key: str
    id_field: str = "id"
    dated: DateField | None = None


def facts_of(
    config: InstanceConfig,
    resource: ResourceConfig | None,
    *,
    event_id: str,
    number: int,
    kind: str,
    object_type: str,
    object_id: int,
    record: bytes,
    record_date: int | None,
    seen_ms: int,
    instance_id: int,
) -> EventFacts:
    """The facts of a recorded event: what is sent and what the console shows of it are made here.

    record_date: whole seconds, as events are stored. resource: None if it is configured no longer, but has deliveries
    left.
    """
    return EventFacts(
        event_id=event_id,
        number=number,
        type=EventType(kind),
        object_type=object_type,
        object_id=object_id,
        record=record,
        record_date=None if record_date is None else record_date * 1000,
        poll_date=seen_ms,
        instance_id=instance_id,
        instance_name=config.name,
        instance_tags=config.tags,
        element_key=config.element_key,
        id_field="id" if resource is None else resource.id_field,
        dated=None if resource is None else resource.dated,
    )


class Parcel(Struct, frozen=True, kw_only=True):
    """One attempt to be made. attempt counts from 1 over the delivery's life; replay is the replay's delivery id."""

    delivery_id: int
    attempt: int
    facts: EventFacts
    replay: int | None = None


class Outcome(Struct, frozen=True, kw_only=True):
    """How one attempt ended.

    started_ms: milliseconds since the epoch, UTC. duration_ms: until the answer's body was read, or the failure.
    error_code: None for a 2xx answer; else dns, refused, reset, unreachable, timeout, tls, redirect, blocked, proxy,
        protocol, unknown_outcome, interrupted, invalid_request, gone (410), http_4xx or http_5xx.
    error: one plain sentence, None for success.
    peer: the address really connected to, "127.0.0.1:8080".
    headers: of the answer. body: at most 20,000 bytes of it; truncated says whether more followed.
    retry_after: seconds the receiver asked for, if it did.
    """

    started_ms: int
    duration_ms: int
    url: str
    status: int | None = None
    error_code: str | None = None
    error: str | None = None
    peer: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    truncated: bool = False
    retry_after: float | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.error_code is None

    @property
    def interrupted(self) -> bool:
        """Whether our own end cut it off, which says nothing of the receiver. It may have arrived."""
        return self.error_code == "interrupted"
