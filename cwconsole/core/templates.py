"""The `${…}` tokens of a poller's URL: times that are filled in when it is polled.

A token reaches to its matching brace; inside, one pair of braces names a configuration value (`{TimeZone}`). The
descriptor ends at the first colon, and its case does not matter:

    gmtDate:FORMAT, date:FORMAT      the last poll, GMT (their servers' own zone is GMT as well)
    dateTimeZone:ZONE:FORMAT         the last poll on that zone's clock; the zone may hold a colon (-8:00)
    nowTimeZone:ZONE:FORMAT          the present time
    epoch, epoch:ms | :s | :us       the last poll as a number; bare means milliseconds
    milliseconds                     the same as epoch

A bare `gmtDate` or `date` is written in ISO form with whole seconds and `Z`, which is what ConnectWise reads. Open
Connectors sends a token it cannot resolve as it stands, and nobody notices; here it is a ConfigError that names it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum, auto
from fractions import Fraction

from msgspec import Struct

from cwconsole.core.errors import ConfigError
from cwconsole.core.java_dates import ISO_SECONDS, compile_pattern, format_date
from cwconsole.core.zones import find_zone

TOKEN = r"\$\{(?:[^{}]|\{[^{}]*\})*\}"
_FORMS = (
    "${gmtDate:…}, ${date:…}, ${dateTimeZone:ZONE:…}, ${nowTimeZone:ZONE:…}, ${epoch[:s|:ms|:us]} or ${milliseconds}"
)
_SPLIT = re.compile(rf"({TOKEN})|(\$\{{)", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9+:/_ -]+")
_PROPERTY = re.compile(r"\{([^{}]*)\}")
_ZONE_AND_FORMAT = re.compile(r"((?:GMT|UTC)?[+-][0-9]{1,2}(?::?[0-9]{2})?|[^:]+):(.+)", re.DOTALL | re.IGNORECASE)
_UNITS = {"": Fraction(1), "ms": Fraction(1), "s": Fraction(1, 1000), "us": Fraction(1000)}  # per millisecond
_NO_PROPERTIES: Mapping[str, str] = {}


class Moment(Enum):
    """Which time a token stands for."""

    LAST_POLL = auto()  # from when to read
    NOW = auto()  # up to when: the poll's own time


class Token(Struct, frozen=True, kw_only=True):
    """One `${…}`.

    format: a Java pattern, written on that zone's clock.
    unit: instead of a format, how many make a millisecond; for the epoch forms.
    """

    text: str
    moment: Moment = Moment.LAST_POLL
    format: str = ISO_SECONDS
    zone: str = "GMT"
    unit: Fraction | None = None


def render(template: str, *, last_poll_ms: int, now_ms: int) -> str:
    """The template with every token filled in; times are milliseconds since the epoch, UTC.

    The template must have passed `fill_properties`, or name no configuration value. Raises ConfigError otherwise.
    """
    moments = {Moment.LAST_POLL: last_poll_ms, Moment.NOW: now_ms}
    parts = parse_template(template)
    return "".join(part if isinstance(part, str) else _written(part, moments[part.moment]) for part in parts)


def parse_template(
    template: str, *, properties: Mapping[str, str] = _NO_PROPERTIES, key: str = "url"
) -> list[str | Token]:
    """Literal texts and tokens, in order. Raises ConfigError, naming `key`, for a malformed token."""
    parts: list[str | Token] = []
    end = 0
    for match in _SPLIT.finditer(template):
        if match[2]:
            raise ConfigError(key, repr(template[match.start() :][:60]), "a closing brace for each ${")
        parts += [template[end : match.start()], _parse_token(match[1], properties, key)]
        end = match.end()
    return [part for part in (*parts, template[end:]) if part != ""]


def moments_in(text: str) -> set[Moment]:
    """Which times the tokens of a text stand for. The text must have passed `parse_template`."""
    return {part.moment for part in parse_template(text) if isinstance(part, Token)}


def fill_properties(template: str, properties: Mapping[str, str], *, key: str = "url") -> str:
    """The template with `{Name}` inside tokens replaced, so that it stands without its configuration."""
    parts = parse_template(template, properties=properties, key=key)
    return "".join(part if isinstance(part, str) else part.text for part in parts)


def fill_names(text: str, properties: Mapping[str, str], *, key: str) -> str:
    """The text with every `{Name}` replaced by that configuration value. Raises ConfigError, naming `key`."""
    return _PROPERTY.sub(lambda match: _property(match[1], properties, key), text)


def _parse_token(written: str, properties: Mapping[str, str], key: str) -> Token:
    text = "${" + fill_names(written[2:-1], properties, key=key) + "}"
    descriptor, _, argument = text[2:-1].partition(":")
    match descriptor.strip().casefold():
        case "gmtdate" | "date":
            token = Token(text=text, format=argument or ISO_SECONDS)
        case "datetimezone" | "nowtimezone" as name if parts := _ZONE_AND_FORMAT.fullmatch(argument):
            moment = Moment.NOW if name == "nowtimezone" else Moment.LAST_POLL
            token = Token(text=text, moment=moment, zone=parts[1], format=parts[2])
        case "epoch" if argument in _UNITS:
            token = Token(text=text, unit=_UNITS[argument])
        case "milliseconds" if not argument:
            token = Token(text=text, unit=_UNITS["ms"])
        case _:
            raise ConfigError(key, repr(written[:60]), f"one of the forms {_FORMS}")
    _check(token, key)
    return token


def _property(name: str, properties: Mapping[str, str], key: str) -> str:
    if name not in properties:
        raise ConfigError(key, f"{{{name[:60]}}} in a template", f"{name[:60]!r} among the configuration's values")
    value = properties[name]
    if not _PLAIN.fullmatch(value):
        raise ConfigError(key, f"{{{name[:60]}}} in a template", "a value of letters, digits and -+:/_ for it")
    return value


def _check(token: Token, key: str) -> None:
    try:
        find_zone(token.zone)
        compile_pattern(token.format)
    except ConfigError as error:
        raise ConfigError(key, f"{error.found} in {token.text[:80]}", error.expected) from error


def _written(token: Token, ms: int) -> str:
    return format_date(ms, token.format, token.zone) if token.unit is None else str(math.floor(ms * token.unit))
