"""What stands under the cursor as something that can be copied: its document, and the command that shows it.

The document is the very one that the command prints with `--json`; of `status`, which prints a list, its one element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from cwconsole.core.command_line import command_line
from cwconsole.core.json_values import as_json
from cwconsole.core.later import Later
from cwconsole.store.once import Connection

if TYPE_CHECKING:
    from cwconsole.store import (
        action_list,
        delivery_list,
        event_list,
        instance_list,
        jobs,
        poll_list,
        resource_view,
        status,
    )
    from cwconsole.store.dead_letters import DeadGroup
else:
    action_list, delivery_list = Later("cwconsole.store.action_list"), Later("cwconsole.store.delivery_list")
    event_list, instance_list = Later("cwconsole.store.event_list"), Later("cwconsole.store.instance_list")
    jobs, poll_list = Later("cwconsole.store.jobs"), Later("cwconsole.store.poll_list")
    resource_view, status = Later("cwconsole.store.resource_view"), Later("cwconsole.store.status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """name: for people, as the beginning of a sentence. command: shows it. read: its document; UsageError if gone."""

    name: str
    command: str
    read: Callable[[Connection], Any] = field(compare=False)


def event(number: int) -> Thing:
    return _numbered("event", "events", number, lambda conn: event_list.document(event_list.show(conn, number)))


def delivery(number: int) -> Thing:
    return _numbered("delivery", "deliveries", number, lambda conn: delivery_list.show(conn, number))


def poll(number: int) -> Thing:
    return _numbered("poll", "polls", number, lambda conn: poll_list.show(conn, number))


def action(number: int) -> Thing:
    return _numbered("action", "actions", number, lambda conn: action_list.document(action_list.show(conn, number)))


def job(number: int) -> Thing:
    return _numbered("job", "jobs", number, partial(_job, number=number))


def place(instance: str, resource: str | None, *, now_ms: int, engine_runs: bool) -> Thing:
    """A resource as it does now, or an instance with its configuration."""
    if resource is None:
        return Thing(
            name=instance,
            command=command_line("instances", "show", instance),
            read=lambda conn: instance_list.full_document(instance_list.show(conn, instance)),
        )

    def read(conn: Connection) -> Any:
        (row,) = resource_view.status_of(conn, instance, resource, now_ms=now_ms, engine_runs=engine_runs)
        return status.document(row)

    return Thing(name=f"{instance}/{resource}", command=command_line("status", instance, resource), read=read)


def dead_letters(group: DeadGroup, words: Sequence[str]) -> Thing:
    """A group of dead letters in numbers. words: of the filter that lists them."""
    return Thing(
        name=f"The group of {group.count:,}",
        command=command_line("deliveries", "list", *words),
        read=lambda _: as_json(group),
    )


def _numbered(noun: str, nouns: str, number: int, read: Callable[[Connection], Any]) -> Thing:
    name = f"{noun.capitalize()} {number}"
    return Thing(name=name, command=command_line(nouns, "show", number), read=lambda conn: as_json(read(conn)))


def _job(conn: Connection, number: int) -> Any:
    return jobs.document(jobs.load(conn, number), jobs.sent(conn, number))
