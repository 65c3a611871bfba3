"""Instances with what belongs to them, listed and shown."""

from __future__ import annotations

import sqlite3
from typing import Any

from msgspec import Struct

from cwconsole.core.instance_body import masked, stored_body
from cwconsole.core.moments import iso
from cwconsole.store import instances, resources
from cwconsole.store.instances import Instance
from cwconsole.store.resources import Resource


class InstanceRow(Struct, frozen=True, kw_only=True):
    """An instance. url: of its callback, None for record only; url_held: why it is held."""

    instance: Instance
    resources: list[Resource]
    url: str | None
    url_held: str | None

    @property
    def state(self) -> str:
        """`on`, `off`, or what stands in the way."""
        if not self.instance.enabled:
            return "off"
        since = {"paused": self.instance.paused_ms, "held": self.instance.held_ms}
        return ", ".join(word for word, since_ms in since.items() if since_ms is not None) or "on"


def every(conn: sqlite3.Connection) -> list[InstanceRow]:
    """Every instance, in the order in which they were added."""
    return [_row(conn, instance) for instance in instances.all_instances(conn)]


def show(conn: sqlite3.Connection, id_or_name: str) -> InstanceRow:
    """One instance by id or name. Raises UsageError if there is none."""
    return _row(conn, instances.load(conn, id_or_name))


def document(row: InstanceRow) -> dict[str, Any]:
    """An instance as JSON."""
    instance = row.instance
    return {
        "id": instance.id,
        "name": instance.name,
        "enabled": instance.enabled,
        "state": row.state,
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


def full_document(row: InstanceRow) -> dict[str, Any]:
    """An instance as JSON with its body, secrets masked."""
    return {**document(row), "body": dict(masked(stored_body(row.instance.body)).document)}


def _row(conn: sqlite3.Connection, instance: Instance) -> InstanceRow:
    callback = instances.callback_of(conn, instance)
    return InstanceRow(
        instance=instance,
        resources=resources.of_instance(conn, instance.id),
        url=None if callback is None else callback.url,
        url_held=None if callback is None else callback.held_reason,
    )
