"""The request that was or will be sent for an event, without anything that must stay secret.

Signatures, timestamp and attempt are made anew for each attempt and are left out; passwords and the values of
configured headers are masked.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from cwconsole.callback.envelope import notification
from cwconsole.core.attempts import EventFacts, facts_of
from cwconsole.core.config import InstanceConfig
from cwconsole.core.errors import ConfigError, UsageError
from cwconsole.core.instance_body import stored_body
from cwconsole.core.instance_config import hidden, to_config
from cwconsole.core.secret import MASK
from cwconsole.store.event_list import EventDetail
from cwconsole.store.instances import Instance
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.json_lines import json_lines
from cwconsole.tui.render.plain import plain

MADE_ANEW: Final = (
    "and what each attempt makes anew: webhook-timestamp, the signatures, cwconsole-attempt; "
    "a replay has cwconsole-replay, too"
)


class Request(Struct, frozen=True, kw_only=True):
    """headers: those that are the same in each attempt. username: of basic auth."""

    url: str
    headers: tuple[tuple[str, str], ...]
    username: str | None
    body: bytes


def request_of(detail: EventDetail, instance: Instance) -> Request:
    """The request for an event. Raises UsageError if the instance only records, or its body cannot be read."""
    try:
        config = to_config(stored_body(instance.body), hidden)
    except ConfigError as error:
        raise UsageError(f"The configuration of {instance.name} cannot be used: {error.message}") from error
    callback, event_id = config.callback, detail.event.event_id
    if callback is None:
        raise UsageError(f"{instance.name} only records its events; there is no notification.")
    headers = [("Content-Type", "application/json"), ("Elements-Webhook-Id", event_id), ("webhook-id", event_id)]
    return Request(
        url=callback.url,
        headers=(*headers, *((name, MASK) for name, _ in callback.headers)),
        username=callback.username,
        body=notification(_facts(detail, config)),
    )


def notification_lines(request: Request) -> list[Line]:
    """The request, its body laid out."""
    user = [("basic auth", f"{request.username}:{MASK}")] if request.username is not None else []
    return [
        (Cell("POST ", Tone.KEY), Cell(plain(request.url), Tone.STRONG)),
        *((Cell(f"{plain(name)}: ", Tone.KEY), Cell(plain(value))) for name, value in (*request.headers, *user)),
        (Cell(MADE_ANEW, Tone.MUTED),),
        (),
        *json_lines(request.body),
        (),
        (Cell("It is sent without these spaces and line breaks; u copies it as it is sent.", Tone.MUTED),),
    ]


def _facts(detail: EventDetail, config: InstanceConfig) -> EventFacts:
    event = detail.event
    return facts_of(
        config,
        next((one for one in config.resources if one.name == event.resource), None),
        event_id=event.event_id,
        number=event.id,
        kind=event.type,
        object_type=event.resource,
        object_id=event.object_id,
        record=detail.record,
        record_date=event.record_date,
        seen_ms=event.seen_ms,
        instance_id=event.instance_id,
    )
