"""What a changed configuration means for each resource of an instance (design 5, "Known objects belong to").

1. Known objects belong to host, company and path: where one of them changes, the resource starts anew.
2. Where only the filter changes, the watermark stays, and ids that the new filter brings in are baselined first.
3. A resource that is configured no longer is kept and not polled; configured again, it goes on from its watermark.
4. Another name for what is asked as before (path, filter, mode) is a new name for the same row: nothing is lost.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct

from cwconsole.core.config import InstanceConfig, Mode, ResourceConfig


class Step(StrEnum):
    """What happens to a resource."""

    ADD = "add"  # configured for the first time
    KEEP = "keep"  # goes on as it was
    RENAME = "rename"  # goes on under another name
    RETURN = "return"  # configured again, goes on from its watermark
    REBASELINE = "rebaseline"  # another filter
    RESTART = "restart"  # another host, company or path
    STOP = "stop"  # configured no longer


class Stored(Struct, frozen=True, kw_only=True):
    """A resource as it was last applied. begun: whether it has a watermark, known objects or an open crawl."""

    id: int
    name: str
    source: str
    filter: str
    mode: str
    active: bool
    begun: bool


class Wanted(Struct, frozen=True, kw_only=True):
    """A resource as it is configured now. Intervals in seconds."""

    name: str
    source: str
    filter: str
    mode: Mode
    interval: float
    sweep_interval: float


class Change(Struct, frozen=True, kw_only=True):
    """One resource's step. stored is None for ADD, wanted is None for STOP."""

    step: Step
    stored: Stored | None = None
    wanted: Wanted | None = None

    @property
    def name(self) -> str:
        """The resource's name, the new one where it gets another."""
        some = self.wanted or self.stored
        return some.name if some is not None else ""


def wanted(config: InstanceConfig) -> list[Wanted]:
    """The resources of a configuration."""
    return [
        Wanted(
            name=resource.name,
            source=source_of(config, resource),
            # A template that is run as written is its own filter: another one asks for other records.
            filter=resource.template if resource.mode is Mode.AS_WRITTEN else resource.filter,
            mode=resource.mode,
            interval=resource.interval,
            sweep_interval=resource.sweep_interval,
        )
        for resource in config.resources
    ]


def source_of(config: InstanceConfig, resource: ResourceConfig) -> str:
    """Host, company and path: `api-na.example.com/acme/company/contacts`."""
    return f"{urlsplit(config.base_url).netloc.lower()}/{config.company}/{resource.path.strip('/')}"


def changes(stored: list[Stored], configured: list[Wanted]) -> list[Change]:
    """One change for each resource that is stored, configured or both. Those that stay stopped are left out."""
    rows = {row.name: row for row in stored}
    names = {one.name for one in configured}
    left = sorted((row for row in stored if row.name not in names), key=lambda row: not row.active)
    made = []
    for one in configured:
        row = rows.get(one.name) or next((row for row in left if _asks_the_same(row, one)), None)
        if row in left:
            left.remove(row)
        made.append(Change(step=_step(row, one), stored=row, wanted=one))
    return made + [Change(step=Step.STOP, stored=row) for row in stored if row.active and row in left]


def _asks_the_same(row: Stored, one: Wanted) -> bool:
    return (row.source, row.filter, row.mode) == (one.source, one.filter, one.mode)


def _step(row: Stored | None, one: Wanted) -> Step:
    if row is None:
        return Step.ADD
    if row.source != one.source and row.begun:
        return Step.RESTART
    if (row.filter, row.mode) != (one.filter, one.mode) and row.begun:
        return Step.REBASELINE
    if not row.active:
        return Step.RETURN
    return Step.KEEP if row.name == one.name else Step.RENAME
