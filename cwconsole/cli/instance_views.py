"""How instances are shown to people: as facts and rows."""

from __future__ import annotations

from cwconsole.cli.text import maybe, span
from cwconsole.core.instance_body import stored_body
from cwconsole.store.instance_list import InstanceRow
from cwconsole.store.resources import Resource

HEAD = ("ID", "NAME", "STATE", "COMPANY", "RESOURCES", "CALLBACK")


def callback(row: InstanceRow) -> str:
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


def cells(row: InstanceRow) -> list[str]:
    """An instance as a row of `HEAD`."""
    sources = sorted({"/".join(resource.source.split("/")[:2]) for resource in row.resources})
    return [
        str(row.instance.id),
        row.instance.name,
        row.state,
        maybe(", ".join(sources) or stored_body(row.instance.body).configuration.get("company")),
        maybe(", ".join(resource.name for resource in row.resources)),
        maybe(row.url),
    ]
