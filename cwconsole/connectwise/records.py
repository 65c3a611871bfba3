"""From the body of an answer to records as seen. Made for speed: a first full read decodes tens of thousands a second.

* The digest is over the record without nulls and `*_href` members, keys sorted: a null that comes or goes, another
  order, or a link to another host is no change (design 5.6). Everything else is, `_info.lastUpdated` included.
* The body keeps the record's own order and its links, and its nulls unless the instance drops them.
* Strings are kept as they are, NULs and all. A lone surrogate or bad UTF-8 is not JSON: `UndecodableFault`.
* A list is first cut into its records, and each is taken apart while it is in the processor's cache: twice as fast as
  reading the whole list at once. What the cutter does not take, orjson judges: it alone says what is JSON.
* Numbers keep their value. One of so many digits that 64 bits may not hold it is kept as it is written, in the body and
  in the digest, which orjson alone would round. Those beyond 1e308 orjson refuses: `UndecodableFault`.

Pure functions; `client` runs them in a thread of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import msgspec
import orjson
from msgspec import Struct
from msgspec.structs import replace

from cwconsole.connectwise.faults import misshapen, undecodable
from cwconsole.connectwise.question import Question
from cwconsole.core.config import DateField
from cwconsole.core.record_dates import date_at, seconds
from cwconsole.core.records import Outline, Seen

DIGEST_BYTES = 16

_CUTTER = msgspec.json.Decoder(list[msgspec.Raw])

# A search for a row of digits in the whole of a page, after this, takes a tenth of what a regular expression does.
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789." else byte for byte in range(256))
_LONG = 16  # characters: a shorter number has at most 15 digits, or is whole, and is the same when it is written again


class Reading(Struct, frozen=True, kw_only=True):
    """How the records of a resource are read.

    created: the created date's member, or None. dated: the notification date's, or None for `_info.lastUpdated`.
    drop_nulls: whether the body goes without null members.
    """

    created: DateField | None = None
    dated: DateField | None = None
    drop_nulls: bool = True

    def for_body(self, body: bytes) -> Reading:
        """The same, without a search for nulls where none can be: ConnectWise leaves them out since 2017.5."""
        return self if b"null" in body else replace(self, drop_nulls=False)

    def seen(self, record: dict[str, Any], number: int) -> Seen:
        """The record as seen. Takes it apart: nobody else has it."""
        updated = _updated(record)
        created = None if self.created is None else date_at(record, self.created)
        dated = None if self.dated is None else date_at(record, self.dated)
        if self.drop_nulls:
            _drop_nulls(record)
        body = orjson.dumps(record)
        _drop_nulls_and_links(record)
        canonical = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
        digest = blake2b(canonical, digest_size=DIGEST_BYTES).digest()
        return Seen(number, updated, created, digest, body, dated)


def read_list(question: Question, body: bytes, reading: Reading, *, after: int | None = None) -> list[Seen]:
    """The records of a list. after: ids must ascend from here, or None for any order."""
    return _read_rows(question, body, reading.for_body(body).seen, after)


def read_listing(question: Question, body: bytes, *, after: int | None = None) -> list[Seen]:
    """The rows of a list of ids and dates."""
    return _read_rows(question, body, _listed, after)


def read_record(question: Question, body: bytes, reading: Reading, object_id: int) -> Seen:
    """The one record that was asked for."""
    record = decoded(question, body)
    if type(record) is not dict:
        raise misshapen(question, "not_a_record", f"{_name_of(record)} where a record belongs")
    if type(record.get("id")) is not int or record["id"] != object_id:
        raise misshapen(question, "wrong_record", "another record than the one that was asked for")
    with _bounded_depth(question):
        return reading.for_body(body).seen(record, object_id)


def decoded(question: Question, body: bytes | memoryview) -> Any:
    """The body's JSON, for orjson to write again: what it would round is a fragment. Raises `UndecodableFault`."""
    value = _rounded(question, body)
    return _exact(question, bytes(body)) if _has_long_number(body) else value


def _rounded(question: Question, body: bytes | memoryview) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise undecodable(question, error.msg) from error


