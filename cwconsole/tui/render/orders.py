"""The orders of short lists that are read whole: jobs, and groups of dead letters (the fleet has its own)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from cwconsole.store.dead_letters import DeadGroup
from cwconsole.store.jobs import Job
from cwconsole.tui.viewspec import ViewSpec

R = TypeVar("R")
Orders: TypeAlias = Mapping[str, Callable[[R], Any]]  # by the words for `sort:`

JOB_ORDERS: Final[Orders[Job]] = MappingProxyType({
    "job": lambda job: job.id,
    "state": lambda job: job.state,
    "progress": lambda job: job.share,
    "done": lambda job: job.done,
    "failed": lambda job: job.failed,
    "left": lambda job: -1 if job.seconds_left is None else job.seconds_left,
    "who": lambda job: job.operator.lower(),
})  # fmt: skip
DEAD_ORDERS: Final[Orders[DeadGroup]] = MappingProxyType({
    "count": lambda group: group.count,
    "error": lambda group: group.error or "",
    "url": lambda group: group.url,
    "instance": lambda group: group.instance.lower(),
    "first": lambda group: group.first_ms or 0,
    "last": lambda group: group.last_ms or 0,
})  # fmt: skip


def ordered(rows: Iterable[R], orders: Orders[R], wanted: ViewSpec) -> list[R]:
    """The rows in the order of a view; those that are equal in it, and all without one, stay as they are."""
    return sorted(rows, key=orders[wanted.sort], reverse=wanted.descending) if wanted.sort else list(rows)
