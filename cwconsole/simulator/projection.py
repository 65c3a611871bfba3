"""`fields=`: the asked members alone. `_info` is a member like any other, so it is dropped unless it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cwconsole.simulator.collection import Row
from cwconsole.simulator.conditions import JsonObject
from cwconsole.simulator.records import decoded, encoded

_DATE_MARK = b'"lastUpdated":"'
_DATE_LENGTH = len("2026-06-09T21:59:47Z")


def projected(rows: Sequence[Row], fields: tuple[str, ...]) -> list[bytes]:
    """The rows' bodies, reduced to these fields; whole if there are none. Names that no record knows are ignored."""
    if not fields:
        return [row.body for row in rows]
    if fields == ("id", "_info/lastUpdated"):
        return [_id_and_date(row) for row in rows]
    return [reduced(row.body, fields) for row in rows]


def reduced(body: bytes, fields: tuple[str, ...]) -> bytes:
    """One record, reduced."""
    record = decoded(body)
    result: JsonObject = {}
    for name in fields:
        _copy(record, result, name.split("/"))
    return encoded(result)


def _copy(source: JsonObject, target: JsonObject, steps: list[str]) -> None:
    step = steps[0]
    value: Any = source.get(step)
    if value is None:
        return
    if len(steps) == 1:
        target[step] = value
    elif isinstance(value, dict):
        inner = target.get(step, {})
        _copy(value, inner, steps[1:])
        if inner:
            target[step] = inner


def _id_and_date(row: Row) -> bytes:
    """What a listing of a whole endpoint asks for, cut out of the body without decoding it."""
    body = row.body
    if row.updated is None or body.count(_DATE_MARK) != 1 or not body.startswith(b'{"id":'):
        return reduced(body, ("id", "_info/lastUpdated"))
    at = body.index(_DATE_MARK) + len(_DATE_MARK)
    return b'%b,"_info":{"lastUpdated":"%b"}}' % (body[: body.index(b",")], body[at : at + _DATE_LENGTH])
