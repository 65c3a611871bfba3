"""Reading bodies: what counts as a change, what is kept, what is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.connectwise.question import Question
from cwconsole.connectwise.records import Reading, read_list, read_record
from cwconsole.core.config import DateField
from cwconsole.core.errors import UndecodableFault
from cwconsole.core.records import Seen

QUESTION = Question(host="cw.test", company="acme", path="/company/contacts")
KEEPING = Reading(drop_nulls=False)

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda name: not name.endswith("_href"))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=20
)
records = st.dictionaries(names.filter(lambda name: name != "id"), values, max_size=6).map(
    lambda rest: {"id": 7} | rest
)


def seen(record: dict[str, Any], reading: Reading = KEEPING) -> Seen:
    return read_list(QUESTION, orjson.dumps([record]), reading)[0]


def with_noise(value: Any, random: Any) -> Any:
    """The same value in another order, with nulls and links added to its objects."""
    if isinstance(value, dict):
        members = [(name, with_noise(inner, random)) for name, inner in value.items()]
        members += [("added_href", "https://elsewhere.test/"), ("added null", None)]
        random.shuffle(members)
        return dict(members)
    if isinstance(value, list):
        return [with_noise(item, random) for item in value]
    return value


@given(records, st.randoms())
def test_order_nulls_and_links_are_no_change(record: dict[str, Any], random: Any) -> None:
    assert seen(with_noise(record, random)).digest == seen(record).digest


@given(records, records)
def test_everything_else_is_a_change(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = orjson.dumps(without_nulls(one), option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        without_nulls(other), option=orjson.OPT_SORT_KEYS
    )
    assert (seen(one).digest == seen(other).digest) is same


@given(records)
def test_the_digest_does_not_depend_on_whether_nulls_are_dropped(record: dict[str, Any]) -> None:
    assert seen(record, Reading(drop_nulls=True)).digest == seen(record).digest


@given(records)
def test_the_body_is_the_record_in_its_own_order(record: dict[str, Any]) -> None:
    linked = record | {"notes_href": "https://cw.test//notes"}
    assert seen(linked).body == orjson.dumps(linked)
    assert seen(linked, Reading(drop_nulls=True)).body == orjson.dumps(without_nulls(linked))


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def test_a_null_in_a_list_holds_its_place() -> None:
    assert seen({"id": 7, "x": [1, None]}).digest != seen({"id": 7, "x": [1]}).digest
    assert seen({"id": 7, "x": [1, None]}, Reading()).body == b'{"id":7,"x":[1,null]}'


def test_the_digest_is_stable_over_releases() -> None:
    """Known versions are stored by it: another value would make every record news at once."""
    record = {"id": 7, "b": 1.0, "a": "ä", "_info": {"lastUpdated": "2026-06-09T21:59:47Z", "x_href": "u"}, "n": None}
    assert seen(record).digest.hex() == "52cbb7bdcd5f1e166e772033c8509d2c"


def test_a_touch_is_a_change() -> None:
    before = {"id": 7, "_info": {"lastUpdated": "2026-06-09T21:59:47Z"}}
    after = {"id": 7, "_info": {"lastUpdated": "2026-06-09T21:59:48Z"}}
    assert seen(before).digest != seen(after).digest


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-06-09T22:00:00Z", 1781042400),
        ("2026-06-09T22:00:00.999Z", 1781042400),
        ("2026-06-09T18:00:00-04:00", 1781042400),
        ("2026-06-09T22:00:00", 1781042400),
        ("0001-01-01T00:00:00Z", None),
        ("1969-12-31T23:59:59.500Z", None),
        ("9999-12-31T23:59:59Z", 253402300799),
        ("9999-12-31T23:59:59-01:00", None),
        ("2015-12-24T22: 08: 22Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("", None),
        (None, None),
        (1781042400, None),
        (True, None),
        ({}, None),
    ],
)
def test_dates_are_read_or_are_none(written: object, expected: int | None) -> None:
    assert seen({"id": 7, "_info": {"lastUpdated": written}}).updated == expected


@pytest.mark.parametrize("info", [None, [], "x", 7, {}])
def test_a_record_without_info_has_no_date(info: object) -> None:
    assert seen({"id": 7, "_info": info}).updated is None
    assert seen({"id": 7}).updated is None


def test_the_configured_updated_date_stands_beside_the_one_that_polls_ask_by() -> None:
    record = {"id": 7, "changed": "10.06.2026 00:00", "_info": {"lastUpdated": "2026-07-01T00:00:00Z"}}
    own = Reading(dated=DateField(path="changed", format="dd.MM.yyyy HH:mm", zone="Europe/Berlin"))
    both = seen(dict(record), own)
    assert (both.updated, both.dated) == (1782864000, 1781042400)
    assert seen(dict(record)).dated is None
    assert seen({"id": 7}, own).dated is None


def test_the_created_date_may_stand_anywhere_and_in_any_java_form() -> None:
    nested = Reading(created=DateField(path="a.b.c"))
    assert seen({"id": 7, "a": {"b": {"c": "2026-06-09T22:00:00Z"}}}, nested).created == 1781042400
    for record in ({"id": 7}, {"id": 7, "a": []}, {"id": 7, "a": {"b": None}}, {"id": 7, "a": {"b": {"c": "x"}}}):
        assert seen(record, nested).created is None
    java = Reading(created=DateField(path="made", format="dd.MM.yyyy HH:mm", zone="Europe/Berlin"))
    assert seen({"id": 7, "made": "10.06.2026 00:00"}, java).created == 1781042400
    number = Reading(created=DateField(path="made", format="milliseconds"))
    assert seen({"id": 7, "made": 1781042400999}, number).created == 1781042400
    assert seen({"id": 7, "made": True}, number).created is None


def test_nuls_and_odd_characters_are_kept() -> None:
    record = {"id": 7, "x": "a\0b\u2028😀\x7f"}
    assert orjson.loads(seen(record).body) == record


numbers = st.from_regex(
    r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?",
    fullmatch=True,
    alphabet=st.characters(codec="ascii"),
)


@given(st.lists(numbers, max_size=3), numbers, st.booleans())
def test_numbers_keep_their_value_however_many_digits_they_have(listed: list[str], one: str, drop_nulls: bool) -> None:
    written = f'{{"id":7,"x":[{",".join(listed)}],"y":{{"z":{one},"n":null}}}}'
    (row,) = read_list(QUESTION, f"[{written}]".encode(), Reading(drop_nulls=drop_nulls))
    assert read_record(QUESTION, written.encode(), Reading(drop_nulls=drop_nulls), 7) == row
    kept = json.loads(row.body, parse_int=Decimal, parse_float=Decimal)
    assert kept["x"] == [Decimal(number) for number in listed]
    assert kept["y"]["z"] == Decimal(one)
    assert ("n" in kept["y"]) is not drop_nulls


@pytest.mark.parametrize(
    "number", ["12345678901234567890123", "-9223372036854775809", "0.1000000000000000055", "9007199254740993.0"]
)
def test_what_64_bits_do_not_hold_is_kept_as_it_is_written(number: str) -> None:
    rows = [f'{{"id":7,"x":{written}}}'.encode() for written in (number, number[:-1] + "7")]
    read = [read_list(QUESTION, b"[" + row + b"]", KEEPING)[0] for row in rows]
    assert [row.body for row in read] == rows
    assert read[0].digest != read[1].digest


def test_a_long_number_in_a_text_changes_nothing() -> None:
    plain = {"id": 7, "x": 1.5, "y": [True, None, 2**64 - 1, -(2**63)], "z": "ä/\U0001f600"}
    assert seen(plain | {"t": "1" * 40}).body == orjson.dumps(plain | {"t": "1" * 40})


@pytest.mark.parametrize("value", ["1e400", "-1E309", '"\\ud83d"'])
def test_what_json_readers_do_not_agree_on_is_undecodable(value: str) -> None:
    for noise in ("", ',"t":12345678901234567890123'):
        with pytest.raises(UndecodableFault):
            read_list(QUESTION, f'[{{"id":7,"x":{value}{noise}}}]'.encode(), KEEPING)


def test_of_a_member_written_twice_the_last_counts() -> None:
    assert read_list(QUESTION, b'[{"id":1,"id":7}]', KEEPING)[0].object_id == 7


@pytest.mark.parametrize("depth", [300, 600, 1000, 5000])
def test_nesting_beyond_what_can_be_written_again_is_undecodable(depth: int) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        value = opening * depth + "1" + closing * depth
        with pytest.raises(UndecodableFault):
            read_list(QUESTION, f'[{{"id":7,"x":{value}}}]'.encode(), Reading())
        with pytest.raises(UndecodableFault):
            read_record(QUESTION, f'{{"id":7,"x":{value}}}'.encode(), Reading(), 7)
        with pytest.raises(UndecodableFault):
            read_record(QUESTION, f'{{"id":7,"t":"{"1" * 40}","x":{value}}}'.encode(), Reading(), 7)
