"""What a stored instance says of itself, without its secrets: enough for what is shown of it."""

from __future__ import annotations

from datetime import UTC, tzinfo

from cwconsole.core.config import InstanceConfig, ResourceConfig
from cwconsole.core.errors import ConfigError, UsageError
from cwconsole.core.instance_body import stored_body
from cwconsole.core.instance_config import hidden, timezone_of, to_config
from cwconsole.core.zones import find_zone
from cwconsole.store import instances
from cwconsole.store.instances import Instance
from cwconsole.store.once import Connection
from cwconsole.store.resource_view import ResourceView


def configured(view: ResourceView) -> tuple[InstanceConfig | None, ResourceConfig | None]:
    """The instance's configuration and the resource's; None where the body says nothing that can be used."""
    config = config_of(view.instance)
    resources = () if config is None else config.resources
    return config, next((one for one in resources if one.name == view.resource.name), None)


def config_of(instance: Instance) -> InstanceConfig | None:
    """The instance's configuration; None where the body says nothing that can be used."""
    try:
        return to_config(stored_body(instance.body), hidden)
    except ConfigError:  # the engine says so, as the resource's fault
        return None


def zone_of(conn: Connection, instance: str) -> tzinfo:
    """The zone that an instance's people think in; UTC where it names none that is known, or has been removed."""
    try:
        return find_zone(timezone_of(stored_body(instances.load(conn, instance).body)))
    except (UsageError, ConfigError):
        return UTC
