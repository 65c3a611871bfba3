"""One table of a configuration, read with its documented looseness: booleans and numbers may come as texts.

Blank texts and nulls count as absent. Every error names the full key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct

from cwconsole.core.document import Json, read_json_object, shown
from cwconsole.core.errors import ConfigError

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")


class LooseTable(Struct, frozen=True, kw_only=True):
    """key: where the table stands, dotted. any_case: whether names match in any case."""

    values: Mapping[str, Json]
    key: str
    any_case: bool = False

    def at(self, name: str) -> str:
        """The full key of a member."""
        return f"{self.key}.{self._name(name)}"

    def get(self, name: str) -> Json:
        """The member, None if it is absent, null or blank."""
        value = self.values.get(self._name(name))
        return None if isinstance(value, str) and not value.strip() else value

    def error(self, name: str, expected: str) -> ConfigError:
        """For a member that is not what it should be. Not for secrets."""
        return ConfigError(self.at(name), shown(self.get(name)), expected)

    def text(self, name: str, expected: str = "a text") -> str | None:
        """A text without the blanks around it. A number counts as one."""
        value = self.get(name)
        if isinstance(value, bool) or not (value is None or isinstance(value, str | int | float)):
            raise self.error(name, expected)
        return None if value is None else str(value).strip()

    def required(self, name: str, expected: str) -> str:
        """As `text`, but it must be there."""
        value = self.text(name, expected)
        if value is None:
            raise self.error(name, expected)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """true or false."""
        value = self.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        word = value.strip().casefold() if isinstance(value, str) else ""
        if word not in {"true", "false"}:
            raise self.error(name, "true or false")
        return word == "true"

    def number(self, name: str, *, default: float, low: float, high: float, unit: str) -> float:
        """A decimal number from low to high."""
        expected = f"a number of {unit} from {low:g} to {high:.10g}"
        return default if self.get(name) is None else self._number(name, low, high, expected)

    def whole(self, name: str, *, default: int, low: int, high: int, unit: str) -> int:
        """A whole number from low to high; `15.0` is one."""
        if self.get(name) is None:
            return default
        expected = f"a whole number of {unit} from {low} to {high}"
        value = self._number(name, low, high, expected)
        if value != math.floor(value):
            raise self.error(name, expected)
        return int(value)

    def choice(self, name: str, options: Collection[str], *, default: str) -> str:
        """One of some words."""
        value = self.text(name) or default
        if value not in options:
            raise self.error(name, " or ".join(sorted(options)))
        return value

    def table(self, name: str, *, any_case: bool = False) -> LooseTable:
        """A table within this one, as an object or as the text of a JSON object; empty if it is absent."""
        value = self.get(name)
        if isinstance(value, str):
            value = read_json_object(value, key=self.at(name))
        if value is not None and not isinstance(value, dict):
            raise self.error(name, "an object, or the text of a JSON object")
        return LooseTable(values=value or {}, key=self.at(name), any_case=any_case)

    def _number(self, name: str, low: float, high: float, expected: str) -> float:
        value = self.get(name)
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(name, expected)
        return float(value)

    def _name(self, name: str) -> str:
        if not self.any_case or name in self.values:
            return name
        return next((other for other in self.values if other.casefold() == name.casefold()), name)


@contextmanager
def named(key: str) -> Iterator[None]:
    """A ConfigError raised inside is raised again with this key: a rule's own error knows no place in a file."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(key, error.found, error.expected) from error
