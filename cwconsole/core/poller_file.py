"""The pollers of an instance body: `event.poller.configuration`, and the two older ways to name resources.

* Names inside a resource match in any case: `UpdatedDateTimezone` is found in real bodies.
* A resource that the catalogue knows needs no `url`, no `idField` and no dates: naming it is enough.
* `filterByUpdatedDate: false` marks what has no lastUpdated to filter by: it is read in full.
* `createdDateField` equal to `updatedDateField` is Open Connectors' stock configuration for ConnectWise. By known ids
  it would make every old record that changes look created, so there the catalogue's created field is used instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from difflib import get_close_matches

from msgspec import Struct

from cwconsole.core import catalogue
from cwconsole.core.catalogue import Endpoint
from cwconsole.core.config import (
    DEFAULT_INTERVAL,
    DEFAULT_OVERLAP,
    DEFAULT_SWEEP_INTERVAL,
    LARGEST_PAGE,
    Classify,
    DateField,
    Mode,
    ResourceConfig,
)
from cwconsole.core.document import Json
from cwconsole.core.errors import ConfigError
from cwconsole.core.instance_body import POLLER, SECRET_KEYS
from cwconsole.core.java_dates import ISO_SECONDS, MILLISECONDS, compile_pattern
from cwconsole.core.loose_table import LooseTable, named
from cwconsole.core.poll_url import PollUrl, understand
from cwconsole.core.templates import fill_names, fill_properties
from cwconsole.core.zones import find_zone

_LONGEST = 999_999_999.0  # minutes; a documented way to say never
_SHORTEST = 0.001
_BRACKETS = re.compile(r"\[(['\"])([^'\"]*)\1\]")
_LEGACY = "event.poller.urls"
_OBJECTS = "event.objects"
_LEGACY_FIELDS = (
    "updatedDateField",
    "updatedDateFormat",
    "updatedDateTimezone",
    "createdDateField",
    "createdDateFormat",
    "createdDateTimezone",
)


def read_resources(configuration: LooseTable, *, base_url: str, classify: Classify) -> tuple[ResourceConfig, ...]:
    """Every resource of the instance. Raises ConfigError."""
    pollers = _pollers(configuration)
    shared = _Shared(
        base_url=base_url,
        classify=classify,
        interval=_minutes(configuration, "event.poller.refresh_interval", DEFAULT_INTERVAL),
        properties={
            name: str(value)
            for name, value in configuration.values.items()
            if isinstance(value, str | int | float) and name not in SECRET_KEYS
        },
    )
    return tuple(_resource(name, pollers.table(name, any_case=True), shared) for name in pollers.values)


def pollers_of(configuration: Mapping[str, Json]) -> dict[str, Json]:
    """The poller configuration, whose resources keep their settings if an older key names them. Raises ConfigError."""
    return dict(_pollers(LooseTable(values=configuration, key="configuration")).values)


def move_to_pollers(configuration: dict[str, Json]) -> dict[str, Json]:
    """Before one resource is changed: what an older key says of them all goes to the poller configuration, in place.

    Returns the poller configuration, a copy that may be changed. Raises ConfigError.
    """
    pollers = pollers_of(configuration)
    for older in (_LEGACY, _OBJECTS):
        configuration.pop(older, None)
    configuration[POLLER] = pollers
    return pollers


def _pollers(configuration: LooseTable) -> LooseTable:
    pollers = configuration.table(POLLER)
    return pollers if pollers.values else _older(configuration)


class _Shared(Struct, frozen=True, kw_only=True):
    """What all resources of an instance have in common. properties: values that `{Name}` in a template stands for."""

    base_url: str
    classify: Classify
    interval: float
    properties: Mapping[str, str]


def _resource(name: str, table: LooseTable, shared: _Shared) -> ResourceConfig:
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise ConfigError(f"configuration.{POLLER}", repr(name[:60]), "a resource's name, such as contacts")
    template = fill_properties(_url(name, table), shared.properties, key=table.at("url"))
    url = understand(template, base_url=shared.base_url, key=table.at("url"))
    endpoint = catalogue.lookup(url.path)
    dates = table.table("datesConfiguration", any_case=True)
    updated = _updated(dates, shared)
    by_date = table.flag("filterByUpdatedDate", default=True)
    table.flag("filterByCurrentDate", default=False)
    return ResourceConfig(
        name=name,
        path=url.path,
        filter=url.filter,
        template=template,
        mode=_mode(url, endpoint, by_date=by_date),
        id_field=_field_path(table.text("idField")) or "id",
        updated=updated,
        created=_created(dates, shared, updated, endpoint),
        created_tolerance=_tolerance(table if table.get("createdCheckTolerance") is not None else dates),
        page_size=min(LARGEST_PAGE, table.whole("pageSize", default=LARGEST_PAGE, low=1, high=10**6, unit="records")),
        interval=_minutes(table, "refresh_interval", shared.interval),
        sweep_interval=_minutes(table, "sweep_interval", DEFAULT_SWEEP_INTERVAL),
        overlap=_overlap(table),
    )


def _url(name: str, table: LooseTable) -> str:
    if url := table.text("url"):
        return url
    if endpoint := catalogue.lookup(name):
        return endpoint.path
    near = get_close_matches(name, catalogue.names(), n=1)
    raise table.error("url", "a URL, or a resource of the catalogue" + (f" ({near[0]}?)" if near else ""))


def _mode(url: PollUrl, endpoint: Endpoint | None, *, by_date: bool) -> Mode:
    """by_date: `filterByUpdatedDate`. A URL that filters by the date itself asks by it whatever that says."""
    undated = endpoint is not None and endpoint.updated is None
    whole = undated or not (by_date or url.dated)
    return Mode.FULL if url.mode is Mode.WINDOW and whole else url.mode


def _updated(dates: LooseTable, shared: _Shared) -> DateField:
    path = _field_path(dates.text("updatedDateField")) or catalogue.LAST_UPDATED
    return _date_field(dates, "updated", path, ISO_SECONDS, shared)


def _created(dates: LooseTable, shared: _Shared, updated: DateField, endpoint: Endpoint | None) -> DateField | None:
    """The created date, if records have one of their own."""
    path = _field_path(dates.text("createdDateField"))
    if path is not None:
        configured = _date_field(dates, "created", path, updated.format, shared)
        if shared.classify is Classify.DATES or path != updated.path:
            return configured
    return DateField(path=endpoint.created) if endpoint is not None and endpoint.created else None


def _date_field(dates: LooseTable, which: str, path: str, default_format: str, shared: _Shared) -> DateField:
    date_format = dates.text(f"{which}DateFormat") or default_format
    zone_key = dates.at(f"{which}DateTimezone")
    zone = fill_names(dates.text(f"{which}DateTimezone") or "GMT", shared.properties, key=zone_key)
    with named(zone_key):
        find_zone(zone)
    with named(dates.at(f"{which}DateFormat")):
        if date_format != MILLISECONDS:
            compile_pattern(date_format)
    return DateField(path=path, format=date_format, zone=zone)


def _field_path(text: str | None) -> str | None:
    """A member's place, dotted: from `_info/lastUpdated`, `$._info.lastUpdated` or `['Modified Time']` as well."""
    if text is None:
        return None
    dotted = _BRACKETS.sub(r".\2", text).replace("/", ".")
    return dotted.removeprefix("$").strip(".") or None


