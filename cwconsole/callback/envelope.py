"""The notification: Open Connectors' envelope around one event.

The order of the keys, the absence of spaces, and numbers against strings are those of the notifications captured from
a JSON poller (`reference/open-connectors-events.md` 3.1 and 3.3). What those leave open is decided here:

* The body is a pure function of the facts, so `createdDate` is the poll's time: retries and replays send equal bytes.
* `date` is what the configured updated field says, else the record's `_info.lastUpdated`, else the poll's time, since
  receivers expect a date there.
* `action` follows the event's type; only `create` was ever captured.
* Account, company and user are numbers of the platform that we are not. They are constants, and not zero, which some
  receivers would read as missing. `user` is the address in every captured notification.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import orjson

from cwconsole.core.attempts import EventFacts
from cwconsole.core.record_dates import date_at
from cwconsole.core.records import EventType

ACCOUNT_ID: Final = 1
COMPANY_ID: Final = 1
USER_ID: Final = 1
USER: Final = "notifications@cloud-elements.com"
SEVERITY: Final = "medium"
HUB_KEY: Final = "crm"
SAME_DATES: Final = 256  # written once: the events of a poll share theirs

_ACTIONS: Final = {EventType.CREATED: "create", EventType.UPDATED: "update", EventType.DELETED: "delete"}
_EPOCH: Final = datetime(1970, 1, 1)
# English whatever the locale, as Java's Date.toString() writes them.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def notification(facts: EventFacts) -> bytes:
    """The request body for an event: compact JSON, the record in it byte for byte as it was stored."""
    kind = facts.object_type
    event = {
        "date": _iso(_date_of(facts)),
        "elementKey": facts.element_key,
        "pollDate": _iso(facts.poll_date),
        "eventType": facts.type.value,
        "hubKey": HUB_KEY,
        "objectId": object_id(facts),
        "objectType": kind,
    }
    message = {
        "elementKey": facts.element_key,
        "accountId": ACCOUNT_ID,
        "eventId": facts.event_id,
        "companyId": COMPANY_ID,
        "instanceId": facts.instance_id,
        "instance_id": facts.instance_id,
        "instanceName": facts.instance_name,
        "instanceTags": facts.instance_tags,
        "raw": {kind: [orjson.Fragment(facts.record)], "pollDate": facts.poll_date, "objectType": kind},
        "userId": USER_ID,
        "events": [event],
    }
    return orjson.dumps(
        {
            "severity": SEVERITY,
            "createdDate": _java_date(facts.poll_date),
            "topic": f"instance-{facts.instance_id}-{facts.element_key}-events",
            "action": _ACTIONS[facts.type],
            "id": str(facts.number),
            "message": message,
            "user": USER,
        }
    )


def _date_of(facts: EventFacts) -> int:
    """Milliseconds since the epoch."""
    own = None if facts.dated is None else date_at(orjson.loads(facts.record), facts.dated)
    if own is not None:
        return own * 1000
    return facts.poll_date if facts.record_date is None else facts.record_date


def object_id(facts: EventFacts) -> str:
    """The event's objectId: what stands at `id_field` in the record, dots leading inwards.

    ConnectWise's integer id where that leads nowhere, or to what is no id: files in the field name `""`, `" "` and
    `@.@id`, and a deleted record may be known by its id alone.
    """
    if facts.id_field == "id":
        return str(facts.object_id)  # the ordinary case, without reading the record
    found = json.loads(facts.record)  # not orjson: an id may have more digits than 64 bits hold
    for name in facts.id_field.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, str) and found.strip():
        return found
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    return str(facts.object_id)


@lru_cache(maxsize=SAME_DATES)
def _iso(milliseconds: int) -> str:
    return (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="seconds") + "Z"


@lru_cache(maxsize=SAME_DATES)
def _java_date(milliseconds: int) -> str:
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day} {month} {moment:%d %H:%M:%S} UTC {moment.year}"
