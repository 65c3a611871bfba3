"""Values of the program as plain values for JSON: what `--json` prints, what the console copies and saves. Pure.

JSON has names without units: `seen_ms` becomes `seen`, an ISO time in UTC; so do the times on ConnectWise's clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from msgspec import Struct

from cwconsole.core.moments import iso

PLAIN = frozenset({str, int, float, bool, type(None)})
# Beyond what JSON escapes itself: DEL and C1, and what breaks lines or turns the reading direction around.
_STEERS = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
SERVER_TIMES = frozenset({"watermark", "window_from", "server_time", "record_date", "server_now"})


def as_json(value: object) -> Any:
    """Values, lists and scalars as plain values for JSON."""
    if type(value) in PLAIN:  # nearly always
        return value
    if (members := _members(value)) is not None:
        return {_name(member): _member(member, getattr(value, member)) for member in members}
    if isinstance(value, Mapping):
        return {str(name): as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.value if isinstance(value, Enum) else value


def _members(value: object) -> Sequence[str] | None:
    if isinstance(value, Struct):
        return value.__struct_fields__
    if is_dataclass(value):  # the simulator's values
        return [field.name for field in fields(value)]
    return None


def names(of: type[Struct]) -> tuple[str, ...]:
    """The names that a value's members have in JSON."""
    return tuple(_name(field) for field in of.__struct_fields__)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Half characters in remote text become escapes, which JSON knows as well, and so does what steers a terminal."""
    document = json.dumps(as_json(value), ensure_ascii=False, indent=indent)
    document = _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
    return document.encode("utf-8", "backslashreplace").decode()


def read_json(text: bytes) -> Any:
    """What the text says, or the text itself if it is no JSON that Python reads."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.decode("utf-8", "replace")


def server_iso(seconds: int) -> str:
    """A time on ConnectWise's clock, as ConnectWise writes it: `2026-09-01T08:00:00Z`."""
    return iso(seconds * 1000).replace(".000Z", "Z")


def _is_time(name: str) -> bool:
    return name.endswith("_ms") and name != "duration_ms"


def _name(name: str) -> str:
    return name.removesuffix("_ms") if _is_time(name) else name


def _member(name: str, value: object) -> Any:
    if _is_time(name):
        return None if value is None else iso(int(str(value)))
    if name in SERVER_TIMES:
        return None if value is None else server_iso(int(str(value)))
    return as_json(value)
