"""How instances are shown: as facts and rows for people, as plain values for JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cwconsole.cli.text import maybe, span
from cwconsole.core.instance_body import InstanceBody
from cwconsole.core.moments import iso
from cwconsole.store import instances as store
from cwconsole.store import resources
from cwconsole.store.instances import Instance
from cwconsole.store.once import Connection
from cwconsole.store.resources import Resource

HEAD = ("ID", "NAME", "STATE", "COMPANY", "RESOURCES", "CALLBACK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An instance with what belongs to it. url: of its callback, None for record only; url_held: why it is held."""

    instance: Instance
    resources: list[Resource]
    url: str | None
    url_held: str | None


def every(conn: Connection) -> list[Shown]:
    """Every instance, in the order in which they were added."""
    return [_shown(conn, row) for row in store.all_instances(conn)]


def one(conn: Connection, instance: str) -> Shown:
    """One instance by id or name. Raises UsageError."""
    return _shown(conn, store.load(conn, instance))


def _shown(conn: Connection, row: Instance) -> Shown:
    callback = store.callback_of(conn, row)
    return Shown(
        instance=row,
        resources=resources.of_instance(conn, row.id),
        url=None if callback is None else callback.url,
        url_held=None if callback is None else callback.held_reason,
    )


def document(row: Shown) -> dict[str, Any]:
    """An instance for JSON."""
    instance = row.instance
    return {
        "id": instance.id,
        "name": instance.name,
        "enabled": instance.enabled,
        "state": state(instance),
        "origin": str(instance.origin),
        "callback": row.url,
        "callback_held": row.url_held,
        "created": iso(instance.created_ms),
        "updated": iso(instance.updated_ms),
        "resources": [
            {"name": one.name, "source": one.source, "filter": one.filter, "mode": one.mode, "interval": one.interval_s}
            for one in row.resources
        ],
    }


def state(instance: Instance) -> str:
    """`on`, `off`, or what stands in the way."""
    if not instance.enabled:
        return "off"
    words = [word for word, since in (("paused", instance.paused_ms), ("held", instance.held_ms)) if since is not None]
    return ", ".join(words) or "on"


def callback(row: Shown) -> str:
    """Where notifications go."""
    held = "" if row.url_held is None else f" (held: {row.url_held})"
    return "none: events are recorded and not sent" if row.url is None else row.url + held


def resource_line(row: Resource) -> str:
    """A resource in one line."""
    parts = [f"{row.name}: {row.source}", f"every {span(row.interval_s)}"]
    if row.filter:
        parts.append(f"where {row.filter}")
    if row.mode == "as_written":
        parts.append("as written: weaker guarantee")
    return ", ".join(parts)


def cells(row: Shown) -> list[str]:
    """An instance as a row of `HEAD`."""
    sources = sorted({"/".join(resource.source.split("/")[:2]) for resource in row.resources})
    return [
        str(row.instance.id),
        row.instance.name,
        state(row.instance),
        maybe(", ".join(sources) or InstanceBody(document=json.loads(row.instance.body)).configuration.get("company")),
        maybe(", ".join(resource.name for resource in row.resources)),
        maybe(row.url),
    ]
