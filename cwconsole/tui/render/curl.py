"""A notification as a curl command: the request that was or will be sent, without anything that must stay secret.

Left out are the signatures, which are made anew for each attempt; passwords and the values of configured headers are
masked. What is left is enough to try a receiver with.
"""

from __future__ import annotations

import json
import shlex

from cwconsole.callback.envelope import notification
from cwconsole.core.attempts import EventFacts
from cwconsole.core.config import InstanceConfig
from cwconsole.core.errors import ConfigError, UsageError
from cwconsole.core.instance_body import InstanceBody
from cwconsole.core.instance_config import to_config
from cwconsole.core.records import EventType
from cwconsole.core.secret import MASK
from cwconsole.store.event_list import EventDetail
from cwconsole.store.instances import Instance


def curl_command(detail: EventDetail, instance: Instance) -> str:
    """The command, a header a line. Raises UsageError if the instance only records, or its body cannot be read."""
    try:
        config = to_config(InstanceBody(document=json.loads(instance.body)), lambda _: "hidden")
    except ConfigError as error:
        raise UsageError(f"The configuration of {instance.name} cannot be used: {error.message}") from error
    callback = config.callback
    if callback is None:
        raise UsageError(f"{instance.name} only records its events; there is no request to copy.")
    event_id = detail.event.event_id
    headers = [("Content-Type", "application/json"), ("Elements-Webhook-Id", event_id), ("webhook-id", event_id)]
    headers += [(name, MASK) for name, _ in callback.headers]
    words = ["curl -sS -X POST", *(f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers)]
    if callback.username is not None:
        words.append(f"-u {shlex.quote(f'{callback.username}:{MASK}')}")
    body = notification(_facts(detail, instance, config)).decode("utf-8", "backslashreplace")
    return " \\\n  ".join([*words, f"--data-binary {shlex.quote(body)}", shlex.quote(callback.url)]) + "\n"


def _facts(detail: EventDetail, instance: Instance, config: InstanceConfig) -> EventFacts:
    event = detail.event
    resource = next((one for one in config.resources if one.name == event.resource), None)
    return EventFacts(
        event_id=event.event_id,
        number=event.id,
        type=EventType(event.type),
        object_type=event.resource,
        object_id=event.object_id,
        record=detail.record,
        record_date=None if event.record_date is None else event.record_date * 1000,
        poll_date=event.seen_ms,
        instance_id=event.instance_id,
        instance_name=instance.name,
        instance_tags=config.tags,
        element_key=config.element_key,
        id_field="id" if resource is None else resource.id_field,
    )