def _has_long_number(body: bytes | memoryview) -> bool:
    """Whether there may be one. A long row of digits in a text says so too, and costs time alone."""
    return b"0" * _LONG in bytes(body).translate(_DIGITS)


def _exact(question: Question, body: bytes) -> Any:
    """What orjson has read, read again by its slower neighbour, which shows how numbers are written."""
    try:
        return json.loads(body, parse_int=_whole, parse_float=_broken)
    except RecursionError as error:
        raise undecodable(question, "nested too deeply") from error


def _whole(text: str) -> int | orjson.Fragment:
    number = int(text)
    return number if -(2**63) <= number < 2**64 else orjson.Fragment(text)


def _broken(text: str) -> float | orjson.Fragment:
    return float(text) if len(text) < _LONG else orjson.Fragment(text)


def _read_rows(
    question: Question, body: bytes, make: Callable[[dict[str, Any], int], Seen], after: int | None
) -> list[Seen]:
    seen: list[Seen] = []
    with _bounded_depth(question):
        for row in _rows(question, body):
            number = row.get("id") if type(row) is dict else None
            if type(number) is not int:  # bool is an int by isinstance
                raise misshapen(question, "no_id", "a record without a whole number as its id")
            if after is not None:
                if number <= after:
                    raise misshapen(question, "ids_not_ascending", f"id {number} after id {after}")
                after = number
            seen.append(make(row, number))
    return seen


def _rows(question: Question, body: bytes) -> Iterable[Any]:
    """What stands in a list, read one by one. Raises at once, or where it is reached, what cannot be read."""
    try:
        raws = _CUTTER.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        rows = decoded(question, body)
        if type(rows) is not list:
            raise misshapen(question, "not_a_list", f"{_name_of(rows)} where a list belongs") from None
        return rows
    read = decoded if _has_long_number(body) else _rounded
    return (read(question, memoryview(raw)) for raw in raws)


def outline(body: bytes) -> Outline | None:
    """How many records a list has, and the last one's id, without reading the others; None where that can't be told."""
    try:
        raws = _CUTTER.decode(body)
        last = orjson.loads(memoryview(raws[-1]))
    except (msgspec.MsgspecError, RecursionError, IndexError, orjson.JSONDecodeError):
        return None
    number = last.get("id") if type(last) is dict else None
    return Outline(len(raws), number) if type(number) is int else None


@contextmanager
def _bounded_depth(question: Question) -> Iterator[None]:
    """orjson reads deeper nesting (1,024) than it writes (254)."""
    try:
        yield
    except (RecursionError, orjson.JSONEncodeError) as error:
        raise undecodable(question, "nested too deeply") from error


def _listed(record: dict[str, Any], number: int) -> Seen:
    return Seen(number, _updated(record), None, b"", b"")


# These change the record in place and look at types inline: copies, or a call for each scalar, would take twice as
# long. The last letter is looked at first since that makes no new text. A null in a list holds a place, so it stays.


def _drop_nulls_and_links(record: dict[str, Any]) -> None:
    dropped = []
    for key, value in record.items():
        if value is None or (key[-1:] == "f" and key[-5:] == "_href"):
            dropped.append(key)
        elif (kind := type(value)) is dict:
            _drop_nulls_and_links(value)
        elif kind is list:
            _in_each(value, _drop_nulls_and_links)
    for key in dropped:
        del record[key]


def _drop_nulls(record: dict[str, Any]) -> None:
    dropped = []
    for key, value in record.items():
        if value is None:
            dropped.append(key)
        elif (kind := type(value)) is dict:
            _drop_nulls(value)
        elif kind is list:
            _in_each(value, _drop_nulls)
    for key in dropped:
        del record[key]


def _in_each(items: list[Any], drop: Callable[[dict[str, Any]], None]) -> None:
    for item in items:
        if (kind := type(item)) is dict:
            drop(item)
        elif kind is list:
            _in_each(item, drop)


def _updated(record: dict[str, Any]) -> int | None:
    info = record.get("_info")
    return seconds(info.get("lastUpdated")) if type(info) is dict else None


def _name_of(value: Any) -> str:
    return {dict: "an object", type(None): "null", str: "a text", bool: "a truth value"}.get(type(value), "a number")
