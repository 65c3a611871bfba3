"""What differs between two versions of a record, member by member.

Objects are compared by key and lists by position. A path is dotted (`company.name`, `customFields[3].value`); a key
that holds a dot, a bracket or a quote is written `["a.b"]`.
"""

from __future__ import annotations

import json
import re
from typing import Final

from msgspec import Struct

from cwconsole.core.document import Json

_PLAIN: Final = re.compile(r'[^.\[\]"\s]+')
_ABSENT: Final = object()


class Difference(Struct, frozen=True, kw_only=True):
    """One member that differs. before, after: the values as compact JSON; None where the member is absent."""

    path: str
    before: str | None
    after: str | None


def differences(before: bytes, after: bytes) -> list[Difference]:
    """Every member that differs between two records, in the order of the older one, new members last.

    A record that is no JSON, or nested too deep, is compared as a whole.
    """
    try:
        return _walk(json.loads(before), json.loads(after))
    except (ValueError, RecursionError):
        if before == after:
            return []
        return [Difference(path="", before=before.decode("utf-8", "replace"), after=after.decode("utf-8", "replace"))]


def _walk(old: Json, new: Json) -> list[Difference]:
    found: list[Difference] = []
    waiting: list[tuple[str, object, object]] = [("", old, new)]
    while waiting:
        path, one, other = waiting.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            keys = [*one, *(key for key in other if key not in one)]
            members = [(_member(path, key), one.get(key, _ABSENT), other.get(key, _ABSENT)) for key in keys]
        elif isinstance(one, list) and isinstance(other, list):
            members = [(f"{path}[{at}]", _at(one, at), _at(other, at)) for at in range(max(len(one), len(other)))]
        else:
            if type(one) is not type(other) or one != other:
                found.append(Difference(path=path, before=_text(one), after=_text(other)))
            continue
        waiting.extend(reversed(members))
    return found


def _member(path: str, key: str) -> str:
    if _PLAIN.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _at(values: list[Json], position: int) -> object:
    return values[position] if position < len(values) else _ABSENT


def _text(value: object) -> str | None:
    return None if value is _ABSENT else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
