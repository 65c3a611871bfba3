"""Which crawl a resource needs now: decided from its row and its configuration alone."""

from __future__ import annotations

from msgspec import Struct

from cwconsole.core import predicates
from cwconsole.core.config import InstanceConfig, Mode, ResourceConfig
from cwconsole.core.polling import Birth, lower_bound, poll_interval, sweep_interval
from cwconsole.core.records import FROM_THE_FIRST
from cwconsole.store.resources import Resource


class Plan(Struct, frozen=True, kw_only=True):
    """One crawl to be made, or gone on with.

    kind: baseline, everything, window or full. window_from: whole seconds, or None for no lower bound.
    baseline: records are kept without events. ids_only: ids and dates are enough.
    resumes: the open crawl is gone on with from `after`.
    """

    kind: str
    window_from: int | None = None
    baseline: bool = False
    ids_only: bool = False
    resumes: bool = False
    after: int = FROM_THE_FIRST


def plan(resource: Resource, config: ResourceConfig, instance: InstanceConfig) -> Plan:
    """The open crawl if there is one, else the next."""
    kind = resource.crawl_kind
    resumes = kind is not None and resource.crawl_server_time is not None and config.mode is not Mode.AS_WRITTEN
    if kind is None or not resumes:
        kind = _next_kind(resource, config, instance)
    window_from = resource.crawl_from if resumes else _window_from(kind, resource, config)
    return Plan(
        kind=kind,
        window_from=window_from,
        baseline=kind == "baseline",
        ids_only=kind == "baseline" and config.mode is not Mode.FULL,
        resumes=resumes,
        after=resource.crawl_last_id if resumes and resource.crawl_last_id is not None else FROM_THE_FIRST,
    )


def _next_kind(resource: Resource, config: ResourceConfig, instance: InstanceConfig) -> str:
    if not resource.baseline_done:
        fresh = resource.watermark is None  # a changed filter keeps its watermark, and is baselined without events
        return "everything" if instance.start == "everything" and fresh else "baseline"
    return "full" if config.mode is Mode.FULL else "window"


def _window_from(kind: str, resource: Resource, config: ResourceConfig) -> int | None:
    if kind != "window" or resource.watermark is None:
        return None
    return lower_bound(resource.watermark, config.overlap)


def ceiling_of(resource: Resource, config: ResourceConfig, *, highest_known: int) -> int | None:
    """Up to which id a baseline reads; None for no limit.

    What is created while it is read stays unknown, and becomes an event by the next poll. If it is read again for
    another filter, the dates tell what came since the watermark; without dates, the highest id that is known does.
    """
    if resource.watermark is not None and config.mode is not Mode.FULL:
        return None
    return max(resource.baseline_id or 0, highest_known)


def filter_of(plan: Plan, config: ResourceConfig, ceiling: int | None) -> str:
    """The crawl's conditions, complete but for the id cursor."""
    window = "" if plan.window_from is None else predicates.updated_since(plan.window_from)
    return predicates.all_of(config.filter, window, "" if ceiling is None else f"id <= {ceiling}")


def birth_of(resource: Resource, config: ResourceConfig, instance: InstanceConfig) -> Birth:
    """Where the resource's events begin, for telling CREATED from UPDATED."""
    return Birth(
        everything=instance.start == "everything",
        start_at=resource.start_at or 0,
        baseline_id=resource.baseline_id or 0,
        classify=instance.classify,
        tolerance=config.created_tolerance,
    )


def interval_of(config: ResourceConfig) -> float:
    """Seconds between polls."""
    return poll_interval(config.interval, config.mode)


def sweep_interval_of(config: ResourceConfig) -> float:
    """Seconds between sweeps."""
    return sweep_interval(config.sweep_interval, interval=config.interval, mode=config.mode)
