"""JSON and TOML text into plain values, strictly: what cannot be stored and written again is refused here.

Refused are text that is not UTF-8, a name that stands twice in one object, numbers that are none (NaN) or have no end,
half characters (lone surrogates) and absurd nesting. TOML's dates become ISO text.
"""

from __future__ import annotations

import datetime
import json
import math
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

from cwconsole.core.errors import ConfigError
from cwconsole.core.later import Later

if TYPE_CHECKING:
    import tomllib
else:
    tomllib = Later("tomllib")

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Syntax = Literal["json", "toml"]
_DEEPEST = 20


def read_document(data: bytes | str, *, syntax: Syntax | None = None, key: str = "file") -> dict[str, Json]:
    """The table or object that the text holds. Without a syntax, a text that begins with `{` is JSON.

    Raises ConfigError, naming `key` or what lies below it.
    """
    text = _decoded(data, key)
    if (syntax or ("json" if text.lstrip().startswith("{") else "toml")) == "json":
        return read_json_object(text, key=key)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(key, f"text that is not TOML: {error}", "valid TOML (or JSON, beginning with {)") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(key, "a number or a nesting without end", "ordinary TOML") from error
    return _members(table, "", 1)


def read_json_object(text: str, *, key: str) -> dict[str, Json]:
    """The JSON object that the text holds. Raises ConfigError as `read_document` does."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        place = f"{error.msg}, line {error.lineno} column {error.colno}"
        raise ConfigError(key, f"text that is not JSON ({place})", "valid JSON") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(key, "a number or a nesting without end", "ordinary JSON") from error
    if not isinstance(value, dict):
        raise ConfigError(key, shown(value), "a JSON object")
    return _members(value, "" if key == "file" else f"{key}.", 1)


def shown(value: object) -> str:
    """A value for an error message, shortened. Not for secrets."""
    match value:
        case None | "":
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= 60 else value[:60] + "…")
        case dict():
            return "an object"
        case list():
            return "a list"
    return str(value)[:40]


def _decoded(data: bytes | str, key: str) -> str:
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(key, "bytes that are not UTF-8", "a text file in UTF-8") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(twice[:60], "this name twice in one object", "each name once")
    return members


def _no_number(text: str) -> NoReturn:
    raise ConfigError("file", text, "a number")


def _plain(value: object, key: str, depth: int) -> Json:
    """The value with nothing in it but what JSON knows, and only text that can be encoded."""
    if depth > _DEEPEST:
        raise ConfigError(key[:200], "deep nesting", f"at most {_DEEPEST} levels")
    match value:
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case str():
            return _encodable(value, key)
        case list():
            return [_plain(item, f"{key}[{index}]", depth + 1) for index, item in enumerate(value)]
        case dict():
            return _members(value, f"{key}.", depth + 1)
        case datetime.date() | datetime.time():
            return value.isoformat().replace("+00:00", "Z")
    raise ConfigError(key, str(value), "a number, a text, a list or an object")


def _members(table: dict[str, Any], prefix: str, depth: int) -> dict[str, Json]:
    return {_encodable(name, prefix or "file"): _plain(value, prefix + name, depth) for name, value in table.items()}


def _encodable(text: str, key: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(key.encode("ascii", "replace").decode(), "half a character", "text in UTF-8") from error
    return text
