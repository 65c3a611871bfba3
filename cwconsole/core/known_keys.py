"""The keys of an instance body, and the slips of the pen that nothing would read (design 6).

1. Unknown keys are their owner's business: Open Connectors' bodies have many, which are kept and ignored.
2. An unknown key that is nearly one of those read here, or begins like our own, is a slip, and is refused by name.
3. A key that somebody sets by itself is meant to do something: it is read here, or is there already, or is known to be
   Open Connectors'.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Final

from msgspec import Struct

from cwconsole.core.document import Json, shown
from cwconsole.core.errors import ConfigError

ALIKE: Final = 0.9  # of 1: `intervall` and `interval` are, `companyId` and `company` are not
NEARLY_ALIKE: Final = 0.85
_NO_LETTER: Final = re.compile(r"[\W_]+")


class Keys(Struct, frozen=True, kw_only=True):
    """The keys of one kind of table. read: those that mean something here. foreign: Open Connectors' others.

    any_case: whether names are read in any case.
    """

    read: tuple[str, ...]
    foreign: frozenset[str] = frozenset()
    any_case: bool = False

    def refuse_slips(self, table: Mapping[str, Json], prefix: str) -> None:
        """Raise ConfigError for a key of the table that is nearly one of ours. prefix: where the table stands."""
        for name in table:
            if not self._is_read(name) and not self._is_foreign(name) and (near := self._near(name, ALIKE)):
                raise ConfigError(f"{prefix}{_printable(name)}", "an unknown key", near)

    def require(self, name: str, prefix: str) -> None:
        """Raise ConfigError for a name that is none of these."""
        if name not in self.read and not self._is_foreign(name):
            expected = self._near(name, NEARLY_ALIKE) or self._of_its_end(name) or self._one_of(name)
            raise ConfigError(f"{prefix}{_printable(name)}", "an unknown key", expected)

    def _is_read(self, name: str) -> bool:
        if not self.any_case:
            return name in self.read
        return name.casefold() in {known.casefold() for known in self.read}

    def _is_foreign(self, name: str) -> bool:
        return name in self.foreign or name.startswith("oauth.")

    def _of_its_end(self, name: str) -> str | None:
        """The key whose last part is like the name's: `cwconsole.intervall` means event.poller.refresh_interval."""
        ends = {_letters(known.rpartition(".")[2]): known for known in self.read}
        close = get_close_matches(_letters(name.rpartition(".")[2]), ends, n=1)
        return ends[close[0]] if close else None

    def _one_of(self, name: str) -> str:
        siblings = [known for known in self.read if known.partition(".")[0] == name.partition(".")[0] and "." in name]
        return f"one of {', '.join(siblings or self.read)}"

    def _near(self, name: str, alike: float) -> str | None:
        letters = {_letters(known): known for known in self.read}
        close = get_close_matches(_letters(name), letters, n=1, cutoff=alike)
        return letters[close[0]] if close else None


CWCONSOLE: Final = tuple(
    f"cwconsole.{name}"
    for name in ("start", "classify", "timezone", "api_version", "requests_per_minute", "ca_file", "proxy", "retry")
)
DOCUMENT: Final = Keys(
    read=("name", "element", "tags", "configuration"),
    foreign=frozenset({"elementId"}),
)
CONFIGURATION: Final = Keys(
    read=(
        *("baseUrl", "company", "public.key", "private.key", "client.id", "filter.response.nulls"),
        *(f"event.notification.{name}" for name in ("enabled", "callback.url", "callback.headers", "signature.key")),
        *("event.notification.basic.username", "event.notification.basic.password"),
        *("event.poller.refresh_interval", "event.poller.configuration", "event.poller.urls", "event.objects"),
        *CWCONSOLE,
    ),
    foreign=frozenset(
        {
            *("event.vendor.type", "event.metadata", "event.helper.key", "event.raw.enabled"),
            *("event.notification.type", "event.notification.instance.finder", "event.notification.subscription.id"),
        }
    ),
)
RESOURCE: Final = Keys(
    read=(
        *("url", "idField", "datesConfiguration", "createdCheckTolerance", "pageSize", "pollDelay", "overlap"),
        *("refresh_interval", "sweep_interval", "filterByUpdatedDate", "filterByCurrentDate"),
    ),
    foreign=frozenset({"filterByUpdateDate", "xPath", "updatedDateTimezone"}),
    any_case=True,
)
DATE_KEYS: Final = Keys(
    read=(
        *(f"{which}Date{what}" for which in ("updated", "created") for what in ("Field", "Format", "Timezone")),
        "createdCheckTolerance",
    ),
    any_case=True,
)


def refuse_slips(configuration: Mapping[str, Json], pollers: Mapping[str, Json]) -> None:
    """Raise ConfigError for a key of a configuration that is nearly one of ours. pollers: the resources in it."""
    CONFIGURATION.refuse_slips(configuration, "configuration.")
    for name, resource in pollers.items():
        if isinstance(resource, dict):
            prefix = f"configuration.event.poller.configuration.{_printable(name)}."
            RESOURCE.refuse_slips(resource, prefix)
            for inner in _dates(resource):
                DATE_KEYS.refuse_slips(inner, f"{prefix}datesConfiguration.")


def _dates(resource: Mapping[str, Json]) -> Collection[Mapping[str, Json]]:
    return [
        inner for name, inner in resource.items() if name.casefold() == "datesconfiguration" and isinstance(inner, dict)
    ]


def _letters(name: str) -> str:
    """What is left of a name if case, blanks, dots and dashes do not count."""
    return _NO_LETTER.sub("", name).casefold()


def _printable(name: str) -> str:
    return name if name.isprintable() and name == name.strip() and len(name) <= 80 else shown(name)