def _tolerance(table: LooseTable) -> float:
    return table.number("createdCheckTolerance", default=0.0, low=0, high=86_400, unit="seconds")


def _overlap(table: LooseTable) -> int:
    overlap = table.whole("overlap", default=DEFAULT_OVERLAP, low=0, high=86_400, unit="seconds")
    return max(overlap, math.ceil(table.number("pollDelay", default=0.0, low=0, high=86_400, unit="seconds")))


def _minutes(table: LooseTable, name: str, default: float) -> float:
    """Seconds, from minutes in the file."""
    if table.get(name) is None:
        return default
    return round(table.number(name, default=0, low=_SHORTEST, high=_LONGEST, unit="minutes") * 60, 3)


def _older(configuration: LooseTable) -> LooseTable:
    """`event.poller.urls` (a resource a line, or names with bars between), else `event.objects` (names with commas)."""
    lines = (configuration.text(_LEGACY) or "").splitlines()
    found: dict[str, Json] = {}
    for line in filter(None, map(str.strip, lines)):
        name, *rest = (part.strip() for part in line.split("|"))
        if rest and "/" in rest[0]:
            url, *fields = rest
            found[name] = {"url": url, "datesConfiguration": dict(zip(_LEGACY_FIELDS, fields[1:], strict=False))}
        else:
            found |= {other: {} for other in (name, *rest) if other}
    if found:
        return LooseTable(values=found, key=configuration.at(_LEGACY))
    objects = (configuration.text(_OBJECTS) or "").split(",")
    return LooseTable(values={name.strip(): {} for name in objects if name.strip()}, key=configuration.at(_OBJECTS))
